namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Soft recovery of what the real engine left behind when it was killed.</summary>
public sealed class SoftRecoveryTests
{
    public static TheoryData<string> All => new(GoldenSets.EngineSets.Where(n => n.StartsWith("dirty-") && n != "dirty-multidb-4096" && !n.Contains("E00")));

    [Theory]
    [MemberData(nameof(All), DisableDiscoveryEnumeration = true)]
    public void Everything(string name)
    {
        var set = RecoveredSet.Engine(name);
        set.Recover();
        set.AssertEqual("db1.edb");
    }

    [Theory]
    [InlineData("dirty-basic-4096")]
    [InlineData("dirty-empty-4096")]
    [InlineData("dirty-circular-4096")]
    [InlineData("dirty-keepattached-4096")]
    [InlineData("dirty-undo-4096")]
    public void A_database_becomes_what_the_engine_makes_of_it(string name)
    {
        var set = RecoveredSet.Engine(name);

        var report = set.Recover();

        Assert.Equal(EseError.Success, report.Result);
        Assert.Equal(RecoveryOutcome.Recovered, Assert.Single(report.Databases).Outcome);
        set.AssertEqual("db1.edb");
    }

    [Fact]
    public void Three_databases_of_one_stream_become_what_the_engine_makes_of_them()
    {
        var set = RecoveredSet.Engine("dirty-multidb-4096");

        var report = set.Recover();

        Assert.Equal(3, report.Databases.Count);
        foreach (string name in new[] { "db1.edb", "db2.edb", "db3.edb" })
            set.AssertEqual(name);
    }
}
