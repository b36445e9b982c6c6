namespace PipelineBackup.Ese;

/// <summary>Marks of a node. On large pages they stand in its first two bytes, on small ones in its tag.</summary>
[Flags]
public enum LineFlags : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>There may be versions of the node; means nothing on a clean database.</summary>
    Versioned = 1,

    /// <summary>Deleted, its space not reclaimed yet.</summary>
    Deleted = 2,

    /// <summary>The key borrows its first bytes from the page's prefix key.</summary>
    Compressed = 4,
}

/// <summary>One entry of a page's tag array: where a line lies and how long it is.</summary>
/// <param name="Offset">First byte in the page, the header counted; 0 in an invalid tag.</param>
/// <param name="Length">Length in bytes; 0 in an invalid tag and in some valid ones.</param>
/// <param name="Flags">Marks of the node.</param>
public readonly record struct PageTag(int Offset, int Length, LineFlags Flags)
{
    /// <summary>What stands for a tag that the page does not have, or whose line is not within the page.</summary>
    public static PageTag Invalid => default;

    /// <summary>Whether tag and line are within the page.</summary>
    public bool IsValid => Offset != 0;
}
