namespace PipelineBackup;

/// <summary>What a file of a backup is, which chooses how it is verified and where it goes at restore.</summary>
public enum SourceFileKind
{
    /// <summary>A database file.</summary>
    Database,

    /// <summary>The streaming companion of an old database (".stm").</summary>
    StreamingCompanion,

    /// <summary>A transaction log.</summary>
    Log,

    /// <summary>Patch data of a streaming backup (".pat"), often empty: then it is a marker.</summary>
    Patch,

    /// <summary>The checkpoint file.</summary>
    Checkpoint,

    /// <summary>The flush map of a database (".jfm").</summary>
    FlushMap,
}

/// <summary>A file that a backup session offers.</summary>
public sealed record SourceFile
{
    /// <summary>What it is.</summary>
    public required SourceFileKind Kind { get; init; }

    /// <summary>Its name without a directory, as it will be called at restore.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Which of a source's files of a kind it plays, where that is not the name: the base name for logs and checkpoint,
    /// the database's name for a flush map, patch file or companion.
    /// </summary>
    public string Role { get; init; } = "";

    /// <summary>Where it was: the full path on the machine it came from.</summary>
    public required string OriginalPath { get; init; }

    /// <summary>Its length in bytes at the moment of the backup.</summary>
    public required long Length { get; init; }

    /// <summary>Bytes that are verified and stored as one: the page size of a database, 4096 for all other files.</summary>
    public required int PageSize { get; init; }

    /// <summary>Generation of a log; 0 for all other files.</summary>
    public int Generation { get; init; }
}
