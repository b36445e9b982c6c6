using System.Reflection;

namespace PipelineBackup.Cli.PluginLoading;

/// <summary>
/// The assemblies of .NET itself, which a plugin shares with this program; all others of this program are none of its
/// business.
/// </summary>
internal sealed class FrameworkAssemblies
{
    private readonly Dictionary<string, string> _paths = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes what the runtime can see apart.</summary>
    /// <param name="trusted">Paths of the assemblies that it can see, the program's own among them.</param>
    /// <param name="program">The program's directory.</param>
    public FrameworkAssemblies(IEnumerable<string> trusted, string program)
    {
        var all = trusted.Where(path => path.Length > 0).ToList();
        string? core = all.Find(path => NameOf(path) == "System.Private.CoreLib");
        // A program that brings its own runtime has all of it in one directory: only the names tell it apart.
        bool isApart = core is not null && !LiesIn(core, program);
        foreach (string path in all)
        {
            if (isApart ? !LiesIn(path, program) : IsNamedAsFramework(NameOf(path)))
                _paths[NameOf(path)] = path;
        }
    }

    /// <summary>Those of the runtime that this program runs on.</summary>
    public static FrameworkAssemblies OfThisProgram { get; } = new(
        ((string?)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") ?? "").Split(Path.PathSeparator),
        AppContext.BaseDirectory);

    /// <summary>Whether an assembly is one of them.</summary>
    /// <param name="name">Its simple name.</param>
    public bool Has(string name) => _paths.ContainsKey(name);

    /// <summary>Whether a file holds a newer version of one of them than this program has.</summary>
    /// <param name="name">Its simple name.</param>
    /// <param name="path">The file.</param>
    public bool IsOlderThan(string name, string path) =>
        AssemblyName.GetAssemblyName(path).Version > AssemblyName.GetAssemblyName(_paths[name]).Version;

    private static bool LiesIn(string path, string directory) =>
        Path.TrimEndingDirectorySeparator(Path.GetDirectoryName(path) ?? "")
        == Path.TrimEndingDirectorySeparator(directory);

    private static bool IsNamedAsFramework(string name) =>
        name is "mscorlib" or "netstandard" or "System" or "WindowsBase"
        || name.StartsWith("System.", StringComparison.Ordinal)
        || name.StartsWith("Microsoft.", StringComparison.Ordinal);

    private static string NameOf(string path) => Path.GetFileNameWithoutExtension(path);
}
