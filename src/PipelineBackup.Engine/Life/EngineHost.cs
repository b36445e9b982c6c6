namespace PipelineBackup.Engine;

/// <summary>
/// Engines that are known together, the "instances" of a process: each has a name and a number of its own. What concerns
/// several of them at once, or the only one that there is, begins here.
/// </summary>
/// <remarks>
/// An engine belongs to the host of its options from <see cref="EmbeddedEngine.Create(EngineOptions)"/> until it is closed. May be used
/// by several threads at once.
/// </remarks>
/// <param name="mode">How many engines it is for.</param>
public sealed partial class EngineHost(EngineHostMode mode = EngineHostMode.MultiInstance)
{
    /// <summary>How many engines there can be at once.</summary>
    public const int MostInstances = 16;

    private readonly Lock _lock = new();
    private readonly List<EmbeddedEngine> _engines = [];
    private int _lastId;

    /// <summary>The one that a program uses which needs no other.</summary>
    public static EngineHost Process { get; } = new();

    /// <summary>How many engines it is for.</summary>
    public EngineHostMode Mode => mode;

    /// <summary>Its engines, in the order in which they were created; those that are closed are not there any more.</summary>
    public IReadOnlyList<EmbeddedEngine> Instances
    {
        get
        {
            lock (_lock)
                return [.. _engines];
        }
    }

    /// <summary>The engine of a name; null when there is none.</summary>
    /// <param name="name">The name, whatever the case.</param>
    public EmbeddedEngine? Find(string name)
    {
        lock (_lock)
            return _engines.Find(engine => IsSame(engine.InstanceName, name));
    }

    /// <summary>The engine of a number; null when there is none.</summary>
    /// <param name="id">The number.</param>
    public EmbeddedEngine? Find(int id)
    {
        lock (_lock)
            return _engines.Find(engine => engine.EngineId == id);
    }

    /// <summary>The only engine there is, for calls that name none.</summary>
    /// <exception cref="EseException">−1029: there is none; −1081: there are several.</exception>
    public EmbeddedEngine RequireOnly()
    {
        lock (_lock)
        {
            return _engines.Count switch
            {
                1 => _engines[0],
                0 => throw new EseException(EseError.NotInitialized, "there is no engine", "open one first"),
                var count => throw new EseException(EseError.RunningInMultiInstanceMode,
                    $"there are {count} engines, and the call names none", "use the form of the call that names one"),
            };
        }
    }

    /// <summary>It is for several engines.</summary>
    /// <exception cref="EseException">−1080: it is for one.</exception>
    public void RequireSeveral()
    {
        if (mode == EngineHostMode.OneInstance)
        {
            throw new EseException(EseError.RunningInOneInstanceMode, "the host of the engine is for one instance only",
                "use a host for several");
        }
    }

    /// <summary>An engine belongs to the host from now on.</summary>
    /// <param name="engine">The engine.</param>
    /// <exception cref="EseException">
    /// −1214: there are as many as there can be; −1080: there is the one that there can be; −1086: the name is taken; −1084,
    /// −1083: another one has the same logs, or the same checkpoint.
    /// </exception>
    internal void Add(EmbeddedEngine engine)
    {
        lock (_lock)
        {
            if (_engines.Count > 0)
                RequireSeveral();
            if (_engines.Count == MostInstances)
                throw new EseException(EseError.TooManyInstances, $"there are {MostInstances} engines already");
            var options = engine.Options;
            if (_engines.Find(other => HasLogs(other.Options, options)) is { } same)
            {
                throw new EseException(EseError.LogFilePathInUse,
                    $"the engine '{same.InstanceName}' has the logs '{options.BaseName}' in '{options.LogDirectory}'");
            }

            if (_engines.Find(other => HasCheckpoint(other.Options, options)) is { } beside)
            {
                throw new EseException(EseError.SystemPathInUse, $"the engine '{beside.InstanceName}' has the checkpoint "
                    + $"of '{options.BaseName}' in '{options.CheckpointPlace}'");
            }

            int id = _lastId + 1;
            string name = options.InstanceName ?? $"{options.BaseName}{id}";
            if (_engines.Exists(other => IsSame(other.InstanceName, name)))
                throw new EseException(EseError.InstanceNameInUse, $"there is an engine '{name}' already");
            (engine.EngineId, engine.InstanceName, _lastId) = (id, name, id);
            _engines.Add(engine);
        }
    }

    /// <summary>An engine does not belong to the host any more.</summary>
    /// <param name="engine">The engine.</param>
    internal void Remove(EmbeddedEngine engine)
    {
        lock (_lock)
            _engines.Remove(engine);
    }

    /// <summary>Whether two names are one, whatever the case.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    internal static bool IsSame(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether two paths are one, whatever the case.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    internal static bool IsSamePath(string a, string b) => IsSame(
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(a)), Path.TrimEndingDirectorySeparator(Path.GetFullPath(b)));

    private static bool HasLogs(EngineOptions a, EngineOptions b) => ReferenceEquals(a.Disk, b.Disk)
        && IsSame(a.BaseName, b.BaseName)
        && IsSamePath(a.LogDirectory, b.LogDirectory);

    private static bool HasCheckpoint(EngineOptions a, EngineOptions b) => ReferenceEquals(a.Disk, b.Disk)
        && IsSame(a.BaseName, b.BaseName)
        && IsSamePath(a.CheckpointPlace, b.CheckpointPlace);
}
