using System.Reflection;
using System.Runtime.Loader;
using PipelineBackup.Sinks.AzureBlob;
using PipelineBackup.Sinks.FileSystem;
using PipelineBackup.Sinks.S3;

namespace PipelineBackup.Cli;

/// <summary>The kinds of stores there are: directories, containers of Azure, S3, and what plugins bring.</summary>
internal sealed class Plugins
{
    private readonly Dictionary<string, (IBackupSinkFactory Factory, string From)> _factories =
        new(StringComparer.Ordinal);

    private Plugins()
    {
        Add(new FileSystemSinkFactory(), "");
        Add(new AzureBlobSinkFactory(), "");
        Add(new S3SinkFactory(), "");
    }

    /// <summary>The stores of this program and of some plugins.</summary>
    /// <param name="files">Assemblies of plugins. One that brings a scheme of this program takes its place.</param>
    /// <exception cref="UsageException">A file is no plugin, or two bring the same scheme.</exception>
    public static Plugins Load(IEnumerable<string> files)
    {
        var plugins = new Plugins();
        foreach (string file in files)
        {
            foreach (var factory in Read(Path.GetFullPath(file)))
                plugins.Add(factory, file);
        }

        return plugins;
    }

    /// <summary>Opens a store.</summary>
    /// <param name="text">Its address.</param>
    /// <param name="create">Whether to make it when it is not there.</param>
    /// <exception cref="UsageException">The address is malformed, or nobody knows its scheme.</exception>
    public IBackupSink Open(string text, bool create)
    {
        var address = SinkAddress.Parse(text);
        if (!_factories.TryGetValue(address.Scheme, out var known))
        {
            throw new UsageException($"no plugin for scheme '{address.Scheme}'",
                $"name one with --plugin; known are: {string.Join(", ", _factories.Keys.Order())}");
        }

        try
        {
            return known.Factory.Create(address, create);
        }
        catch (ArgumentException malformed)
        {
            throw new UsageException(Sentence(malformed), $"write it as the store '{address.Scheme}' wants it");
        }
    }

    private void Add(IBackupSinkFactory factory, string from)
    {
        if (_factories.TryGetValue(factory.Scheme, out var other) && other.From.Length > 0)
            throw new UsageException($"'{other.From}' and '{from}' both bring scheme '{factory.Scheme}'",
                "name one of them");
        _factories[factory.Scheme] = (factory, from);
    }

    private static List<IBackupSinkFactory> Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"there is no plugin '{path}'", path);
        try
        {
            var assembly = new PluginContext(path).LoadFromAssemblyPath(path);
            var factories = assembly.GetExportedTypes()
                .Where(type => type is { IsAbstract: false, IsClass: true }
                    && typeof(IBackupSinkFactory).IsAssignableFrom(type))
                .Select(type => (IBackupSinkFactory)Activator.CreateInstance(type)!)
                .ToList();
            return factories.Count > 0
                ? factories
                : throw new UsageException($"'{path}' is no plugin: it has no public IBackupSinkFactory",
                    "name the assembly of the plugin itself");
        }
        catch (Exception failure) when (failure is BadImageFormatException or FileLoadException or FileNotFoundException
            or TypeLoadException or ReflectionTypeLoadException or MissingMethodException or TargetInvocationException)
        {
            throw new UsageException(
                $"'{path}' cannot be loaded as a plugin: {(failure.InnerException ?? failure).Message}",
                "name a .NET assembly built for this version, with its dependencies beside it");
        }
    }

    // ArgumentException puts the parameter's name behind the message.
    private static string Sentence(ArgumentException failure) =>
        failure.ParamName is { } name
            ? failure.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal)
            : failure.Message;

    /// <summary>
    /// Keeps a plugin's dependencies to itself; the contracts are this program's, or no type would match.
    /// </summary>
    private sealed class PluginContext(string path) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(path))
    {
        private static readonly string s_contracts = typeof(IBackupSinkFactory).Assembly.GetName().Name!;

        private readonly AssemblyDependencyResolver _resolver = new(path);

        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name != s_contracts && _resolver.ResolveAssemblyToPath(assemblyName) is { } file
                ? LoadFromAssemblyPath(file)
                : null;

        protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
            _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } file ? LoadUnmanagedDllFromPath(file) : 0;
    }
}
