namespace PipelineBackup.Ese;

/// <summary>Whether a database can be used as it lies there ("dbstate"). Any other stored value is illegal.</summary>
public enum DatabaseState : uint
{
    /// <summary>The file exists; its creation was not finished.</summary>
    JustCreated = 1,

    /// <summary>Attached, or left by a crash: consistent only after its logs are replayed.</summary>
    DirtyShutdown = 2,

    /// <summary>Consistent by itself.</summary>
    CleanShutdown = 3,

    /// <summary>An upgrade of the format was interrupted.</summary>
    BeingConverted = 4,

    /// <summary>Detached by force; obsolete.</summary>
    ForceDetach = 5,

    /// <summary>Pages are being replaced from another copy; may not be replayed.</summary>
    IncrementalReseedInProgress = 6,

    /// <summary>Dirty, and pages were replaced: must be replayed at least through the last required log.</summary>
    DirtyAndPatchedShutdown = 7,

    /// <summary>A revert snapshot is being applied.</summary>
    RevertInProgress = 8,
}
