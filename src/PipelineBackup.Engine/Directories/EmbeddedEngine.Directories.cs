namespace PipelineBackup.Engine;

// Backups to a directory, and from one.
public sealed partial class EmbeddedEngine
{
    private const DirectoryBackupOptions AllOptions =
        DirectoryBackupOptions.Incremental | DirectoryBackupOptions.Atomic;

    private IReadOnlyList<DatabaseMapping> _restored = [];

    // The logs of a restore name the places where its databases were; what is there now is none of its business.
    private EngineOptions OptionsOfRecovery => _restored.Count == 0 ? Options : Options with
    {
        Map = [.. _restored, .. Options.Map.Where(entry => !IsRestored(entry))],
    };

    private bool IsRestored(DatabaseMapping entry) =>
        _restored.Any(other => RestoreSet.IsSame(other.Logged, entry.Logged));

    /// <summary>
    /// Backs all databases up to a directory, while everybody goes on reading and writing; truncates logs then, and
    /// marks the headers. This is ESE's <c>JetBackup</c>. Every page and every log is verified.
    /// </summary>
    /// <remarks>
    /// When it fails the directory is as it was, no log was truncated and no header marked. Once the files stand in the
    /// directory it does not fail any more: what could not be done then is in the report.
    /// </remarks>
    /// <param name="path">
    /// The directory; null, or empty, to truncate the logs that recovery does not need and back nothing up: a backup of
    /// logs alone may then not be possible until the next full one.
    /// </param>
    /// <param name="options">How.</param>
    /// <param name="status">
    /// Is told of begin, progress, end; what it throws before the end ends the backup. Null for nobody.
    /// </param>
    /// <param name="cancellationToken">Ends it, as long as the files do not stand.</param>
    /// <exception cref="SourceException">
    /// −900: there are no such options; −1003: the path makes no sense; −1023: there is no such directory, or no atomic
    /// backup for an incremental one; −504: it is not empty; −515, −530: the logs do not continue those in it; −524,
    /// −525: its work cannot begin; −1018: a page is damaged; −612: a log is; −1808, −1022, −1032: the directory cannot
    /// be written; −801: it was stopped; and what <see cref="BeginBackupAsync"/> throws.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async ValueTask<DirectoryBackupReport> BackupToDirectoryAsync(string? path,
        DirectoryBackupOptions options = DirectoryBackupOptions.None, IProgress<BackupStatus>? status = null,
        CancellationToken cancellationToken = default)
    {
        RequireBackupAllowed();
        if ((options & ~AllOptions) != 0)
            throw BackupRefusal.Of(new(EseError.InvalidGrbit, $"there are no backups to a directory with {options}"));
        if (string.IsNullOrEmpty(path))
            return await TruncateAloneAsync(cancellationToken).ConfigureAwait(false);
        return await new DirectoryBackup(this, path, options, status).RunAsync(cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Restores the databases of a directory that <see cref="BackupToDirectoryAsync"/> made, or the engine of Windows:
    /// copies them, replays the logs of the directory and those of this engine that follow, and undoes what was not
    /// committed. This is ESE's <c>JetRestore</c>. The engine is one that was created and not opened; it can be opened
    /// afterwards, and attach them.
    /// </summary>
    /// <param name="path">The directory; an atomic backup is found in <c>new</c> or <c>old</c> below it.</param>
    /// <param name="destination">Where the databases go; null for where they were.</param>
    /// <param name="progress">Takes the progress of the replay; null for nobody.</param>
    /// <param name="cancellationToken">Ends it; databases that were copied must be restored anew.</param>
    /// <exception cref="EseException">
    /// −1850: the engine was opened; −506: another restore goes on in it; −1023: a directory is missing; −538: no
    /// database is marked; −1811: a file is missing; −1003: it would be restored onto itself; −1029, −1000: the engine
    /// is closed, or is being; −1808, −1022, −1032: the disk failed; and all that hard recovery throws. What is refused before the logs are replayed has changed no database.
    /// </exception>
    public async ValueTask<RecoveryReport> RestoreDirectoryAsync(string path, string? destination = null,
        IProgress<RecoveryProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        using var run = EnterRestore();
        var restore = new DirectoryRestore(Options, path, destination, progress);
        var report = Options.HasBackgroundWork
            ? await Task.Run(() => restore.Run(cancellationToken), CancellationToken.None).ConfigureAwait(false)
            : restore.Run(cancellationToken);
        _restored =
        [
            .. report.Databases.Where(database => database.Outcome == RecoveryOutcome.Recovered)
                .Select(database => new DatabaseMapping(database.LoggedPath, database.Path)),
        ];
        return report;
    }

    private async ValueTask<DirectoryBackupReport> TruncateAloneAsync(CancellationToken cancellationToken)
    {
        var session = (EngineBackup)await BeginBackupAsync(new(), cancellationToken).ConfigureAwait(false);
        await using var closing = session.ConfigureAwait(false);
        try
        {
            return new() { Truncated = await session.TruncateAloneAsync().ConfigureAwait(false) };
        }
        catch (SourceException failure)
        {
            session.Failure = failure.Message;
            throw;
        }
    }
}
