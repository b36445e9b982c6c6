namespace PipelineBackup.Ese.Tests.Simulation;

/// <summary>The names of files: as programs see them, and which changes of them are not safe.</summary>
internal sealed class NameJournal
{
    private readonly Dictionary<string, SimulatedNode> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SimulatedNode> _safe = new(StringComparer.Ordinal);
    private readonly List<Change> _pending = [];

    private enum What
    {
        Create,
        Delete,
        Rename,
        RenameDirectory,
    }

    /// <summary>Paths of all files.</summary>
    public IEnumerable<string> Paths => _names.Keys;

    /// <summary>How many changes of names are not safe.</summary>
    public int Pending => _pending.Count;

    /// <summary>The directories whose new names the last crash took back: from, to.</summary>
    public List<(string From, string To)> LostNames { get; } = [];

    public SimulatedNode? Find(string path) => _names.GetValueOrDefault(path);

    /// <summary>A file that has always been there.</summary>
    public void Put(string path, SimulatedNode node) => _names[path] = _safe[path] = node;

    /// <summary>A file that has never been there.</summary>
    public void Remove(string path)
    {
        _names.Remove(path);
        _safe.Remove(path);
    }

    public void Create(string path, SimulatedNode node)
    {
        _names[path] = node;
        _pending.Add(new(What.Create, path, "", node));
    }

    public void Delete(string path)
    {
        _pending.Add(new(What.Delete, path, "", _names[path]));
        _names.Remove(path);
    }

    public void Rename(string from, string to)
    {
        var node = _names[from];
        _pending.Add(new(What.Rename, from, to, node));
        _names.Remove(from);
        _names[to] = node;
    }

    /// <summary>A directory, and all that is in it.</summary>
    public void RenameDirectory(string from, string to)
    {
        _pending.Add(new(What.RenameDirectory, from, to, null));
        Move(_names, from, to);
    }

    /// <summary>Makes what happened in a directory safe, and what had to happen before it elsewhere.</summary>
    public void Flush(string directory)
    {
        int last = _pending.FindLastIndex(change => change.Touches(directory));
        for (int i = 0; i <= last; i++)
        {
            if (_pending[i].Touches(directory))
                Apply(_pending[i]);
        }

        _pending.RemoveAll(change => change.Touches(directory));
    }

    /// <summary>Leaves what a crash leaves: with power lost, some of what was not safe, in its order or not.</summary>
    public void Crash(CrashKind kind, Random random)
    {
        LostNames.Clear();
        if (kind == CrashKind.Kill)
            _pending.ForEach(Apply);
        else if (kind == CrashKind.PowerLoss)
        {
            // File systems with a journal keep the order; others promise nothing.
            bool inOrder = random.OneIn(2);
            int count = random.Next(_pending.Count + 1);
            for (int i = 0; i < _pending.Count; i++)
            {
                if (inOrder ? i < count : random.OneIn(2))
                    Apply(_pending[i]);
                else
                    TakeBack(_pending[i]);
            }
        }
        else
        {
            _pending.ForEach(TakeBack);
        }

        LostNames.Reverse();
        _pending.Clear();
        _names.Clear();
        foreach (var (path, node) in _safe)
            _names[path] = node;
    }

    /// <summary>All of it once more, the files copied.</summary>
    public NameJournal Copy()
    {
        var copies = new Dictionary<SimulatedNode, SimulatedNode>(ReferenceEqualityComparer.Instance);
        SimulatedNode Once(SimulatedNode node) =>
            copies.TryGetValue(node, out var copy) ? copy : copies[node] = node.Copy();
        var journal = new NameJournal();
        foreach (var (path, node) in _names)
            journal._names[path] = Once(node);
        foreach (var (path, node) in _safe)
            journal._safe[path] = Once(node);
        journal._pending.AddRange(_pending.Select(
            change => change with { Node = change.Node is null ? null : Once(change.Node) }));
        return journal;
    }

    // A change that builds upon one that was lost is lost with it.
    private void Apply(Change change)
    {
        switch (change.What)
        {
            case What.Create when !_safe.ContainsKey(change.Path):
                _safe[change.Path] = change.Node!;
                break;
            case What.Delete when Holds(change):
                _safe.Remove(change.Path);
                break;
            case What.Rename when Holds(change) && !_safe.ContainsKey(change.To):
                _safe.Remove(change.Path);
                _safe[change.To] = change.Node!;
                break;
            case What.RenameDirectory:
                Move(_safe, change.Path, change.To);
                break;
            default:
                break;
        }
    }

    private void TakeBack(Change change)
    {
        if (change.What == What.RenameDirectory)
            LostNames.Add((change.Path, change.To));
    }

    private static void Move(Dictionary<string, SimulatedNode> names, string from, string to)
    {
        string head = from + System.IO.Path.DirectorySeparatorChar;
        foreach (string path in names.Keys.Where(path => path.StartsWith(head, StringComparison.Ordinal)).ToList())
        {
            names[to + path[from.Length..]] = names[path];
            names.Remove(path);
        }
    }

    private bool Holds(Change change) => ReferenceEquals(_safe.GetValueOrDefault(change.Path), change.Node);

    private sealed record Change(What What, string Path, string To, SimulatedNode? Node)
    {
        public bool Touches(string directory) => System.IO.Path.GetDirectoryName(Path) == directory
            || (To.Length > 0 && System.IO.Path.GetDirectoryName(To) == directory);
    }
}
