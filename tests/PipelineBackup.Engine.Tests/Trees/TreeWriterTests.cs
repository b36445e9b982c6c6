namespace PipelineBackup.Engine.Tests.Trees;

/// <summary>Random changes of trees leave what a model says, sound trees and space, and a log that makes the same again.</summary>
public class TreeWriterTests
{
    private static int Seeds => int.TryParse(Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS"), out int seeds)
        ? Math.Max(1, seeds / 10)
        : 4;

    [Theory]
    [InlineData(2048)]
    [InlineData(4096)]
    [InlineData(8192)]
    [InlineData(16384)]
    [InlineData(32768)]
    public void Trees_hold_what_was_put_in_and_stay_sound(int pageSize)
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            using var bench = TreeBench.Bare(pageSize);
            Run(bench, new(bench, seed), 12, 60, $"page size {pageSize}, seed {seed}");
        }
    }

    [Theory]
    [InlineData("clean-4096")]
    public void A_database_of_the_real_engine_goes_on(string set)
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            using var bench = TreeBench.Over(Path.Combine(GoldenSets.Small(set), "files", "db1.edb"));
            Run(bench, new(bench, seed), 6, 60, $"{set}, seed {seed}");
        }
    }

    private static void Run(TreeBench bench, TreeRun run, int rounds, int transactions, string what)
    {
        for (int round = 0; round < rounds; round++)
        {
            run.Go(transactions);
            string when = $"{what}, round {round}";
            bench.RequireSound(when);
            run.RequireHeld(bench.Cache, when);
        }

        bench.RequireSame(bench.Replay([.. bench.Start]), $"{what}, replayed from the start");
        bench.RequireSame(bench.Replay(run.FlushedFile()), $"{what}, replayed from pages of any time");
    }
}
