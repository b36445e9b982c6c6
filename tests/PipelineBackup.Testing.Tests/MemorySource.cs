namespace PipelineBackup.Testing.Tests;

/// <summary>What a memory source does wrong, one bit a crime.</summary>
[Flags]
internal enum Misdeeds
{
    None = 0,
    NoStampedDatabases = 1,
    PathInName = 1 << 1,
    LogGap = 1 << 2,
    LosesTail = 1 << 3,
    HalfReads = 1 << 4,
    BytesDependOnBuffer = 1 << 5,
    ManyOpenFiles = 1 << 6,
    WrongReread = 1 << 7,
    IgnoresToken = 1 << 8,
    LogsEarly = 1 << 9,
    EndsTwice = 1 << 10,
    DatabasesLate = 1 << 11,
    EndsWhileOpen = 1 << 12,
    WorksAfterCompletion = 1 << 13,
    OpensAnything = 1 << 14,
    AbortLeavesItLocked = 1 << 15,
    AbortTruncates = 1 << 16,
    CompletionLeavesItLocked = 1 << 17,
    SecondSessionThrowsWhatItLikes = 1 << 18,
    BeginIgnoresToken = 1 << 19,
    CopyTruncates = 1 << 20,
    TruncatesNeeded = 1 << 21,
    RefusesWithoutNumber = 1 << 22,
    CompletesEarly = 1 << 23,
    BeginCancelledLeavesItLocked = 1 << 24,
    EndlessAtEnd = 1 << 25,
}

/// <summary>A source at rest in memory with two databases and five logs: the least that keeps the laws.</summary>
internal sealed class MemorySource(Misdeeds misdeeds = Misdeeds.None) : IBackupSource
{
    private const int Page = 4096;

    private readonly List<SourceFile> _databases =
        [File(SourceFileKind.Database, "a.edb", 20), File(SourceFileKind.Database, "b.edb", 3)];
    private readonly List<SourceFile> _logs =
        [.. Enumerable.Range(1, 5).Select(i => File(SourceFileKind.Log, $"edb0000{i}.log", 4) with { Generation = i })];

    private bool _busy;

    public bool Does(Misdeeds misdeed) => misdeeds.HasFlag(misdeed);

    public ValueTask<IBackupSession> BeginAsync(BackupRequest request, CancellationToken cancellationToken)
    {
        if (Does(Misdeeds.BeginCancelledLeavesItLocked))
            _busy |= cancellationToken.IsCancellationRequested;
        if (!Does(Misdeeds.BeginIgnoresToken))
            cancellationToken.ThrowIfCancellationRequested();
        if (_busy && Does(Misdeeds.SecondSessionThrowsWhatItLikes))
            throw new InvalidOperationException("busy");
        if (_busy)
            throw new SourceException("a backup is running") { Error =
                JetError.BackupInProgress, ExitCode = ExitCode.InUse };
        _busy = true;
        return new(new Session(this, request.Kind));
    }

    private static SourceFile File(SourceFileKind kind, string name, int pages) => new()
    {
        Kind = kind,
        Name = name,
        OriginalPath = "/memory/" + name,
        Length = pages * Page,
        PageSize = Page,
    };

    private sealed class Session(MemorySource source, BackupKind kind) : IBackupSession
    {
        private enum State
        {
            Databases,
            Logs,
            Complete,
            Aborted,
        }

        private State _state;
        private bool _open;

        public BackupStamp Stamp { get; } = new()
        {
            Source = "memory",
            EngineVersion = "0x620,290,600",
            PageSize = Page,
            BaseName = "edb",
            Databases = source.Does(Misdeeds.NoStampedDatabases) ? [] :
            [
                .. source._databases.Select((file, i) => new DatabaseStamp
                {
                    Name = file.Name,
                    Signature = new string((char)('a' + i), 56),
                    State = "DirtyShutdown",
                    MinRequired = 4,
                    MaxRequired = 5,
                    NeedsRecovery = true,
                }),
            ],
        };

        public IReadOnlyList<SourceFile> Databases => source.Does(Misdeeds.PathInName)
            ? [.. source._databases.Select(file => file with { Name = "dir/" + file.Name })] : source._databases;

