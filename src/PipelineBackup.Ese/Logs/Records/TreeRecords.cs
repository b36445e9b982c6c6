using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>How a page is split.</summary>
public enum SplitType : byte
{
    /// <summary>The root moves its nodes to a new page below itself; also where a page is not split.</summary>
    Vertical = 0,

    /// <summary>The upper nodes move to a new page on the right.</summary>
    Right = 1,

    /// <summary>Nothing moves, the new page takes the new node.</summary>
    Append = 2,
}

/// <summary>What made a split necessary.</summary>
public enum SplitOperation : byte
{
    /// <summary>Nothing that this record says.</summary>
    None = 0,

    /// <summary>An inserting.</summary>
    Insert = 1,

    /// <summary>A replacing.</summary>
    Replace = 2,

    /// <summary>A deleted node that is there again with larger data.</summary>
    FlagInsertReplace = 3,
}

/// <summary>What was done to a before-image to make it small.</summary>
[Flags]
public enum BeforeImageFlags : uint
{
    /// <summary>Nothing: a whole page.</summary>
    None = 0,

    /// <summary>The unused room in the middle of the page was taken out.</summary>
    Dehydrated = 1,

    /// <summary>It is compressed; this was done last.</summary>
    Compressed = 2,
}

/// <summary>How a page is split, or changed above one that is.</summary>
/// <remarks>
/// <code>
/// off size
///   1   31  change of the split page
///  32    4  new page; 0 = the page is changed, not split
///  36    4  page on the right, whose left neighbour changes
///  40    8  its dbtime before; without meaning when there is none
///  48    4  parent page; 0 above the root
///  52    8  its dbtime before
///  60    4  root of the tree
///  64    4  object id
///  68    1  type
///  69    1  what made it necessary
///  70    2  line of that
///  72    2  first line that moves
///  74    2  lines, the one to come included
///  76    4  page flags of the new page
///  80    4  page flags of the split page
///  84    2  uncommitted free bytes of the split page
///  86    2  uncommitted free bytes of the new page
///  88    4  line whose key gives the prefix of the split page; −1 = none
///  92    4  line whose key gives the prefix of the new page; −1 = none
/// </code>
/// </remarks>
/// <param name="Change">The change of the split page.</param>
/// <param name="New">The new page; none when the page is not split.</param>
/// <param name="Right">The page on the right; none at the end of a level.</param>
/// <param name="RightBefore">Its dbtime before.</param>
/// <param name="Parent">The parent page; none above the root.</param>
/// <param name="ParentBefore">Its dbtime before.</param>
/// <param name="Root">Root of the tree.</param>
/// <param name="Tree">Object id.</param>
/// <param name="Type">How.</param>
/// <param name="Operation">What made it necessary.</param>
/// <param name="OperationLine">Line of that.</param>
/// <param name="SplitLine">First line that moves.</param>
/// <param name="Lines">Lines before, the one to come included.</param>
/// <param name="NewFlags">Page flags of the new page.</param>
/// <param name="SplitFlags">Page flags of the split page.</param>
/// <param name="UncommittedFreeSource">Uncommitted free bytes of the split page.</param>
/// <param name="UncommittedFreeTarget">Uncommitted free bytes of the new page.</param>
/// <param name="PrefixLineSplit">Line that gives the split page's prefix; −1 when it has none.</param>
/// <param name="PrefixLineNew">Line that gives the new page's prefix; −1 when it has none.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct SplitChange(
    PageChange Change, PageNumber New, PageNumber Right, DbTime RightBefore, PageNumber Parent, DbTime ParentBefore,
    PageNumber Root, ObjectId Tree, SplitType Type, SplitOperation Operation, ushort OperationLine, ushort SplitLine,
    ushort Lines, uint NewFlags, uint SplitFlags, short UncommittedFreeSource, short UncommittedFreeTarget,
    int PrefixLineSplit, int PrefixLineNew)
{
    /// <summary>
    /// Whether a right split moves nothing but the node to come, so that it behaves as an append and needs no
    /// before-image.
    /// </summary>
    public bool IsHotpoint => Type == SplitType.Right && Operation == SplitOperation.Insert
        && SplitLine == OperationLine && SplitLine == Lines - 1;
}

