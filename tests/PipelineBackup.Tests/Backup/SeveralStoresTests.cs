using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Backup;

/// <summary>One backup into several stores: all or any of them must have it, and each has it whole or not at all.</summary>
public class SeveralStoresTests
{
    private static readonly Lazy<Task<GoldenBackup>> s_tiny = new(() => GoldenBackup.OfAsync(Path.Combine(GoldenSets.Small("dirty-empty-4096"), "files")));

    [Fact]
    public async Task Every_store_gets_the_same_objects()
    {
        await using MemorySink a = new(), b = new(), c = new();
        var golden = await s_tiny.Value;
        var report = await new BackupPipeline(golden.Source, [a, b, c]).RunAsync();
        Assert.Equal([], report.DroppedStores);
        var objects = await StoreProof.ObjectsAsync(a);
        foreach (var other in new[] { b, c })
        {
            var same = await StoreProof.ObjectsAsync(other);
            Assert.Equal(objects.Keys, same.Keys);
            Assert.All(objects, one => Assert.True(one.Value.AsSpan().SequenceEqual(same[one.Key]), one.Key));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_store_that_fails_fails_the_backup_where_all_must_have_it(int nth)
    {
        await using MemorySink good = new(), bad = new();
        var golden = await s_tiny.Value;
        var failure = await Assert.ThrowsAsync<SinkException>(() => new BackupPipeline(
            golden.Source, [good, new FaultySink(bad, [PlannedFault.Before(SinkCall.Put, nth) with { Failure = SinkFailure.Full }])]).RunAsync());
        Assert.Equal(SinkFailure.Full, failure.Failure);
        Assert.Equal(["format.json"], (await StoreProof.ObjectsAsync(good)).Keys);
        Assert.Equal(nth == 1 ? [] : ["format.json"], (await StoreProof.ObjectsAsync(bad)).Keys);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_store_that_fails_is_dropped_where_one_suffices(int nth)
    {
        await using MemorySink good = new(), bad = new();
        var golden = await s_tiny.Value;
        foreach (bool first in new[] { true, false })
        {
            var faulty = new FaultySink(bad.Reopen(), [PlannedFault.Before(SinkCall.Put, first || nth > 1 ? nth : 2)]);
            var report = await new BackupPipeline(golden.Source, first ? [faulty, good] : [good, faulty], new() { Require = StoreRequirement.Any }).RunAsync();
            faulty.VerifyAllHappened();
            Assert.Equal(ExitCode.Done, report.ExitCode);
            Assert.Single(report.DroppedStores);
            Assert.Empty(await StoreProof.ListAsync(bad));
            Assert.Contains(await StoreProof.DemandAsync(good, (_, name) => golden.Source.Files[name]), backup => backup.Id == report.Manifest.Id);
            nth = Math.Max(1, nth - 1);
        }
    }

    [Fact]
    public async Task The_last_store_is_never_dropped()
    {
        await using MemorySink a = new(), b = new();
        var golden = await s_tiny.Value;
        await Assert.ThrowsAsync<SinkException>(() => new BackupPipeline(
            golden.Source,
            [new FaultySink(a, [PlannedFault.Before(SinkCall.Put, 2)]), new FaultySink(b, [PlannedFault.Before(SinkCall.Put, 3)])],
            new() { Require = StoreRequirement.Any }).RunAsync());
        Assert.Empty(await StoreProof.ListAsync(a));
        Assert.Empty(await StoreProof.ListAsync(b));
    }

    [Theory]
    [InlineData(StoreRequirement.Any, 2)]
    [InlineData(StoreRequirement.Any, 4)]
    [InlineData(StoreRequirement.All, 2)]
    [InlineData(StoreRequirement.All, 5)]
    public async Task A_store_that_stalls_runs_into_its_time_limit(StoreRequirement require, int nth)
    {
        await using MemorySink good = new(), stalled = new();
        var golden = await s_tiny.Value;
        var time = new HurriedTime();
        var stalling = new StallingSink(stalled, nth);
        var events = new SeenEvents();
        var run = new BackupPipeline(golden.Source, [good, stalling], new() { Require = require, Time = time, Logger = events }).RunAsync();
        await stalling.Stalled.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        time.Elapse();
        SinkException? failure = null;
        if (require == StoreRequirement.All)
        {
            failure = await Assert.ThrowsAsync<SinkException>(() => run.WaitAsync(TimeSpan.FromSeconds(30)));
            Assert.True(failure.Transient);
            Assert.Contains("took longer", failure.Message, StringComparison.Ordinal);
            Assert.Empty(await StoreProof.ListAsync(good));
        }
        else
        {
            var report = await run.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            Assert.Contains("took longer", Assert.Single(report.DroppedStores), StringComparison.Ordinal);
            Assert.Single(await StoreProof.DemandAsync(good, (_, name) => golden.Source.Files[name]));
        }

        Assert.Empty(await StoreProof.ListAsync(stalled));
        events.DemandOnly(failure, SeenEvents.BackupFailed);
    }

    [Fact]
    public Task Whatever_a_store_lists_it_has_whole() => Seeds.EachAsync(100, async (_, random) =>
    {
        var golden = await s_tiny.Value;
        var stores = Enumerable.Range(0, random.Next(2, 4)).Select(_ => new MemorySink()).ToList();
        var require = random.Pick(StoreRequirement.All, StoreRequirement.Any);
        var sinks = stores.Select(store => random.OneIn(3) ? store : (IBackupSink)new FaultySink(store, Enumerable.Range(0, random.Next(1, 3))
            .Select(_ => random.Next(1, 7)).Distinct()
            .Select(nth => random.OneIn(2) ? PlannedFault.Before(SinkCall.Put, nth) : PlannedFault.After(SinkCall.Put, nth)))).ToList();
        BackupReport? report = null;
        try
        {
            report = await new BackupPipeline(golden.Source, sinks, new() { Require = require, Time = new HurriedTime() }).RunAsync();
        }
        catch (SinkException)
        {
            // As planned.
        }

        int have = 0;
        foreach (var store in stores)
            have += (await StoreProof.DemandAsync(store, (_, name) => golden.Source.Files[name])).Count;
        if (report is null)
            Assert.Equal(0, have);
        else if (require == StoreRequirement.All)
            Assert.Equal(stores.Count, have);
        else
            // The commit of a dropped store may have got there although the store said otherwise.
            Assert.InRange(have, stores.Count - report.DroppedStores.Count, stores.Count);
    });

    [Fact]
    public async Task A_store_that_lacks_the_parent_cannot_be_continued()
    {
        await using var trip = new MemoryTrip();
        await using MemorySink late = new();
        var history = new LogHistory(trip.Scratch);
        await trip.BackupAsync(history.At(3));
        var second = await trip.BackupAsync(history.At(5), new() { Kind = BackupKind.Incremental });

        var all = new BackupPipeline(Files(history.At(7)), [late, trip.Store], new() { Kind = BackupKind.Incremental });
        var refusal = await Assert.ThrowsAsync<SinkException>(() => all.RunAsync());
        Assert.Equal((ExitCode.Refused, -560), (refusal.ExitCode, refusal.Error!.Value.Number));

        var any = await new BackupPipeline(Files(history.At(7)), [late, trip.Store], new() { Kind = BackupKind.Incremental, Require = StoreRequirement.Any }).RunAsync();
        Assert.Equal(second.Manifest.Id, any.Manifest.Parent);
        Assert.Single(any.DroppedStores);
        Assert.Empty(await StoreProof.ListAsync(late));
        Assert.Equal(ExitCode.Done, (await trip.VerifyAsync()).ExitCode);

        static FileSetSource Files(string path) => new(new() { Path = path });
    }

    [Fact]
    public async Task Of_stores_that_differ_the_one_that_reaches_furthest_is_continued()
    {
        await using MemorySink a = new(), b = new();
        using var scratch = new Scratch();
        var history = new LogHistory(scratch);
        var options = new BackupOptions { Require = StoreRequirement.Any };
        await RunAsync(history.At(3), options, a, b);
        var onlyB = await RunAsync(history.At(5), options with { Kind = BackupKind.Incremental }, new FaultySink(a.Reopen(), [PlannedFault.Before(SinkCall.Put, 1)]), b);
        var next = await RunAsync(history.At(7), options with { Kind = BackupKind.Incremental }, a, b);
        Assert.Equal(onlyB.Manifest.Id, next.Manifest.Parent);
        Assert.Single(next.DroppedStores);
        Assert.Equal((1, 3), ((await StoreProof.ListAsync(a)).Count, (await StoreProof.ListAsync(b)).Count));

        // A full backup brings them together again.
        await RunAsync(history.At(9), options, a, b);
        var together = await RunAsync(history.At(11), new() { Kind = BackupKind.Incremental }, a, b);
        foreach (var store in new[] { a, b })
            Assert.Equal(ExitCode.Done, (await new VerificationPipeline(store).RunAsync(together.Manifest.Id)).ExitCode);

        static Task<BackupReport> RunAsync(string path, BackupOptions options, params IBackupSink[] sinks) =>
            new BackupPipeline(new FileSetSource(new() { Path = path }), sinks, options with { Time = new HurriedTime() }).RunAsync();
    }

    /// <summary>A store whose n-th put never ends, until it is cancelled.</summary>
    private sealed class StallingSink(IBackupSink inner, int nth) : IBackupSink
    {
        private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _puts;

        public Task Stalled => _stalled.Task;

        public SinkTraits Traits => inner.Traits;

        public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref _puts) == nth)
            {
                _stalled.SetResult();
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            await inner.PutAsync(name, body, cancellationToken);
        }

        public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) =>
            inner.OpenReadAsync(name, range, cancellationToken);

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

        public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) => inner.DeleteAsync(name, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
