namespace PipelineBackup.Engine;

/// <summary>Finds the running engine whose logs a restore rolls forward with.</summary>
/// <remarks>
/// <code>
///   name                  ──► the engine of that name                      none, or it does not run: −577
///   directories           ──► the engine whose logs are there              it does not run: −577
///                             nobody: −577, or the directories alone
///   its logs have another base name than those of the backup               −577
///   it deletes its logs by itself, or writes none                          no target: the restore does without
/// </code>
/// </remarks>
/// <param name="host">The engines.</param>
/// <param name="options">What was asked for.</param>
internal sealed class RestoreTarget(EngineHost host, ExternalRestoreOptions options)
{
    /// <summary>Why there is no target although one was named; empty when there is one, or none was.</summary>
    public string Ignored { get; private set; } = "";

    /// <summary>Whether the directories of the target are nobody's, and undo goes on in them.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Finds it.</summary>
    /// <returns>The engine; null for none.</returns>
    /// <exception cref="EseException">−577: it does not run, or is another one; −1003: its directories disagree.</exception>
    public EmbeddedEngine? Find()
    {
        var engine = options.TargetInstance is { } name
            ? host.Find(name) ?? throw Bad($"there is no engine '{name}'")
            : options.TargetLogDirectory is { } directory ? FindIn(directory) : null;
        if (engine is null)
            return null;
        if (engine.State != EngineState.Running)
            throw Bad($"the engine '{engine.InstanceName}' does not run: it is {engine.State}");
        if (!engine.Options.BaseName.Equals(options.BaseName, StringComparison.OrdinalIgnoreCase))
        {
            throw Bad($"the logs of '{engine.InstanceName}' are called '{engine.Options.BaseName}', those of the backup "
                + $"'{options.BaseName}'");
        }

        if (!ReferenceEquals(engine.Options.Disk, options.Disk))
            throw Bad($"the engine '{engine.InstanceName}' is on another disk");
        if (options.TargetCheckpointDirectory is { } checkpoint
            && !EngineHost.IsSamePath(checkpoint, engine.Options.CheckpointPlace))
        {
            throw new EseException(EseError.InvalidParameter, $"the checkpoint of '{engine.InstanceName}' is in "
                + $"'{engine.Options.CheckpointPlace}', not in '{checkpoint}'");
        }

        if (engine.Options is { CircularLogging: false, LoggingDisabled: false })
            return engine;
        string why = engine.Options.LoggingDisabled ? "writes no logs" : "deletes its logs by itself (circular logging)";
        Ignored = $"'{engine.InstanceName}' {why}: the restore does not roll forward with them";
        return null;
    }

    private EmbeddedEngine? FindIn(string directory)
    {
        var there = host.Instances.Where(engine => ReferenceEquals(engine.Options.Disk, options.Disk)
            && EngineHost.IsSamePath(engine.Options.LogDirectory, directory)).ToList();
        if (there.Find(engine => EngineHost.IsSame(engine.Options.BaseName, options.BaseName)) is { } engine)
            return engine;
        if (there.Count > 0)
            return there[0];
        if (!options.TargetMayBeStopped)
            throw Bad($"no running engine has its logs in '{directory}'");
        IsStopped = true;
        return null;
    }

    private static EseException Bad(string message) => new(EseError.BadRestoreTargetInstance, message,
        "name an engine that runs, whose logs continue those of the backup; or restore without a target");
}
