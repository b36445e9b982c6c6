namespace PipelineBackup.Engine;

/// <summary>How a leaf is to be merged away.</summary>
internal sealed class MergePlan
{
    private readonly MergeFlags[] _flags = new MergeFlags[TreeCursor.MaxDepth];

    /// <summary>How.</summary>
    public MergeType Type { get; set; }

    /// <summary>Bytes that move.</summary>
    public int Size { get; set; }

    /// <summary>Line that moves last in going: the first where they go right, the last where they go left.</summary>
    public int MergeLine { get; set; }

    /// <summary>Bytes that the target holds back from then on.</summary>
    public int HeldTarget { get; set; }

    /// <summary>Level of the topmost page that changes, 0 being the root.</summary>
    public int Topmost { get; set; }

    /// <summary>The key that takes the place of another above the leaf; none when no key changes.</summary>
    public byte[] Separator { get; set; } = [];

    /// <summary>What happens to an inner page.</summary>
    /// <param name="level">Its level.</param>
    public ref MergeFlags this[int level] => ref _flags[level];
}
