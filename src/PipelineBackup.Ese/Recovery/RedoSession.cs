namespace PipelineBackup.Ese;

/// <summary>A session of the logs ("procid") while they are replayed.</summary>
internal sealed class RedoSession
{
    /// <summary>Its number.</summary>
    public ushort Id { get; init; }

    /// <summary>How many transactions are open, one within the other.</summary>
    public int Level { get; set; }
}
