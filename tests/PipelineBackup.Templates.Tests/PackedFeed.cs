using System.IO.Compression;
using System.Xml.Linq;
using PipelineBackup.Templates.Tests;

[assembly: AssemblyFixture(typeof(PackedFeed))]

namespace PipelineBackup.Templates.Tests;

/// <summary>
/// A feed of the packages as they would be published, from what is built already, and beside it the packages that this
/// solution itself was restored from: a project restored from it needs no network.
/// </summary>
public sealed class PackedFeed : IAsyncLifetime
{
    /// <summary>What a plugin's author needs.</summary>
    public static readonly string[] Projects =
        ["PipelineBackup.Abstractions", "PipelineBackup.Testing", "PipelineBackup.Templates"];

    /// <summary>
    /// The scratch folder that commands run in; its <c>nuget.config</c> knows the feed and nothing else.
    /// </summary>
    public string Folder { get; } = GoldenSets.NewFolder("feed");

    /// <summary>The version of the packages.</summary>
    public static string Version { get; } = XDocument
        .Load(Path.Combine(GoldenSets.ProjectRoot, "Directory.Build.targets")).Descendants("Version").Single().Value;

    /// <summary>
    /// What makes <c>dotnet new</c> use templates of its own, with the package of templates installed.
    /// </summary>
    public string[] Hive => ["--debug:custom-hive", Path.Combine(Folder, "hive")];

    private string Feed => Path.Combine(Folder, "feed");

    /// <summary>The package of a project.</summary>
    public string Package(string project) => Path.Combine(Feed, $"{project}.{Version}.nupkg");

    /// <summary>Opens a package, or the one with its symbols.</summary>
    public ZipArchive Open(string project, bool symbols = false) =>
        ZipFile.OpenRead(symbols ? Path.ChangeExtension(Package(project), ".snupkg") : Package(project));

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Feed);
        string projects = string.Join(
            ';', Projects.Select(name => Path.Combine(GoldenSets.ProjectRoot, "src", name, name + ".csproj")));
        // One build for all three, of what is built: a new one would change what other tests are running on.
        File.WriteAllText(Path.Combine(Folder, "pack.proj"), $"""
            <Project>
              <Target Name="Pack">
                <MSBuild Projects="{projects}" Targets="Pack" BuildInParallel="true"
                         Properties="NoBuild=true;Configuration={Dotnet.Configuration};PackageOutputPath={Feed}" />
              </Target>
            </Project>
            """);
        File.WriteAllText(Path.Combine(Folder, "nuget.config"), $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="feed" value="{Feed}" />
                <add key="restored" value="{Dotnet.PackageCache}" />
              </packageSources>
              <packageSourceMapping>
                <clear />
                <packageSource key="feed"><package pattern="PipelineBackup.*" /></packageSource>
                <packageSource key="restored"><package pattern="*" /></packageSource>
              </packageSourceMapping>
            </configuration>
            """);
        await Dotnet.RunAsync(Folder, "msbuild", "pack.proj", "-t:Pack", "-v:q", "-nologo", "-warnaserror");
        await Dotnet.RunAsync(Folder, ["new", "install", Package("PipelineBackup.Templates"), .. Hive]);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
