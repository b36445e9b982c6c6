namespace PipelineBackup.Engine;

/// <summary>The change of a node that a page has no room for.</summary>
internal readonly ref struct PendingNode
{
    /// <summary>What is done.</summary>
    public SplitOperation Operation { get; init; }

    /// <summary>The whole key.</summary>
    public ReadOnlySpan<byte> Key { get; init; }

    /// <summary>The data from then on.</summary>
    public ReadOnlySpan<byte> Data { get; init; }

    /// <summary>Number of the version; 0 for a change that is not undone.</summary>
    public uint Version { get; init; }

    /// <summary>Number of the version of the replacing, where a deleted node comes back with other data.</summary>
    public uint ReplaceVersion { get; init; }

    /// <summary>Length of the data before, where there are any.</summary>
    public int OldLength { get; init; }
}
