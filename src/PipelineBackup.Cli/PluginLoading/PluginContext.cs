using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace PipelineBackup.Cli.PluginLoading;

/// <summary>
/// The world of one plugin: the contracts and .NET are this program's, or no type would match; everything else is the
/// plugin's own, from beside it, also where this program has an assembly of the same name.
/// </summary>
/// <remarks>
/// Where things are is told by the plugin's <c>.deps.json</c>; without one, or for what it does not list, by the places
/// where builds put them: beside the plugin, <c>CULTURE/</c> for resources, <c>runtimes/RID/native/</c> for native
/// libraries.
/// </remarks>
internal sealed class PluginContext : AssemblyLoadContext
{
    private readonly string _plugin;
    private readonly string _directory;
    private readonly FrameworkAssemblies _framework;
    private readonly AssemblyDependencyResolver _resolver;

    /// <summary>Makes the world of a plugin; nothing is loaded yet.</summary>
    /// <param name="plugin">Full path of its assembly.</param>
    /// <param name="framework">What it shares with this program.</param>
    /// <exception cref="UsageException">Its list of dependencies cannot be read.</exception>
    public PluginContext(string plugin, FrameworkAssemblies framework)
        : base(Path.GetFileNameWithoutExtension(plugin))
    {
        (_plugin, _directory, _framework) = (plugin, Path.GetDirectoryName(plugin)!, framework);
        try
        {
            _resolver = new(plugin);
        }
        catch (InvalidOperationException unreadable)
        {
            string list = Path.ChangeExtension(plugin, ".deps.json");
            throw new UsageException(
                $"the dependencies of plugin '{plugin}' cannot be read from '{list}': {FirstLine(unreadable.Message)}",
                "build the plugin again, or delete that file: what lies beside the plugin is then taken");
        }
    }

    /// <summary>Whether an assembly is shared with this program.</summary>
    /// <param name="name">The assembly.</param>
    public bool IsShared(AssemblyName name) =>
        name.Name == ContractVersion.AssemblyName || _framework.Has(name.Name!);

    /// <summary>The plugin's own copy of an assembly; null when it has none.</summary>
    /// <param name="name">The assembly.</param>
    public string? Find(AssemblyName name)
    {
        if (_resolver.ResolveAssemblyToPath(name) is { } listed)
            return listed;
        string beside = Path.Combine(_directory, name.CultureName ?? "", name.Name + ".dll");
        return File.Exists(beside) ? beside : null;
    }

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (assemblyName.Name == ContractVersion.AssemblyName)
            return typeof(IBackupSinkFactory).Assembly;
        string? own = Find(assemblyName);
        if (_framework.Has(assemblyName.Name!))
        {
            // A plugin published together with a runtime brings all of it, whose types would be strangers to the
            // contracts.
            bool isNewer = own is not null && _framework.IsOlderThan(assemblyName.Name!, own);
            return isNewer ? LoadFromAssemblyPath(own!) : null;
        }

        if (own is not null)
            return LoadFromAssemblyPath(own);
        // Nothing given back means: ask this program, which would lend its own copy of whatever version.
        return string.IsNullOrEmpty(assemblyName.CultureName)
            ? throw new MissingPartException(_plugin, assemblyName)
            : null;
    }

    /// <inheritdoc/>
    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        if (_resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } listed)
            return LoadUnmanagedDllFromPath(listed);
        string ofPackages = Path.Combine(_directory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native");
        string[] places = [_directory, ofPackages];
        string? found = places.SelectMany(_ => NativeNames(unmanagedDllName), Path.Combine).FirstOrDefault(File.Exists);
        return found is null ? 0 : LoadUnmanagedDllFromPath(found);
    }

    private static IEnumerable<string> NativeNames(string name)
    {
        string suffix = OperatingSystem.IsWindows() ? ".dll" : OperatingSystem.IsMacOS() ? ".dylib" : ".so";
        return [name, name + suffix, "lib" + name + suffix, "lib" + name];
    }

    private static string FirstLine(string text) => text.Split('\n')[0].TrimEnd('\r', ' ', '.');
}
