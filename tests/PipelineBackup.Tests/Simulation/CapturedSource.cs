namespace PipelineBackup.Tests.Simulation;

/// <summary>What a call to a <see cref="CapturedSource"/> was.</summary>
internal enum SourceStep
{
    Begin,
    Open,
    Read,
    Reread,
    EndDatabases,
    Validate,
    ListTruncatable,
    Truncate,
    Complete,
}

/// <summary>What goes wrong at a step of a source.</summary>
internal enum SourceMischief
{
    /// <summary>The step fails as sources fail.</summary>
    Fails,

    /// <summary>The step fails as file systems fail.</summary>
    FailsRaw,

    /// <summary>A read ends the file before its end.</summary>
    EndsEarly,

    /// <summary>A file goes on behind its end.</summary>
    GoesOn,

    /// <summary>A read gives less than was asked in the middle of the file, against the law of readers.</summary>
    Dribbles,

    /// <summary>Two bits of one page are wrong, the first time it is read.</summary>
    Tears,

    /// <summary>Two bits of one page are wrong whenever it is read.</summary>
    Rots,

    /// <summary>One bit of one page is wrong whenever it is read.</summary>
    Flips,
}

/// <summary>A fault of a source: at the n-th step of a kind.</summary>
internal sealed record SourceFault(SourceStep Step, int Nth, SourceMischief What, int Where = 0);

/// <summary>A source in memory: what a set of files offered once, played back as often as wanted, with faults as written down.</summary>
internal sealed class CapturedSource : IBackupSource
{
    private readonly IReadOnlyList<(SourceFile File, byte[] Bytes)> _databases, _others;
    private readonly BackupStamp _stamp;

    public CapturedSource(
        BackupStamp stamp, IReadOnlyList<(SourceFile File, byte[] Bytes)> databases, IReadOnlyList<(SourceFile File, byte[] Bytes)> others) =>
        (_stamp, _databases, _others) = (stamp, databases, others);

    /// <summary>The bytes of each file, by name.</summary>
    public IReadOnlyDictionary<string, byte[]> Files => _databases.Concat(_others).ToDictionary(file => file.File.Name, file => file.Bytes);

    /// <summary>Names of the databases.</summary>
    public IEnumerable<string> Databases => _databases.Select(file => file.File.Name);

    /// <summary>Called before every step; may throw.</summary>
    public Action<SourceStep>? Reached { get; init; }

    /// <summary>What goes wrong.</summary>
    public SourceFault? Fault { get; init; }

    /// <summary>Whether the planned fault has happened.</summary>
    public bool FaultHappened { get; private set; }

    /// <summary>The bits that were wrong whenever they were read: file, offset, mask.</summary>
    public List<(string File, int Offset, byte Mask)> Rot { get; } = [];

    /// <summary>The bytes of a file as they were read, or as they should have been.</summary>
    public byte[] Bytes(string name, bool asRead)
    {
        byte[] bytes = [.. Files[name]];
        foreach (var (_, offset, mask) in asRead ? Rot.Where(bit => bit.File == name) : [])
            bytes[offset] ^= mask;
        return bytes;
    }

    /// <summary>Plays a set of files back.</summary>
    public static async Task<CapturedSource> OfAsync(string path)
    {
        await using var session = await new FileSetSource(new() { Path = path }).BeginAsync(new(), default);
        var databases = session.Databases;
        var others = await session.EndDatabasesAsync(default);
        return new(session.Stamp, [.. databases.Select(Read)], [.. others.Select(Read)]);

        static (SourceFile, byte[]) Read(SourceFile file) => (file, File.ReadAllBytes(file.OriginalPath));
    }

    /// <summary>The same with other faults.</summary>
    public CapturedSource With(SourceFault? fault, Action<SourceStep>? reached) => new(_stamp, _databases, _others) { Fault = fault, Reached = reached };

    public ValueTask<IBackupSession> BeginAsync(BackupRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var session = new Session(this);
        session.Step(SourceStep.Begin);
        return new(session);
    }

    private sealed class Session(CapturedSource source) : IBackupSession
    {
        private readonly Dictionary<SourceStep, int> _steps = [];
        private readonly Lock _lock = new();
        private bool _open, _ended;

        public BackupStamp Stamp => source._stamp;

        public IReadOnlyList<SourceFile> Databases { get; } = [.. source._databases.Select(file => file.File)];

