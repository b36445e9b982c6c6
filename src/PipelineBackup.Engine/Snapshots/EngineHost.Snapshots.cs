namespace PipelineBackup.Engine;

// Snapshots of the engines of a host.
public sealed partial class EngineHost
{
    private const SnapshotOptions AllOptions = SnapshotOptions.Incremental | SnapshotOptions.Copy
        | SnapshotOptions.ContinueAfterThaw | SnapshotOptions.ExplicitPrepare;

    private readonly Dictionary<long, SnapshotSession> _snapshots = [];
    private long _lastSnapshot;

    /// <summary>The snapshot session that goes on; null when there is none.</summary>
    public SnapshotSession? Snapshot
    {
        get
        {
            lock (_lock)
                return Current;
        }
    }

    // One that timed out is in nobody's way.
    private SnapshotSession? Current =>
        _snapshots.Values.FirstOrDefault(session => session.State != SnapshotState.TimedOut);

    /// <summary>
    /// Prepares a snapshot: the engines that run are part of it from now on, and it may be frozen at any time. Nothing
    /// changes so far, neither here nor when this fails.
    /// </summary>
    /// <param name="options">What kind of snapshot; null is refused.</param>
    /// <exception cref="EseException">
    /// −1003: there are no such options; −2401: a session goes on; −1029: no engine runs, and none is to be named later.
    /// </exception>
    public SnapshotSession PrepareSnapshot(SnapshotOptions? options = SnapshotOptions.None)
    {
        if (options is not { } chosen || (chosen & ~AllOptions) != 0)
        {
            throw new EseException(EseError.InvalidParameter,
                options is null ? "it is not said what kind of snapshot" : $"there is no kind {(int)options} of snapshot");
        }

        SnapshotSession session;
        lock (_lock)
        {
            if (Current is { } other)
                throw SnapshotRefusal.InProgress(other);
            bool isExplicit = chosen.HasFlag(SnapshotOptions.ExplicitPrepare);
            List<EmbeddedEngine> running = isExplicit ? [] : [.. _engines.Where(IsRunning)];
            if (running.Count == 0 && !isExplicit)
                throw new EseException(EseError.NotInitialized, "no engine runs", "open one first");
            session = new(this, ++_lastSnapshot, chosen, running);
            _snapshots.Add(session.Id, session);
        }

        session.TellPrepared();
        return session;
    }

    /// <summary>The snapshot session of a number.</summary>
    /// <param name="id">The number.</param>
    /// <exception cref="EseException">−2404: there is none, or it has ended.</exception>
    public SnapshotSession RequireSnapshot(long id)
    {
        lock (_lock)
            return _snapshots.TryGetValue(id, out var session) ? session : throw SnapshotRefusal.Unknown(id);
    }

    /// <summary>A session is over.</summary>
    /// <param name="session">The session.</param>
    internal void Forget(SnapshotSession session)
    {
        lock (_lock)
            _snapshots.Remove(session.Id);
    }

    /// <summary>Whether an engine was opened and is not being closed.</summary>
    /// <param name="engine">The engine.</param>
    internal static bool IsRunning(EmbeddedEngine engine) =>
        engine.State is EngineState.Running or EngineState.StoppingService or EngineState.Unavailable;
}
