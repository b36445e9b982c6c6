using System.Text.RegularExpressions;

namespace PipelineBackup.Laws;

/// <summary>Who may know whom. Each law gives its violations, one line each.</summary>
internal static partial class ReferenceLaws
{
    private const string Contracts = "PipelineBackup.Abstractions", Ese = "PipelineBackup.Ese";
    private const string CompositionRoot = "PipelineBackup.Cli";

    // The engine changes pages by the very code that redoes its changes; that is no part of the public surface. The trips
    // through real stores run command lines, and prove what comes back as the demonstration does.
    private static readonly Dictionary<string, string[]> s_friends = new()
    {
        [Ese] = ["PipelineBackup.Engine", "PipelineBackup.Engine.Tests"],
        [CompositionRoot] = ["PipelineBackup.Stores.Tests"],
    };

    // What a product project may reference: projects, then packages; a star stands for any ending.
    private static readonly Dictionary<string, (string[] Projects, string[] Packages)> s_table = new()
    {
        [Contracts] = ([], []),
        [Ese] = ([], []),
        ["PipelineBackup.Engine"] = ([Contracts, Ese], []),
        ["PipelineBackup"] = ([Contracts, Ese], ["Microsoft.Extensions.Logging.Abstractions"]),
        ["PipelineBackup.Testing"] = ([Contracts], []),
        ["PipelineBackup.Templates"] = ([], []),
        ["PipelineBackup.Sinks.FileSystem"] = ([Contracts], []),
        ["PipelineBackup.Sinks.AzureBlob"] = ([Contracts], ["Azure.*"]),
        ["PipelineBackup.Sinks.S3"] = ([Contracts], ["AWSSDK.*"]),
        ["PipelineBackup.Sources.Esent"] = ([Contracts], []),
    };

    /// <summary>Product projects keep to the table; only the command line may know all, and nobody knows it.</summary>
    public static IEnumerable<string> References(SourceTree tree)
    {
        var product = tree.Projects.Where(project => project.Quarter is "src" or "plugins").ToList();
        var names = product.Select(project => project.Name).Where(name => name != CompositionRoot).ToHashSet();
        foreach (var project in product)
        {
            (string[] Projects, string[] Packages) allowed = ([.. names], ["*"]);
            if (project.Name != CompositionRoot && !s_table.TryGetValue(project.Name, out allowed))
            {
                yield return $"{project.Path} is not in the table of who may know whom";
                continue;
            }

            foreach (string other in project.Projects.Except(allowed.Projects))
                yield return $"{project.Name} may not reference {other}";
            foreach (string other in project.Packages.Where(name => !allowed.Packages.Any(one => Fits(name, one))))
                yield return $"{project.Name} may not reference the package {other}";
        }
    }

    /// <summary>No project reaches into another's files or internals: only shared source, only its own tests.</summary>
    public static IEnumerable<string> Walls(SourceTree tree)
    {
        foreach (var project in tree.Projects.Where(project => project.Quarter is "src" or "plugins"))
        {
            var outside = project.Linked.Where(file => file.StartsWith("..", StringComparison.Ordinal));
            foreach (string file in outside.Where(file => !SharedFile().IsMatch(file)))
                yield return $"{project.Name} compiles {file}, which is not in src/Shared";
            string[] friends = [project.Name + ".Tests", "PipelineBackup.Benchmarks",
                .. s_friends.GetValueOrDefault(project.Name, [])];
            foreach (string friend in project.Friends.Except(friends))
                yield return $"{project.Name} shows its internals to {friend}";
        }
    }

    /// <summary>Every project is in the solution, and the solution names no other.</summary>
    public static IEnumerable<string> Solution(SourceTree tree)
    {
        string text = tree.Files.GetValueOrDefault("PipelineBackup.sln", "");
        var matches = SolutionProject().Matches(text.Replace('\\', '/'));
        var listed = matches.Select(match => match.Groups[1].Value).ToHashSet();
        var present = tree.Projects.Select(project => project.Path).ToHashSet();
        return present.Except(listed).Select(path => $"{path} is not in the solution")
            .Concat(listed.Except(present).Select(path => $"the solution names {path}, which is not there"));
    }

    /// <summary>Versions of packages stand in one list, and every package in use is on it.</summary>
    public static IEnumerable<string> Versions(SourceTree tree)
    {
        string list = tree.Files.GetValueOrDefault("Directory.Build.targets", "");
        foreach (var project in tree.Projects)
        {
            foreach (string package in project.Versions)
                yield return $"{project.Path} gives {package} a version of its own";
            foreach (string package in project.Packages)
            {
                if (!list.Contains($"Update=\"{package}\"", StringComparison.Ordinal))
                    yield return $"{package} of {project.Path} has no version in Directory.Build.targets";
            }
        }
    }

    private static bool Fits(string package, string allowed) =>
        allowed.EndsWith('*') ? package.StartsWith(allowed[..^1], StringComparison.Ordinal) : package == allowed;

    [GeneratedRegex(@"^(\.\./)+(src/)?Shared/[^/]+\.cs$")]
    private static partial Regex SharedFile();

    [GeneratedRegex("\"([^\"]+\\.csproj)\"")]
    private static partial Regex SolutionProject();
}
