using System.Reflection;
using System.Text.RegularExpressions;

namespace PipelineBackup.Cli.PluginLoading;

/// <summary>Loads a plugin and makes the factories it brings.</summary>
internal static partial class PluginFactories
{
    private const string Broken = "this is a fault of the plugin: report it to its author";

    /// <summary>Loads a plugin.</summary>
    /// <param name="file">Its assembly, as it was named.</param>
    /// <exception cref="UsageException">It is no plugin, does not fit this program, or fails.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static IReadOnlyList<IBackupSinkFactory> Load(string file)
    {
        string path = Path.GetFullPath(file);
        if (!Path.Exists(path))
            throw new FileNotFoundException($"there is no plugin '{path}'", path);
        var image = PluginImage.Read(path);
        var context = new PluginContext(path, FrameworkAssemblies.OfThisProgram);
        PluginParts.Require(path, image, context);
        try
        {
            return [.. TypesOf(context.LoadFromAssemblyPath(path), path).Select(type => Make(type, path))];
        }
        catch (Exception failure) when (IsOfLoading(failure))
        {
            throw Refusal(path, failure);
        }
    }

    /// <summary>Whether a failure comes from what the runtime loads, not from what the plugin does.</summary>
    /// <param name="failure">The failure.</param>
    public static bool IsOfLoading(Exception failure) => MissingPartException.In(failure) is not null
        || failure is BadImageFormatException or FileLoadException or TypeLoadException or MissingMemberException;

    /// <summary>What to tell of a failure of loading.</summary>
    /// <param name="path">The plugin.</param>
    /// <param name="failure">The failure.</param>
    public static UsageException Refusal(string path, Exception failure) =>
        MissingPartException.In(failure) is { } missing
            ? new(missing.Message, MissingPartException.Hint)
            : new($"plugin '{path}' cannot be loaded: {failure.Message}",
                "build it again for this program and this machine, with its dependencies beside it");

    private static List<Type> TypesOf(Assembly assembly, string path)
    {
        Type[] types;
        Exception? unloaded = null;
        try
        {
            types = assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException some)
        {
            // One type that lacks its base must not hide the factory beside it.
            types = [.. some.Types.OfType<Type>()];
            unloaded = some.LoaderExceptions.OfType<Exception>().FirstOrDefault();
        }

        var factories = types
            .Where(type => type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false })
            .Where(typeof(IBackupSinkFactory).IsAssignableFrom).ToList();
        var usable = factories
            .Where(type => type.IsVisible && type.GetConstructor(Type.EmptyTypes) is not null).ToList();
        if (usable.Count > 0)
            return usable;
        if (unloaded is not null)
            throw Refusal(path, unloaded);
        throw new UsageException(
            factories.Count == 0
                ? $"'{path}' is no plugin: it has no {nameof(IBackupSinkFactory)}"
                : $"plugin '{path}' cannot be used: '{factories[0].FullName}' is not public, or has no constructor "
                    + "without parameters",
            "a plugin has a public class with such a constructor that makes its sinks");
    }

    private static IBackupSinkFactory Make(Type type, string path)
    {
        try
        {
            var factory = (IBackupSinkFactory)Activator.CreateInstance(type)!;
            string scheme = factory.Scheme;
            return Scheme().IsMatch(scheme ?? "")
                ? factory
                : throw new UsageException(
                    $"'{type.FullName}' of plugin '{path}' brings scheme '{scheme}', which is none",
                    "a scheme has at least two characters: lower-case letters, digits, '+', '-', '.', a letter first");
        }
        catch (Exception failure) when (failure is not UsageException)
        {
            var cause = failure is TargetInvocationException { InnerException: { } inner } ? inner : failure;
            // A static constructor that fails is told with its cause only.
            if (cause is TypeInitializationException { InnerException: { } first })
                cause = first;
            if (IsOfLoading(cause))
                throw Refusal(path, cause);
            throw new UsageException(
                $"'{type.FullName}' of plugin '{path}' failed with {cause.GetType().Name}: {cause.Message}", Broken);
        }
    }

    // As in addresses; one letter before a colon is a drive.
    [GeneratedRegex(@"^[a-z][a-z0-9+.-]+\z")]
    private static partial Regex Scheme();
}
