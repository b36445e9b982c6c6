using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Backup;

/// <summary>The smallest budget carries any number of workers and any store, out and back.</summary>
public class MemoryBudgetTests
{
    private const long Smallest = 80L << 20;

    private static readonly Lazy<Task<CapturedSource>> s_large = new(() => LargeSource.MakeAsync(24, 70));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(200, 16)]
    public async Task The_smallest_budget_never_stands_still(int workers, int puts)
    {
        var source = await s_large.Value;
        await using var store = new MemorySink { Traits = new() { PutConcurrency = puts, ReadConcurrency = puts } };
        var slow = new YieldingSink(store, seed: workers);
        var backup = await new BackupPipeline(source, [slow, slow.Twin()], new() { MemoryBudget = Smallest, Workers = workers })
            .RunAsync().WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        Assert.InRange(backup.Manifest.Totals.Packs, 4, 10);
        var verified = await new VerificationPipeline(slow, new() { MemoryBudget = Smallest, Workers = workers })
            .RunAsync("latest").WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        Assert.Equal((ExitCode.Done, backup.Manifest.Totals.PlainBytes - ZeroBytes(source)), (verified.ExitCode, verified.PlainBytes));
        using var scratch = new Scratch();
        var restored = await new RestorePipeline(slow, new() { Target = scratch["target"], MemoryBudget = Smallest, Workers = workers })
            .RunAsync("latest").WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        foreach (string file in restored.Files)
            Assert.True(File.ReadAllBytes(file).AsSpan().SequenceEqual(source.Files[Name(file)]), file);
        Assert.Equal(2, restored.Files.Count);

        // The companion is restored under its database's stem.
        static string Name(string file) => Path.GetExtension(file) == ".stm" ? "noise0.stm" : Path.GetFileName(file);
    }

    [Fact]
    public Task A_failure_in_the_middle_of_many_packs_gives_every_slab_back() => Seeds.EachAsync(12, async (_, random) =>
    {
        var source = await s_large.Value;
        await using var store = new MemorySink { Traits = new() { PutConcurrency = random.Next(1, 5) } };
        var events = new SeenEvents();
        using var steps = new Steps { CrashAt = random.Next(1, 200), CancelAt = random.OneIn(2) ? random.Next(1, 200) : 0, LastTakesEffect = random.OneIn(2) };
        var failing = source.With(null, step =>
        {
            if (steps.Reach($"{step}"))
                throw Steps.Dead($"{step}");
        });
        var failure = await Record.ExceptionAsync(() => new BackupPipeline(failing, [new SteppedSink(store, steps)], new()
        {
            MemoryBudget = Smallest, Workers = random.Next(1, 6), Logger = events, Time = new HurriedTime(),
        }).RunAsync(steps.Cancellation.Token));
        Assert.True(failure is SinkException or OperationCanceledException or null, $"{failure}");
        events.DemandOnly(failure, SeenEvents.BackupFailed);
    });

    private static long ZeroBytes(CapturedSource source)
    {
        byte[] database = source.Files["db1.edb"];
        return Enumerable.Range(0, database.Length >> 20).Where(run => !database.AsSpan(run << 20, 1 << 20).ContainsAnyExcept((byte)0)).Count() * (1L << 20);
    }

    /// <summary>A store that takes its time now and then.</summary>
    private sealed class YieldingSink(MemorySink inner, int seed) : IBackupSink
    {
        private readonly Random _random = new(seed);

        public SinkTraits Traits => inner.Traits;

        /// <summary>Another store of the same temper.</summary>
        public YieldingSink Twin() => new(new MemorySink { Traits = inner.Traits }, seed + 1);

        public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
        {
            await PauseAsync();
            await inner.PutAsync(name, body, cancellationToken);
        }

        public async ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
        {
            await PauseAsync();
            return await inner.OpenReadAsync(name, range, cancellationToken);
        }

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

        public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) => inner.DeleteAsync(name, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private async Task PauseAsync()
        {
            int pause;
            lock (_random)
                pause = _random.Next(20);
            await Task.Delay(pause);
        }
    }
}
