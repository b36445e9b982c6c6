namespace PipelineBackup.Ese;

/// <summary>What a page is, as its header says.</summary>
[Flags]
public enum PageFlags : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Root of a tree, space trees included.</summary>
    Root = 0x1,

    /// <summary>A leaf.</summary>
    Leaf = 0x2,

    /// <summary>The level directly above the leaves.</summary>
    ParentOfLeaf = 0x4,

    /// <summary>Taken out of its tree; the content means nothing.</summary>
    Empty = 0x8,

    /// <summary>Written by a repair that did not finish.</summary>
    Repair = 0x10,

    /// <summary>Of a space tree; the owner's kind is set beside it.</summary>
    SpaceTree = 0x20,

    /// <summary>Of a secondary index.</summary>
    Index = 0x40,

    /// <summary>Of a tree of long values.</summary>
    LongValue = 0x80,

    /// <summary>Of a secondary index whose keys may repeat.</summary>
    NonUniqueKeys = 0x400,

    /// <summary>Records in the present format.</summary>
    NewRecordFormat = 0x800,

    /// <summary>Guarded by the error-correcting checksum.</summary>
    EccChecksum = 0x2000,

    /// <summary>All unused space was overwritten.</summary>
    Scrubbed = 0x4000,

    /// <summary>The two bits that hold the <see cref="Ese.FlushType"/>.</summary>
    FlushType = 0x18000,

    /// <summary>Allocated, not used yet.</summary>
    PreInit = 0x20000,

    /// <summary>Root of a deleted tree.</summary>
    RootDeleted = 0x40000,
}
