using System.Threading.Channels;
using PipelineBackup.Tests.Backup;
using PipelineBackup.Tests.Simulation;
using PipelineBackup.Tests.Sources;

namespace PipelineBackup.Tests.Retention;

/// <summary>
/// Expiries beside backups that continue a chain, beside pins, and beside each other, their calls to the store mixed in an
/// order that comes from a seed: whatever is listed in the end has all that it builds on.
/// </summary>
public class ExpiryRaceTests
{
    private static readonly RetentionPolicy s_one = new() { KeepLast = 1 };

    [Fact]
    public async Task A_backup_that_continues_what_an_expiry_removes_meanwhile_is_refused()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        var full = await trip.BackupAsync(history.At(3));
        // The next full one comes while the incremental one is being read; then what that continues is old.
        var slow = new HookedSource(new FileSetSource(new() { Path = history.At(5) }))
        {
            AllRead = () =>
            {
                trip.BackupAsync(history.At(6), new() { Time = Tomorrow }).GetAwaiter().GetResult();
                var report = Expiry(trip.Store).RunAsync().GetAwaiter().GetResult();
                Assert.Equal([full.Manifest.Id], report.Removed);
            },
        };
        var refusal = await Assert.ThrowsAsync<SinkException>(() => trip.BackupAsync(slow, new() { Kind = BackupKind.Incremental }));
        Assert.Equal((ExitCode.Refused, -560), (refusal.ExitCode, refusal.Error!.Value.Number));
        Assert.Contains(full.Manifest.Id, refusal.Message, StringComparison.Ordinal);
        Assert.Single(await StoreProof.ListAsync(trip.Store));
        // It has taken everything away that it stored.
        Assert.Empty((await Expiry(trip.Store).PlanAsync()).Leftovers);
    }

    [Theory]
    [InlineData(BackupKind.Incremental)]
    [InlineData(BackupKind.Differential)]
    public async Task A_chain_that_a_backup_is_about_to_continue_stays(BackupKind kind)
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        var full = await trip.BackupAsync(history.At(3));
        ExpiryReport? expired = null;
        bool announced = false;
        var sink = new HookedSink(trip.Store, async (call, name) =>
        {
            // Behind the announcement and all looks, before the commit.
            announced |= call == SinkCall.Put && name.StartsWith("default/chain/", StringComparison.Ordinal);
            if (expired is null && announced && call == SinkCall.Put && name.StartsWith("default/backups/", StringComparison.Ordinal))
            {
                await trip.BackupAsync(history.At(6), new() { Time = Tomorrow });
                expired = await Expiry(trip.Store).RunAsync();
            }
        });
        var child = await new BackupPipeline(new FileSetSource(new() { Path = history.At(5) }), [sink], new() { Kind = kind, Time = new HurriedTime() }).RunAsync();
        Assert.Empty(expired!.Removed);
        Assert.Equal([$"{child.Manifest.Id}, which may still be under way, may build on it"], expired.Plan.Backups[0].Reasons);
        Assert.Equal((ExitCode.Done, ""), await VerdictAsync(trip, child.Manifest.Id));
        Assert.Equal([child.Manifest.Id, full.Manifest.Id], (await Expiry(trip.Store).RunAsync()).Removed);
    }

    [Fact]
    public async Task A_run_that_an_expiry_took_for_dead_does_not_come_to_its_commit()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        await trip.BackupAsync(history.At(3));
        // Its clock is a month behind that of all others.
        var behind = new HurriedTime();
        behind.Pass(TimeSpan.FromDays(-30));
        var slow = new HookedSource(new FileSetSource(new() { Path = history.At(5) }))
        {
            AllRead = () => Assert.Single(Expiry(trip.Store, new DyingSink(trip.Store)).RunAsync().GetAwaiter().GetResult().Plan.Leftovers),
        };
        var refusal = await Assert.ThrowsAsync<SinkException>(() => trip.BackupAsync(slow, new() { Time = behind }));
        Assert.Contains("takes it for a run that has died", refusal.Message.Replace(Id(refusal.Message), "it", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Single(await StoreProof.ListAsync(trip.Store));
    }

    [Fact]
    public async Task A_pin_that_comes_too_late_is_told()
    {
        var set = new BuiltSet();
        string old = set.Add(BackupKind.Full, 0), last = set.Add(BackupKind.Full, 1);
        BackupException? late = null;
        var sink = new HookedSink(set.Store, async (call, name) =>
        {
            if (call == SinkCall.Delete && late is null)
                late = await Assert.ThrowsAsync<BackupException>(() => new BackupPins(set.Store, BackupSet.Default, new StoppedTime(BuiltSet.Start.AddDays(9))).PinAsync(old));
        });
        Assert.Equal([old], (await set.Expiry(s_one, 9, sink).RunAsync()).Removed);
        Assert.Equal(ExitCode.InUse, late!.ExitCode);
        Assert.Equal([last], set.Ids);

        // Between the looks it comes in time.
        string next = set.Add(BackupKind.Full, 2);
        BackupException? told = null;
        var early = new HookedSink(set.Store, async (call, name) =>
        {
            if (call == SinkCall.List && told is null && set.Names.Contains($"default/marks/{last}/expiring.json"))
                told = await Assert.ThrowsAsync<BackupException>(() => new BackupPins(set.Store, BackupSet.Default, new StoppedTime(BuiltSet.Start.AddDays(9))).PinAsync(last));
        });
        var report = await set.Expiry(s_one, 9, early).RunAsync();
        Assert.Empty(report.Removed);
        Assert.Equal(["pinned"], report.Plan.Backups[0].Reasons);
        Assert.Equal([last, next], set.Ids);
        Assert.Equal(last, Assert.Single(await new BackupPins(set.Store, BackupSet.Default).ListAsync()).Backup);
    }

    [Fact]
    public Task Mixed_in_any_order_nothing_is_listed_that_does_not_restore() => MixAsync(Seeds.Of(25).Count(), sink => sink);

    [Fact]
    public async Task A_backup_that_does_not_look_for_marks_is_caught()
    {
        var caught = await Assert.ThrowsAsync<InvalidOperationException>(() => MixAsync(400, sink => new BlindSink(sink)));
        Assert.Contains("is listed, and its parent is not", caught.Message, StringComparison.Ordinal);
    }

    // Two expiries, an incremental backup whose parent has just become old, and a pin.
    private static async Task MixAsync(int seeds, Func<IBackupSink, IBackupSink> eyes)
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        await trip.BackupAsync(history.At(3));
        var middle = await trip.BackupAsync(history.At(4), new() { Kind = BackupKind.Incremental });
        var source = new FileSetSource(new() { Path = history.At(5) });
        var known = await StoreProof.ObjectsAsync(trip.Store);
        await trip.BackupAsync(history.At(6), new() { Time = Tomorrow });
        var withNext = await StoreProof.ObjectsAsync(trip.Store);
        int refused = 0, continued = 0;
        for (int seed = 1; seed <= seeds; seed++)
        {
            var random = new Random(seed);
            await using var store = await StoreProof.StoreOfAsync(known);
            var turns = new Turns(random, random.Next(30));
            var kind = random.Pick(BackupKind.Incremental, BackupKind.Differential);
            var eager = new TurnSink(store, turns) { IsLate = true };
            var pipeline = new BackupPipeline(source, [eyes(eager)], new() { Kind = kind, Time = new HurriedTime(), Workers = 1, MemoryBudget = 80 << 20 });
            // The parent is found first; then the next full backup is there all at once.
            eager.Found = async () =>
            {
                foreach (var (name, bytes) in withNext.Where(item => !known.ContainsKey(item.Key)))
                    await store.PutAsync(ObjectName.Of(name), ObjectBody.Of(bytes), default);
            };
            var backup = turns.Run(() => pipeline.RunAsync());
            await eager.ParentFound;
            var others = new List<Task> { turns.Run(() => Expiry(store, new TurnSink(store, turns)).RunAsync()) };
            if (random.OneIn(2))
                others.Add(turns.Run(() => Expiry(store, new TurnSink(store, turns)).RunAsync()));
            if (random.OneIn(3))
                others.Add(turns.Run(() => new BackupPins(new TurnSink(store, turns), BackupSet.Default, Tomorrow).PinAsync(middle.Manifest.Id)));
            await turns.PlayAsync(backup, others);
            if (backup.IsCompletedSuccessfully)
                continued++;
            else
                refused++;
            var left = (await StoreProof.ListAsync(store)).Select(one => one.Id).ToHashSet();
            foreach (var one in await StoreProof.ListAsync(store))
            {
                Assert.True(await store.ListAsync($"default/data/{one.Id}/", default).AnyAsync(), $"seed {seed}: {one.Id} is listed, and its data are gone");
                if (one.Parent is { } parent && !left.Contains(parent))
                    throw new InvalidOperationException($"seed {seed}: {one.Id} is listed, and its parent is not");
            }

            Assert.True(backup.IsCompletedSuccessfully || backup.Exception!.InnerException is BackupException { ExitCode: ExitCode.Refused }, $"seed {seed}: {backup.Exception}");
        }

        Assert.True(refused > 0 && continued > 0, $"{refused} refused, {continued} continued: the seeds mix nothing");
    }

    private static HurriedTime Tomorrow
    {
        get
        {
            var time = new HurriedTime();
            time.Pass(TimeSpan.FromDays(1));
            return time;
        }
    }

    private static BackupExpiry Expiry(IBackupSink store, IBackupSink? through = null) => new(through ?? store, new() { Policy = s_one, Time = Tomorrow });

    private static async Task<(ExitCode, string)> VerdictAsync(MemoryTrip trip, string id)
    {
        var verified = await trip.VerifyAsync(id);
        return (verified.ExitCode, string.Join("; ", verified.Damage));
    }

    private static string Id(string message) => System.Text.RegularExpressions.Regex.Match(message, "[0-9TZ]{16}-[FIDC]-[0-9a-f]{8}").Value;

    /// <summary>A store that tells each call before it is made.</summary>
    private class HookedSink(IBackupSink inner, Func<SinkCall, string, Task> before) : IBackupSink
    {
        public SinkTraits Traits => inner.Traits;

        public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
        {
            await before(SinkCall.Put, $"{name}");
            await inner.PutAsync(name, body, cancellationToken);
        }

        public async ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
        {
            await before(SinkCall.Read, $"{name}");
            return await inner.OpenReadAsync(name, range, cancellationToken);
        }

        public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await before(SinkCall.List, prefix);
            await foreach (var item in inner.ListAsync(prefix, cancellationToken))
                yield return item;
        }

        public async ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
        {
            await before(SinkCall.Delete, $"{name}");
            await inner.DeleteAsync(name, cancellationToken);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    /// <summary>An expiry's store that dies at its first delete.</summary>
    private sealed class DyingSink(IBackupSink inner) : HookedSink(inner, (call, name) => call == SinkCall.Delete ? throw Steps.Dead($"delete {name}") : Task.CompletedTask);

    /// <summary>The canary: a store that shows no marks of removals.</summary>
    private sealed class BlindSink(IBackupSink inner) : HookedSink(inner, (call, name) => call == SinkCall.Read && name.EndsWith("/expiring.json", StringComparison.Ordinal)
        ? throw new SinkException("not seen") { Failure = SinkFailure.NotFound } : Task.CompletedTask);

    /// <summary>A store whose calls wait for their turn.</summary>
    private sealed class TurnSink : HookedSink
    {
        private readonly TaskCompletionSource _found = new();
        private int _begun;

        public TurnSink(IBackupSink inner, Turns turns)
            : this(inner, turns, new TurnSink?[1])
        {
        }

        private TurnSink(IBackupSink inner, Turns turns, TurnSink?[] self)
            : base(inner, (call, name) => self[0]!.BeforeAsync(turns, call)) => self[0] = this;

        /// <summary>Whether the others have some turns first.</summary>
        public bool IsLate { get; init; }

        /// <summary>What happens when the parent is found.</summary>
        public Func<Task>? Found { get; set; }

        public Task ParentFound => _found.Task;

        // Up to the first pack all is done to find the parent.
        private async Task BeforeAsync(Turns turns, SinkCall call)
        {
            if (Found is { } found && _begun == 0)
            {
                if (call != SinkCall.Put)
                    return;
                _begun = 1;
                await found();
                _found.SetResult();
            }

            await turns.TakeAsync(IsLate);
        }
    }

    /// <summary>Gives turns to those who wait for one, in an order that comes from chance.</summary>
    private sealed class Turns(Random random, int head)
    {
        private readonly Channel<(TaskCompletionSource Turn, bool IsLate)> _waiting = Channel.CreateUnbounded<(TaskCompletionSource, bool)>();

        public Task<T> Run<T>(Func<Task<T>> body) => Task.Run(body);

        public async Task TakeAsync(bool isLate)
        {
            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await _waiting.Writer.WriteAsync((turn, isLate));
            await turn.Task;
        }

        /// <summary>Until all have ended: one turn at a time, to whoever waits shortly after the one before.</summary>
        public async Task PlayAsync(Task late, IReadOnlyList<Task> others)
        {
            var first = Task.WhenAll(others);
            var all = Task.WhenAll(late, first);
            var waiting = new List<(TaskCompletionSource Turn, bool IsLate)>();
            for (int turn = 0; !all.IsCompleted;)
            {
                // Everyone has a moment to come to the next call.
                await Task.Delay(1);
                while (_waiting.Reader.TryRead(out var next))
                    waiting.Add(next);
                var may = waiting.FindAll(player => !player.IsLate || turn >= head || first.IsCompleted);
                if (may.Count == 0)
                    continue;
                var chosen = may[random.Next(may.Count)];
                waiting.Remove(chosen);
                chosen.Turn.SetResult();
                turn++;
            }

            await all.ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }
}