        public SourceMischief? Step(SourceStep step)
        {
            source.Reached?.Invoke(step);
            int nth;
            lock (_lock)
                nth = _steps[step] = _steps.GetValueOrDefault(step) + 1;
            if (source.Fault is not { } fault || fault.Step != step || fault.Nth != nth)
                return null;
            source.FaultHappened = true;
            return fault.What switch
            {
                SourceMischief.Fails => throw new SourceException($"planned: {fault}"),
                SourceMischief.FailsRaw => throw new IOException($"planned: {fault}"),
                var what => what,
            };
        }

        public ValueTask<ISourceFileReader> OpenAsync(SourceFile file, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (_, bytes) = (_ended ? source._others : source._databases).Single(one => one.File == file);
            Assert.False(_open, "a second file was opened");
            Step(SourceStep.Open);
            _open = true;
            return new(new Reader(this, file, bytes, source.Rot, () => _open = false));
        }

        public ValueTask<IReadOnlyList<SourceFile>> EndDatabasesAsync(CancellationToken cancellationToken)
        {
            Assert.False(_open || _ended, "the databases were ended out of order");
            Step(SourceStep.EndDatabases);
            _ended = true;
            return new([.. source._others.Select(file => file.File)]);
        }

        public ValueTask<IReadOnlyList<SourceFile>> TruncatableLogsAsync(CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Step(SourceStep.ListTruncatable);
            return new([]);
        }

        public ValueTask TruncateLogsAsync(CancellationToken cancellationToken)
        {
            Step(SourceStep.Truncate);
            return ValueTask.CompletedTask;
        }

        public ValueTask ValidateAsync(CancellationToken cancellationToken)
        {
            Assert.True(_ended && !_open, "validated out of order");
            Step(SourceStep.Validate);
            return ValueTask.CompletedTask;
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken)
        {
            Step(SourceStep.Complete);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            Assert.False(_open, "a file was left open");
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Reader(
        Session session, SourceFile file, byte[] bytes, List<(string File, int Offset, byte Mask)> rot, Action closed) : ISourceFileReader, IRereadPages
    {
        private int _offset;

        public int MaxRereads => 2;

        public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            if (cancellationToken.IsCancellationRequested)
                return ValueTask.FromCanceled<int>(cancellationToken);
            var mischief = session.Step(SourceStep.Read);
            int start = _offset, length = Math.Min(buffer.Length, bytes.Length - start);
            if (mischief == SourceMischief.EndsEarly)
                return new(0);
            if (mischief == SourceMischief.Dribbles && length > 1000)
                length = 1000;
            bytes.AsMemory(start, length).CopyTo(buffer);
            _offset += length;
            if (mischief == SourceMischief.GoesOn)
            {
                int more = Math.Min(4096, buffer.Length - length);
                buffer.Span.Slice(length, more).Fill(0x5A);
                return new(length + more);
            }

            if (mischief is SourceMischief.Tears or SourceMischief.Rots or SourceMischief.Flips && length > 4 * file.PageSize)
                Damage(mischief.Value, buffer.Span[..length], start);
            return new(length);
        }

        public ValueTask RereadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            session.Step(SourceStep.Reread);
            bytes.AsMemory((int)offset, buffer.Length).CopyTo(buffer);
            foreach (var (_, at, mask) in rot)
            {
                if (at >= offset && at < offset + buffer.Length)
                    buffer.Span[(int)(at - offset)] ^= mask;
            }

            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            closed();
            return ValueTask.CompletedTask;
        }

        // In the last page that holds something, and not in its checksum.
        private void Damage(SourceMischief what, Span<byte> read, int start)
        {
            int pageSize = file.PageSize, page = read.Length / pageSize - 1;
            while (page > 2 && !read.Slice(page * pageSize, pageSize).ContainsAnyExcept((byte)0))
                page--;
            List<(int Offset, byte Mask)> bits = [(start + page * pageSize + 200, 0x04)];
            if (what != SourceMischief.Flips)
                bits.Add((start + page * pageSize + 301, 0x30));
            foreach (var (at, mask) in bits)
                read[at - start] ^= mask;
            // A log is read once only.
            if (what != SourceMischief.Tears || file.Kind != SourceFileKind.Database)
                rot.AddRange(bits.Select(bit => (file.Name, bit.Offset, bit.Mask)));
        }
    }
}
