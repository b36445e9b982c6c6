using PipelineBackup.Ese;

namespace PipelineBackup.Sequences;

/// <summary>Where the backup of an instance stands.</summary>
internal enum BackupStage
{
    /// <summary>Databases are read.</summary>
    Databases,

    /// <summary>Logs and patch files are known, and read.</summary>
    Logs,

    /// <summary>Logs were truncated: nothing but the end is left.</summary>
    Truncated,
}

/// <summary>
/// The backup of one instance, which both sequences drive: the steps in their order, what was copied whole, and
/// whether anything failed. Disposing it gives the backup up, unless it was ended.
/// </summary>
/// <remarks>
/// <code>
///                    Databases ──────────► Logs ─────────► Truncated
/// read                databases             logs, patch     nothing
/// truncate            no                    Full and        no
///                                           Incremental, all copied, nothing failed
/// end as a success    gives it up           completes, unless something failed or is missing
/// </code>
/// A backup of logs alone begins with its logs: whether there is a gap shows before anything is copied.
/// </remarks>
internal sealed partial class InstanceBackup : IAsyncDisposable
{
    private const string PatchExtension = ".pat";
    private const int PatchUnit = 4096;

    private readonly IBackupSession _session;
    private readonly BackupSetup _setup;
    private readonly SequenceServerOptions _options;
    private readonly IDisposable _claim;
    private readonly HashSet<SourceFile> _opened = [], _copied = [];
    private IReadOnlyList<SourceFile> _later = [];
    private CopiedFile? _open;
    private BackupStage _stage;
    private string? _failure;
    private int _handles;
    private bool _isValid, _isEnded;

    private InstanceBackup(IBackupSession session, PreparedInstance instance, BackupSetup setup,
        SequenceServerOptions options, IDisposable claim) =>
        (_session, Instance, _setup, _options, _claim) = (session, instance, setup, options, claim);

    /// <summary>The instance.</summary>
    public PreparedInstance Instance { get; }

    private bool TakesDatabases => _setup.Kind is BackupKind.Full or BackupKind.Copy;

    private bool MayTruncate => _setup.Kind is BackupKind.Full or BackupKind.Incremental;

