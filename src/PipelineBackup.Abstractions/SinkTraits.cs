namespace PipelineBackup;

/// <summary>What a store can do and likes.</summary>
public sealed record SinkTraits
{
    /// <summary>How many <c>PutAsync</c> calls at a time give it its full speed. At least 1.</summary>
    public int PutConcurrency { get; init; } = 2;

    /// <summary>How many readers at a time give it its full speed. At least 1.</summary>
    public int ReadConcurrency { get; init; } = 2;

    /// <summary>Longest object in bytes.</summary>
    public long MaxObjectLength { get; init; } = long.MaxValue;

    /// <summary>Whether it honours <see cref="ObjectBody.RetainUntil"/>.</summary>
    public bool SupportsRetention { get; init; }
}
