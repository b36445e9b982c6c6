namespace PipelineBackup.Testing.Tests.Samples;

/// <summary>One backup of a server.</summary>
/// <remarks>
/// <code>
/// Databases ─EndDatabases─► Logs ─Complete─► Ended
///     └──────────── Dispose ──┴────────────────┘
/// </code>
/// </remarks>
internal sealed class InstanceSession : IBackupSession
{
    private enum State
    {
        Databases,
        Logs,
        Ended,
    }

    private readonly IInstance _instance;
    private readonly BackupRequest _request;
    private readonly int _needed;
    private List<SourceFile> _logs = [];
    private State _state;
    private bool _isOpen;

    public InstanceSession(IInstance instance, BackupRequest request, InstanceState state)
    {
        (_instance, _request) = (instance, request);
        var taken = state.Databases.Where(database => request.Databases.Count == 0
            || request.Databases.Contains(NameOf(database.File), StringComparer.OrdinalIgnoreCase)).ToList();
        // Truncation looks at all databases, also at those that this backup leaves out.
        _needed = state.Databases.Min(database => database.MinRequired);
        bool onlyLogs = request.Kind is BackupKind.Incremental or BackupKind.Differential;
        Databases = onlyLogs ? [] : [.. taken.Select(database => FileOf(SourceFileKind.Database, database.File, 8192))];
        Stamp = new()
        {
            Source = instance.Name,
            EngineVersion = "0x620,290,600",
            PageSize = 8192,
            BaseName = "E00",
            LogSignature = state.LogSignature,
            IsInUse = true,
            Databases =
            [
                .. taken.Select(database => new DatabaseStamp
                {
                    Name = NameOf(database.File),
                    Signature = database.Signature,
                    State = "DirtyShutdown",
                    MinRequired = database.MinRequired,
                    MaxRequired = database.MaxRequired,
                    MaxCommitted = database.MaxRequired,
                    NeedsRecovery = true,
                }),
            ],
        };
    }

    public BackupStamp Stamp { get; }

    public IReadOnlyList<SourceFile> Databases { get; }

    public ValueTask<ISourceFileReader> OpenAsync(SourceFile file, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Require(!_isOpen, "open a second file");
        Require(
            (_state == State.Databases && Databases.Contains(file)) || (_state == State.Logs && _logs.Contains(file)),
            $"open '{file.Name}'");
        _isOpen = true;
        return new(new InstanceReader(_instance, file, () => _isOpen = false));
    }

    public async ValueTask<IReadOnlyList<SourceFile>> EndDatabasesAsync(CancellationToken cancellationToken)
    {
        Require(_state == State.Databases && !_isOpen, "end the databases");
        // The log that is being written holds what happened while the databases were read: it is closed, and then goes
        // with them.
        var logs = await _instance.CloseLogAsync(cancellationToken);
        int first = _request.Parent is { } parent && Databases.Count == 0 ? parent.LastGeneration + 1 : _needed;
        _logs = [.. logs.Where(log => log.Generation >= first).Select(log => FileOf(SourceFileKind.Log, log, 4096))];
        _state = State.Logs;
        return _logs;
    }

    public ValueTask<IReadOnlyList<SourceFile>> TruncatableLogsAsync(CancellationToken cancellationToken)
    {
        Require(_state == State.Logs, "say which logs would go");
        bool truncates = _request.Kind is BackupKind.Full or BackupKind.Incremental;
        return new(truncates ? [.. _logs.Where(log => log.Generation < _needed)] : []);
    }

    public async ValueTask TruncateLogsAsync(CancellationToken cancellationToken)
    {
        Require(_state == State.Logs, "truncate");
        if (_request.Kind is BackupKind.Full or BackupKind.Incremental)
            await _instance.DeleteLogsBelowAsync(_needed, cancellationToken);
    }

    public ValueTask ValidateAsync(CancellationToken cancellationToken)
    {
        // Files at rest would be compared with what they were. A server that keeps its logs has nothing to object to.
        Require(_state == State.Logs, "validate");
        return ValueTask.CompletedTask;
    }

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        Require(_state == State.Logs && !_isOpen, "complete");
        cancellationToken.ThrowIfCancellationRequested();
        _state = State.Ended;
        await _instance.UnpinAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_state == State.Ended)
            return;
        _state = State.Ended;
        await _instance.UnpinAsync();
    }

    private void Require(bool holds, string step)
    {
        if (!holds)
        {
            throw new SourceException($"a session in state {_state} cannot {step}")
            {
                Error = JetError.InvalidBackupSequence,
            };
        }
    }

    private static string NameOf(InstanceFile file) => Path.GetFileName(file.Path);

    private static SourceFile FileOf(SourceFileKind kind, InstanceFile file, int pageSize) => new()
    {
        Kind = kind,
        Name = NameOf(file),
        Role = kind == SourceFileKind.Log ? "E00" : "",
        OriginalPath = file.Path,
        Length = file.Length,
        PageSize = pageSize,
        Generation = file.Generation,
    };
}
