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
            ? new Locking(inner, locks, prefix, owns) : new PrefixedSink(inner, prefix, owns);

    public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken) =>
        inner.PutAsync(Full(name), body, cancellationToken);

    public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(Full(name), range, cancellationToken);

    public async IAsyncEnumerable<StoredObject> ListAsync(
        string start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in inner.ListAsync(prefix + start, cancellationToken))
            yield return item with { Name = ObjectName.Of(item.Name.ToString()[prefix.Length..]) };
    }

    public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) =>
        inner.DeleteAsync(Full(name), cancellationToken);

    public ValueTask DisposeAsync() => owns ? inner.DisposeAsync() : ValueTask.CompletedTask;

    private ObjectName Full(ObjectName name) => ObjectName.Of($"{prefix}{name}");

    private sealed class Locking(IBackupSink inner, IObjectLocks locks, string prefix, bool owns)
        : PrefixedSink(inner, prefix, owns), IObjectLocks
    {
        public ValueTask<ObjectLock> GetLockAsync(ObjectName name, CancellationToken cancellationToken) =>
            locks.GetLockAsync(Full(name), cancellationToken);
    }
}
