namespace PipelineBackup.Ese;

/// <summary>A database that logs are replayed into.</summary>
internal sealed class RecoveringDatabase
{
    /// <summary>Its number in log records ("dbid").</summary>
    public byte Slot { get; }

    /// <summary>Its pages.</summary>
    public RedoPages Redo => throw new NotImplementedException();
}