    /// <summary>Begins.</summary>
    /// <param name="source">The instance.</param>
    /// <param name="instance">What was told of it.</param>
    /// <param name="setup">What is asked.</param>
    /// <param name="options">The clock, the bounds, the logger.</param>
    /// <param name="claim">The claim on the instance, let go with this.</param>
    /// <param name="cancellationToken">Ends the call; nothing is begun then.</param>
    public static async ValueTask<InstanceBackup> BeginAsync(IBackupSource source, PreparedInstance instance,
        BackupSetup setup, SequenceServerOptions options, IDisposable claim, CancellationToken cancellationToken)
    {
        try
        {
            bool takesDatabases = setup.Kind is BackupKind.Full or BackupKind.Copy;
            var request = new BackupRequest { Kind = setup.Kind, Databases = Choose(instance, setup) };
            var session = await BeginAsync(source, request, takesDatabases, cancellationToken).ConfigureAwait(false);
            var backup = new InstanceBackup(session, instance, setup, options, claim);
            await backup.BeginLogsAsync(cancellationToken).ConfigureAwait(false);
            if (takesDatabases)
                options.Logger.FullBackupBegins(instance.Name, setup.Kind);
            else
                options.Logger.LogBackupBegins(instance.Name, setup.Kind);
            return backup;
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    /// <summary>The databases to read.</summary>
    /// <exception cref="SourceException">−521: there are none in this type of backup, or no longer.</exception>
    public IReadOnlyList<TokenedName> DatabaseNames()
    {
        if (!TakesDatabases || _stage != BackupStage.Databases)
            throw SequenceRefusal.OutOfOrder($"a {_setup.Kind} backup in state {_stage} has no databases to read");
        return [.. _session.Databases.Select(TokenedName.Of)];
    }

    /// <summary>Opens a file.</summary>
    public async ValueTask<OpenedFile> OpenAsync(TokenedName name, CancellationToken cancellationToken)
    {
        if (_open is not null)
            throw SequenceRefusal.SecondFile(_open.Source.Name);
        var file = Find(name);
        bool isMadeUp = !_session.Databases.Contains(file) && file.Kind == SourceFileKind.Patch && file.Length == 0;
        var reader = isMadeUp ? null : await GuardAsync(
            $"open '{file.Name}'", async () => await _session.OpenAsync(file, cancellationToken).ConfigureAwait(false))
            .ConfigureAwait(false);
        _opened.Add(file);
        _open = new(++_handles, file, reader, _options);
        _options.Logger.FileBegins(file.OriginalPath, file.Length);
        return new(_open.Handle, file.Length, file.PageSize);
    }

    /// <summary>Reads on in the open file.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(int handle, int count, CancellationToken cancellationToken)
    {
        var open = Open(handle);
        open.RequireCount(count);
        try
        {
            return await GuardAsync(
                $"read '{open.Source.Name}'",
                async () => await open.ReadAsync(count, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Nobody knows how far it got: it is to be read again.
            await CloseAsync(open).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Closes the open file.</summary>
    public ValueTask CloseAsync(int handle) => CloseAsync(Open(handle));

    /// <summary>Ends the databases, and gives what goes with them.</summary>
    public async ValueTask<IReadOnlyList<TokenedName>> LaterFilesAsync(CancellationToken cancellationToken)
    {
        await ToLogsAsync("list the logs", cancellationToken).ConfigureAwait(false);
        return [.. _later.Select(TokenedName.Of)];
    }

    /// <summary>The logs that would be truncated.</summary>
    public async ValueTask<IReadOnlyList<TokenedName>> TruncatableAsync(CancellationToken cancellationToken)
    {
        await ToLogsAsync("list the logs to be truncated", cancellationToken).ConfigureAwait(false);
        var logs = await GuardAsync("list the logs to be truncated", async () =>
            await _session.TruncatableLogsAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        return [.. logs.Select(TokenedName.Of)];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_isEnded)
            return;
        _isEnded = true;
        try
        {
            if (_open is not null)
                await CloseAsync(_open).ConfigureAwait(false);
        }
        finally
        {
            using (_claim)
                await _session.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static IReadOnlyList<string> Choose(PreparedInstance instance, BackupSetup setup)
    {
        if (setup.Databases.Count == 0)
            return [];
        if (setup.Kind is BackupKind.Incremental or BackupKind.Differential)
        {
            throw SequenceRefusal.Senseless(
                "a backup of logs alone is of all databases", "name none, or make a full backup of those");
        }

        var chosen = instance.Databases.Where(database => setup.Databases.Contains(database.Id)).ToList();
        if (chosen.Count == setup.Databases.Distinct().Count())
            return [.. chosen.Select(database => database.Path)];
        var missing = setup.Databases.First(id => chosen.TrueForAll(database => database.Id != id));
        throw SequenceRefusal.NoDatabase($"'{instance.Name}' has no database {missing}",
            $"there are: {string.Join(", ", instance.Databases.Select(database => $"{database.Id} {database.Path}"))}");
    }

    private static async ValueTask<IBackupSession> BeginAsync(
        IBackupSource source, BackupRequest request, bool takesDatabases, CancellationToken cancellationToken)
    {
        try
        {
            return await source.BeginAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (BackupException refusal) when (!takesDatabases && SequenceRefusal.FullNeeded(refusal) != refusal)
        {
            throw SequenceRefusal.FullNeeded(refusal);
        }
    }

    private async ValueTask BeginLogsAsync(CancellationToken cancellationToken)
    {
        if (TakesDatabases)
            return;
        try
        {
            await ToLogsAsync("list the logs", cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            await DisposeAsync().ConfigureAwait(false);
            if (failure is BackupException refusal)
                throw SequenceRefusal.FullNeeded(refusal);
            throw;
        }
    }

    private SourceFile Find(TokenedName name)
    {
        if (name.Path.Length == 0)
            throw SequenceRefusal.Senseless("a file without a name cannot be opened");
        var database = Find(_session.Databases, name);
        if (_stage == BackupStage.Databases)
        {
            return database ?? throw SequenceRefusal.NoDatabase($"'{name.Path}' is no database of this backup",
                "open those that the server names; logs are read behind them");
        }

        if (database is not null || name.BelongsToDatabases || _stage == BackupStage.Truncated)
            throw SequenceRefusal.OutOfOrder($"a {_setup.Kind} backup in state {_stage} cannot open '{name.Path}'");
        return Find(_later, name)
            ?? throw SequenceRefusal.Senseless($"'{name.Path}' is no file of this backup", "open those that it offers");
    }

    // Paths of a server may have been told in another letter case; never when that could mean two files.
    private static SourceFile? Find(IReadOnlyList<SourceFile> files, TokenedName name)
    {
        var same = files.Where(file => TokenedName.Of(file).Token == name.Token).ToList();
        if (same.Find(file => file.OriginalPath == name.Path) is { } found)
            return found;
        same.RemoveAll(file => !file.OriginalPath.Equals(name.Path, StringComparison.OrdinalIgnoreCase));
        return same.Count == 1 ? same[0] : null;
    }

    private CopiedFile Open(int handle) => _open is { } open && open.Handle == handle
        ? open
        : throw SequenceRefusal.Senseless($"{handle} is no handle of an open file", "open the file first");

    private async ValueTask CloseAsync(CopiedFile file)
    {
        _open = null;
        if (file.IsComplete)
        {
            _copied.Add(file.Source);
            _options.Logger.FileComplete(file.Source.OriginalPath);
        }
        else
        {
            _copied.Remove(file.Source);
            _options.Logger.FileCutShort(file.Source.OriginalPath, file.Offset);
        }

        await file.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask ToLogsAsync(string step, CancellationToken cancellationToken)
    {
        if (_open is not null)
            throw SequenceRefusal.OutOfOrder($"a backup with '{_open.Source.Name}' open cannot {step}");
        if (_stage == BackupStage.Truncated)
            throw SequenceRefusal.OutOfOrder($"a {_setup.Kind} backup in state {_stage} cannot {step}");
        if (_stage == BackupStage.Logs)
            return;
        var files = await GuardAsync("end the databases", async () =>
            await _session.EndDatabasesAsync(cancellationToken).ConfigureAwait(false), isLasting: true)
            .ConfigureAwait(false);
        _later = [.. files, .. Patches(files)];
        _stage = BackupStage.Logs;
        var logs = files.Where(file => file.Generation > 0).Select(file => file.Generation).DefaultIfEmpty();
        _options.Logger.LogsChosen(logs.Min(), logs.Max());
    }

    // What changes while pages are copied is in the logs: there is nothing left to patch. But restores know a database
    // by its patch file, so each one has one, empty as those of the engine are.
    private IEnumerable<SourceFile> Patches(IReadOnlyList<SourceFile> files) =>
        !TakesDatabases || files.Any(file => file.Kind == SourceFileKind.Patch) ? [] : _session.Databases
            .Where(file => file.Kind == SourceFileKind.Database)
            .Select(file => new SourceFile
            {
                Kind = SourceFileKind.Patch,
                Name = Path.ChangeExtension(file.Name, PatchExtension),
                Role = file.Name,
                OriginalPath = Path.ChangeExtension(file.OriginalPath, PatchExtension),
                Length = 0,
                PageSize = PatchUnit,
            });
}