/// <summary>
/// A split: <see cref="LogRecordType.Split"/>, or <see cref="LogRecordType.SplitOld"/> without image.
/// </summary>
/// <remarks>
/// <code>
/// off size
///   0   96  type, <see cref="SplitChange"/>
///  96    2  length of the old prefix
///  98    2  length of the new prefix
/// 100    2  length of the key for the parent
/// 102    4  not in SplitOld: flags of the before-image
/// 106    4  not in SplitOld: length of the before-image
/// 102/110   key for the parent, old prefix, new prefix, before-image: not the order of their lengths
/// </code>
/// </remarks>
public readonly ref struct SplitRecord
{
    internal const int Fixed = 110, OldFixed = 102;

    private readonly ReadOnlySpan<byte> _bytes;

    internal SplitRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The change.</summary>
    public ref readonly SplitChange Split => ref RecordField.At<SplitChange>(_bytes, 1);

    /// <summary>The key that separates the two pages in their parent.</summary>
    public ReadOnlySpan<byte> ParentKey => _bytes.Slice(TailAt, RecordField.Short(_bytes, 100));

    /// <summary>The prefix of the split page as it was.</summary>
    public ReadOnlySpan<byte> OldPrefix => _bytes.Slice(TailAt + ParentKey.Length, RecordField.Short(_bytes, 96));

    /// <summary>
    /// The prefix of the split page from now on, which may be empty; without meaning in an append, where it stays as it
    /// was. That of the new page is the key of its line <see cref="SplitChange.PrefixLineNew"/>.
    /// </summary>
    public ReadOnlySpan<byte> NewPrefix =>
        _bytes.Slice(TailAt + ParentKey.Length + OldPrefix.Length, RecordField.Short(_bytes, 98));

    /// <summary>What was done to the before-image.</summary>
    public BeforeImageFlags ImageFlags => IsOld ? 0 : (BeforeImageFlags)RecordField.Int(_bytes, 102);

    /// <summary>
    /// The split page as it was, but with the dbtime of this record; empty where none is needed.
    /// </summary>
    public ReadOnlySpan<byte> Image => _bytes[(TailAt + ParentKey.Length + OldPrefix.Length + NewPrefix.Length)..];

    private bool IsOld => _bytes[0] == (byte)LogRecordType.SplitOld;

    private int TailAt => IsOld ? OldFixed : Fixed;
}

/// <summary>What a merge does to the parent and the page.</summary>
[Flags]
public enum MergeFlags : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The key in the parent changes.</summary>
    KeyChange = 1,

    /// <summary>The node in the parent goes.</summary>
    DeleteNode = 2,

    /// <summary>The page becomes empty.</summary>
    EmptyPage = 4,
}

/// <summary>How pages are merged.</summary>
public enum MergeType : byte
{
    /// <summary>The page is only changed, above one that is merged.</summary>
    None = 0,

    /// <summary>The page is empty already.</summary>
    EmptyPage = 1,

    /// <summary>All goes to the right.</summary>
    FullRight = 2,

    /// <summary>The upper nodes go to the right.</summary>
    PartialRight = 3,

    /// <summary>The tree becomes empty.</summary>
    EmptyTree = 4,

    /// <summary>All goes to the left.</summary>
    FullLeft = 5,

    /// <summary>The lower nodes go to the left.</summary>
    PartialLeft = 6,

    /// <summary>The page goes elsewhere.</summary>
    PageMove = 7,
}

/// <summary>How a page is merged, or changed above one that is.</summary>
/// <remarks>
/// <code>
/// off size
///   1   31  change of the page whose nodes go
///  32    4  page on the right
///  36    8  its dbtime before
///  44    4  page on the left
///  48    8  its dbtime before
///  56    4  parent page
///  60    8  its dbtime before
///  68    4  root of the tree
///  72    4  object id
///  76    2  bytes that move
///  78    2  the same, with what they could grow to
///  80    2  uncommitted free bytes of the target
///  82    2  first line that moves
///  84    1  flags
///  85    1  type
/// </code>
/// </remarks>
/// <param name="Change">The change of the page whose nodes go.</param>
/// <param name="Right">The page on the right; none at the end of a level.</param>
/// <param name="RightBefore">Its dbtime before.</param>
/// <param name="Left">The page on the left; none at the start of a level.</param>
/// <param name="LeftBefore">Its dbtime before.</param>
/// <param name="Parent">The parent page; none in the topmost record.</param>
/// <param name="ParentBefore">Its dbtime before.</param>
/// <param name="Root">Root of the tree.</param>
/// <param name="Tree">Object id.</param>
/// <param name="Size">Bytes that move.</param>
/// <param name="MaxSize">The same, with what they could grow to.</param>
/// <param name="UncommittedFreeTarget">Uncommitted free bytes of the target.</param>
/// <param name="MergeLine">First line that moves.</param>
/// <param name="Flags">What happens to the parent and the page.</param>
/// <param name="Type">How.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct MergeChange(
    PageChange Change, PageNumber Right, DbTime RightBefore, PageNumber Left, DbTime LeftBefore, PageNumber Parent,
    DbTime ParentBefore, PageNumber Root, ObjectId Tree, short Size, short MaxSize, short UncommittedFreeTarget,
    ushort MergeLine, MergeFlags Flags, MergeType Type);

