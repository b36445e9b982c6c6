using System.Runtime.CompilerServices;
using PipelineBackup.Sinks;
using PipelineBackup.Testing;

namespace PipelineBackup.Tests.Sinks;

/// <summary>Listings of many pages some of which fail: how they go on, and when they are given up.</summary>
public sealed class ResumedListingTests
{
    private const int Pages = 50;
    private const int PageLength = 20;

    private readonly FakeTime _time = new();
    private readonly List<SinkRetry> _retries = [];

    private RetryOptions Options => new() { Seed = 1, OnRetry = _retries.Add };

    [Fact]
    public async Task Fifty_pages_of_which_every_fifth_fails_come_to_their_end()
    {
        int seeds = int.TryParse(Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS"), out int more) ? more : 100;
        var store = new MemorySink();
        string[] names = await NamesAsync(store);
        for (int seed = 0; seed < seeds; seed++)
        {
            _retries.Clear();
            var random = new Random(seed);
            var paged = new PagedSink(store, _ => random.NextDouble() < 0.2);
            try
            {
                Assert.Equal(names, await ListAsync(new RetryingSink(paged, Options, _time)));
            }
            catch (SinkException failure)
            {
                Assert.Fail($"seed {seed}: {failure}");
            }

            // What failed was asked for again, and nothing else.
            Assert.Equal(Pages + 1 + _retries.Count, paged.Asked);
        }

        Assert.NotEmpty(_retries);
    }

    [Fact]
    public async Task All_decorators_hand_the_power_on()
    {
        var store = new MemorySink();
        string[] names = await NamesAsync(store);
        var meter = new SinkMeter("store");
        // Each page fails once: the old way would be given up at the eighth.
        var failed = new HashSet<string>();
        var paged = new PagedSink(store, failed.Add);
        await using var sink = new ThrottledSink(
            new RetryingSink(new ThrottledSink(new MeteredSink(paged, meter), null), Options, _time, meter), null);
        Assert.Equal(names, await ListAsync(sink));
        Assert.Equal((2 * Pages) + 2, paged.Asked);
        Assert.Equal((Pages + 2, Pages + 1), (meter.Totals.Lists, meter.Totals.Retries));
        var archive = new ThrottledArchive(new RetryingArchive(new MeteredArchive(paged, meter), Options, _time), null);
        var rest = await archive.ListAfterAsync("n/", ObjectName.Of(names[^((2 * PageLength) + 1)]), CancellationToken.None).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(names[^(2 * PageLength)..], rest.Select(item => item.Name.ToString()));
        Assert.Equal((2 * Pages) + 2 + 3, paged.Asked);
    }

    [Fact]
    public async Task A_listing_without_progress_ends_after_the_usual_attempts()
    {
        var store = new MemorySink();
        string[] names = await NamesAsync(store);
        string stuck = names[(30 * PageLength) - 1];
        var paged = new PagedSink(store, after => after == stuck);
        var sink = new RetryingSink(paged, Options, _time);
        var seen = new List<string>();
        var failure = await Assert.ThrowsAsync<SinkException>(() => ListAsync(sink, seen));
        Assert.Contains("gave up after 8 attempts", failure.Message, StringComparison.Ordinal);
        Assert.Equal(names[..(30 * PageLength)], seen);
        Assert.Equal(Enumerable.Range(1, 7), _retries.Select(retry => retry.Attempt));
        Assert.Equal(30 + 8, paged.Asked);
    }

    [Fact]
    public async Task A_store_without_the_power_is_listed_from_its_beginning()
    {
        var store = new MemorySink();
        string[] names = await NamesAsync(store);
        // The third page fails twice, the last one once.
        var fails = new Dictionary<string, int> { [names[(2 * PageLength) - 1]] = 2, [names[^1]] = 1 };
        var paged = new PagedSink(store, after => fails.TryGetValue(after, out int left) && (fails[after] = left - 1) >= 0);
        await using var sink = new RetryingSink(new WithoutPower(paged), Options, _time);
        Assert.Equal(names, await ListAsync(sink));
        Assert.Equal([1, 2, 1], _retries.Select(retry => retry.Attempt));
        Assert.Equal(3 + 3 + (Pages + 1) + (Pages + 1), paged.Asked);
    }

    [Fact]
    public async Task A_decorator_begins_behind_a_name_also_where_its_store_cannot()
    {
        var store = new MemorySink();
        string[] names = await NamesAsync(store);
        await using var sink = new MeteredSink(new WithoutPower(store), new SinkMeter("store"));
        var rest = await sink.ListAfterAsync("n/", ObjectName.Of(names[99] + "-gone"), CancellationToken.None).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(names[100..], rest.Select(item => item.Name.ToString()));
    }

    private Task<List<string>> ListAsync(IBackupSink sink, List<string>? into = null) => _time.RunAsync(async () =>
    {
        var names = into ?? [];
        await foreach (var item in sink.ListAsync("n/", CancellationToken.None))
            names.Add(item.Name.ToString());
        return names;
    });

    private static async Task<string[]> NamesAsync(MemorySink store)
    {
        string[] names = [.. Enumerable.Range(1000, Pages * PageLength).Select(i => $"n/{i}")];
        foreach (string name in names)
            await store.PutAsync(ObjectName.Of(name), ObjectBody.Of(default), CancellationToken.None);
        return names;
    }

    /// <summary>A store that lists page by page, of which some fail: the one behind a name, if that is said of it.</summary>
    private sealed class PagedSink(MemorySink inner, Func<string, bool> fails) : IBackupSink, IResumableListings
    {
        /// <summary>How many pages it was asked for.</summary>
        public int Asked { get; private set; }

        public SinkTraits Traits => inner.Traits;

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
            ListAfterAsync(prefix, default, cancellationToken);

        public async IAsyncEnumerable<StoredObject> ListAfterAsync(
            string prefix, ObjectName after, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            while (true)
            {
                Asked++;
                if (fails(after.ToString()))
                    throw new SinkException($"the page after '{after}' did not come") { Transient = true };
                var page = await inner.ListAfterAsync(prefix, after, cancellationToken).Take(PageLength).ToListAsync(cancellationToken);
                foreach (var item in page)
                    yield return item;
                if (page.Count < PageLength)
                    yield break;
                after = page[^1].Name;
            }
        }

        public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken) => inner.PutAsync(name, body, cancellationToken);

        public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) => inner.OpenReadAsync(name, range, cancellationToken);

        public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) => inner.DeleteAsync(name, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class WithoutPower(IBackupSink inner) : IBackupSink
    {
        public SinkTraits Traits => inner.Traits;

        public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken) => inner.PutAsync(name, body, cancellationToken);

        public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) => inner.OpenReadAsync(name, range, cancellationToken);

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

        public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) => inner.DeleteAsync(name, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
