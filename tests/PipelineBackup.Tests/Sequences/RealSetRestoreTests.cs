using System.Text;
using PipelineBackup.Ese;

namespace PipelineBackup.Tests.Sequences;

/// <summary>What the real engine backed up goes through the restore calls and comes out as the real engine restores it.</summary>
public sealed class RealSetRestoreTests
{
    [Theory]
    [InlineData("restore-both", "db1.edb", "db2.edb")]
    [InlineData("subset-db1", "db1.edb")]
    [InlineData("subset-db2", "db2.edb")]
    [InlineData("rollforward-both", "db1.edb", "db2.edb")]
    public async Task A_set_of_the_real_engine_with_two_databases_is_restored(string reference, params string[] databases)
    {
        string set = GoldenSets.Engine("extmulti-4096");
        bool rollsForward = reference.StartsWith("rollforward", StringComparison.Ordinal);
        await RequireRestoredAsync(set, reference, databases, rollsForward, "backup");
    }

    [Theory]
    [InlineData("restore-full", false, "backup/full")]
    [InlineData("restore-full-incr1", false, "backup/full", "backup/incr1")]
    [InlineData("restore-full-incr1-incr2", false, "backup/full", "backup/incr1", "backup/incr2")]
    [InlineData("rollforward", true, "backup/full", "backup/incr1", "backup/incr2")]
    public async Task A_chain_of_the_real_engine_is_restored_backup_by_backup(string reference, bool rollsForward, params string[] chain) =>
        await RequireRestoredAsync(GoldenSets.Engine("extincr-4096"), reference, ["db1.edb"], rollsForward, chain);

    private static async Task RequireRestoredAsync(
        string set, string reference, string[] databases, bool rollsForward, params string[] chain)
    {
        await using var rig = await SequenceRig.OpenAsync(groups: 0);
        rig.OtherPlaces.Add("corpus", databases);
        for (int i = 0; i < chain.Length; i++)
        {
            // Each backup in a session of its own, as tapes come.
            await using var restore = i == 0 ? await rig.OpenRestoreAsync("corpus") : await rig.ReopenRestoreAsync("corpus");
            await Tape.Of(Path.Combine(set, chain[i]), @"X:\e\").RestoreAsync(restore, name => databases.Contains(name.FileName));
            string later = rollsForward ? Path.Combine(set, "extra-logs") : "";
            await restore.SaveEnvironmentAsync(new() { LogDirectory = later, CheckpointDirectory = later });
            if (i == chain.Length - 1)
                Assert.True((await restore.CompleteAsync()).Records > 100);
            await restore.CloseAsync();
        }

        foreach (string database in databases)
        {
            using var file = DatabaseFile.Open(rig.Restored("corpus", database), InspectionDepth.Full);
            using var output = new MemoryStream();
            DatabaseDump.Write(file, output);
            Assert.Equal(File.ReadAllText(Path.Combine(set, $"{reference}-{database}.jsonl")), Encoding.UTF8.GetString(output.ToArray()));
            Assert.Empty(new DatabaseCheck(file, file.Header).Run().Findings);
        }
    }
}
