namespace PipelineBackup.Sinks.FileSystem;

/// <summary>How a store in a directory is kept.</summary>
public sealed record FileSystemSinkOptions
{
    /// <summary>
    /// How long a temporary file may go unwritten before it counts as left behind by a writer that crashed. The first
    /// object that a sink stores makes it delete such files. Default: 24 hours; longer than any single object takes.
    /// </summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromHours(24);

    /// <summary>
    /// Whether large objects are written past the system's cache (Linux, where the file system allows it). It costs a
    /// third of the processor time or less, and leaves the cache to the database that is being backed up. Default:
    /// true.
    /// </summary>
    public bool DirectWrites { get; init; } = true;

    /// <summary>
    /// How many objects are written or read at a time for full speed. Default: 2; more for an array of disks.
    /// </summary>
    public int Concurrency { get; init; } = 2;

    /// <summary>The clock that stale files are judged by. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
