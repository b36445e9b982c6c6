using System.Globalization;

namespace PipelineBackup.Cli.PluginLoading;

/// <summary>Judges a plugin and what it brings by their metadata, before anything of it is loaded.</summary>
internal static class PluginParts
{
    private const string NetCore = ".NETCoreApp", NetStandard = ".NETStandard";

    /// <summary>Refuses a plugin that could not run in this program.</summary>
    /// <param name="path">Its assembly.</param>
    /// <param name="image">What that says of itself.</param>
    /// <param name="context">Where its parts are.</param>
    /// <exception cref="UsageException">It could not.</exception>
    /// <remarks>
    /// Of the parts only those that the plugin itself names must be there: libraries are compiled against much that is
    /// optional, and what they do need and miss is told when it is first used.
    /// </remarks>
    public static void Require(string path, PluginImage image, PluginContext context)
    {
        if (image.Contract is null)
        {
            throw new UsageException(
                $"'{path}' is no plugin: it is an assembly that does not know {ContractVersion.AssemblyName}",
                "name the assembly of the plugin itself, not one that it uses");
        }

        RequireContract($"plugin '{path}'", image);
        RequireFramework(path, image);
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { image.Name.Name! };
        var next = new Queue<string>();
        foreach (var part in image.References.Where(part => !context.IsShared(part) && seen.Add(part.Name!)))
        {
            next.Enqueue(context.Find(part) ?? throw new UsageException(
                MissingPartException.Sentence(path, part), MissingPartException.Hint));
        }

        while (next.TryDequeue(out string? file))
        {
            var found = PluginImage.Read(file);
            RequireContract($"'{file}', a part of plugin '{path}',", found);
            foreach (var part in found.References.Where(part => !context.IsShared(part) && seen.Add(part.Name!)))
            {
                if (context.Find(part) is { } deeper)
                    next.Enqueue(deeper);
            }
        }
    }

    private static void RequireContract(string what, PluginImage image) => image.Contract?.Require(what);

    private static void RequireFramework(string path, PluginImage image)
    {
        if (image.Framework is not { } framework || framework.Identifier == NetStandard)
            return;
        var ours = new Version(Environment.Version.Major, Environment.Version.Minor);
        if (framework.Identifier == NetCore && framework.Version <= ours)
            return;
        string theirs = framework.Identifier == NetCore
            ? string.Create(CultureInfo.InvariantCulture, $".NET {framework.Version}")
            : framework.FullName;
        throw new UsageException(
            $"plugin '{path}' is built for {theirs}, and this program runs on .NET {ours}",
            $"build the plugin for net{ours} or older");
    }
}
