using PipelineBackup.Format;
using PipelineBackup.Tests.Backup;
using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Retention;

/// <summary>
/// Expiries of sets of every shape, killed at every call, with deletes that take effect and say that they failed: each
/// backup that is still listed has all that its restore needs, and what must never go is there.
/// </summary>
public class ExpirySimulation
{
    [Fact]
    public Task Whatever_is_still_listed_restores_and_the_next_run_ends_the_work() => Seeds.EachAsync(400, async (_, random) =>
        await new ExpiryTrial(random).RunAsync());

    [Fact]
    public async Task An_expiry_killed_at_each_call_in_turn_leaves_a_store_that_the_next_one_cleans()
    {
        int calls = 0;
        foreach (int seed in Enumerable.Range(1, 6))
            calls += await DieAtEachAsync(seed);
        Assert.True(calls > 200, $"only {calls} calls");

        static async Task<int> DieAtEachAsync(int seed)
        {
            for (int crashAt = 1; ; crashAt++)
            {
                foreach (bool takesEffect in (bool[])[false, true])
                {
                    var trial = new ExpiryTrial(new Random(seed)) { CrashAt = crashAt, LastTakesEffect = takesEffect };
                    await trial.RunAsync();
                    if (!trial.Crashed)
                        return crashAt;
                }
            }
        }
    }

    [Fact]
    public async Task Real_backups_verify_wherever_an_expiry_is_killed()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        await trip.BackupAsync(history.At(3));
        await trip.BackupAsync(history.At(4), new() { Kind = BackupKind.Incremental });
        await trip.BackupAsync(history.At(5), new() { Kind = BackupKind.Differential });
        await trip.BackupAsync(history.At(6), new() { Kind = BackupKind.Incremental });
        var later = new HurriedTime();
        later.Pass(TimeSpan.FromDays(2));
        var last = await trip.BackupAsync(history.At(7), new() { Time = later });
        var objects = await StoreProof.ObjectsAsync(trip.Store);
        var options = new ExpiryOptions { Policy = new() { KeepLast = 1 }, Time = later };
        int left = 5;
        for (int delete = 1; left > 1; delete += 2)
        {
            await using var store = await StoreProof.StoreOfAsync(objects);
            var faulty = new FaultySink(store, [PlannedFault.Before(SinkCall.Delete, delete) with { Transient = false }]);
            var report = await new BackupExpiry(faulty, options).RunAsync();
            var all = await StoreProof.ListAsync(store);
            Assert.InRange(all.Count, 1, left);
            if (all.Count < left || delete == 1)
            {
                foreach (var backup in all)
                    Assert.Equal(ExitCode.Done, (await new VerificationPipeline(store).RunAsync(backup.Id)).ExitCode);
            }

            left = all.Count;
            if (report.Failure is null)
                Assert.Equal([last.Manifest.Id], all.Select(backup => backup.Id));
        }
    }

    [Fact]
    public async Task A_store_that_deletes_data_before_the_commit_is_caught()
    {
        foreach (int seed in Enumerable.Range(1, 200))
        {
            try
            {
                await new ExpiryTrial(new Random(seed)) { Sabotage = sink => new CommitLastSink(sink) }.RunAsync();
            }
            catch (Xunit.Sdk.XunitException caught)
            {
                Assert.Contains("is listed, and has not", caught.Message, StringComparison.Ordinal);
                return;
            }
        }

        Assert.Fail("the property catches nothing");
    }

    /// <summary>The canary: says that a commit is deleted, and deletes it only with the mark of its removal.</summary>
    private sealed class CommitLastSink(IBackupSink inner) : IBackupSink
    {
        private ObjectName? _held;

        public SinkTraits Traits => inner.Traits;

        public async ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
        {
            if (name.ToString().Contains("/backups/", StringComparison.Ordinal))
            {
                _held = name;
                return;
            }

            await inner.DeleteAsync(name, cancellationToken);
            if (_held is { } commit && name.ToString().EndsWith("/expiring.json", StringComparison.Ordinal))
                await inner.DeleteAsync(commit, cancellationToken);
        }

        public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken) => inner.PutAsync(name, body, cancellationToken);

        public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) => inner.OpenReadAsync(name, range, cancellationToken);

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}

/// <summary>One seed: a set of any shape, an expiry that meets what the seed has in store for it, and the ones after it.</summary>
internal sealed class ExpiryTrial(Random random)
{
    private readonly BuiltSet _set = new();
    private readonly List<string> _all = [], _continuable = [];
    private Dictionary<string, List<string>> _needs = [];
    private List<string> _never = [];

    public int CrashAt { get; init; } = -1;

    public bool? LastTakesEffect { get; init; }

    public bool Crashed { get; private set; }

    /// <summary>A layer between expiry and store that a canary puts in.</summary>
    public Func<IBackupSink, IBackupSink> Sabotage { get; init; } = sink => sink;

