using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace PipelineBackup.Templates.Tests;

/// <summary>The packages have what users of packages look for.</summary>
public class PackageTests(PackedFeed feed)
{
    [Theory]
    [InlineData("PipelineBackup.Abstractions")]
    [InlineData("PipelineBackup.Testing")]
    [InlineData("PipelineBackup.Templates")]
    public void A_package_says_what_it_is(string project)
    {
        using var package = feed.Open(project);
        using var stream = package.GetEntry(project + ".nuspec")!.Open();
        var said = XDocument.Load(stream).Root!.Elements().Single().Elements()
            .ToDictionary(element => element.Name.LocalName, element => element.Value);
        Assert.Equal((project, PackedFeed.Version), (said["id"], said["version"]));
        Assert.Equal(("MIT", "README.md"), (said["license"], said["readme"]));
        Assert.NotEmpty(said["description"]);
        Assert.NotNull(package.GetEntry("README.md"));
    }

    [Theory]
    [InlineData("PipelineBackup.Abstractions")]
    [InlineData("PipelineBackup.Testing")]
    public void A_library_comes_with_its_documentation_and_symbols(string project)
    {
        using var package = feed.Open(project);
        Assert.NotNull(package.GetEntry($"lib/net10.0/{project}.dll"));
        Assert.NotNull(package.GetEntry($"lib/net10.0/{project}.xml"));
        using var symbols = feed.Open(project, symbols: true);
        Assert.NotNull(symbols.GetEntry($"lib/net10.0/{project}.pdb"));
    }

    [Fact]
    public void The_contracts_bring_nothing_along()
    {
        using var package = feed.Open("PipelineBackup.Abstractions");
        using var stream = package.GetEntry("PipelineBackup.Abstractions.nuspec")!.Open();
        Assert.DoesNotContain(XDocument.Load(stream).Descendants(), element => element.Name.LocalName == "dependency");
    }

    [Fact]
    public void The_template_builds_on_the_packages_of_its_own_version()
    {
        string templates = Path.Combine(GoldenSets.ProjectRoot, "src", "PipelineBackup.Templates", "templates");
        string path = Path.Combine(templates, "sink", ".template.config", "template.json");
        var template = JsonNode.Parse(File.ReadAllText(path))!;
        Assert.Equal(PackedFeed.Version, (string?)template["symbols"]!["packages"]!["defaultValue"]);
    }
}
