namespace PipelineBackup.Engine;

// The engine as a part of snapshots.
public sealed partial class EmbeddedEngine
{
    private readonly object _thaw = new();
    private SnapshotMember? _snapshot;
    private volatile bool _isFrozen;

    /// <summary>Whether nothing of it reaches the disk now.</summary>
    internal bool IsFrozen => _isFrozen;

    /// <summary>The engine can be frozen.</summary>
    /// <exception cref="EseException">−2403: it cannot.</exception>
    internal void RequireSnapshotAllowed()
    {
        try
        {
            RequireBackupAllowed();
            RequireWritable();
        }
        catch (Exception e) when (e is SourceException or EseException)
        {
            throw SnapshotRefusal.NotAllowed(this, e.Message);
        }

        if (_backup is not null)
            throw SnapshotRefusal.NotAllowed(this, "a backup goes on");
    }

    /// <summary>
    /// Keeps databases from coming and going, and the engine from being closed, until <see cref="ReleaseLife"/>.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting for those that do so now.</param>
    internal Task HoldLifeAsync(CancellationToken cancellationToken) => _life.WaitAsync(cancellationToken);

    /// <summary>What waited may go on.</summary>
    internal void ReleaseLife() => _life.Release();

    /// <summary>It is part of a snapshot from now on: there is no other backup. With its life held.</summary>
    /// <param name="member">Its part.</param>
    /// <exception cref="EseException">−2403: it cannot be.</exception>
    internal void Join(SnapshotMember member)
    {
        lock (Latch)
        {
            RequireSnapshotAllowed();
            _snapshot = member;
        }
    }

    /// <summary>Whether it is still part of a snapshot: it was not closed since.</summary>
    /// <param name="member">Its part.</param>
    internal bool IsPartOf(SnapshotMember member)
    {
        lock (Latch)
            return _snapshot == member;
    }

    /// <summary>It is no part of a snapshot any more. With the latch held.</summary>
    internal void EndSnapshot() => _snapshot = null;

    /// <summary>
    /// Makes the log durable, and lets nothing reach the disk until <see cref="Thaw"/>. With its life held. Rounds of the
    /// upkeep that are under way come to their end before.
    /// </summary>
    /// <param name="before">Called with the latch held, before.</param>
    /// <param name="behind">Called with the latch held, when all is frozen.</param>
    /// <exception cref="EseException">−2403: it cannot be; −519, −510, −1090: the log failed.</exception>
    internal void Freeze(Action before, Action behind)
    {
        lock (_upkeep.Gate)
        lock (Latch)
        {
            RequireSnapshotAllowed();
            before();
            Log.Hold();
            _isFrozen = _versionMemory.IsHeldBack = true;
            behind();
        }
    }

    /// <summary>Writing goes on.</summary>
    /// <exception cref="EseException">−510: the next log cannot be begun.</exception>
    internal void Thaw()
    {
        if (!_isFrozen)
            return;
        try
        {
            Log.Release();
        }
        finally
        {
            _versionMemory.IsHeldBack = false;
            lock (_thaw)
            {
                _isFrozen = false;
                Monitor.PulseAll(_thaw);
            }
        }

        if (Options.HasBackgroundWork)
            _upkeep.Order(forMemory: _isOverfull);
    }

    // In memory there is room for a while; who changes more than that waits, where there is somebody who can thaw.
    private void AfterFrozenOperation()
    {
        foreach (var database in _databases)
        {
            if (database.Cache.IsFull)
                database.Cache.Evict();
        }

        _isOverfull = Options.HasBackgroundWork && (Log.PendingBytes > Options.CacheBytes
            || _databases.Exists(database => database.Cache.IsOverfull));
    }

    private void AwaitThaw()
    {
        lock (_thaw)
        {
            while (_isFrozen)
                Monitor.Wait(_thaw);
        }
    }

    // Of an engine whose activity was stopped: a round of the upkeep that is under way comes to its end, and none begins.
    private void FlushBehindThaw()
    {
        while (true)
        {
            AwaitThaw();
            lock (_upkeep.Gate)
            lock (Latch)
            {
                if (_isFrozen)
                    continue;
                if (_stage == EngineState.StoppingService)
                    Guard(Log.Flush);
                return;
            }
        }
    }
}
