namespace PipelineBackup.Engine;

/// <summary>What is frozen, and for how long.</summary>
/// <param name="Instances">The engines.</param>
/// <param name="Limit">How long they may be frozen: the shortest of their limits.</param>
/// <param name="ThawsAt">When they go on by themselves; null unless they are frozen.</param>
public sealed record SnapshotInfo(
    IReadOnlyList<SnapshotInstance> Instances, TimeSpan Limit, DateTimeOffset? ThawsAt);

/// <summary>One engine of a snapshot, and which of its files belong to it.</summary>
public sealed record SnapshotInstance
{
    /// <summary>Its number among the engines of the host.</summary>
    public required int Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Paths of its databases.</summary>
    public required IReadOnlyList<string> Databases { get; init; }

    /// <summary>Where its logs are. A copy holds the temporary log too: it tells that no current one is missing.</summary>
    public required string LogDirectory { get; init; }

    /// <summary>Where its checkpoint is.</summary>
    public required string CheckpointDirectory { get; init; }

    /// <summary>The three characters that the names of its logs begin with.</summary>
    public required string BaseName { get; init; }

    /// <summary>The first log that is needed; 0 before it is frozen.</summary>
    public int FirstLog { get; init; }

    /// <summary>The last log, which holds everything up to the freeze; 0 before it is frozen.</summary>
    public int LastLog { get; init; }
}
