using PipelineBackup.Flow;
using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Flow;

/// <summary>The laws of the one file that knows Dataflow: order, bounds, first failure, and every buffer back.</summary>
public class ConduitTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public Task Items_come_out_in_the_order_they_went_in_whatever_the_workers_do() => Seeds.EachAsync(60, async (_, random) =>
    {
        using var run = new Trial(random) { Items = random.Next(1, 200) };
        await run.RunAsync(TestContext.Current.CancellationToken).WaitAsync(s_patience);
        Assert.Equal(Enumerable.Range(0, run.Items), run.Arrived);
        run.DemandAllGivenBack();
    });

    [Fact]
    public async Task A_slow_end_holds_the_source_back()
    {
        using var conduit = new Conduit(TestContext.Current.CancellationToken);
        var ledger = new ParcelLedger();
        var source = conduit.Source<Parcel>("source", 2, async emit =>
        {
            for (int i = 0; i < 500; i++)
                await emit(ledger.Make(i));
        });
        var worked = conduit.Transform<Parcel, Parcel>(source, "work", 3, parcel => new(parcel));
        conduit.Sink(worked, "end", 1, async parcel =>
        {
            using var own = parcel;
            await Task.Yield();
        });
        await conduit.RunAsync().WaitAsync(s_patience);
        // The source's queue, its one at hand, three at work with one waiting, one at the end with one waiting.
        Assert.InRange(ledger.Most, 2, 2 + 1 + (3 + 1) + (1 + 1) + 1);
        Assert.Equal(0, ledger.Alive);
    }

    [Fact]
    public Task Whatever_fails_whenever_it_fails_is_told_unwrapped_and_every_buffer_comes_back() => Seeds.EachAsync(300, async (seed, random) =>
    {
        int items = random.Next(1, 60);
        using var run = new Trial(random)
        {
            Items = items,
            FailingRoom = random.Pick(Room.Source, Room.Work, Room.Regroup, Room.RegroupEnd, Room.End),
            FailsAt = random.Next(items),
        };
        var told = await Assert.ThrowsAsync<PlannedException>(() => run.RunAsync(TestContext.Current.CancellationToken).WaitAsync(s_patience));
        Assert.Same(run.Planned, told);
        run.DemandAllGivenBack();
        Assert.True(run.Arrived.SequenceEqual(Enumerable.Range(0, run.Arrived.Count)), $"seed {seed}: order");
    });

    [Fact]
    public Task The_first_of_several_failures_is_the_one_told() => Seeds.EachAsync(100, async (_, random) =>
    {
        using var conduit = new Conduit(TestContext.Current.CancellationToken);
        var ledger = new ParcelLedger();
        Exception? first = null;
        var source = conduit.Source<Parcel>("source", 4, async emit =>
        {
            for (int i = 0; i < 40; i++)
                await emit(ledger.Make(i));
        });
        var worked = conduit.Transform<Parcel, Parcel>(source, "work", 4, parcel =>
        {
            if (parcel.Number < 5)
                return new(parcel);
            var failure = new PlannedException();
            Interlocked.CompareExchange(ref first, failure, null);
            // Those that fail later must not be told: they wait until the first one is.
            if (failure != first)
                SpinWait.SpinUntil(() => conduit.Stopping.IsCancellationRequested);
            throw failure;
        });
        conduit.Sink(worked, "end", 1, parcel =>
        {
            parcel.Dispose();
            return default;
        });
        var told = await Assert.ThrowsAsync<PlannedException>(() => conduit.RunAsync().WaitAsync(s_patience));
        Assert.Same(first, told);
        Assert.Equal(0, ledger.Alive);
    });

    [Fact]
    public Task A_cancelled_run_ends_gives_everything_back_and_says_that_it_was_cancelled() => Seeds.EachAsync(150, async (_, random) =>
    {
        int items = random.Next(1, 60);
        using var cancel = new CancellationTokenSource();
        using var run = new Trial(random)
        {
            Items = items,
            At = (random.Pick(Room.Source, Room.Work, Room.Regroup, Room.RegroupEnd, Room.End), random.Next(items), cancel.Cancel),
            // A failure that follows is the echo of the cancellation.
            FailingRoom = random.OneIn(3) ? Room.End : Room.None,
            FailsAt = items - 1,
        };
        try
        {
            await run.RunAsync(cancel.Token).WaitAsync(s_patience);
            Assert.Fail("it went through");
        }
        catch (OperationCanceledException)
        {
            Assert.True(cancel.IsCancellationRequested);
        }
        catch (PlannedException)
        {
            // Then it came first.
            Assert.Equal(Room.End, run.FailingRoom);
            Assert.False(cancel.IsCancellationRequested);
        }

        run.DemandAllGivenBack();
    });

    [Fact]
    public async Task A_run_that_is_cancelled_before_it_begins_does_nothing()
    {
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        using var run = new Trial(new(1)) { Items = 5 };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync(cancel.Token));
        Assert.Equal(0, run.Ledger.Made);
    }

    [Fact]
    public async Task What_is_emitted_after_a_failure_is_given_back_and_the_source_is_told_to_stop()
    {
        using var conduit = new Conduit(TestContext.Current.CancellationToken);
        var ledger = new ParcelLedger();
        bool told = false;
        var source = conduit.Source<Parcel>("source", 1, async emit =>
        {
            await emit(ledger.Make(0));
            await Task.Delay(Timeout.Infinite, conduit.Stopping).ContinueWith(_ => { }, TaskScheduler.Default);
            try
            {
                await emit(ledger.Make(1));
            }
            catch (OperationCanceledException)
            {
                told = true;
                throw;
            }
        });
        conduit.Sink(source, "end", 1, _ => throw new PlannedException());
        await Assert.ThrowsAsync<PlannedException>(() => conduit.RunAsync().WaitAsync(s_patience));
        Assert.True(told);
        Assert.Equal((2, 0), (ledger.Made, ledger.Alive));
    }

    [Fact]
    public async Task An_item_that_a_room_lets_drop_goes_no_further()
    {
        using var conduit = new Conduit(TestContext.Current.CancellationToken);
        var ledger = new ParcelLedger();
        var arrived = new List<int>();
        var source = conduit.Source<Parcel>("source", 2, async emit =>
        {
            for (int i = 0; i < 20; i++)
                await emit(ledger.Make(i));
        });
        var odd = conduit.Transform<Parcel, Parcel>(source, "sieve", 2, parcel =>
        {
            if (parcel.Number % 2 == 1)
                return new(parcel);
            parcel.Dispose();
            return default;
        });
        conduit.Sink(odd, "end", 1, parcel =>
        {
            using var own = parcel;
            arrived.Add(parcel.Number);
            return default;
        });
        await conduit.RunAsync().WaitAsync(s_patience);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => 2 * i + 1), arrived);
        Assert.Equal(0, ledger.Alive);
        Assert.Equal(["end", "sieve"], conduit.Busy.Select(room => room.Key).Order(StringComparer.Ordinal));
    }

    private enum Room
    {
        None,
        Source,
        Work,
        Regroup,
        RegroupEnd,
        End,
    }

    private sealed class PlannedException : Exception;

    /// <summary>Source, workers, a room that makes pairs, an end; each with pauses by chance and with a planned event.</summary>
    private sealed class Trial(Random random) : IDisposable
    {
        private readonly SlabPool _pool = new(24);
        private readonly List<Parcel> _pair = [];
        private readonly Lock _lock = new();
        private readonly int _workers = random.Next(1, 6), _capacity = random.Next(1, 5), _endWorkers = random.Next(1, 4);
        private Conduit? _conduit;

        public int Items { get; init; }

        public Room FailingRoom { get; init; }

        public int FailsAt { get; init; }

        public (Room Room, int Item, Action Do) At { get; init; }

        public PlannedException Planned { get; } = new();

        public ParcelLedger Ledger { get; } = new();

        /// <summary>Numbers of the items in the order in which they left the last ordered room.</summary>
        public List<int> Arrived { get; } = [];

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            using var conduit = _conduit = new Conduit(cancellationToken);
            var source = conduit.Source<Parcel>("source", _capacity, async emit =>
            {
                for (int i = 0; i < Items; i++)
                {
                    var slab = await _pool.RentAsync(conduit.Stopping);
                    using var parcel = new Owned(Ledger.Make(i, slab));
                    await ReachAsync(Room.Source, i);
                    await emit(parcel.HandOn());
                }
            });
            var worked = conduit.Transform<Parcel, Parcel>(source, "work", _workers, async parcel =>
            {
                await ReachAsync(Room.Work, parcel.Number);
                return parcel;
            });
            var pairs = conduit.Regroup<Parcel, Parcel>(worked, "pairs", PairAsync, async emit =>
            {
                await ReachAsync(Room.RegroupEnd, FailingRoom == Room.RegroupEnd ? FailsAt : At.Item);
                await EmitPairAsync(emit);
            });
            conduit.Sink(pairs, "end", _endWorkers, async pair =>
            {
                using var own = pair;
                foreach (var parcel in pair.Inside)
                    await ReachAsync(Room.End, parcel.Number);
            });
            try
            {
                await conduit.RunAsync();
            }
            finally
            {
                // What the room holds when the run ends belongs to whoever made the room.
                _pair.ForEach(parcel => parcel.Dispose());
            }
        }

        public void DemandAllGivenBack() => Assert.Equal((0, 0), (_pool.Outstanding, Ledger.Alive));

        public void Dispose() => _pool.Dispose();

        private async ValueTask PairAsync(Parcel parcel, Func<Parcel, ValueTask> emit)
        {
            await ReachAsync(Room.Regroup, parcel.Number);
            Arrived.Add(parcel.Number);
            _pair.Add(parcel);
            if (_pair.Count == 2)
                await EmitPairAsync(emit);
        }

        private async ValueTask EmitPairAsync(Func<Parcel, ValueTask> emit)
        {
            if (_pair.Count == 0)
                return;
            var pair = Ledger.Make(-1, null, [.. _pair]);
            _pair.Clear();
            await emit(pair);
        }

        private async ValueTask ReachAsync(Room room, int item)
        {
            int pause;
            lock (_lock)
                pause = random.Next(12);
            if (pause == 0)
                await Task.Delay(1, CancellationToken.None);
            else if (pause < 4)
                await Task.Yield();
            else if (pause < 7)
                Thread.SpinWait(2000 * pause);
            if (At.Room == room && At.Item == item)
                At.Do();
            if (FailingRoom == room && FailsAt == item)
                throw Planned;
        }

        private sealed class Owned(Parcel parcel) : IDisposable
        {
            private Parcel? _parcel = parcel;

            public Parcel HandOn() => Interlocked.Exchange(ref _parcel, null)!;

            public void Dispose() => _parcel?.Dispose();
        }
    }
}
