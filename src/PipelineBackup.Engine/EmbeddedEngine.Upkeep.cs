using System.Diagnostics.CodeAnalysis;

namespace PipelineBackup.Engine;

// What happens behind operations: pages go to their files, the checkpoint moves, old logs go.
public sealed partial class EmbeddedEngine
{
    private const int UpkeepParts = 16, LeastUpkeepBytes = 64 << 10;

    private LogPosition _lastUpkeep;
    private LogGeneration _deletedBelow;
    private int _isWorking;
    private volatile bool _isOverfull;

    /// <summary>Logs are deleted only below this generation, which a backup holds; none for no limit.</summary>
    internal LogGeneration KeptFrom { get; set; }

    /// <summary>
    /// Called with the latch held when an operation is done and no page is in use: makes room in memory, moves the
    /// checkpoint. No page that was given before may be used behind it.
    /// </summary>
    /// <exception cref="EseException">−1808, −510, …: the disk failed, and the engine with it.</exception>
    internal void AfterOperation()
    {
        if (_isFrozen)
        {
            AfterFrozenOperation();
            return;
        }

        if (Log.IsBehind)
            Guard(Log.Flush);
        foreach (var database in _databases)
        {
            if (database.Cache.IsFull)
                MakeRoom(database);
        }

        var tip = Log.Tip;
        if (Distance(_lastUpkeep, tip) < Math.Max(LeastUpkeepBytes, Options.CheckpointDepthBytes / UpkeepParts))
            return;
        _lastUpkeep = tip;
        if (Options.HasBackgroundWork)
            _upkeep.Order(forMemory: false);
        else
            WriteBehind(forMemory: false);
    }

    /// <summary>
    /// Who changes more than can be written waits, so that memory does not grow without end. Without the latch.
    /// </summary>
    /// <param name="mayWrite">Whether it was perhaps a change: who only reads does not wait for a thaw.</param>
    internal void AwaitRoom(bool mayWrite)
    {
        if (!_isOverfull || !Options.HasBackgroundWork || State != EngineState.Running || Latch.IsHeldByCurrentThread)
            return;
        if (_isFrozen)
        {
            if (mayWrite)
                AwaitThaw();
            return;
        }

        _upkeep.Wait(() => State == EngineState.Running && _isOverfull);
    }

    /// <summary>
    /// Writes all changed pages, and moves the checkpoint as far as it goes, while others go on. Without the latch.
    /// </summary>
    /// <exception cref="EseException">−1808, −510, …: the disk failed, and the engine with it.</exception>
    internal void WriteBackAll()
    {
        Guard(Log.Flush);
        lock (Options.HasBackgroundWork ? _upkeep.Gate : Latch)
            WriteBehind(forMemory: true);
    }

    /// <summary>
    /// A round: changed pages are written that recovery would begin too early for, or all, and the checkpoint moves as
    /// far as it goes. With the gate of the upkeep held, or the latch where nothing works in the background.
    /// </summary>
    /// <param name="forMemory">Whether all changed pages are written.</param>
    /// <exception cref="EseException">−1808, −510, …: the disk failed, and the engine with it.</exception>
    internal void WriteBehind(bool forMemory) => Guard(() =>
    {
        // The thaw orders another round.
        if (_isFrozen)
            return;
        EngineDatabase[] databases;
        LogPosition tip;
        lock (Latch)
            (databases, tip) = ([.. _databases], Log.Tip);
        foreach (var database in databases)
        {
            if (forMemory)
                database.WriteBehind(default);
            else
                KeepDepth(database, tip);
        }

        MoveCheckpoint();
        lock (Latch)
        {
            foreach (var database in databases)
                database.Cache.Evict();
            NoteRoom();
        }
    });

    /// <summary>Does at once what the engine otherwise does by itself now and then. Without the latch.</summary>
    /// <exception cref="EseException">−1808, −510, …: the disk failed, and the engine with it.</exception>
    internal void WorkNow()
    {
        RequireAlive();
        if (_isFrozen)
            return;
        Guard(Log.Flush);
        CleanUp();
        if (Options.HasBackgroundWork)
        {
            _upkeep.Order(forMemory: false);
            return;
        }

        lock (Latch)
        {
            if (IsAlive && !_isFrozen)
                Guard(MoveCheckpoint);
        }
    }

