using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>A node is inserted: <see cref="LogRecordType.Insert"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   0   44  type, change of the node
///  44    2  length of the suffix
///  46    2  length of the prefix
///  48    2  length of the data
///  50       prefix, suffix, data: not the order of their lengths
/// </code>
/// The key is prefix and suffix together; how much of it a page shares is found anew where it is put in.
/// </remarks>
public readonly ref struct InsertRecord
{
    /// <summary>Size of the fixed part.</summary>
    internal const int Fixed = 50;

    private readonly ReadOnlySpan<byte> _bytes;

    internal InsertRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The change.</summary>
    public ref readonly NodeChange Node => ref RecordField.At<NodeChange>(_bytes, 1);

    /// <summary>The first part of the key.</summary>
    public ReadOnlySpan<byte> Prefix => _bytes.Slice(Fixed, RecordField.Short(_bytes, 46));

    /// <summary>The rest of the key.</summary>
    public ReadOnlySpan<byte> Suffix => _bytes.Slice(Fixed + Prefix.Length, RecordField.Short(_bytes, 44));

    /// <summary>The whole key.</summary>
    public ReadOnlySpan<byte> Key => _bytes.Slice(Fixed, Prefix.Length + RecordField.Short(_bytes, 44));

    /// <summary>The data.</summary>
    public ReadOnlySpan<byte> Data => _bytes.Slice(Fixed + Key.Length, RecordField.Short(_bytes, 48));
}

/// <summary>A node that was flagged deleted is there again, with its own data or with others.</summary>
/// <remarks>
/// <code>
/// off size
///   0   44  type, change of the node
///  44    2  length of the key
///  46    2  length of the data
///  48    4  only <see cref="LogRecordType.FlagInsertReplace"/>: version of the replacing
///  48/52    key, data
/// </code>
/// </remarks>
public readonly ref struct FlagInsertRecord
{
    private readonly ReadOnlySpan<byte> _bytes;

    internal FlagInsertRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The change; its version is that of the inserting.</summary>
    public ref readonly NodeChange Node => ref RecordField.At<NodeChange>(_bytes, 1);

    /// <summary>Whether the data are replaced too.</summary>
    public bool Replaces => _bytes[0] == (byte)LogRecordType.FlagInsertReplace;

    /// <summary>Version of the replacing; 0 without one.</summary>
    public uint ReplaceVersion => Replaces ? (uint)RecordField.Int(_bytes, 48) : 0;

    /// <summary>The key of the node.</summary>
    public ReadOnlySpan<byte> Key => _bytes.Slice(Replaces ? 52 : 48, RecordField.Short(_bytes, 44));

    /// <summary>The data it has from now on.</summary>
    public ReadOnlySpan<byte> Data => _bytes[((Replaces ? 52 : 48) + Key.Length)..];
}

/// <summary>The data of a node are replaced: whole, or told by what differs.</summary>
/// <remarks>
/// <code>
/// off size
///   0   44  type, change of the node
///  44    2  length of the tail; bit 15: the difference is in the form for large pages
///  46    2  length of the old data
///  48    2  length of the new data
///  50       the new data, or a <see cref="DataDifference"/>
/// </code>
/// </remarks>
public readonly ref struct ReplaceRecord
{
    internal const int Fixed = 50;
    internal const int LargeFlag = 0x8000;

    private readonly ReadOnlySpan<byte> _bytes;

    internal ReplaceRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The change.</summary>
    public ref readonly NodeChange Node => ref RecordField.At<NodeChange>(_bytes, 1);

    /// <summary>Whether the tail is a difference.</summary>
    public bool IsDifference => _bytes[0] == (byte)LogRecordType.ReplaceDifference;

    /// <summary>Whether the difference is in the form for large pages.</summary>
    public bool IsLarge => (RecordField.Short(_bytes, 44) & LargeFlag) != 0;

    /// <summary>Length of the old data; to be relied on only when <see cref="IsDifference"/>.</summary>
    public int OldLength => RecordField.Short(_bytes, 46);

    /// <summary>Length of the new data.</summary>
    public int NewLength => RecordField.Short(_bytes, 48);

    /// <summary>The new data, or the difference as stored.</summary>
    public ReadOnlySpan<byte> Data => _bytes[Fixed..];

    /// <summary>What differs; only of use when <see cref="IsDifference"/>.</summary>
    public DataDifference Difference => new(Data, IsLarge);

    /// <summary>Makes the new data from the old.</summary>
    /// <param name="oldData">The data of the node before.</param>
    /// <param name="destination">Takes <see cref="NewLength"/> bytes; must not overlap the old data.</param>
    /// <exception cref="EseException">−501: the record contradicts itself or the old data.</exception>
    public void Apply(ReadOnlySpan<byte> oldData, Span<byte> destination)
    {
        // Where nothing is taken from the old data their length means nothing: the engine logs the new one in splits.
        if (IsDifference && oldData.Length != OldLength)
        {
            throw new EseException(EseError.LogFileCorrupt,
                $"a record replaces {OldLength} bytes of data, the node has {oldData.Length}");
        }

        int length = NewLength;
        if (IsDifference)
            length = Difference.Apply(oldData, destination[..NewLength]);
        else if (Data.Length == NewLength)
            Data.CopyTo(destination);
        else
            length = -1;
        if (length != NewLength)
            throw new EseException(EseError.LogFileCorrupt, "a record that replaces data contradicts itself");
    }
}