    public async Task RunAsync()
    {
        Build();
        _needs = _all.Where(_set.Ids.Contains).ToDictionary(id => id, Needs);
        _never = Never();
        var policy = new RetentionPolicy
        {
            KeepLast = random.Next(1, 4),
            KeepDays = random.OneIn(3) ? random.Next(1, 30) : null,
            KeepWeekly = random.OneIn(3) ? random.Next(1, 5) : null,
            KeepMonthly = random.OneIn(3) ? random.Next(1, 3) : null,
        };
        double day = random.OneIn(6) ? random.Next(-400, 400) : 60;
        var plan = await _set.Expiry(policy, day).PlanAsync();
        DemandSound(plan);

        using var steps = new Steps
        {
            CrashAt = CrashAt >= 0 ? CrashAt : random.OneIn(4) ? 0 : random.Next(1, 120),
            LastTakesEffect = LastTakesEffect ?? random.OneIn(2),
        };
        var sink = Sabotage(Disturb(new SteppedSink(new WatchedSink(_set.Store, DemandEveryListed), steps)));
        ExpiryReport? report = null;
        try
        {
            report = await _set.Expiry(policy, day, sink).RunAsync();
        }
        catch (BackupException)
        {
            // Before anything was deleted.
        }

        Crashed = steps.Crashed;
        DemandEveryListed("the end");
        foreach (string gone in report?.Removed ?? [])
            Assert.Contains(gone, plan.Backups.Where(backup => backup.IsRemoved).Select(backup => backup.Manifest.Id)
                .Concat(plan.Leftovers.Where(left => left.IsRemoved).Select(left => $"{left.Id}")));
        await FinishAsync(policy, day, plan);
    }

    // Whatever happened, the same policy comes to the same end: what the first plan said.
    private async Task FinishAsync(RetentionPolicy policy, double day, ExpiryPlan plan)
    {
        var last = await _set.Expiry(policy, day, new WatchedSink(_set.Store, DemandEveryListed)).RunAsync();
        Assert.Null(last.Failure);
        Assert.Empty(last.Remarks);
        var expected = plan.Backups.Where(backup => !backup.IsRemoved).Select(backup => backup.Manifest.Id)
            .Concat(plan.Unreadable.Select(commit => $"{commit.Id}")).Order(StringComparer.Ordinal).ToList();
        Assert.True(expected.SequenceEqual(_set.Ids), $"not the end that was planned: {Surplus(last.Plan, plan)}");
        foreach (string gone in plan.Backups.Where(backup => backup.IsRemoved).Select(backup => backup.Manifest.Id)
            .Concat(plan.Leftovers.Where(left => left.IsRemoved).Select(left => $"{left.Id}")))
        {
            var rest = _set.Names.Where(name => name.Contains(gone, StringComparison.Ordinal) && !name.StartsWith("default/chain/", StringComparison.Ordinal));
            Assert.True(!rest.Any(), $"there is left of {gone}: {string.Join(", ", rest)}: "
                + string.Join(", ", last.Plan.Leftovers.Where(left => $"{left.Id}" == gone).SelectMany(left => left.Reasons)));
        }

        var again = await _set.Expiry(policy, day).RunAsync();
        Assert.Empty(again.Removed);
        Assert.Equal(0, again.Objects);
    }

    private static string Surplus(ExpiryPlan last, ExpiryPlan plan) => string.Join("; ", last.Backups
        .Where(backup => !backup.IsRemoved && plan.Backups.Any(before => before.IsRemoved && before.Manifest.Id == backup.Manifest.Id))
        .Select(backup => $"{backup.Manifest.Id} stays: {string.Join(", ", backup.Reasons)}"));

    private void Build()
    {
        double day = 0;
        for (int i = random.Next(3, 14); i > 0; i--)
        {
            day += random.OneIn(4) ? 0.2 : random.Next(1, 9);
            bool damaged = random.OneIn(6);
            var kind = _continuable.Count == 0 ? BackupKind.Full
                : random.Pick(BackupKind.Full, BackupKind.Copy, BackupKind.Incremental, BackupKind.Incremental, BackupKind.Incremental, BackupKind.Differential);
            string? parent = kind is BackupKind.Incremental or BackupKind.Differential ? _continuable[random.OneIn(5) ? random.Next(_continuable.Count) : ^1] : null;
            string id = _set.Add(kind, day, parent, damaged, random.OneIn(9) ? "0e" : "5e", random.OneIn(5) ? ["db2.edb"] : null, random.Next(1, 4),
                random.OneIn(9) ? random.Next(20) : null);
            _all.Add(id);
            if (kind is BackupKind.Full or BackupKind.Incremental)
                _continuable.Add(id);
            if (random.OneIn(8))
                _set.Mark(id, $"pin-20260302T030000Z-{random.Next():x8}");
            if (random.OneIn(8))
                _set.Mark(id, $"drill-20260302T030000Z-{random.Next():x8}");
        }

        for (int i = random.Next(4); i > 0; i--)
            _set.AddLeftover(random.Pick(BackupKind.Full, BackupKind.Incremental), random.Next(-30, 60));
        if (random.OneIn(4))
            _set.Claim(_all[0], "000777", $"{BackupId.Create(BackupKind.Incremental, BuiltSet.Start.AddDays(random.Next(0, 60)))}");
        if (random.OneIn(6))
            _set.Lose(_all[random.Next(_all.Count)]);
        if (random.OneIn(6) && _set.Ids.ToList() is { Count: > 0 } left)
            _set.Spoil(left[random.Next(left.Count)]);
    }

