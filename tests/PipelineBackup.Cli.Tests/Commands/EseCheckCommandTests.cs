namespace PipelineBackup.Cli.Tests.Commands;

/// <summary><c>ese check</c>.</summary>
public class EseCheckCommandTests
{
    [Theory]
    [InlineData("clean-4096")]
    [InlineData("clean-32768")]
    public void A_clean_database_has_nothing_wrong(string set)
    {
        string database = Path.Combine(GoldenSets.Small(set), "files", "db1.edb");
        Assert.EndsWith("nothing is wrong\n", Cli.Expect(ExitCode.Done, "ese", "check", database).Output, StringComparison.Ordinal);
        var json = Cli.Json(ExitCode.Done, "ese", "check", database);
        Assert.Empty(json["findings"]!.AsArray());
        Assert.True((long)json["rows"]! > 100 && (long)json["indexEntries"]! > 100 && (long)json["trees"]! > 10);
    }

    [Fact]
    public void Every_clean_database_of_the_corpus_has_nothing_wrong()
    {
        GoldenSets.RequireCorpus();
        foreach (string set in GoldenSets.EngineSets.Where(set => set.StartsWith("clean-", StringComparison.Ordinal)))
            Cli.Expect(ExitCode.Done, "ese", "check", Path.Combine(GoldenSets.Engine(set), "files", "db1.edb"));
        foreach (string file in new[] { "V1_srum_srv2022_A/SRUDB.dat", "V2_srum_srv2022_B/SRUDB.dat", "V6_roslyn_v7_512/storage.ide" })
            Cli.Expect(ExitCode.Done, "ese", "check", Path.Combine(GoldenSets.Real(Path.GetDirectoryName(file)!), Path.GetFileName(file)));
    }

    [Fact]
    public void Damage_is_listed_with_the_error_of_the_engine()
    {
        string source = Cli.CopyOf("clean-4096"), database = Path.Combine(source, "db1.edb");
        Cli.Flip(database, 50 * 4096 + 100);
        Cli.Flip(database, 50 * 4096 + 2000);
        var json = Cli.Json(ExitCode.Refused, "ese", "check", database);
        Assert.Contains(json["findings"]!.AsArray(), finding => ((int)finding!["error"]!, (int)finding["page"]!) == (-1018, 49));
        Assert.Contains("-1018 page 49: ", Cli.Run(["ese", "check", database]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flipped_bit_that_is_corrected_is_told()
    {
        string source = Cli.CopyOf("clean-4096"), database = Path.Combine(source, "db1.edb");
        Cli.Flip(database, 50 * 4096 + 100);
        Assert.Equal(1, (int)Cli.Json(ExitCode.Damaged, "ese", "check", database)["correctedPages"]!);
    }

    [Fact]
    public void What_is_no_database_is_refused()
    {
        Cli.Expect(ExitCode.NotFound, "ese", "check", Path.Combine(GoldenSets.NewFolder(), "none.edb"));
        Cli.Expect(ExitCode.Usage, "ese", "check", GoldenSets.NewFolder());
        Cli.Expect(ExitCode.Refused, "ese", "check", Path.Combine(GoldenSets.Small("dirty-empty-4096"), "files", "edb.log"));
    }
}
