namespace PipelineBackup;

/// <summary>Which files at rest to back up.</summary>
public sealed record FileSetOptions
{
    /// <summary>A directory, of which all databases are taken, or one database file.</summary>
    public required string Path { get; init; }

    /// <summary>The directory of the logs and the checkpoint. Default: the directory of the databases.</summary>
    public string? LogDirectory { get; init; }

    /// <summary>Base name of the logs, three characters. Needed only where the databases do not tell.</summary>
    public string? BaseName { get; init; }
}
