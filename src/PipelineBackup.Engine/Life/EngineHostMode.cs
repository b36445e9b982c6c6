namespace PipelineBackup.Engine;

/// <summary>How many engines a host is for.</summary>
public enum EngineHostMode
{
    /// <summary>Several at once, up to <see cref="EngineHost.MostInstances"/>.</summary>
    MultiInstance,

    /// <summary>One, as with the engines before Windows XP: a second one is refused, and so is a restore beside it.</summary>
    OneInstance,
}