/// <summary>
/// A merge: <see cref="LogRecordType.Merge"/>, or <see cref="LogRecordType.MergeOld"/> without image.
/// </summary>
/// <remarks>
/// <code>
/// off size
///   0   86  type, <see cref="MergeChange"/>
///  86    2  length of the key for the parent
///  88    4  not in MergeOld: flags of the before-image
///  92    4  not in MergeOld: length of the before-image
///  88/96    key, before-image
/// </code>
/// </remarks>
public readonly ref struct MergeRecord
{
    internal const int Fixed = 96, OldFixed = 88;

    private readonly ReadOnlySpan<byte> _bytes;

    internal MergeRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The change.</summary>
    public ref readonly MergeChange Merge => ref RecordField.At<MergeChange>(_bytes, 1);

    /// <summary>The key that separates the pages in their parent from now on.</summary>
    public ReadOnlySpan<byte> ParentKey => _bytes.Slice(TailAt, RecordField.Short(_bytes, 86));

    /// <summary>What was done to the before-image.</summary>
    public BeforeImageFlags ImageFlags => IsOld ? 0 : (BeforeImageFlags)RecordField.Int(_bytes, 88);

    /// <summary>The page as it was, but with the dbtime of this record; empty where none is needed.</summary>
    public ReadOnlySpan<byte> Image => _bytes[(TailAt + ParentKey.Length)..];

    private bool IsOld => _bytes[0] == (byte)LogRecordType.MergeOld;

    private int TailAt => IsOld ? OldFixed : Fixed;
}

/// <summary>How a page is moved.</summary>
/// <remarks>
/// <code>
/// off size
///   1   31  change of the source page
///  32    4  target page
///  36    4  page on the left
///  40    4  page on the right
///  44    4  parent page
///  48    8  dbtime of the left page before
///  56    8  dbtime of the right page before
///  64    8  dbtime of the parent before
///  72    4  root of the tree
///  76    4  object id
///  80    4  line in the parent; −1 = no parent
///  84    4  1 root, 2 root of the owned extents, 4 root of the available extents
/// </code>
/// Dbtimes of pages that are not there are a marker (dbtimeInvalid).
/// </remarks>
/// <param name="Change">The change of the source page.</param>
/// <param name="Target">The target page.</param>
/// <param name="Left">The page on the left.</param>
/// <param name="Right">The page on the right.</param>
/// <param name="Parent">The parent page.</param>
/// <param name="LeftBefore">Dbtime of the left page before.</param>
/// <param name="RightBefore">Dbtime of the right page before.</param>
/// <param name="ParentBefore">Dbtime of the parent before.</param>
/// <param name="Root">Root of the tree.</param>
/// <param name="Tree">Object id.</param>
/// <param name="ParentLine">Line in the parent; −1 without one.</param>
/// <param name="Flags">1 root, 2 root of the owned extents, 4 root of the available extents.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct PageMoveChange(
    PageChange Change, PageNumber Target, PageNumber Left, PageNumber Right, PageNumber Parent, DbTime LeftBefore,
    DbTime RightBefore, DbTime ParentBefore, PageNumber Root, ObjectId Tree, int ParentLine, uint Flags);

/// <summary>A page is moved: <see cref="LogRecordType.PageMove"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   0   88  type, <see cref="PageMoveChange"/>
///  88    4  length of the front part
///  92    4  length of the back part
///  96       front part of the page up to its first free byte, back part: its tags
/// </code>
/// </remarks>
public readonly ref struct PageMoveRecord
{
    internal const int Fixed = 96;

    private readonly ReadOnlySpan<byte> _bytes;

    internal PageMoveRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The change.</summary>
    public ref readonly PageMoveChange Move => ref RecordField.At<PageMoveChange>(_bytes, 1);

    /// <summary>The source page up to its first free byte.</summary>
    public ReadOnlySpan<byte> Front => _bytes.Slice(Fixed, RecordField.Int(_bytes, 88));

    /// <summary>The source page's tags, from its end.</summary>
    public ReadOnlySpan<byte> Back => _bytes[(Fixed + Front.Length)..];
}
