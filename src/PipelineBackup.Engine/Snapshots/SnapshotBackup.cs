using System.Globalization;

namespace PipelineBackup.Engine;

/// <summary>A backup that reads the files of an engine while it is frozen.</summary>
internal sealed class SnapshotBackup : IBackupSession
{
    private readonly SnapshotSession _session;
    private readonly SnapshotMember _member;
    private readonly BackupKind _kind;
    private readonly HashSet<SourceFile> _copied = [];
    private readonly IReadOnlyList<SourceFile> _logs;
    private readonly List<SourceFile> _others;
    private EngineBackupState _state;
    private Reader? _open;
    private bool _isThawed;
    private int _isBusy;

    /// <summary>Offers what is frozen.</summary>
    /// <param name="session">The session, frozen; ended with this.</param>
    /// <param name="member">The engine's part in it.</param>
    /// <param name="kind">What kind of backup.</param>
    public SnapshotBackup(SnapshotSession session, SnapshotMember member, BackupKind kind)
    {
        (_session, _member, _kind) = (session, member, kind);
        var instance = member.Describe();
        bool takesDatabases = kind is BackupKind.Full or BackupKind.Copy;
        var databases = takesDatabases ? instance.Databases.Select(Find).ToList() : [];
        Databases = [.. databases.Select(database => database.File)];
        _logs = member.ListLogs();
        _others = [.. _logs];

        // Recovery of a chain begins where that of its databases does.
        string checkpoint = Path.Combine(instance.CheckpointDirectory, instance.BaseName + ".chk");
        if (takesDatabases && Options.Disk.FileExists(checkpoint))
            _others.Add(Describe(SourceFileKind.Checkpoint, checkpoint, SegmentScan.Size, instance.BaseName));
        Stamp = new()
        {
            Source = instance.LogDirectory,
            IsInUse = true,
            EngineVersion = member.Engine.Databases.Select(database => database.Version).DefaultIfEmpty().Max().ToString(),
            PageSize = member.Engine.PageSize.Bytes,
            BaseName = instance.BaseName,
            LogSignature = member.Engine.LogSignature.ToHex(),
            Databases = [.. databases.Select(database => database.Stamp)],
        };
    }

    /// <inheritdoc/>
    public BackupStamp Stamp { get; }

    /// <inheritdoc/>
    public IReadOnlyList<SourceFile> Databases { get; }

    private EngineOptions Options => _member.Engine.Options;