    /// <summary>Runs what writes to the disk: when it fails the engine has failed.</summary>
    /// <param name="write">The work.</param>
    /// <exception cref="EseException">The failure.</exception>
    internal void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Fail(new EseException(DiskFailure.Of(e, EseError.DiskIO), $"the disk failed: {e.Message}",
                "open the engine again: what was committed is safe"));
            throw Log.Failure!;
        }
        catch (Exception e)
        {
            // Whatever it is: pages may count as written that are not.
            Log.Fail(e);
            throw;
        }
    }

    // What is written already is given back at once. The rest is written in the background, unless that cannot follow.
    private void MakeRoom(EngineDatabase database)
    {
        bool isInBackground = Options.HasBackgroundWork && !database.Cache.IsSwamped;
        if (!isInBackground)
            Guard(() => database.WriteBehind(default));
        if (database.Cache.Evict() && isInBackground)
            _upkeep.Order(forMemory: true);
        NoteRoom();
    }

    private void NoteRoom() => _isOverfull = _databases.Exists(database => database.Cache.IsOverfull);

    // Pages that would make recovery begin too early are written; half of the depth is left, so that it is not at once
    // too much again.
    private void KeepDepth(EngineDatabase database, LogPosition tip)
    {
        LogPosition oldest;
        lock (Latch)
            oldest = database.Cache.OldestChange;
        if (oldest.IsSet && Distance(oldest, tip) >= Options.CheckpointDepthBytes)
            database.WriteBehind(Back(tip, Options.CheckpointDepthBytes / 2));
    }

    /// <summary>
    /// Logs the old data of what open transactions changed in a database, so that their pages may be written. With the
    /// latch held.
    /// </summary>
    /// <param name="database">The database.</param>
    internal void LogOldData(EngineDatabase database)
    {
        if (Options.Omits.HasFlag(OmittedRule.OldData))
            return;
        foreach (var session in Transactions.Sessions)
            Versions.LogHeld(session, database.Slot, record => Log.Append(record));
    }

    // What is computed with the latch held may be late when it is written: a later one only lies further on.
    private void MoveCheckpoint()
    {
        LogPosition position;
        EngineDatabase[] databases;
        IReadOnlyList<AttachedDatabase> attached;
        lock (Latch)
        {
            position = FindCheckpoint();
            if (position <= _checkpoint.Position)
                return;
            (databases, attached) = ([.. _databases], ListAttached(position));
        }

        foreach (var database in databases)
            database.NeedLogsFrom(position.Generation);
        _checkpoint.Write(position, attached);
        lock (Latch)
            Log.Checkpoint = position;
        if (Options.DeletesLogs)
            DeleteLogs(position.Generation);
    }

    private LogPosition FindCheckpoint()
    {
        var position = Log.DurableRecord;
        if (Transactions.Oldest is { IsSet: true } oldest && oldest < position)
            position = oldest;
        foreach (var database in _databases)
        {
            if (database.Cache.OldestChange is { IsSet: true } change && change < position)
                position = change;
            if (!database.IsMade && database.Header.Attach < position)
                position = database.Header.Attach;
        }

        return position;
    }

    // The lowest first, so that a crash leaves no hole.
    private void DeleteLogs(LogGeneration below)
    {
        lock (Latch)
        {
            if (KeptFrom.IsSet && KeptFrom < below)
                below = KeptFrom;
        }

        if (below <= _deletedBelow)
            return;
        _deletedBelow = below;
        var names = new List<(LogGeneration Generation, string Path)>();
        foreach (string path in Options.Disk.ListFiles(Options.LogDirectory))
        {
            if (LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name)
                && name.Kind == LogFileKind.Numbered && name.Generation < below
                && name.Base.Equals(Options.BaseName, StringComparison.OrdinalIgnoreCase))
                names.Add((name.Generation, path));
        }

        if (names.Count == 0)
            return;
        names.Sort((a, b) => a.Generation.CompareTo(b.Generation));
        foreach (var (generation, path) in names)
        {
            try
            {
                Options.Disk.Delete(path);
                Options.Disk.FlushDirectory(Options.LogDirectory);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody reads it, perhaps. Nothing is lost by a log that stays: the next round tries again.
                _deletedBelow = generation;
                return;
            }
        }
    }

    private long Distance(LogPosition from, LogPosition to) =>
        (to.Generation.Value - (long)from.Generation.Value) * Log.FileBytes
        + (to.Sector - (long)from.Sector) * SegmentScan.Size;

    private LogPosition Back(LogPosition from, long bytes)
    {
        long perFile = Log.FileBytes / SegmentScan.Size;
        long at = Math.Max(perFile, from.Generation.Value * perFile + from.Sector - bytes / SegmentScan.Size);
        return new(new((int)(at / perFile)), (int)(at % perFile), 0);
    }

    private IReadOnlyList<AttachedDatabase> ListAttached() => ListAttached(default);

    // As of a position; as of now when it is not set.
    private IReadOnlyList<AttachedDatabase> ListAttached(LogPosition position) =>
    [
        .. _databases.Where(database => !position.IsSet || database.Header.Attach < position)
            .Select(database => database.ToEntry()),
    ];

    private void FollowTransactions(RedoSession session)
    {
        foreach (var database in _databases)
            database.FollowTransactions(session);
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "on a timer's thread")]
    internal void WorkInBackground()
    {
        // The work may take longer than the time between two.
        if (State != EngineState.Running || Interlocked.Exchange(ref _isWorking, 1) != 0)
            return;
        try
        {
            WorkNow();
        }
        catch (Exception e) when (e is EseException or IOException or UnauthorizedAccessException)
        {
            // What stops the engine did so where it happened. A page that cannot be cleaned up does not.
        }
        catch (Exception e)
        {
            // Whoever calls next is told, unless it just ended.
            if (State == EngineState.Running)
                Log.Fail(e);
        }
        finally
        {
            Volatile.Write(ref _isWorking, 0);
        }
    }
}
