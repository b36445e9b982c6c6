namespace PipelineBackup.Engine;

/// <summary>One backup to a directory.</summary>
/// <remarks>
/// <code>
///  begin ─► directory judged ─► 'temp' ─► files: verified, durable ─► promoted ─► logs truncated, headers marked
///    │              │              │                │                    │    it stands
///    └──────────────┴──────────────┴─ any failure ──┴────────────────────┘    what fails now is a remark
///                   all of it taken back, backup given up
/// </code>
/// </remarks>
/// <param name="engine">The engine.</param>
/// <param name="path">The directory as it was given.</param>
/// <param name="options">How.</param>
/// <param name="status">Is told how far it is; null for nobody.</param>
internal sealed class DirectoryBackup(
    EmbeddedEngine engine, string path, DirectoryBackupOptions options, IProgress<BackupStatus>? status)
{
    private const string MarkExtension = ".pat";

    private readonly BackupMeter _meter = new(status);
    private readonly List<string> _files = [], _logs = [];
    private EngineBackup _session = null!;
    private BackupDirectory? _directory;
    private BackupTarget _target = null!;
    private LogGeneration _lowest, _highest;
    private int _truncated;

    /// <summary>Makes it.</summary>
    /// <param name="cancellationToken">Ends it, as long as it does not stand.</param>
    /// <exception cref="SourceException">It failed, and left nothing behind.</exception>
    public async ValueTask<DirectoryBackupReport> RunAsync(CancellationToken cancellationToken)
    {
        bool isIncremental = options.HasFlag(DirectoryBackupOptions.Incremental);
        var request = new BackupRequest { Kind = isIncremental ? BackupKind.Incremental : BackupKind.Full };
        _session = (EngineBackup)await engine.BeginBackupAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            await StandAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            await WithdrawAsync(failure).ConfigureAwait(false);
            if (failure is not (EseException or IOException or UnauthorizedAccessException))
                throw;
            throw BackupRefusal.Of(ErrorOf(failure));
        }

        var remarks = await FinishAsync().ConfigureAwait(false);
        _meter.Complete();
        return new()
        {
            Directory = _target.Place,
            Files = [.. _files, .. _logs],
            Lowest = _lowest,
            Highest = _highest,
            Truncated = _truncated,
            Remarks = remarks,
        };
    }

    private async ValueTask StandAsync(CancellationToken cancellationToken)
    {
        _meter.Begin();
        _directory = new(engine.Options, path, OwnDirectories());
        _directory.Require();
        _target = BackupTarget.Of(_directory, options, engine.Options.BaseName);
        _target.Require();
        RequireMarks();
        _directory.BeginWork();
        var copy = new VerifiedCopy(_session, _directory, _meter);
        await CopyAsync(copy, cancellationToken).ConfigureAwait(false);
        await _session.ValidateAsync(cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        _directory.EndWork(_files.Concat(_logs));
        _target.Promote(_files, _logs);
        _directory.Keep();
    }

    private async ValueTask CopyAsync(VerifiedCopy copy, CancellationToken cancellationToken)
    {
        long estimate = EstimateLogs();
        _meter.Expect(_session.Databases.Sum(file => file.Length) + estimate);
        foreach (var file in _session.Databases)
        {
            await copy.DatabaseAsync(file, cancellationToken).ConfigureAwait(false);
            string mark = MarkOf(file);
            copy.Mark(mark);
            _files.AddRange([file.Name, mark]);
        }

        var logs = await _session.EndDatabasesAsync(cancellationToken).ConfigureAwait(false);
        _target.RequireLogs(logs);
        _meter.Expect(logs.Sum(log => log.Length) - estimate);
        foreach (var log in logs)
        {
            string? twin = _target.Twin(log);
            await copy.LogAsync(log, twin, cancellationToken).ConfigureAwait(false);
            if (twin is null)
                _logs.Add(log.Name);
        }

        if (logs.Count > 0)
            (_lowest, _highest) = (new(logs[0].Generation), new(logs[^1].Generation));
    }

    // Of logs alone the first read comes when they are known.
    private long EstimateLogs()
    {
        if (_session.Databases.Count == 0)
            return 0;
        lock (engine.Latch)
        {
            return engine.Options.LogFileBytes
                * Math.Max(1, engine.Log.Tip.Generation.Value + 1L - engine.CheckpointGeneration.Value);
        }
    }

    // The backup stands: to take it back now would lose what truncation has left in it alone.
    private async ValueTask<IReadOnlyList<string>> FinishAsync()
    {
        var remarks = new List<string>();
        try
        {
            int truncated = (await _session.TruncatableLogsAsync(default).ConfigureAwait(false)).Count;
            await _session.TruncateLogsAsync(default).ConfigureAwait(false);
            _truncated = truncated;
            await _session.CompleteAsync(default).ConfigureAwait(false);
        }
        catch (SourceException failure)
        {
            string remark = $"the backup in '{_target.Place}' stands, but logs were not truncated or headers not "
                + $"marked: {failure.Message}";
            engine.Tell(EngineEvent.HeaderNotMarked, remark, EngineEventLevel.Error);
            remarks.Add(remark);
            _session.Failure = failure.Message;
        }

        await _session.DisposeAsync().ConfigureAwait(false);
        try
        {
            _target.Tidy();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            remarks.Add($"what is of no use any more in '{path}' was not deleted: {failure.Message}");
        }

        return remarks;
    }

    private async ValueTask WithdrawAsync(Exception failure)
    {
        _directory?.Withdraw();
        if (failure is not OperationCanceledException)
            _session.Failure = failure.Message;
        await _session.DisposeAsync().ConfigureAwait(false);
        _meter.Fail();
    }

    // Two databases that differ in their extensions would share the mark by which restore knows them.
    private void RequireMarks()
    {
        var names = _session.Databases.SelectMany(file => new[] { file.Name, MarkOf(file) });
        if (names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1)
            is not { Key: var twice })
            return;
        throw new EseException(EseError.InvalidParameter, $"two files of the backup would be called '{twice}'",
            "give the databases other names");
    }

    private IEnumerable<string> OwnDirectories() => engine.Databases
        .Select(database => Path.GetDirectoryName(Path.GetFullPath(database.Path))!)
        .Concat([engine.Options.LogDirectory, engine.Options.CheckpointPlace]);

    private EseException ErrorOf(Exception failure) => failure switch
    {
        EseException known => known,
        UnauthorizedAccessException => new(EseError.AccessDenied, $"'{path}' cannot be written: {failure.Message}"),
        _ => new(DiskFailure.Of(failure, EseError.DiskIO), $"'{path}' cannot be written: {failure.Message}"),
    };

    private static string MarkOf(SourceFile file) => Path.ChangeExtension(file.Name, MarkExtension);
}
