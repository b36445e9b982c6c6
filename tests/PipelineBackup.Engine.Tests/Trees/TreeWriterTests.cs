using System.Buffers.Binary;

namespace PipelineBackup.Engine.Tests.Trees;

/// <summary>Random changes leave what a model says, sound trees and space, and a log that makes it again.</summary>
public class TreeWriterTests
{
    private static int Seeds => int.TryParse(Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS"), out int seeds)
        ? Math.Max(1, seeds / 10)
        : 3;

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
            Run(bench, new(bench, seed), 6, 60, $"page size {pageSize}, seed {seed}");
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

    /// <summary>What a run of changes meets: so that none of it goes unproved when something here changes.</summary>
    [Fact]
    public void Random_changes_meet_every_kind_of_change()
    {
        string[] expected =
        [
            "ConvertTree", "CreateMultipleExtentTree", "CreateSingleExtentTree", "Delete", "Delete of extents", "Delta",
            "Delta64", "EmptyTree", "ExtendDatabase", "ExtentFreed2", "FlagDelete", "FlagDelete of extents",
            "FlagInsert", "FlagInsertReplace", "FlagInsertReplace of extents", "FreeTree", "Insert",
            "Insert of extents", "MacroInfo", "NewPage", "Replace", "Replace of extents", "ReplaceDifference",
            "SetExternalHeader", "SetExternalHeader of extents", "merge: inner DeleteNode",
            "merge: inner KeyChange", "merge: inner KeyChange, DeleteNode", "merge: leaf EmptyPage",
            "merge: leaf FullLeft", "merge: leaf FullRight", "split: inner Right Insert",
            "split: inner Vertical Insert", "split: leaf Append Insert", "split: leaf Append Insert of extents",
            "split: leaf Hotpoint Insert", "split: leaf Right FlagInsertReplace", "split: leaf Right Insert",
            "split: leaf Right Insert Dehydrated", "split: leaf Right Insert of extents", "split: leaf Right None",
            "split: leaf Right Replace", "split: leaf Vertical Insert", "split: leaf Vertical Insert of extents",
            "split: leaf Vertical None", "split: parent", "split: parent of extents",
        ];
        var met = new SortedSet<string>(StringComparer.Ordinal);
        foreach (int pageSize in (int[])[2048, 4096, 32768])
        {
            for (int seed = 100; seed < 103; seed++)
            {
                using var bench = TreeBench.Bare(pageSize);
                new TreeRun(bench, seed).Go(400);
                met.UnionWith(LogKinds.Of(bench.Log));
            }
        }

        Assert.Equal([], expected.Except(met));
    }

    /// <summary>Pages of one node and long separators, so few children a page: inner pages come and go too.</summary>
    [Fact]
    public void A_tree_of_many_levels_grows_and_shrinks()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            using var bench = TreeBench.Bare(2048);
            var random = new Random(seed);
            bench.Begin();
            var model = new TreeModel(bench.Create(bench.Root, PageFlags.None, 4));
            byte[][] keys = [.. Enumerable.Range(0, 400).Select(LongKey)];
            foreach (byte[] key in keys.OrderBy(_ => random.Next()))
            {
                byte[] data = new byte[random.Next(900, 1400)];
                Assert.True(bench.Writer.Insert(bench.Origin, model.Tree, key, data));
                model.Nodes.Add(key, (key, data));
            }

            bench.RequireSound($"seed {seed}, grown");
            int from = random.Next(keys.Length), all = random.Next(2);
            for (int i = 0; i < keys.Length - 1 + all; i++)
            {
                byte[] key = keys[(from + i) % keys.Length];
                Assert.True(bench.Writer.FlagDelete(bench.Origin, model.Tree, key, []));
                bench.Writer.CleanUp(bench.Origin, model.Tree, key, []);
                model.Nodes.Remove(key);
                if (i % 10 == 0)
                    bench.RequireSound($"seed {seed}, {i} deleted");
            }

            bench.Commit();
            bench.RequireSound($"seed {seed}, shrunk");
            model.RequireHeld(bench.Cache, $"seed {seed}");
            bench.RequireSame(bench.Replay([.. bench.Start]), $"seed {seed}, replayed");
            string[] expected = ["merge: inner EmptyPage", "merge: inner DeleteNode", "split: inner Right Insert"];
            Assert.Equal([], expected.Except(LogKinds.Of(bench.Log)));
        }
    }

    /// <summary>Whoever rolls a change back finds the room that it made free.</summary>
    [Fact]
    public void Room_that_an_open_transaction_made_stays_until_it_ends()
    {
        for (int seed = 1; seed <= 10 * Seeds; seed++)
        {
            using var bench = TreeBench.Bare(4096);
            var random = new Random(seed);
            bench.Begin();
            var tree = bench.Create(bench.Root, PageFlags.None, 4);
            var whole = new Dictionary<int, int>();
            for (int i = 0; i < 40; i++)
            {
                whole[i * 6] = random.Next(100, 900);
                bench.Writer.Insert(bench.Origin, tree, [0x7F, (byte)(i * 6)], new byte[whole[i * 6]]);
            }

            bench.Commit();

            bench.Begin();
            var shrunk = whole.Keys.Where(_ => random.Next(3) == 0).ToList();
            foreach (int key in shrunk)
            {
                byte[] data = new byte[random.Next(1, 90)];
                bench.Writer.Replace(bench.Origin, tree, [0x7F, (byte)key], data, bench.NextVersion());
            }

            for (int i = 0; i < 200; i++)
            {
                byte[] key = [0x7F, (byte)random.Next(250), (byte)random.Next(250)];
                bench.Writer.Insert(bench.Origin, tree, key, new byte[random.Next(1, 300)]);
            }

            // All of them at once, each by one change of its page, as rolling back does it.
            foreach (int key in shrunk)
            {
                var path = new TreePath();
                path.Descend(bench.Editor, tree, [0x7F, (byte)key], []);
                Assert.True(path.IsMatch);
                var page = bench.Cache.Require(path.Leaf).Edit();
                Assert.True(page.TryReplaceData(path.Line, new byte[whole[key]]), $"seed {seed}");
            }
        }
    }

    private static byte[] LongKey(int number)
    {
        byte[] key = new byte[420];
        BinaryPrimitives.WriteInt32BigEndian(key, number / 2 * 0x1234567 % 0x7FFFFFF);
        key[^1] = (byte)(number % 2 + 1);
        return key;
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
