namespace PipelineBackup.Engine;

/// <summary>What kind of snapshot, as <see cref="EngineHost.PrepareSnapshot"/> takes it; bits that go together.</summary>
[Flags]
public enum SnapshotOptions
{
    /// <summary>Databases and logs; logs count as truncated by it, so that a later one may take logs only.</summary>
    None = 0,

    /// <summary>Only logs are taken: those since the last full or incremental snapshot.</summary>
    Incremental = 1,

    /// <summary>One beside the others, full or incremental: no log is truncated, and no later one continues it.</summary>
    Copy = 2,

    /// <summary>The session lasts beyond the thaw, so that logs can be truncated, and has to be ended.</summary>
    ContinueAfterThaw = 4,

    /// <summary>No engine is part of it by itself; those that are, are named.</summary>
    ExplicitPrepare = 8,
}
