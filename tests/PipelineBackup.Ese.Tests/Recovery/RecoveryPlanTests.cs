namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>What soft recovery says it would do.</summary>
public sealed class RecoveryPlanTests
{
    [Fact]
    public void A_plan_tells_start_need_and_databases_and_changes_nothing()
    {
        var set = RecoveredSet.Engine("dirty-circular-4096");
        var plan = RecoveryPlan.Find(set.Options());

        Assert.Null(plan.Refusal);
        Assert.Empty(plan.Findings);
        Assert.False(plan.IsClean);
        Assert.True(plan.HasCheckpoint);
        Assert.Equal(new LogPosition(new(0x22), 1, 0), plan.Start);
        Assert.Equal((new LogGeneration(34), new LogGeneration(52), new LogGeneration(52)), (plan.MinRequired, plan.MaxRequired, plan.MaxCommitted));
        Assert.Equal(new(52), plan.Last);
        Assert.Equal(plan.Chain.Current!.Header!.Signature, plan.Stream);
        var database = Assert.Single(plan.Databases);
        Assert.Equal(@"X:\c\db1.edb", database.LoggedPath);
        Assert.Equal(DatabaseState.DirtyShutdown, database.State);
        Assert.Equal(new(34), database.Needs.Min);
        foreach (string path in Directory.GetFiles(Path.Combine(set.Set, "files")))
            Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(Path.Combine(set.Folder, Path.GetFileName(path))));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    [InlineData(20)]
    public void Without_a_checkpoint_to_use_replay_starts_with_the_lowest_log(int? damage)
    {
        var set = RecoveredSet.Engine("dirty-keepattached-4096");
        string path = Path.Combine(set.Folder, "edb.chk");
        byte[] bytes = File.ReadAllBytes(path);
        File.Delete(path);
        if (damage is { } at)
        {
            bytes[at] ^= 0xFF;
            bytes[at + 4096] ^= 0xFF;
            File.WriteAllBytes(path, bytes);
        }

        var plan = RecoveryPlan.Find(set.Options());

        Assert.False(plan.HasCheckpoint);
        Assert.NotEqual("", plan.CheckpointFault);
        Assert.Equal(new LogPosition(new(1), 1, 0), plan.Start);
        Assert.Null(plan.Refusal);
    }

    [Fact]
    public void A_missing_log_is_named_by_its_generation()
    {
        var set = RecoveredSet.Engine("dirty-circular-4096");
        File.Delete(Path.Combine(set.Folder, "edb00000022.log"));

        var refusal = RecoveryPlan.Find(set.Options()).Refusal;

        Assert.NotNull(refusal);
        Assert.Equal(EseError.MissingLogFile, refusal.Error);
        Assert.Equal(new(0x22), refusal.Generation);
        Assert.Equal("edb00000022.log", refusal.File);
        Assert.NotEqual("", refusal.Hint);
    }

    [Fact]
    public void A_directory_without_logs_has_nothing_to_recover_with()
    {
        var options = new RecoveryOptions { BaseName = "edb", LogDirectory = GoldenSets.NewFolder() };

        Assert.Throws<EseException>(() => new SoftRecovery(options).Run());
    }
}
