namespace PipelineBackup.Laws;

/// <summary>The tree keeps the rules of the house, and a tree that breaks one is caught.</summary>
public class HouseLawTests
{
    [Fact]
    public void Dataflow_appears_in_one_file_only() => Law.Holds(HouseLaws.Dataflow(SourceTree.OnDisk));

    [Fact]
    public void No_file_is_named_for_belonging_nowhere() => Law.Holds(HouseLaws.Names(SourceTree.OnDisk));

    [Fact]
    public void Nothing_names_a_place_of_the_machine_it_was_written_on() =>
        Law.Holds(HouseLaws.Places(SourceTree.OnDisk));

    [Fact]
    public void No_file_is_too_long() => Law.Holds(HouseLaws.Lengths(SourceTree.OnDisk));

    [Theory]
    [InlineData("using System.Threading.Tasks.Dataflow;", "Tasks.Dataflow")]
    [InlineData("new ActionBlock<int>(_ => { })", "ActionBlock")]
    [InlineData("a.LinkTo(b)", "LinkTo")]
    public void Dataflow_elsewhere_is_caught(string code, string word)
    {
        Assert.Equal(
            [$"src/A/B.cs names {word}, which belongs into src/PipelineBackup/Flow/Conduit.cs"],
            HouseLaws.Dataflow(SourceTree.Of(("src/A/B.cs", code))));
        Assert.Empty(HouseLaws.Dataflow(SourceTree.Of(("src/PipelineBackup/Flow/Conduit.cs", code))));
    }

    [Theory]
    [InlineData("src/A/Utils/B.cs", "Utils")]
    [InlineData("src/A/PageHelper.cs", "PageHelper.cs")]
    [InlineData("src/A.Common/B.cs", "A.Common")]
    [InlineData("src/A/BackupManager.cs", "BackupManager.cs")]
    public void A_drawer_for_odds_and_ends_is_caught(string path, string name) =>
        Assert.Equal([$"'{name}' says nothing of what is in it"], HouseLaws.Names(SourceTree.Of((path, ""))));

    [Fact]
    public void Words_that_only_begin_like_a_drawer_are_none() =>
        Assert.Empty(HouseLaws.Names(SourceTree.Of(("src/A/CommonestPage.cs", ""), ("src/A/Utilization.cs", ""))));

    [Fact]
    public void A_private_place_is_caught()
    {
        string place = "/wo" + "rk/";
        Assert.Equal([$"docs/a.md names '{place}'"], HouseLaws.Places(SourceTree.Of(("docs/a.md", $"see {place}x"))));
    }

    [Fact]
    public void A_file_that_is_too_long_is_caught()
    {
        string fits = string.Concat(Enumerable.Repeat("x\n", HouseLaws.MostLines));
        Assert.Equal(
            ["src/B.cs has 401 lines, more than 400"],
            HouseLaws.Lengths(SourceTree.Of(("src/A.cs", fits), ("src/B.cs", fits + "y\n"))));
    }
}
