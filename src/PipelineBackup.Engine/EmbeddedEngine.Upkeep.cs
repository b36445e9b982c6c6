using System.Diagnostics.CodeAnalysis;

namespace PipelineBackup.Engine;

// What happens behind operations: pages go to their files, the checkpoint moves, old logs go.
public sealed partial class EmbeddedEngine
{
    private const int UpkeepParts = 16, LeastUpkeepBytes = 64 << 10;

    private LogPosition _lastUpkeep;
    private LogGeneration _deletedBelow;
    private int _isWorking;

    /// <summary>Logs are deleted only below this generation, which a backup holds; none for no limit.</summary>
    internal LogGeneration KeptFrom { get; set; }

    /// <summary>
    /// Called with the latch held when an operation is done and no page is in use: makes room in memory, moves the
    /// checkpoint. No page that was given before may be used behind it.
    /// </summary>
    /// <exception cref="EseException">−1808, −510, …: the disk failed, and the engine with it.</exception>
    internal void AfterOperation()
    {
        if (Log.IsBehind)
            Guard(Log.Flush);
        foreach (var database in _databases)
        {
            if (database.Cache.IsFull)
                Guard(() => Trim(database));
        }

        var tip = Log.Tip;
        if (Distance(_lastUpkeep, tip) < Math.Max(LeastUpkeepBytes, Options.CheckpointDepthBytes / UpkeepParts))
            return;
        _lastUpkeep = tip;
        Guard(() => KeepDepth(tip));
    }

    /// <summary>Writes all changed pages, and moves the checkpoint as far as it goes. With the latch held.</summary>
    /// <exception cref="EseException">−1808, −510, …: the disk failed, and the engine with it.</exception>
    internal void WriteBackAll() => Guard(() =>
    {
        Log.Flush();
        foreach (var database in _databases)
        {
            LogOldData(database);
            database.WriteBack();
        }

        MoveCheckpoint();
    });

    /// <summary>Does at once what the engine otherwise does by itself now and then. Without the latch.</summary>
    /// <exception cref="EseException">−1808, −510, …: the disk failed, and the engine with it.</exception>
    internal void WorkNow()
    {
        RequireAlive();
        Guard(Log.Flush);
        CleanUp();
        lock (Latch)
        {
            if (IsAlive)
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
        catch (EseException e)
        {
            Log.Fail(e);
            throw;
        }
    }

    private void Trim(EngineDatabase database)
    {
        LogOldData(database);
        database.Cache.Trim();
    }

    // Pages that would make recovery begin too early are written; half of the depth is left, so that it is not at once
    // too much again.
    private void KeepDepth(LogPosition tip)
    {
        long depth = Options.CheckpointDepthBytes;
        foreach (var database in _databases)
        {
            var oldest = database.Cache.OldestChange;
            if (!oldest.IsSet || Distance(oldest, tip) < depth)
                continue;
            LogOldData(database);
            database.Cache.WriteBackBefore(Back(tip, depth / 2));
        }

        MoveCheckpoint();
    }

    // A page with changes of open transactions is written only when the log could undo them.
    private void LogOldData(EngineDatabase database)
    {
        if (Options.Omits.HasFlag(OmittedRule.OldData))
            return;
        foreach (var session in Transactions.Sessions)
            Versions.LogHeld(session, database.Slot, record => Log.Append(record));
    }

    private void MoveCheckpoint()
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

        if (position <= _checkpoint.Position)
            return;
        foreach (var database in _databases)
            database.NeedLogsFrom(position.Generation);
        _checkpoint.Write(position, ListAttached(position));
        Log.Checkpoint = position;
        if (Options.DeletesLogs)
            DeleteLogs(position.Generation);
    }

    // The lowest first, so that a crash leaves no hole.
    private void DeleteLogs(LogGeneration below)
    {
        if (KeptFrom.IsSet && KeptFrom < below)
            below = KeptFrom;
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
        foreach (var (_, path) in names)
        {
            Options.Disk.Delete(path);
            Options.Disk.FlushDirectory(Options.LogDirectory);
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
    private void WorkInBackground()
    {
        // The work may take longer than the time between two.
        if (State != EngineState.Running || Interlocked.Exchange(ref _isWorking, 1) != 0)
            return;
        try
        {
            WorkNow();
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
