using System.Globalization;

namespace PipelineBackup.Cli.PluginLoading;

/// <summary>
/// The version of the contracts between this program and a plugin: major and minor of the assembly version of
/// <c>PipelineBackup.Abstractions</c>, which every assembly that was compiled against it carries in its references.
/// </summary>
/// <param name="Major">Changed by what breaks plugins: a member that changes, goes, or must be implemented.</param>
/// <param name="Minor">Changed by what is new beside the old: a type, an optional interface, a value.</param>
internal readonly record struct ContractVersion(int Major, int Minor)
{
    /// <summary>Name of the assembly that holds the contracts.</summary>
    public const string AssemblyName = "PipelineBackup.Abstractions";

    /// <summary>The version that this program provides.</summary>
    public static ContractVersion Provided { get; } = Of(typeof(IBackupSinkFactory).Assembly.GetName().Version!);

    /// <summary>The contract version in an assembly version.</summary>
    /// <param name="version">The version of <c>PipelineBackup.Abstractions</c> or of a reference to it.</param>
    public static ContractVersion Of(Version version) => new(version.Major, version.Minor);

    /// <summary>
    /// Whether what was built for this version finds everything it knows in another: the same major, and no newer
    /// minor. A newer minor is refused too, not warned of: the missing member would show in the middle of a backup.
    /// </summary>
    /// <param name="provided">The version it would run with.</param>
    public bool RunsWith(ContractVersion provided) => Major == provided.Major && Minor <= provided.Minor;

    /// <summary>Refuses an assembly that was built for contracts that this program does not provide.</summary>
    /// <param name="what">The assembly, as the message shall call it.</param>
    /// <exception cref="UsageException">It was.</exception>
    public void Require(string what)
    {
        if (RunsWith(Provided))
            return;
        bool isNewer = Major > Provided.Major || (Major == Provided.Major && Minor > Provided.Minor);
        throw new UsageException(
            $"{what} is built for version {this} of the plugin contracts, and this program has version {Provided}",
            isNewer
                ? "use a newer version of this program, or an older one of the plugin"
                : $"use a version of the plugin that is built with {AssemblyName} {Provided.Major}.x");
    }

    /// <summary>Major and minor, for instance <c>1.0</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");
}