/// <summary>What an operation on a node was ("oper").</summary>
public enum NodeOperation : ushort
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Inserted.</summary>
    Insert = 1,

    /// <summary>Data replaced.</summary>
    Replace = 2,

    /// <summary>Flagged deleted.</summary>
    FlagDelete = 3,

    /// <summary>A 32-bit counter moved.</summary>
    Delta = 4,

    /// <summary>Locked for reading.</summary>
    ReadLock = 5,

    /// <summary>Locked for writing.</summary>
    WriteLock = 6,

    /// <summary>Space taken.</summary>
    AllocateExtent = 7,

    /// <summary>A 64-bit counter moved.</summary>
    Delta64 = 9,

    /// <summary>About to be inserted.</summary>
    PreInsert = 0x80,
}

/// <summary>
/// What a node held before an open transaction changed it: <see cref="LogRecordType.UndoInfo"/>. It changes no page and
/// may stand anywhere, even inside the macro of another session.
/// </summary>
/// <remarks>
/// <code>
/// off size
///   0   44  type, change of the node: no dbtimes, no line
///  44    2  length of the bookmark's key
///  46    2  length of the bookmark's data
///  48    2  operation
///  50    2  largest size of the data in the transaction
///  52    2  by how much they grew
///  54    2  length of the old data
///  56       key, data of the bookmark; old data
/// </code>
/// </remarks>
public readonly ref struct UndoInfoRecord
{
    internal const int Fixed = 56;

    private readonly ReadOnlySpan<byte> _bytes;

    internal UndoInfoRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Which node and version.</summary>
    public ref readonly NodeChange Node => ref RecordField.At<NodeChange>(_bytes, 1);

    /// <summary>The operation to undo: a replacing or a flagging.</summary>
    public NodeOperation Operation => (NodeOperation)RecordField.Short(_bytes, 48);

    /// <summary>Largest size of the data in the transaction.</summary>
    public short MaxSize => (short)RecordField.Short(_bytes, 50);

    /// <summary>By how much they grew.</summary>
    public short Growth => (short)RecordField.Short(_bytes, 52);

    /// <summary>Key of the bookmark that finds the node.</summary>
    public ReadOnlySpan<byte> BookmarkKey => _bytes.Slice(Fixed, RecordField.Short(_bytes, 44));

    /// <summary>Data of the bookmark.</summary>
    public ReadOnlySpan<byte> BookmarkData => _bytes.Slice(Fixed + BookmarkKey.Length, RecordField.Short(_bytes, 46));

    /// <summary>What the node held.</summary>
    public ReadOnlySpan<byte> OldData => _bytes[(Fixed + BookmarkKey.Length + BookmarkData.Length)..];
}

/// <summary>
/// A counter in a node is moved: <see cref="LogRecordType.Delta"/>, <see cref="LogRecordType.Delta64"/>.
/// </summary>
/// <remarks>
/// <code>
/// off size
///   0   44  type, change of the node
///  44    2  length of the bookmark's key
///  46    2  length of the bookmark's data
///  48    4  by how much (8 bytes in Delta64)
///  52/56 2  offset of the counter in the data
///  54/58    key, data of the bookmark
/// </code>
/// </remarks>
public readonly ref struct DeltaRecord
{
    private readonly ReadOnlySpan<byte> _bytes;

    internal DeltaRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The change.</summary>
    public ref readonly NodeChange Node => ref RecordField.At<NodeChange>(_bytes, 1);

    /// <summary>Whether the counter has 64 bits.</summary>
    public bool Is64Bit => _bytes[0] == (byte)LogRecordType.Delta64;

    /// <summary>By how much.</summary>
    public long Delta => Is64Bit ? RecordField.At<long>(_bytes, 48) : RecordField.Int(_bytes, 48);

    /// <summary>Offset of the counter in the data of the node.</summary>
    public int Offset => RecordField.Short(_bytes, Fixed - 2);

    /// <summary>Key of the bookmark.</summary>
    public ReadOnlySpan<byte> BookmarkKey => _bytes.Slice(Fixed, RecordField.Short(_bytes, 44));

    /// <summary>Data of the bookmark.</summary>
    public ReadOnlySpan<byte> BookmarkData => _bytes[(Fixed + BookmarkKey.Length)..];

    private int Fixed => Is64Bit ? 58 : 54;
}

