using PipelineBackup.Sinks;

namespace PipelineBackup.Tests.Simulation;

/// <summary>A small set in memory, and a store that has a backup of it.</summary>
internal sealed record GoldenBackup(CapturedSource Source, IReadOnlyDictionary<string, byte[]> Store)
{
    public static async Task<GoldenBackup> OfAsync(string path)
    {
        var source = await CapturedSource.OfAsync(path);
        await using var store = new MemorySink();
        await new BackupPipeline(source, [store]).RunAsync();
        return new(source, await StoreProof.ObjectsAsync(store));
    }
}

/// <summary>
/// One seed of the backup simulation: a backup of a small golden set meets what the seed has in store for it; the store
/// that it leaves must have the property, and so must the one that a rerun leaves.
/// </summary>
internal sealed class BackupTrial(Random random, GoldenBackup golden)
{
    private readonly HurriedTime _time = new();
    private readonly SeenEvents _events = new();
    private readonly IReadOnlyDictionary<string, byte[]> _before = random.OneIn(2) ? golden.Store : new Dictionary<string, byte[]>();
    private bool _deletesFail;

    /// <summary>A layer between pipeline and store that a canary puts in.</summary>
    public Func<IBackupSink, IBackupSink> Sabotage { get; init; } = sink => sink;

    public async Task RunAsync()
    {
        await using var store = await StoreProof.StoreOfAsync(_before);
        var earlier = (await StoreProof.ListAsync(store)).Select(backup => backup.Id).ToHashSet();
        using var steps = MakeSteps();
        var source = golden.Source.With(MakeFault(), step => ReachSource(step, steps, store, earlier));
        await using var sink = Sabotage(Disturb(new SteppedSink(store, steps)));
        BackupReport? report = null;
        Exception? ended = null;
        try
        {
            report = await new BackupPipeline(source, [sink], MakeOptions()).RunAsync(steps.Cancellation.Token);
        }
        catch (Exception failure) when (failure is BackupException or OperationCanceledException)
        {
            Assert.True(failure is BackupException || steps.CancelAt > 0, $"nobody cancelled, and yet: {failure}");
            ended = failure;
        }

        _events.DemandOnly(ended, SeenEvents.BackupFailed, SeenEvents.DatabaseDropped, SeenEvents.EndFailed);
        var all = await StoreProof.DemandAsync(store, (backup, name) => Expected(source, earlier.Contains(backup.Id), name));
        if (report is not null)
            Assert.Contains(all, backup => backup.Id == report.Manifest.Id);
        else if (!steps.Crashed && !_deletesFail)
            await DemandUntouchedAsync(store);
        await RerunAsync(store, all.Count);
    }

    private static byte[] Expected(CapturedSource source, bool isEarlier, string name)
    {
        // One flipped bit of a page is put right on the way.
        bool repaired = source.Fault?.What == SourceMischief.Flips && source.Databases.Contains(name);
        return source.Bytes(name, asRead: !isEarlier && !repaired);
    }

    private static void ReachSource(SourceStep step, Steps steps, MemorySink store, HashSet<string> earlier)
    {
        if (step == SourceStep.Truncate)
        {
            var now = StoreProof.ListAsync(store).GetAwaiter().GetResult();
            Assert.True(now.Any(backup => !earlier.Contains(backup.Id)), "logs are truncated before the backup stands");
        }

        if (steps.Reach($"source: {step}"))
            throw Steps.Dead($"source: {step}");
    }

    private Steps MakeSteps() => random.Next(4) switch
    {
        0 => new() { CrashAt = random.Next(1, 40), LastTakesEffect = random.OneIn(2) },
        1 => new() { CancelAt = random.Next(1, 40) },
        _ => new(),
    };

    private SourceFault? MakeFault()
    {
        if (random.OneIn(2))
            return null;
        var step = random.Pick(
            SourceStep.Begin, SourceStep.Open, SourceStep.Read, SourceStep.Read, SourceStep.Read, SourceStep.EndDatabases,
            SourceStep.Validate, SourceStep.ListTruncatable, SourceStep.Truncate, SourceStep.Complete);
        return step switch
        {
            SourceStep.Open => new(step, random.Next(1, 6), SourceMischief.Fails),
            SourceStep.Read => new(step, random.Next(1, 10), random.Pick(
                SourceMischief.Fails, SourceMischief.FailsRaw, SourceMischief.EndsEarly, SourceMischief.GoesOn, SourceMischief.Dribbles,
                SourceMischief.Tears, SourceMischief.Rots, SourceMischief.Flips)),
            _ => new(step, 1, SourceMischief.Fails),
        };
    }

    private IBackupSink Disturb(IBackupSink sink)
    {
        if (random.OneIn(2))
            return sink;
        bool retries = random.OneIn(2);
        var script = new Dictionary<(SinkCall, int), PlannedFault>();
        for (int faults = random.Next(1, 4); faults > 0; faults--)
        {
            var call = random.Pick(SinkCall.Put, SinkCall.Put, SinkCall.Put, SinkCall.Read, SinkCall.List, SinkCall.Delete);
            int nth = random.Next(1, 9);
            bool transient = retries && !random.OneIn(4);
            script[(call, nth)] = random.OneIn(2)
                ? PlannedFault.Before(call, nth) with { Transient = transient }
                : PlannedFault.After(call, nth) with { Transient = transient };
        }

        _deletesFail = script.Values.Any(fault => fault.Call == SinkCall.Delete);
        var faulty = new FaultySink(sink, script.Values, _time);
        return retries ? new RetryingSink(faulty, new() { Seed = random.Next() }, _time) : faulty;
    }

    private BackupOptions MakeOptions() => new()
    {
        Kind = random.Pick(BackupKind.Full, BackupKind.Full, BackupKind.Copy),
        OnBadPage = random.Pick(BadPagePolicy.Fail, BadPagePolicy.DropDatabase, BadPagePolicy.Record),
        OnLogGap = random.Pick(LogGapPolicy.Fail, LogGapPolicy.Fail, LogGapPolicy.Record),
        Workers = random.Next(1, 5),
        MemoryBudget = 80 << 20,
        Time = _time,
        Logger = _events,
    };

    // What a failed backup stored it has taken away again; the mark that the store is ours may stay.
    private async Task DemandUntouchedAsync(MemorySink store)
    {
        var objects = await StoreProof.ObjectsAsync(store);
        Assert.Equal(_before.Keys.Append("format.json").Distinct().Order(StringComparer.Ordinal),
            objects.Keys.Append("format.json").Distinct().Order(StringComparer.Ordinal));
    }

    private async Task RerunAsync(MemorySink store, int listed)
    {
        var report = await new BackupPipeline(golden.Source, [store], new() { Time = _time, Workers = 2 }).RunAsync();
        Assert.Equal(ExitCode.Done, report.ExitCode);
        Assert.Equal(listed + 1, (await StoreProof.ListAsync(store)).Count);
        var verified = await new VerificationPipeline(store).RunAsync(report.Manifest.Id);
        Assert.Equal((ExitCode.Done, 0), (verified.ExitCode, verified.Damage.Count));
    }
}
