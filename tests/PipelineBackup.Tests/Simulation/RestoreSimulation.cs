using PipelineBackup.Tests.Restore;

namespace PipelineBackup.Tests.Simulation;

/// <summary>
/// Restores that meet faults of the store, cancellation, and the death of the process at every step: nothing is published
/// that is not whole, and the next restore into the same directory ends clean.
/// </summary>
public class RestoreSimulation
{
    [Fact]
    public Task A_restore_that_fails_leaves_the_target_as_it_was() => Seeds.EachAsync(200, async (seed, random) =>
    {
        using var trip = await RestoreTrip.BeginAsync();
        var which = random.Pick(trip.Chain, trip.Other);
        using var cancel = new CancellationTokenSource();
        int cancelAt = random.OneIn(3) ? random.Next(1, 60) : 0;
        var script = Enumerable.Range(0, cancelAt > 0 ? 0 : random.Next(1, 3)).Select(_ => random.Next(1, 14)).Distinct().Select(nth => random.Next(5) switch
        {
            0 => PlannedFault.Before(SinkCall.Read, nth),
            1 => PlannedFault.After(SinkCall.Read, nth),
            2 => PlannedFault.Break(SinkCall.Read, nth, random.Next(4000)),
            3 => PlannedFault.EndEarly(SinkCall.Read, nth, random.Next(4000)),
            _ => PlannedFault.FlipBit(nth, random.Next(4000)),
        }).ToList();
        var faulty = new FaultySink(trip.Store, script);
        var events = new SeenEvents();
        Directory.CreateDirectory(trip.Target);
        await File.WriteAllTextAsync(Path.Combine(trip.Target, "mine.txt"), "mine");
        Exception? failure = null;
        try
        {
            await trip.RestoreAsync(which, new SteppedArchive(faulty, step =>
            {
                if (step == cancelAt)
                    cancel.Cancel();
            }), options => options with { Logger = events }, cancel.Token);
        }
        catch (BackupException failed)
        {
            failure = failed;
            Assert.NotEqual(script.Count, faulty.NotHappened.Count);
        }
        catch (OperationCanceledException cancelled)
        {
            failure = cancelled;
            Assert.True(cancel.IsCancellationRequested);
        }

        events.DemandOnly(failure, SeenEvents.RestoreFailed);
        if (failure is null)
            trip.DemandWhole(which, "mine.txt");
        else
            trip.DemandOnly("mine.txt");
        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(trip.Target, "mine.txt")));
        if (failure is null)
            return;
        await trip.RestoreAsync(which);
        trip.DemandWhole(which, "mine.txt");
    });

    [Fact]
    public Task A_restore_that_dies_is_settled_by_the_next_one() => Seeds.EachAsync(150, async (seed, random) =>
    {
        using var trip = await RestoreTrip.BeginAsync();
        var dying = random.Pick(trip.Chain, trip.Other);
        int diesAt = random.Next(1, 70);
        CrashState? state = null;
        var archive = new SteppedArchive(trip.Store, step =>
        {
            if (step == diesAt)
                state = CrashState.Take(trip.Target);
        });
        // The last step is not one of the archive: everything is in staging, nothing is published.
        var progress = new Heard(report =>
        {
            if (report.Phase == ProgressPhase.Publishing)
                state ??= CrashState.Take(trip.Target);
        });
        await trip.RestoreAsync(dying, archive, options => options with { Progress = progress });
        trip.DemandWhole(dying);
        state!.PutBack();
        Assert.DoesNotContain(state.Files, file => dying.Files.ContainsKey(file));

        var next = random.OneIn(3) ? random.Pick(trip.Chain, trip.Other) : dying;
        var report = await trip.RestoreAsync(next);
        Assert.False(report.FinishedInterrupted);
        trip.DemandWhole(next);
    });

    /// <summary>Progress that is heard at once, on the thread that tells it.</summary>
    private sealed class Heard(Action<BackupProgress> hear) : IProgress<BackupProgress>
    {
        public void Report(BackupProgress value) => hear(value);
    }
}
