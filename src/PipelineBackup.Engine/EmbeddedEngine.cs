namespace PipelineBackup.Engine;

/// <summary>
/// A small engine for ESE databases: one log stream and up to <see cref="MostDatabases"/> databases, in this process.
/// </summary>
/// <remarks>
/// <code>
///   Create ──► Created ──InitializeAsync──► Initialising ─► Recovering ─► Initialising ──► Running
///                 ▲ any failure                  │                                            │
///                 └──────────────────────────────┘         ┌──────────────┬──────────────────┤
///                                                     StopService   a failed write       CloseAsync
///                                                          ▼              ▼                  │
///                                                   StoppingService   Unavailable            │
///                                                          └──CloseAsync──┴──► Terminating ◄─┘
///                                                                                  ▼
///                                                  Terminated: databases clean, log ended
/// </code>
/// <para>OpenAsync is Create and InitializeAsync. What is asked of an engine in a state that does not allow it is refused
/// with that state's own error.</para>
/// <para>
/// What is committed and flushed survives whatever happens. One latch guards pages and log; it is held for one change of
/// a tree, never while somebody waits for a commit to become durable, and only for moments while pages are written. In this
/// version pages are read under it, so a slow disk of the databases holds all sessions up.
/// </para>
/// <para>The engine may be used by several threads at once; a session may not.</para>
/// </remarks>
public sealed partial class EmbeddedEngine : IAsyncDisposable
{
    /// <summary>How many databases can be attached at once.</summary>
    public const int MostDatabases = 6;

    private readonly ScratchMemory _versionMemory;
    private readonly Upkeep _upkeep;
    private readonly List<EngineDatabase> _databases = [];

    private EmbeddedEngine(EngineOptions options)
    {
        (Options, InstanceName) = (options, options.InstanceName ?? options.BaseName);
        string scratch = Path.Combine(options.LogDirectory, $"{options.BaseName}-versions.tmp");
        _versionMemory = new(options.Disk, scratch, options.CacheBytes / 4);
        Versions = new(_versionMemory);
        _upkeep = new(this);
        options.Host?.Add(this);
    }

    /// <summary>The options.</summary>
    public EngineOptions Options { get; }

    /// <summary>Its number among the engines of its host; 0 when it stands alone.</summary>
    public int EngineId { get; internal set; }

    /// <summary>Its name among the engines of its host.</summary>
    public string InstanceName { get; internal set; }

    /// <summary>Page size of all its databases.</summary>
    /// <exception cref="EseException">−1029: it was not opened.</exception>
    public PageSize PageSize => Log.Settings.PageSize;

    /// <summary>What recovery did when the engine was opened; null when there were no logs.</summary>
    public RecoveryReport? Recovery { get; private set; }

    /// <summary>Identity of its log stream.</summary>
    /// <exception cref="EseException">−1029: it was not opened.</exception>
    public Signature LogSignature => Log.Signature;

    /// <summary>Where the log ends: what is logged later is at this position or behind it.</summary>
    /// <exception cref="EseException">−1029: it was not opened.</exception>
    public LogPosition LogEnd => Log.Tip;

    /// <summary>Why it cannot go on; null as long as it can.</summary>
    public EseException? Failure => _log?.Failure;

    /// <summary>The databases that are attached.</summary>
    public IReadOnlyList<EngineDatabase> Databases
    {
        get
        {
            lock (Latch)
                return [.. _databases];
        }
    }

    /// <summary>Guards pages, versions and the end of the log; held for one operation, never across an await.</summary>
    internal Lock Latch { get; } = new();

    /// <summary>Its log.</summary>
    /// <exception cref="EseException">−1029: it was not opened.</exception>
    internal LogStream Log => _log ?? throw NotOpened();

    /// <summary>Its sessions, as the log knows them.</summary>
    /// <exception cref="EseException">−1029: it was not opened.</exception>
    internal TransactionLog Transactions => _transactions ?? throw NotOpened();

    /// <summary>What open transactions changed.</summary>
    internal VersionStore Versions { get; }
}
