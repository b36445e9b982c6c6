using PipelineBackup.Cli.PluginLoading;
using PipelineBackup.Sinks.AzureBlob;
using PipelineBackup.Sinks.FileSystem;
using PipelineBackup.Sinks.S3;

namespace PipelineBackup.Cli;

/// <summary>The kinds of stores there are: directories, containers of Azure, S3, and what plugins bring.</summary>
internal sealed class Plugins
{
    // A store of this program comes from no file.
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
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    public static Plugins Load(IEnumerable<string> files)
    {
        var plugins = new Plugins();
        foreach (string file in files)
        {
            foreach (var factory in PluginFactories.Load(file))
                plugins.Add(factory, file);
        }

        return plugins;
    }

    /// <summary>Opens a store.</summary>
    /// <param name="text">Its address.</param>
    /// <param name="create">Whether to make it when it is not there.</param>
    /// <exception cref="UsageException">The address is malformed, or nobody knows its scheme.</exception>
    /// <exception cref="BackupException">The store or its plugin fails.</exception>
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
            return known.Factory.Create(address, create)
                ?? throw new BackupException($"plugin '{known.From}' gave no store for scheme '{address.Scheme}'")
                {
                    Hint = HintOf(known.From),
                };
        }
        catch (ArgumentException malformed)
        {
            throw new UsageException(Sentence(malformed), $"write it as the store '{address.Scheme}' wants it");
        }
        catch (Exception failure) when (known.From.Length > 0 && PluginFactories.IsOfLoading(failure))
        {
            throw PluginFactories.Refusal(Path.GetFullPath(known.From), failure);
        }
        catch (Exception failure) when (known.From.Length > 0
            && failure is not (BackupException or OperationCanceledException))
        {
            throw new BackupException($"unexpected {failure.GetType().Name}: {failure.Message}", failure)
            {
                Hint = HintOf(known.From),
            };
        }
    }

    private void Add(IBackupSinkFactory factory, string from)
    {
        if (_factories.TryGetValue(factory.Scheme, out var other) && other.From.Length > 0)
        {
            string first = other.Factory.GetType().FullName!, second = factory.GetType().FullName!;
            bool isOnePlugin = other.From == from && first != second;
            throw new UsageException(
                isOnePlugin
                    ? $"'{first}' and '{second}' of plugin '{from}' both bring scheme '{factory.Scheme}'"
                    : $"'{other.From}' and '{from}' both bring scheme '{factory.Scheme}'",
                isOnePlugin ? HintOf(from) : "name one of them");
        }

        _factories[factory.Scheme] = (factory, from);
    }

    private static string HintOf(string plugin) =>
        $"this is a fault of the plugin '{plugin}': report to its author what --verbose prints";

    // ArgumentException puts the parameter's name behind the message.
    private static string Sentence(ArgumentException failure) =>
        failure.ParamName is { } name
            ? failure.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal)
            : failure.Message;
}
