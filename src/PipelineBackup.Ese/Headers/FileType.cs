namespace PipelineBackup.Ese;

/// <summary>What a file is, as every header of the format says at byte 667 ("filetype").</summary>
public enum FileType : uint
{
    /// <summary>Not said: files older than the field.</summary>
    Unknown = 0,

    /// <summary>A database.</summary>
    Database = 1,

    /// <summary>The streaming companion of a database, obsolete.</summary>
    StreamingFile = 2,

    /// <summary>A log file.</summary>
    Log = 3,

    /// <summary>A checkpoint.</summary>
    Checkpoint = 4,

    /// <summary>A temporary database: rebuilt at every start, never recovered.</summary>
    TemporaryDatabase = 5,

    /// <summary>A trace file of the translation layer.</summary>
    TranslationTrace = 6,

    /// <summary>A flush map.</summary>
    FlushMap = 7,

    /// <summary>A file that caches others.</summary>
    CachingFile = 8,

    /// <summary>A file cached by another.</summary>
    CachedFile = 9,

    /// <summary>A revert snapshot.</summary>
    Snapshot = 10,

    /// <summary>The checkpoint of a revert snapshot.</summary>
    SnapshotCheckpoint = 11,
}
