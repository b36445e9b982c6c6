namespace PipelineBackup;

/// <summary>What keeps a store from deleting an object.</summary>
/// <param name="RetainUntil">Until when it refuses to; null for no such time.</param>
/// <param name="IsHeld">Whether someone holds the object for an unlimited time, as a legal hold does.</param>
public readonly record struct ObjectLock(DateTimeOffset? RetainUntil, bool IsHeld)
{
    /// <summary>Whether the store refuses to delete the object at a time.</summary>
    /// <param name="time">The time.</param>
    public bool HoldsAt(DateTimeOffset time) => IsHeld || RetainUntil > time;
}

/// <summary>
/// A power that a sink may have beside <see cref="IBackupSink"/>: it tells what keeps an object from being deleted. A
/// sink that has it says so by <see cref="SinkTraits.SupportsRetention"/>; it is asked before anything is deleted, so
/// that no backup is deleted in part.
/// </summary>
public interface IObjectLocks
{
    /// <summary>The lock of an object.</summary>
    /// <param name="name">The object.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The lock; the default where there is none, also when there is no such object.</returns>
    ValueTask<ObjectLock> GetLockAsync(ObjectName name, CancellationToken cancellationToken);
}
