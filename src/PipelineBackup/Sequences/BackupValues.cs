namespace PipelineBackup.Sequences;

/// <summary>A server that backups can be made of.</summary>
/// <param name="Name">Its name, which calls say.</param>
/// <param name="DisplayName">Its name for people.</param>
public sealed record ServerNode(string Name, string DisplayName);

/// <summary>A service of a server that was registered for backups.</summary>
/// <param name="Name">Its name, which calls say, for instance <c>Microsoft Information Store</c>.</param>
/// <param name="DisplayName">Its name for people.</param>
/// <param name="CanRestore">Whether it can be restored too.</param>
public sealed record RegisteredService(string Name, string DisplayName, bool CanRestore);

/// <summary>A session with a service.</summary>
/// <param name="Context">Its handle: whoever knows it can go on with the session.</param>
/// <param name="Instances">The instances that run.</param>
public sealed record PreparedBackup(Guid Context, IReadOnlyList<PreparedInstance> Instances);

/// <summary>An instance that can be backed up.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name; with Exchange, of the storage group.</param>
/// <param name="DatabaseCount">Number of its databases.</param>
/// <param name="Databases">The databases.</param>
/// <param name="Icon">A picture for lists, as the service gives it; may be empty.</param>
public sealed record PreparedInstance(
    int Id, string Name, int DatabaseCount, IReadOnlyList<PreparedDatabase> Databases, ReadOnlyMemory<byte> Icon);

/// <summary>A database of an instance.</summary>
/// <param name="Id">Its identity.</param>
/// <param name="Signature">Its signature in hexadecimal.</param>
/// <param name="Path">Its file.</param>
/// <param name="CompanionPath">Its streaming companion, a file to be copied for itself; empty when there is none.</param>
public sealed record PreparedDatabase(Guid Id, string Signature, string Path, string CompanionPath);

/// <summary>What the server is told to back up.</summary>
public sealed record BackupSetup
{
    /// <summary>Id of the instance.</summary>
    public required int Instance { get; init; }

    /// <summary>The type of the backup.</summary>
    public required BackupKind Kind { get; init; }

    /// <summary>The databases to take; empty for all. Backups of logs alone are always of all.</summary>
    public IReadOnlyList<Guid> Databases { get; init; } = [];

    /// <summary>
    /// Whether every database that the server names must have been read before logs are truncated. Off, those that were
    /// never opened count as left out, and keep their logs.
    /// </summary>
    public bool NeedsAllDatabases { get; init; }
}

/// <summary>A file that is open for reading.</summary>
/// <param name="Handle">Its handle.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="PageSize">
/// Reads are multiples of this; the first one takes three pages of a database at least, two of a log.
/// </param>
public sealed record OpenedFile(int Handle, long Length, int PageSize);

/// <summary>How the backup of an instance ended.</summary>
public enum BackupEnding
{
    /// <summary>Well: the databases remember it, and the next backup may build on it.</summary>
    Completed,

    /// <summary>It was given up, because that was asked, or because it was not whole: nothing remembers it.</summary>
    Aborted,
}
