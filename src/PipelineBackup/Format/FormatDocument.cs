namespace PipelineBackup.Format;

/// <summary>
/// The object <c>format.json</c> at the root of a store: says that the store is ours, in which version, and which features a
/// reader must know. Written once, when the store is first used.
/// </summary>
internal sealed record FormatDocument(string Format, int Version, FormatFeatures Features)
{
    public const string Name = "pipelinebackup";
    public const int CurrentVersion = 1;

    public static FormatDocument Current => new(Name, CurrentVersion, new([], []));

    /// <summary>Refuses a store that this program cannot read without misunderstanding it.</summary>
    /// <exception cref="BackupException">The store is of another kind, newer, or uses unknown features.</exception>
    public void Demand()
    {
        if (Format != Name)
            throw Refusal($"the store's {BackupSet.FormatObject} names the format '{Format}', not '{Name}'", "give the address of a store that this program made, or an empty one");
        if (Version is < 1 or > CurrentVersion)
            throw Refusal($"the store has format version {Version}, this program reads up to {CurrentVersion}", "use the version of this program that wrote the store, or a newer one");
        if (Features.Required.Length > 0)
            throw Refusal($"the store requires unknown features: {string.Join(", ", Features.Required)}", "use the version of this program that wrote the store, or a newer one");
    }

    private static BackupException Refusal(string message, string hint) => new(message) { Hint = hint, ExitCode = ExitCode.Refused };
}

/// <summary>Names of features; a reader refuses required ones that it does not know and ignores optional ones.</summary>
internal sealed record FormatFeatures(string[] Required, string[] Optional);
