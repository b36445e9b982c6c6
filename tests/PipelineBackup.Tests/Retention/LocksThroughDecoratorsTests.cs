using PipelineBackup.Sinks;

namespace PipelineBackup.Tests.Retention;

/// <summary>The decorators hand on what a store says of its locks, and what a store cannot say is no lock.</summary>
public class LocksThroughDecoratorsTests
{
    private static readonly ObjectName s_name = ObjectName.Of("a/b");

    [Fact]
    public async Task A_lock_is_seen_through_every_decorator()
    {
        var store = new LockedSink(new MemorySink(), BuiltSet.Start);
        store.Locks["a/b"] = new(BuiltSet.Start.AddDays(1), false);
        Assert.All(await AskAsync(store), seen => Assert.Equal((true, false), (seen.HoldsAt(BuiltSet.Start), seen.HoldsAt(BuiltSet.Start.AddDays(1)))));
        Assert.All(await AskAsync(new MemorySink()), seen => Assert.Equal(default, seen));
    }

    [Fact]
    public async Task A_look_that_fails_in_passing_is_repeated()
    {
        var failing = new FailingOnce(new LockedSink(new MemorySink(), BuiltSet.Start));
        await using var sink = new RetryingSink(failing, new() { FirstPause = TimeSpan.Zero });
        Assert.True((await sink.GetLockAsync(s_name, default)).IsHeld);
        Assert.Equal(2, failing.Asked);
    }

    private static async Task<ObjectLock[]> AskAsync(IBackupSink store)
    {
        var meter = new SinkMeter("store");
        await using var metered = new MeteredSink(store, meter);
        await using var retrying = new RetryingSink(metered);
        await using var throttled = new ThrottledSink(retrying, null);
        return [await metered.GetLockAsync(s_name, default), await retrying.GetLockAsync(s_name, default), await throttled.GetLockAsync(s_name, default)];
    }

    private sealed class FailingOnce(LockedSink inner) : IBackupSink, IObjectLocks
    {
        public int Asked { get; private set; }

        public SinkTraits Traits => inner.Traits;

        public ValueTask<ObjectLock> GetLockAsync(ObjectName name, CancellationToken cancellationToken) =>
            Asked++ == 0 ? throw new SinkException("busy") { Transient = true } : new(new ObjectLock(null, true));

        public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken) => inner.PutAsync(name, body, cancellationToken);

        public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) => inner.OpenReadAsync(name, range, cancellationToken);

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

        public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) => inner.DeleteAsync(name, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
