namespace PipelineBackup.Laws;

/// <summary>The tree keeps the laws of who may know whom, and a tree that breaks one is caught.</summary>
public class ReferenceLawTests
{
    [Fact]
    public void Every_project_references_only_what_it_may() =>
        Law.Holds(ReferenceLaws.References(SourceTree.OnDisk));

    [Fact]
    public void No_project_reaches_through_a_wall() => Law.Holds(ReferenceLaws.Walls(SourceTree.OnDisk));

    [Fact]
    public void Every_project_is_in_the_solution() => Law.Holds(ReferenceLaws.Solution(SourceTree.OnDisk));

    [Fact]
    public void Versions_of_packages_stand_in_one_list() => Law.Holds(ReferenceLaws.Versions(SourceTree.OnDisk));

    [Fact]
    public void The_tree_on_the_disk_is_the_whole_one()
    {
        var names = SourceTree.OnDisk.Projects.Select(project => project.Name).ToList();
        Assert.Contains("PipelineBackup", names);
        Assert.Contains("PipelineBackup.Laws.Tests", names);
        Assert.Contains("src/PipelineBackup/Flow/Conduit.cs", SourceTree.OnDisk.Files.Keys);
    }

    [Theory]
    [InlineData("src", "PipelineBackup.Ese", "PipelineBackup.Abstractions")]
    [InlineData("src", "PipelineBackup", "PipelineBackup.Engine")]
    [InlineData("src", "PipelineBackup.Engine", "PipelineBackup")]
    [InlineData("src", "PipelineBackup.Testing", "PipelineBackup.Cli")]
    [InlineData("src", "PipelineBackup.Cli", "PipelineBackup.Tests")]
    [InlineData("plugins", "PipelineBackup.Sinks.S3", "PipelineBackup")]
    [InlineData("plugins", "PipelineBackup.Sinks.S3", "PipelineBackup.Sinks.FileSystem")]
    public void A_forbidden_reference_is_caught(string quarter, string name, string other) =>
        Assert.Equal(
            [$"{name} may not reference {other}"],
            ReferenceLaws.References(Project(
                quarter, name, $@"<ProjectReference Include=""..\{other}\{other}.csproj"" />")));

    [Theory]
    [InlineData("PipelineBackup.Ese", "System.IO.Hashing")]
    [InlineData("PipelineBackup.Sinks.S3", "Azure.Storage.Blobs")]
    public void A_forbidden_package_is_caught(string name, string package) =>
        Assert.Equal(
            [$"{name} may not reference the package {package}"],
            ReferenceLaws.References(Project("src", name, $@"<PackageReference Include=""{package}"" />")));

    [Fact]
    public void A_plugin_may_have_its_own_cloud() =>
        Assert.Empty(ReferenceLaws.References(Project(
            "plugins", "PipelineBackup.Sinks.S3", @"<PackageReference Include=""AWSSDK.S3"" />")));

    [Fact]
    public void A_project_that_nobody_thought_of_is_caught() =>
        Assert.Equal(
            ["plugins/My.Ftp/My.Ftp.csproj is not in the table of who may know whom"],
            ReferenceLaws.References(Project("plugins", "My.Ftp", "")));

    [Theory]
    [InlineData(@"<Compile Include=""../Other/Page.cs"" />", "compiles ../Other/Page.cs, which is not in src/Shared")]
    [InlineData(@"<InternalsVisibleTo Include=""PipelineBackup.Cli"" />", "shows its internals to PipelineBackup.Cli")]
    public void A_way_through_a_wall_is_caught(string item, string violation) =>
        Assert.Equal([$"PipelineBackup {violation}"], ReferenceLaws.Walls(Project("src", "PipelineBackup", item)));

    [Fact]
    public void Shared_source_and_own_tests_are_no_way_through_a_wall() =>
        Assert.Empty(ReferenceLaws.Walls(Project("src", "A",
            @"<Compile Include=""../Shared/B.cs"" /><InternalsVisibleTo Include=""A.Tests"" />")));

    [Fact]
    public void A_project_outside_the_solution_is_caught()
    {
        var tree = SourceTree.Of(
            ("PipelineBackup.sln", @"Project(""{1}"") = ""B"", ""src\B\B.csproj"", ""{2}"""),
            ("src/A/A.csproj", "<Project />"));
        Assert.Equal(
            ["src/A/A.csproj is not in the solution", "the solution names src/B/B.csproj, which is not there"],
            ReferenceLaws.Solution(tree));
    }

    [Fact]
    public void A_version_outside_the_list_is_caught()
    {
        var tree = SourceTree.Of(
            ("Directory.Build.targets", @"<Project><PackageReference Update=""X"" Version=""1"" /></Project>"),
            ("a.csproj", @"<P><PackageReference Include=""X"" Version=""2"" /><PackageReference Include=""Y"" /></P>"));
        Assert.Equal(
            ["a.csproj gives X a version of its own", "Y of a.csproj has no version in Directory.Build.targets"],
            ReferenceLaws.Versions(tree));
    }

    private static SourceTree Project(string quarter, string name, string items) =>
        SourceTree.Of(($"{quarter}/{name}/{name}.csproj", $"<Project><ItemGroup>{items}</ItemGroup></Project>"));
}
