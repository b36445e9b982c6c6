namespace PipelineBackup.Ese;

/// <summary>How the backup that a <see cref="BackupInfo"/> tells of was taken.</summary>
public enum BackupInfoType : uint
{
    /// <summary>Through the engine's streaming interface.</summary>
    Streaming = 0,

    /// <summary>As a snapshot of the operating system (a shadow copy).</summary>
    OperatingSystemSnapshot = 1,

    /// <summary>As a snapshot of the engine.</summary>
    Snapshot = 2,

    /// <summary>On a passive copy of the database; travels through the log, never into a header.</summary>
    Surrogate = 3,
}
