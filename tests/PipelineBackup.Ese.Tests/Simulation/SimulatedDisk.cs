namespace PipelineBackup.Ese.Tests.Simulation;

/// <summary>
/// A disk in memory. What is written is there for readers at once, but safe only when its file, or directory, was
/// flushed; it can be told to die or to fail at any step, and to lose what was not safe.
/// </summary>
/// <remarks>
/// Stricter than most: no second writer of a file, and a file that is open for writing can neither be renamed nor
/// deleted, as on Windows; a name is safe only when its directory was flushed, as on POSIX systems.
/// </remarks>
internal sealed partial class SimulatedDisk : IDisk
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private readonly List<string> _open = [];
    private NameJournal _names = new();
    private string? _dead;

    /// <summary>Bytes that a crash leaves whole: 512, 4096 or the page size.</summary>
    public int Unit { get; init; } = 4096;

    /// <summary>
    /// How much of a file, from its start, a crash tears into sectors whatever <see cref="Unit"/> says; null for none.
    /// </summary>
    public Func<string, long>? TornHead { get; init; }

    /// <summary>The step before which, or in the middle of which, everything ends; 0 for never.</summary>
    public int KillAtStep { get; set; }

    /// <summary>The step that fails, and all of its kind behind it when <see cref="FailsOn"/>; 0 for none.</summary>
    public int FailAtStep { get; set; }

    /// <summary>Whether everything fails from <see cref="FailAtStep"/> on.</summary>
    public bool FailsOn { get; set; }

    /// <summary>The read that fails; 0 for none.</summary>
    public int FailAtRead { get; set; }

    /// <summary>Bytes that all files together may have.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Of which files and directories flushes do nothing: a disk that lies.</summary>
    public Predicate<string>? IgnoresFlush { get; set; }

    /// <summary>Which writes never happen though they seem to: stands for code that forgot them.</summary>
    public Predicate<DiskStep>? Drops { get; set; }

    /// <summary>Sees each step before it happens.</summary>
    public Action<DiskStep>? Watch { get; set; }

    /// <summary>How many steps there were.</summary>
    public int Steps { get; private set; }

    /// <summary>How many reads there were.</summary>
    public int Reads { get; private set; }

    /// <summary>How many files are open.</summary>
    public int OpenFiles => _open.Count;

    /// <summary>Paths of the files that are open.</summary>
    public string OpenPaths => string.Join(", ", _open);

    /// <summary>Bytes of all files.</summary>
    public long Used => _names.Paths.Sum(path => _names.Find(path)!.Length);

    /// <summary>Paths of all files that were created, written, renamed (both names) or deleted.</summary>
    public IReadOnlyCollection<string> Changed => _changed;

    /// <summary>Paths of all files.</summary>
    public IReadOnlyList<string> Files => [.. _names.Paths.Order(StringComparer.Ordinal)];

    /// <summary>Makes a directory, and those above it.</summary>
    public SimulatedDisk AddDirectory(string directory)
    {
        for (string? each = directory; each is not null; each = Path.GetDirectoryName(each))
            _directories.Add(each);
        return this;
    }

    /// <summary>Puts a file there that is safe.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="content">Its bytes; shared, never changed.</param>
    public SimulatedDisk Put(string path, byte[] content)
    {
        AddDirectory(Path.GetDirectoryName(path)!);
        _names.Put(path, new(content));
        return this;
    }

    /// <summary>Takes a file away as if it had never been there.</summary>
    public void Remove(string path) => _names.Remove(path);

    /// <summary>All bytes of a file, as readers see them.</summary>
    public byte[] ReadAll(string path) => Node(path).ToArray();

    /// <summary>The same disk once more, alive and without faults, to be changed apart.</summary>
    public SimulatedDisk Copy(int unit = 0)
    {
        var copy = new SimulatedDisk
        {
            Unit = unit == 0 ? Unit : unit, TornHead = TornHead, _names = _names.Copy(),
        };
        copy._directories.UnionWith(_directories);
        return copy;
    }

    /// <summary>Ends everything: nothing is open, part of what was not safe is lost, and the disk can be used again.</summary>
    public void Crash(CrashKind kind, Random random)
    {
        lock (_lock)
        {
            var nodes = new Dictionary<SimulatedNode, string>();
            foreach (string path in Files)
                nodes.TryAdd(_names.Find(path)!, path);
            _names.Crash(kind, random);
            TakeDirectoriesBack();
            foreach (string path in Files)
                nodes.TryAdd(_names.Find(path)!, path);
            foreach (var (node, path) in nodes)
                node.Crash(kind, random, Unit, TornHead?.Invoke(path) ?? 0);
            (_dead, KillAtStep, FailAtStep, FailAtRead, Steps, Reads) = (null, 0, 0, 0, 0, 0);
            _open.Clear();
            Generation++;
        }
    }

    /// <summary>Which life of the machine this is: handles of an earlier one are dead.</summary>
    internal int Generation { get; private set; }

    /// <inheritdoc/>
    public IDiskFile Open(string path, DiskAccess access)
    {
        lock (_lock)
        {
            Live();
            path = Path.GetFullPath(path);
            if (access != DiskAccess.CreateNew)
                return Opened(path, Node(path), access == DiskAccess.ReadWrite);
            if (!_directories.Contains(Path.GetDirectoryName(path)!))
                throw new DirectoryNotFoundException($"no directory for '{path}'");
            if (_names.Find(path) is not null || _directories.Contains(path))
                throw new IOException($"'{path}' is there already");
            Step(DiskStepKind.Create, path);
            var node = new SimulatedNode([]);
            _names.Create(path, node);
            return Opened(path, node, writes: true);
        }
    }

    /// <inheritdoc/>
    public bool FileExists(string path)
    {
        lock (_lock)
        {
            Live();
            return _names.Find(Path.GetFullPath(path)) is not null;
        }
    }

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            Live();
            (from, to) = (Path.GetFullPath(from), Path.GetFullPath(to));
            bool isDirectory = _directories.Contains(from);
            if (isDirectory && _open.Find(path => IsIn(path, from)) is { } used)
                throw new IOException($"'{used}' is in use");
            if (!isDirectory)
                NotInUse(from, Node(from));
            if (_names.Find(to) is not null || _directories.Contains(to))
                throw new IOException($"'{to}' is there already");
            if (!_directories.Contains(Path.GetDirectoryName(to)!))
                throw new DirectoryNotFoundException($"no directory for '{to}'");
            Step(DiskStepKind.Rename, from, to: to);
            if (isDirectory)
                RenameDirectory(from, to);
            else
                _names.Rename(from, to);
        }
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
        lock (_lock)
        {
            Live();
            path = Path.GetFullPath(path);
            if (!_directories.Contains(Path.GetDirectoryName(path)!))
                throw new DirectoryNotFoundException($"no directory for '{path}'");
            if (_directories.Contains(path))
            {
                DeleteDirectory(path);
                return;
            }

            if (_names.Find(path) is not { } node)
                return;
            NotInUse(path, node);
            Step(DiskStepKind.Delete, path);
            _names.Delete(path);
        }
    }

    /// <inheritdoc/>
    public void FlushDirectory(string directory)
    {
        lock (_lock)
        {
            Live();
            directory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
            if (!_directories.Contains(directory))
                throw new DirectoryNotFoundException($"there is no '{directory}'");
            Step(DiskStepKind.FlushDirectory, directory);
            if (IgnoresFlush?.Invoke(directory) != true)
                _names.Flush(directory);
        }
    }

    private SimulatedFile Opened(string path, SimulatedNode node, bool writes)
    {
        if (writes)
            NotInUse(path, node);
        _open.Add(path);
        node.Writers += writes ? 1 : 0;
        return new(this, path, node, writes);
    }

    private SimulatedNode Node(string path) =>
        _names.Find(path) ?? throw new FileNotFoundException($"there is no '{path}'", path);

    private static void NotInUse(string path, SimulatedNode node)
    {
        if (node.Writers > 0)
            throw new IOException($"'{path}' is in use");
    }

    internal int Read(SimulatedNode node, Span<byte> buffer, long offset, int generation)
    {
        lock (_lock)
        {
            Live(generation);
            if (++Reads == FailAtRead)
                throw new IOException($"simulated failure of read {Reads}");
            return node.Read(buffer, offset);
        }
    }

    internal void Write(SimulatedNode node, string path, ReadOnlySpan<byte> bytes, long offset, int generation)
    {
        lock (_lock)
        {
            Live(generation);
            Room(offset + bytes.Length - node.Length);
            int unit = offset < (TornHead?.Invoke(path) ?? 0) ? SimulatedNode.Sector : Unit;
            if (Steps + 1 == KillAtStep && bytes.Length > unit)
            {
                // In the middle: the first units are there, the others not yet.
                int units = (bytes.Length + unit - 1) / unit;
                node.Write(bytes[..(new Random(KillAtStep).Next(units) * unit)], offset);
            }

            Step(DiskStepKind.Write, path, offset, bytes.Length);
            if (Drops?.Invoke(new(Steps, DiskStepKind.Write, path, offset, bytes.Length)) != true)
                node.Write(bytes, offset);
        }
    }

    internal void SetLength(SimulatedNode node, string path, long length, int generation)
    {
        lock (_lock)
        {
            Live(generation);
            Room(length - node.Length);
            Step(DiskStepKind.SetLength, path, length);
            node.SetLength(length);
        }
    }

    internal void Flush(SimulatedNode node, string path, int generation)
    {
        lock (_lock)
        {
            Live(generation);
            Step(DiskStepKind.Flush, path);
            if (IgnoresFlush?.Invoke(path) != true)
                node.Flush();
        }
    }

    internal void Close(SimulatedNode node, string path, bool writes, int generation)
    {
        lock (_lock)
        {
            if (generation != Generation)
                return;
            _open.Remove(path);
            node.Writers -= writes ? 1 : 0;
        }
    }

    private void Room(long more)
    {
        if (more > 0 && Capacity < long.MaxValue && Used > Capacity - more)
            throw new IOException("simulated: there is not enough space on the disk", unchecked((int)0x80070070));
    }

    private void Step(DiskStepKind kind, string path, long offset = 0, int count = 0, string to = "")
    {
        var step = new DiskStep(++Steps, kind, path, offset, count, to);
        if (Steps == KillAtStep)
        {
            _dead = $"killed at {step}";
            Live();
        }

        if (FailAtStep > 0 && (FailsOn ? Steps >= FailAtStep : Steps == FailAtStep))
            throw new IOException($"simulated failure of {step}");
        if (kind is not (DiskStepKind.Flush or DiskStepKind.FlushDirectory or DiskStepKind.CreateDirectory))
            _changed.Add(path);
        if (to.Length > 0)
            _changed.Add(to);
        Watch?.Invoke(step);
    }

    private void Live(int generation = -1)
    {
        if (_dead is not null)
            throw new SimulatedCrashException(_dead);
        if (generation >= 0 && generation != Generation)
            throw new SimulatedCrashException("a handle from before the crash is used");
    }
}