    /// <summary>What a restore of a backup needs that the store has at the beginning.</summary>
    private List<string> Needs(string id)
    {
        var needs = new List<string>();
        for (string? next = id; next is not null;)
        {
            string commit = $"default/backups/{next}.json";
            needs.AddRange(_set.Names.Where(name => name == commit || name.StartsWith($"default/data/{next}/", StringComparison.Ordinal)));
            next = Read(next)?.Parent;
        }

        return needs;
    }

    private BackupManifest? Read(string id)
    {
        var name = BackupSet.Default.Commit(BackupId.Parse(id));
        try
        {
            return CommitDocument.Read(_set.Store.Content(name), name);
        }
        catch (BackupException)
        {
            return null;
        }
    }

    // Told another way than the code does it: by the store as it is, backup by backup.
    private List<string> Never()
    {
        var whole = _all.Where(id => Chain(id) is { } chain && chain.TrueForAll(one => one is not null)).ToList();
        var clean = whole.Where(id => !Chain(id).Exists(one => one!.IsDamaged)).ToList();
        var never = _all.Where(id => _set.Names.Any(name => name.StartsWith($"default/marks/{id}/pin-", StringComparison.Ordinal)) && Read(id) is not null).ToList();
        foreach (var among in (List<string>[])[whole, clean])
        {
            if (among.Count > 0)
                never.Add(among.Where(id => Read(id)!.LogSignature == Read(among[^1])!.LogSignature).MaxBy(id => $"{Read(id)!.Position} {id}", StringComparer.Ordinal)!);
        }

        return [.. never.SelectMany(id => Chain(id).Where(one => one is not null).Select(one => one!.Id)).Distinct()];
    }

    private List<BackupManifest?> Chain(string id)
    {
        var chain = new List<BackupManifest?>();
        for (string? next = id; next is not null; next = chain[^1]?.Parent)
            chain.Add(Read(next));
        return chain;
    }

    private void DemandSound(ExpiryPlan plan)
    {
        var removed = plan.Backups.Where(backup => backup.IsRemoved).Select(backup => backup.Manifest.Id).ToHashSet();
        Assert.Empty(removed.Intersect(_never));
        foreach (var kept in plan.Backups.Where(backup => !backup.IsRemoved))
            Assert.False(kept.Manifest.Parent is { } parent && removed.Contains(parent), kept.Manifest.Id);
        foreach (var left in plan.Leftovers.Where(left => left.IsRemoved))
            Assert.False(plan.Backups.Any(backup => !backup.IsRemoved && backup.Manifest.Parent == $"{left.Id}"), $"{left.Id} is needed");
    }

    /// <summary>The property.</summary>
    private void DemandEveryListed(string when)
    {
        var names = _set.Names.ToHashSet();
        foreach (string id in _set.Ids)
        {
            var missing = _needs[id].Where(name => !names.Contains(name)).ToList();
            Assert.True(missing.Count == 0, $"{id} is listed, and has not {string.Join(", ", missing)} ({when})");
        }

        foreach (string id in _never)
            Assert.True(names.Contains($"default/backups/{id}.json"), $"{id} must never go ({when})");
    }

    private IBackupSink Disturb(IBackupSink sink)
    {
        if (CrashAt >= 0 || random.OneIn(2))
            return sink;
        var script = new Dictionary<int, PlannedFault>();
        for (int faults = random.Next(1, 3); faults > 0; faults--)
        {
            int nth = random.Next(1, 25);
            script[nth] = (random.OneIn(2) ? PlannedFault.Before(SinkCall.Delete, nth) : PlannedFault.After(SinkCall.Delete, nth)) with
            {
                Transient = false,
                Failure = random.Pick(SinkFailure.Other, SinkFailure.AccessDenied),
            };
        }

        return new FaultySink(sink, script.Values);
    }

    /// <summary>A store that looks whether all is well behind each delete.</summary>
    private sealed class WatchedSink(IBackupSink inner, Action<string> demand) : IBackupSink
    {
        public SinkTraits Traits => inner.Traits;

        public async ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
        {
            await inner.DeleteAsync(name, cancellationToken);
            demand($"behind the delete of {name}");
        }

        public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken) => inner.PutAsync(name, body, cancellationToken);

        public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) => inner.OpenReadAsync(name, range, cancellationToken);

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
