using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Killed at any point and run again, recovery ends in the same content.</summary>
public sealed class KillSimulationTests
{
    private static readonly CrashKind[] s_any = [CrashKind.Kill, CrashKind.PowerLoss, CrashKind.PowerLoss, CrashKind.AllLost];

    [Fact]
    public void Soft_recovery_that_is_killed_goes_on_where_it_was()
    {
        int before = KillSimulation.Interrupted;
        Seeds.Each(150, random =>
            KillSimulation.Kill(RecoveryCases.Get(random.Pick([.. RecoveryCases.Soft])), random, s_any));
        // Most of what was planned must have happened.
        Assert.InRange(KillSimulation.Interrupted - before, Seeds.Of(150).Count() / 2, int.MaxValue);
    }

    [Fact]
    public void A_restore_that_is_killed_goes_on_where_it_was() => Seeds.Each(80, random =>
        KillSimulation.Kill(RecoveryCases.Get(random.Pick([.. RecoveryCases.Hard])), random, s_any));

    [Fact]
    public void A_recovery_that_stops_early_and_is_killed_stops_at_the_same_point() => Seeds.Each(60, random =>
        KillSimulation.KillStopped(RecoveryCases.Get(random.Pick([.. RecoveryCases.All
            .Where(name => name.Contains("rollforward", StringComparison.Ordinal) || random.OneIn(4))
            .DefaultIfEmpty(RecoveryCases.All[0])])), random, s_any));

    [Fact]
    public void A_disk_that_fails_or_is_full_costs_nothing_but_time()
    {
        int before = KillSimulation.Interrupted;
        Seeds.Each(80, random => KillSimulation.Fail(RecoveryCases.Get(random.Pick([.. RecoveryCases.All])), random));
        Assert.InRange(KillSimulation.Interrupted - before, Seeds.Of(80).Count() / 4, int.MaxValue);
    }

    [Fact]
    public void Pages_that_lost_power_tears_are_never_taken_for_sound()
    {
        int recovered = 0, refused = 0;
        Seeds.Each(60, random =>
        {
            bool? outcome = KillSimulation.Tear(RecoveryCases.Get(random.Pick([.. RecoveryCases.All])), random);
            recovered += outcome == true ? 1 : 0;
            refused += outcome == false ? 1 : 0;
        });
        Assert.True(recovered > 0 && refused > 0, $"{recovered} recovered, {refused} refused");
    }

    // The canaries: were one of these not found out, the simulation would prove nothing.
    [Fact]
    public void A_disk_that_ignores_flushes_is_found_out() =>
        FoundOut(RecoveryCases.Soft, disk => disk.IgnoresFlush = _ => true);

    [Fact]
    public void Pages_before_their_log_are_found_out() =>
        FoundOut([.. RecoveryCases.Soft.Where(name => name.StartsWith("dirty-undo", StringComparison.Ordinal))],
            disk => disk.IgnoresFlush = path => Path.GetExtension(path) == ".log");

    [Fact]
    public void Pages_that_the_header_does_not_admit_are_found_out() =>
        FoundOut(RecoveryCases.All, disk => disk.Drops = step => Path.GetExtension(step.Path) == ".edb" && step.Offset < 8192);

    private static void FoundOut(IReadOnlyList<string> names, Action<SimulatedDisk> sabotage)
    {
        for (int seed = 1; seed <= 200; seed++)
        {
            var random = new Random(seed);
            try
            {
                KillSimulation.Kill(RecoveryCases.Get(random.Pick([.. names])), random, [CrashKind.PowerLoss, CrashKind.AllLost], sabotage);
            }
            catch (Exception exception) when (exception is not NotImplementedException)
            {
                return;
            }
        }

        Assert.Fail("it makes no difference");
    }
}
