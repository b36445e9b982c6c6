using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace PipelineBackup.Sequences;

/// <summary>What a <see cref="SequenceServer"/> serves, and within which bounds.</summary>
public sealed record SequenceServerOptions
{
    /// <summary>The services.</summary>
    public required IReadOnlyList<HostedService> Services { get; init; }

    /// <summary>Name of the server. That of the machine unless told otherwise.</summary>
    public string Name { get; init; } = Environment.MachineName;

    /// <summary>Other servers to tell of.</summary>
    public IReadOnlyList<ServerNode> OtherNodes { get; init; } = [];

    /// <summary>
    /// How long a session may be left alone before it counts as abandoned and is aborted. 10 minutes unless told
    /// otherwise.
    /// </summary>
    public TimeSpan AbandonAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The most sessions at a time. 64 unless told otherwise.</summary>
    public int MostSessions { get; init; } = 64;

    /// <summary>The most bytes of one read. 4 MiB unless told otherwise.</summary>
    public int MostReadBytes { get; init; } = 4 << 20;

    /// <summary>
    /// The directory in which each restore makes one of its own for logs and patch files; null, the default, refuses
    /// restores.
    /// </summary>
    public string? RestoreDirectory { get; init; }

    /// <summary>Recovers what was restored; null for <see cref="ManagedRecovery"/>.</summary>
    public IDatabaseRecovery? Recovery { get; init; }

    /// <summary>Memory of a recovery in bytes. 128 MiB unless told otherwise.</summary>
    public long RecoveryMemory { get; init; } = 128 << 20;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Is told what happens.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}

/// <summary>A service that a program offers for backups.</summary>
public sealed record HostedService
{
    /// <summary>Its name, which calls say.</summary>
    public required string Name { get; init; }

    /// <summary>Its instances.</summary>
    public required IBackupInstances Instances { get; init; }

    /// <summary>Its name for people; empty for the name.</summary>
    public string DisplayName { get; init; } = "";

    /// <summary>A picture for lists; may be empty.</summary>
    public ReadOnlyMemory<byte> Icon { get; init; }

    /// <summary>
    /// Where the files of an instance go at restore, by its name, as rows of a <see cref="LocationTable"/>; null as the
    /// function, or from it, stands for where the running instance of the name has them. The paths come from the
    /// program, never from who restores.
    /// </summary>
    public Func<string, IReadOnlyList<TokenedName>?>? Locations { get; init; }
}
