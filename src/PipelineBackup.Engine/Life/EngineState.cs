namespace PipelineBackup.Engine;

/// <summary>Where an engine stands in its life. Docs/backup-interfaces.md tells what each state refuses, and with which error.</summary>
public enum EngineState
{
    /// <summary>Its options are known, and nothing of it was opened.</summary>
    Created,

    /// <summary>Its logs are looked for, or it begins a run behind recovery.</summary>
    Initialising,

    /// <summary>Logs are replayed: its own, or those of a backup that is restored.</summary>
    Recovering,

    /// <summary>It can be used.</summary>
    Running,

    /// <summary>All activity has ceased; it can only be closed.</summary>
    StoppingService,

    /// <summary>Something could not be written: nothing can be done with it until it is opened again.</summary>
    Unavailable,

    /// <summary>It is being closed.</summary>
    Terminating,

    /// <summary>It is closed.</summary>
    Terminated,
}
