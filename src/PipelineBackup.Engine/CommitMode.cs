namespace PipelineBackup.Engine;

/// <summary>When a commit counts as done.</summary>
public enum CommitMode
{
    /// <summary>When it is on the disk: it survives whatever happens.</summary>
    Durable,

    /// <summary>
    /// At once: others see it, and a crash may take it back, with all that were committed later. It reaches the disk
    /// with the next durable one, or a little later by itself.
    /// </summary>
    Lazy,
}
