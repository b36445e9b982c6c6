using System.Diagnostics.CodeAnalysis;

namespace PipelineBackup.Engine;

/// <summary>A tree of a database as those who change it know it.</summary>
internal sealed class EngineTree
{
    /// <summary>How full a page of rows or of an index becomes unless told otherwise, in percent.</summary>
    public const int DefaultDensity = 80;

    private const PageFlags KindMask = PageFlags.Index | PageFlags.LongValue | PageFlags.NonUniqueKeys;

    private EngineTree? _owned, _available;

    /// <summary>A tree that holds what users put in.</summary>
    /// <param name="root">Its root.</param>
    /// <param name="objectId">The id that its pages carry.</param>
    /// <param name="kind">Of index, long values, keys that may repeat; none for rows.</param>
    /// <param name="parent">The tree that its space comes from; null for page 1.</param>
    public EngineTree(PageNumber root, ObjectId objectId, PageFlags kind, EngineTree? parent)
    {
        Root = root;
        ObjectId = objectId;
        Kind = kind & KindMask;
        Parent = parent;
        Density = (Kind & PageFlags.LongValue) != 0 ? 100 : DefaultDensity;
    }

    private EngineTree(EngineTree owner, PageNumber root)
        : this(root, owner.ObjectId, owner.Kind, owner.Parent)
    {
        Owner = owner;
        Density = 100;
    }

    /// <summary>The tree of the database itself: page 1, which all space comes from.</summary>
    public static EngineTree Database => new(new(1), new(1), PageFlags.None, null);

    /// <summary>Its root.</summary>
    public PageNumber Root { get; }

    /// <summary>The id that its pages carry.</summary>
    public ObjectId ObjectId { get; }

    /// <summary>What kind of tree it is: marks of its pages.</summary>
    public PageFlags Kind { get; }

    /// <summary>The tree that its space comes from; null for page 1.</summary>
    public EngineTree? Parent { get; }

    /// <summary>Of a tree of extents: the tree whose extents they are.</summary>
    public EngineTree? Owner { get; }

    /// <summary>Whether it is one of the two trees of extents of its <see cref="Owner"/>.</summary>
    [MemberNotNullWhen(true, nameof(Owner))]
    public bool IsSpaceTree => Owner is not null;

    /// <summary>How full a page becomes, in percent, while keys come in ascending order.</summary>
    public int Density { get; init; }

    /// <summary>Whether key and data tell nodes apart, not the key alone. Never so in a tree of extents.</summary>
    public bool HasRepeatingKeys => (Kind & PageFlags.NonUniqueKeys) != 0 && !IsSpaceTree;

    /// <summary>The root that records name: of a tree of extents that of its owner.</summary>
    public PageNumber RecordRoot => Owner?.Root ?? Root;

    /// <summary>What records say of its changes, besides versions.</summary>
    public PageChangeFlags ChangeFlags =>
        ((Kind & PageFlags.NonUniqueKeys) == 0 ? PageChangeFlags.Unique : PageChangeFlags.None)
        | (IsSpaceTree ? PageChangeFlags.SpaceTree : PageChangeFlags.None);

    /// <summary>Whether its split buffers are being filled.</summary>
    public bool IsFilling { get; set; }

    /// <summary>The tree of the extents it owns.</summary>
    /// <param name="root">Its root, as the space header tells.</param>
    public EngineTree OwnedExtents(PageNumber root) => _owned?.Root == root ? _owned : _owned = new(this, root);

    /// <summary>The tree of the extents that are free.</summary>
    /// <param name="root">Its root, as the space header tells.</param>
    public EngineTree AvailableExtents(PageNumber root) =>
        _available?.Root == root ? _available : _available = new(this, root);
}
