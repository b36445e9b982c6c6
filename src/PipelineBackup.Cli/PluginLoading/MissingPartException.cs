using System.Reflection;

namespace PipelineBackup.Cli.PluginLoading;

/// <summary>
/// A plugin needs an assembly that it did not bring. The runtime lets only a <see cref="FileNotFoundException"/>
/// through, and wraps it into another; libraries that look for something optional expect that one too.
/// </summary>
/// <param name="plugin">The plugin.</param>
/// <param name="part">What it needs.</param>
internal sealed class MissingPartException(string plugin, AssemblyName part)
    : FileNotFoundException(Sentence(plugin, part), part.Name)
{
    /// <summary>What to do about it.</summary>
    public const string Hint =
        "put it beside the plugin: 'dotnet publish' does, and 'dotnet build' of a project with EnableDynamicLoading";

    /// <summary>What is told of it.</summary>
    /// <param name="plugin">The plugin.</param>
    /// <param name="part">What it needs.</param>
    public static string Sentence(string plugin, AssemblyName part) =>
        $"plugin '{plugin}' needs {part.Name} {part.Version}, which is not beside it";

    /// <summary>The missing part at the root of a failure; null when it is something else.</summary>
    /// <param name="failure">The failure.</param>
    public static MissingPartException? In(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            if (failure is MissingPartException found)
                return found;
        }

        return null;
    }
}