    /// <inheritdoc/>
    public ValueTask<ISourceFileReader> OpenAsync(SourceFile file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        using var call = Enter();
        bool isDatabase = Databases.Contains(file), isOther = _others.Contains(file);
        bool isInOrder = _state == EngineBackupState.Databases ? !isOther
            : _state == EngineBackupState.Logs && !isDatabase && !_isThawed;
        if (_open is not null || !isInOrder)
            throw BackupRefusal.OutOfOrder(_state, _open is null ? $"open '{file.Name}'" : "open a second file");
        if (!isDatabase && !isOther)
            throw BackupRefusal.NoDatabase($"'{file.Name}' is no file of this backup", "take those that it offers");
        cancellationToken.ThrowIfCancellationRequested();
        RequireFrozen();
        try
        {
            return new(_open = new(this, file, Options.Disk.Open(file.OriginalPath, DiskAccess.Read)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw BackupRefusal.LogsGone($"'{file.Name}' cannot be opened: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SourceFile>> EndDatabasesAsync(CancellationToken cancellationToken)
    {
        using var call = Enter();
        Require(EngineBackupState.Databases, "end the databases");
        cancellationToken.ThrowIfCancellationRequested();
        RequireFrozen();
        _state = EngineBackupState.Logs;
        return new(_others);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SourceFile>> TruncatableLogsAsync(CancellationToken cancellationToken)
    {
        using var call = Enter();
        Require(EngineBackupState.Logs, "list truncatable logs");
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return new(_member.ListTruncatable());
        }
        catch (EseException failure)
        {
            throw BackupRefusal.Of(failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask TruncateLogsAsync(CancellationToken cancellationToken)
    {
        using var call = Enter();
        Require(EngineBackupState.Logs, "truncate");
        cancellationToken.ThrowIfCancellationRequested();
        if (_logs.FirstOrDefault(log => !_copied.Contains(log)) is { } missing)
            throw BackupRefusal.NotCopied($"'{missing.Name}' was not read to its end");
        if (_kind is not (BackupKind.Full or BackupKind.Incremental))
            return;
        await ThawAsync().ConfigureAwait(false);

        // A database that was not read keeps its logs.
        bool hasAll = Databases.All(_copied.Contains);
        await RunAsync(() => _session.TruncateLogAsync(
            hasAll ? SnapshotTruncation.AllDatabases : SnapshotTruncation.None, cancellationToken)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask ValidateAsync(CancellationToken cancellationToken)
    {
        using var call = Enter();
        Require(EngineBackupState.Logs, "validate");
        cancellationToken.ThrowIfCancellationRequested();
        await ThawAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        using var call = Enter();
        Require(EngineBackupState.Logs, "complete");
        cancellationToken.ThrowIfCancellationRequested();
        await ThawAsync().ConfigureAwait(false);
        await RunAsync(_session.EndAsync).ConfigureAwait(false);
        _state = EngineBackupState.Completed;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_state is EngineBackupState.Completed or EngineBackupState.Aborted)
            return;
        _state = EngineBackupState.Aborted;
        _open?.Close();
        await _session.DisposeAsync().ConfigureAwait(false);
    }

    private (SourceFile File, DatabaseStamp Stamp) Find(string path)
    {
        using var file = Options.Disk.Open(path, DiskAccess.Read);
        var header = HeaderPair.Read(file).Require(path);
        var source = Describe(SourceFileKind.Database, path, _member.Engine.PageSize.Bytes);
        return (source, new()
        {
            Name = source.Name,
            Signature = header.Signature.ToHex(),
            State = header.State.ToString(),
            MinRequired = header.MinRequired.Value,
            MaxRequired = header.MaxRequired.Value,
            MaxCommitted = header.MaxCommitted.Value,
            NeedsRecovery = header.NeedsRecovery,
            Position = string.Create(CultureInfo.InvariantCulture, $"{header.Consistent.Generation.Value:x8}:"
                + $"{header.Consistent.Sector:x4}:{header.Consistent.Offset:x4}"),
        });
    }

    private SourceFile Describe(SourceFileKind kind, string path, int pageSize, string role = "")
    {
        using var file = Options.Disk.Open(path, DiskAccess.Read);
        return new()
        {
            Kind = kind,
            Name = Path.GetFileName(path),
            Role = role,
            OriginalPath = path,
            Length = file.Length,
            PageSize = pageSize,
        };
    }

    private async ValueTask ThawAsync()
    {
        if (_isThawed)
            return;
        await RunAsync(_session.ThawAsync).ConfigureAwait(false);
        _isThawed = true;
    }

    private static async ValueTask RunAsync(Func<ValueTask> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (EseException failure)
        {
            throw BackupRefusal.Of(failure);
        }
    }

    // What is read behind a thaw would be torn.
    private void RequireFrozen()
    {
        if (_session.State != SnapshotState.Frozen)
            throw BackupRefusal.Of(SnapshotRefusal.TimedOut(Options.SnapshotTimeout));
    }

    private void Require(EngineBackupState state, string step)
    {
        if (_state != state || _open is not null)
            throw BackupRefusal.OutOfOrder(_state, step);
    }

    private CallGuard Enter() => Interlocked.CompareExchange(ref _isBusy, 1, 0) == 0
        ? new(this)
        : throw BackupRefusal.InUse();

    // One call of the backup.
    private readonly struct CallGuard(SnapshotBackup backup) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref backup._isBusy, 0);
    }

    // Reads a file once through.
    private sealed class Reader(SnapshotBackup backup, SourceFile source, IDiskFile file) : ISourceFileReader
    {
        private long _offset;
        private bool _isClosed;

        public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_isClosed)
                throw BackupRefusal.OutOfOrder(backup._state, $"read '{source.Name}', which was closed");
            backup.RequireFrozen();
            try
            {
                int wanted = (int)Math.Min(buffer.Length, source.Length - _offset);
                int read = file.Read(buffer.Span[..wanted], _offset);
                if (read < wanted)
                    throw new IOException("it ends before its length");
                _offset += read;
                return new(read);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new SourceException($"'{source.Name}' cannot be read: {e.Message}", e) { Error = JetError.DiskIO };
            }
        }

        public void Close()
        {
            if (_isClosed)
                return;
            _isClosed = true;
            file.Dispose();
            backup._open = null;
            if (_offset == source.Length)
                backup._copied.Add(source);
        }

        public ValueTask DisposeAsync()
        {
            Close();
            return default;
        }
    }
}