        public ValueTask<ISourceFileReader> OpenAsync(SourceFile file, CancellationToken cancellationToken)
        {
            if (!source.Does(Misdeeds.IgnoresToken))
                cancellationToken.ThrowIfCancellationRequested();
            Demand(_state is State.Databases or State.Logs || source.Does(Misdeeds.WorksAfterCompletion),
                "open a file");
            Demand(!_open || source.Does(Misdeeds.ManyOpenFiles), "open a second file");
            bool database = Databases.Contains(file);
            Demand(
                source.Does(Misdeeds.OpensAnything) || (database ? _state == State.Databases || source.Does(Misdeeds.DatabasesLate)
                    : source._logs.Contains(file) && (_state != State.Databases || source.Does(Misdeeds.LogsEarly))),
                $"open '{file.Name}'");
            _open = true;
            return new(new Reader(source, file, () => _open = false));
        }

        public ValueTask<IReadOnlyList<SourceFile>> EndDatabasesAsync(CancellationToken cancellationToken)
        {
            Demand(_state == State.Databases || source.Does(Misdeeds.EndsTwice), "end the databases");
            Demand(!_open || source.Does(Misdeeds.EndsWhileOpen), "end the databases with a file open");
            _state = State.Logs;
            return new(source.Does(Misdeeds.LogGap) ? [.. source._logs.Where(log => log.Generation != 3)] : [.. source._logs]);
        }

        public ValueTask<IReadOnlyList<SourceFile>> TruncatableLogsAsync(CancellationToken cancellationToken)
        {
            Demand(_state == State.Logs || source.Does(Misdeeds.LogsEarly), "list truncatable logs");
            bool none = kind is BackupKind.Copy or BackupKind.Differential && !source.Does(Misdeeds.CopyTruncates);
            int needed = source.Does(Misdeeds.TruncatesNeeded) ? 6 : 4;
            return new(none ? [] : [.. source._logs.Where(log => log.Generation < needed)]);
        }

        public async ValueTask TruncateLogsAsync(CancellationToken cancellationToken)
        {
            foreach (var log in await TruncatableLogsAsync(cancellationToken))
                source._logs.Remove(log);
        }

        public ValueTask ValidateAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask CompleteAsync(CancellationToken cancellationToken)
        {
            Demand(
                _state == State.Logs || (_state == State.Databases && source.Does(Misdeeds.CompletesEarly)),
                    "complete");
            _state = State.Complete;
            source._busy = source.Does(Misdeeds.CompletionLeavesItLocked);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            if (_state is State.Complete or State.Aborted)
                return ValueTask.CompletedTask;
            if (_state == State.Logs && source.Does(Misdeeds.AbortTruncates))
                source._logs.RemoveAt(0);
            _state = State.Aborted;
            source._busy = source.Does(Misdeeds.AbortLeavesItLocked);
            return ValueTask.CompletedTask;
        }

        private void Demand(bool holds, string step)
        {
            if (!holds)
            {
                throw new SourceException($"a session in state {_state} cannot {step}")
                {
                    Error = source.Does(Misdeeds.RefusesWithoutNumber) ? null : JetError.InvalidBackupSequence,
                };
            }
        }
    }

    private sealed class Reader(MemorySource source, SourceFile file, Action close) : ISourceFileReader, IRereadPages
    {
        private readonly byte[] _content = SinkTrial.Bytes(file.Name.Length + file.Generation, (int)file.Length);
        private int _offset;
        private int _ends;

        public int MaxRereads => 2;

        public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            if (!source.Does(Misdeeds.IgnoresToken))
                cancellationToken.ThrowIfCancellationRequested();
            int end = source.Does(Misdeeds.LosesTail) ? _content.Length - Page : _content.Length;
            if (source.Does(Misdeeds.HalfReads))
                buffer = buffer[..(buffer.Length / 2)];
            int read = Math.Min(buffer.Length, end - _offset);
            if (read == 0 && source.Does(Misdeeds.EndlessAtEnd) && _ends++ > 0)
                return new(1);
            _content.AsMemory(_offset, read).CopyTo(buffer);
            if (source.Does(Misdeeds.BytesDependOnBuffer) && read > 0)
                buffer.Span[0] = (byte)(buffer.Length / Page);
            _offset += read;
            return new(read);
        }

        public ValueTask RereadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            _content.AsMemory((int)offset, source.Does(Misdeeds.WrongReread) ? 100 : buffer.Length).CopyTo(buffer);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            close();
            return ValueTask.CompletedTask;
        }
    }
}
