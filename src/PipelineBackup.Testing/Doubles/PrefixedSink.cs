using System.Runtime.CompilerServices;

namespace PipelineBackup.Testing;

/// <summary>A store under test that is a part of another, so that the names in it have less room.</summary>
internal interface IPartUnderTest : ISinkUnderTest
{
    /// <summary>The longest name that fits, in characters.</summary>
    int LongestName { get; }
}

/// <summary>
/// A part of a store as a store of its own: every name gets a prefix on the way in and loses it on the way out.
/// </summary>
/// <param name="inner">The store.</param>
/// <param name="prefix">The prefix, with its slash.</param>
/// <param name="owns">Whether the store ends with the part.</param>
internal class PrefixedSink(IBackupSink inner, string prefix, bool owns) : IBackupSink
{
    public SinkTraits Traits => inner.Traits;

    /// <summary>A part of a store, with the powers that the store has.</summary>
    public static PrefixedSink Of(IBackupSink inner, string prefix, bool owns) =>
        inner is IObjectLocks locks
            ? inner is IResumableListings later
                ? new LockingAndResuming(inner, locks, later, prefix, owns) : new Locking(inner, locks, prefix, owns)
            : inner is IResumableListings resumable
                ? new Resuming(inner, resumable, prefix, owns) : new PrefixedSink(inner, prefix, owns);

    public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken) =>
        inner.PutAsync(Full(name), body, cancellationToken);

    public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(Full(name), range, cancellationToken);

    public IAsyncEnumerable<StoredObject> ListAsync(string start, CancellationToken cancellationToken) =>
        Cut(inner.ListAsync(Full(start), cancellationToken), cancellationToken);

    public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) =>
        inner.DeleteAsync(Full(name), cancellationToken);

    public ValueTask DisposeAsync() => owns ? inner.DisposeAsync() : ValueTask.CompletedTask;

    private ObjectName Full(ObjectName name) => ObjectName.Of(Full(name.ToString()));

    private string Full(string start) => prefix + start;

    private async IAsyncEnumerable<StoredObject> Cut(
        IAsyncEnumerable<StoredObject> items, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in items.WithCancellation(cancellationToken))
            yield return item with { Name = ObjectName.Of(item.Name.ToString()[prefix.Length..]) };
    }

    private class Resuming(IBackupSink inner, IResumableListings listings, string prefix, bool owns)
        : PrefixedSink(inner, prefix, owns), IResumableListings
    {
        public IAsyncEnumerable<StoredObject> ListAfterAsync(
            string start, ObjectName after, CancellationToken cancellationToken) => after == default
            ? ListAsync(start, cancellationToken)
            : Cut(listings.ListAfterAsync(Full(start), Full(after), cancellationToken), cancellationToken);
    }

    private sealed class LockingAndResuming(
        IBackupSink inner, IObjectLocks locks, IResumableListings listings, string prefix, bool owns)
        : Resuming(inner, listings, prefix, owns), IObjectLocks
    {
        public ValueTask<ObjectLock> GetLockAsync(ObjectName name, CancellationToken cancellationToken) =>
            locks.GetLockAsync(Full(name), cancellationToken);
    }

    private sealed class Locking(IBackupSink inner, IObjectLocks locks, string prefix, bool owns)
        : PrefixedSink(inner, prefix, owns), IObjectLocks
    {
        public ValueTask<ObjectLock> GetLockAsync(ObjectName name, CancellationToken cancellationToken) =>
            locks.GetLockAsync(Full(name), cancellationToken);
    }
}