/// <summary>A change is undone: <see cref="LogRecordType.Undo"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   0   44  type, change of the node
///  44    2  length of the bookmark's key
///  46    2  length of the bookmark's data
///  48    2  operation that is undone
///  50    1  its transaction level
///  51       key, data of the bookmark
/// </code>
/// </remarks>
public readonly ref struct UndoRecord
{
    internal const int Fixed = 51;

    private readonly ReadOnlySpan<byte> _bytes;

    internal UndoRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The change; its version is that of the operation.</summary>
    public ref readonly NodeChange Node => ref RecordField.At<NodeChange>(_bytes, 1);

    /// <summary>The operation that is undone.</summary>
    public NodeOperation Operation => (NodeOperation)RecordField.Short(_bytes, 48);

    /// <summary>Its transaction level.</summary>
    public byte UndoneLevel => _bytes[50];

    /// <summary>Key of the bookmark.</summary>
    public ReadOnlySpan<byte> BookmarkKey => _bytes.Slice(Fixed, RecordField.Short(_bytes, 44));

    /// <summary>Data of the bookmark.</summary>
    public ReadOnlySpan<byte> BookmarkData => _bytes[(Fixed + BookmarkKey.Length)..];
}

/// <summary>One page that becomes empty with its tree.</summary>
/// <remarks>
/// <code>
/// off size
///   0    8  its dbtime before
///   8    4  page
///  12    4  page flags
/// </code>
/// </remarks>
/// <param name="TimeBefore">Its dbtime before.</param>
/// <param name="Page">The page.</param>
/// <param name="PageFlags">Its page flags.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct EmptiedPage(DbTime TimeBefore, PageNumber Page, uint PageFlags);

/// <summary>Pages of a tree become empty: <see cref="LogRecordType.EmptyTree"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   0   44  type, change of the root
///  44    2  length of the list
///  46       <see cref="EmptiedPage"/>, again and again
/// </code>
/// </remarks>
public readonly ref struct EmptyTreeRecord
{
    internal const int Fixed = 46;

    private readonly ReadOnlySpan<byte> _bytes;

    internal EmptyTreeRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The change of the root.</summary>
    public ref readonly NodeChange Node => ref RecordField.At<NodeChange>(_bytes, 1);

    /// <summary>The pages; a rest too short for one is left out.</summary>
    public ReadOnlySpan<EmptiedPage> Pages => MemoryMarshal.Cast<byte, EmptiedPage>(_bytes[Fixed..]);
}

/// <summary>Unused data of a page were overwritten: <see cref="LogRecordType.Scrub"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   0   44  type, change of the node
///  44    4  flags: 1 = the whole page was not used
///  48    4  number of operations
///  52    2  length of the tail
///  54       one byte a line: 0 nothing, 1 data, 2 chunk of a long value; then padding
/// </code>
/// </remarks>
public readonly ref struct ScrubRecord
{
    internal const int Fixed = 54;

    private readonly ReadOnlySpan<byte> _bytes;

    internal ScrubRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The change; the tree's root is not known.</summary>
    public ref readonly NodeChange Node => ref RecordField.At<NodeChange>(_bytes, 1);

    /// <summary>1 when the whole page was not used.</summary>
    public uint Flags => (uint)RecordField.Int(_bytes, 44);

    /// <summary>Number of operations as stored.</summary>
    public uint OperationCount => (uint)RecordField.Int(_bytes, 48);

    /// <summary>One operation a line; fewer than <see cref="OperationCount"/> when the record is too short.</summary>
    public ReadOnlySpan<byte> Operations => Tail[..(int)Math.Min(OperationCount, (uint)Tail.Length)];

    /// <summary>The operations and the padding behind them.</summary>
    public ReadOnlySpan<byte> Tail => _bytes[Fixed..];
}
