using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Marks in the space header of a tree's root.</summary>
[Flags]
public enum SpaceFlags : uint
{
    /// <summary>None: a single extent, unique keys.</summary>
    None = 0,

    /// <summary>The tree has space trees of its own; without it, one extent and a bitmap.</summary>
    MultipleExtent = 1,

    /// <summary>Keys may repeat: what tells nodes apart is key and data.</summary>
    NonUnique = 2,

    /// <summary>The first field is the size of the last extent asked for, not of the first.</summary>
    Version2 = 4,
}

/// <summary>The external header of a root: where the tree's space comes from. Not of roots of space trees.</summary>
/// <remarks>
/// <code>
/// off size                                        extended form: off 0 is a mask, 0x01 space header, 0x02 auto-increment
///   0    4  pages of the first extent, the root among them; version 2: of the last request
///   4    4  root of the tree that space comes from; 0 = none, this is page 1
///   8    4  marks
///  12    4  root of the tree of owned extents, that of available ones being the next page;
///           of a single extent: bit i = page (root + 1 + i) is free
///  16    8  largest auto-increment value handed out                       only where the mask says so
/// </code>
/// 16 bytes are the space header alone; any other length is the extended form, one byte further on.
/// </remarks>
public readonly record struct RootHeader
{
    /// <summary>Length of the space header in bytes.</summary>
    public const int Size = 16;

    /// <summary>The longest external header of a root in bytes.</summary>
    public const int MaxSize = 1 + Size + 8;

    /// <summary>Pages that the bitmap of a single extent can tell of.</summary>
    public const int BitmapPages = 32;

    /// <summary>Pages of the first extent, or of version 2 of the last request.</summary>
    public uint Pages { get; private init; }

    /// <summary>Root of the tree that space comes from: none for page 1, 1 for tables, the table for its trees.</summary>
    public PageNumber Parent { get; private init; }

    /// <summary>Marks.</summary>
    public SpaceFlags Flags { get; private init; }

    /// <summary>The last field: a page number or a bitmap.</summary>
    public uint OwnedRootOrFree { get; private init; }

    /// <summary>An upper bound of the auto-increment values handed out, where the root keeps one.</summary>
    public ulong? AutoIncrementMax { get; private init; }

    /// <summary>Whether it is stored in the extended form.</summary>
    public bool IsExtended { get; private init; }

    /// <summary>Whether the tree has space trees.</summary>
    public bool HasSpaceTrees => (Flags & SpaceFlags.MultipleExtent) != 0;

    /// <summary>Root of the tree of owned extents; none for a single extent.</summary>
    public PageNumber OwnedRoot => HasSpaceTrees ? new(OwnedRootOrFree) : PageNumber.None;

    /// <summary>Root of the tree of available extents; none for a single extent.</summary>
    public PageNumber AvailableRoot => HasSpaceTrees ? new(unchecked(OwnedRootOrFree + 1)) : PageNumber.None;

    /// <summary>Of a single extent: bit i says that the page (root + 1 + i) is free.</summary>
    public uint FreeBitmap => HasSpaceTrees ? 0 : OwnedRootOrFree;

    /// <summary>Reads the external header of a root.</summary>
    /// <param name="bytes">The line of tag 0.</param>
    /// <param name="header">The header, when there is one.</param>
    /// <returns>False when the bytes are neither form, or the extended form without a space header.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out RootHeader header)
    {
        header = default;
        ulong? autoIncrement = null;
        bool isExtended = bytes.Length != Size;
        if (isExtended)
        {
            if (bytes.Length < 1 || (bytes[0] & ~3) != 0 || (bytes[0] & 1) == 0
                || bytes.Length != 1 + Size + ((bytes[0] & 2) != 0 ? 8 : 0))
                return false;
            if ((bytes[0] & 2) != 0)
                autoIncrement = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(1 + Size)..]);
            bytes = bytes[1..];
        }

        header = new()
        {
            Pages = BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            Parent = new(BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..])),
            Flags = (SpaceFlags)BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
            OwnedRootOrFree = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            AutoIncrementMax = autoIncrement,
            IsExtended = isExtended,
        };
        return true;
    }

    /// <summary>A header in the short form.</summary>
    /// <param name="pages">Pages of the first extent.</param>
    /// <param name="parent">Root of the tree that space comes from.</param>
    /// <param name="flags">Marks.</param>
    /// <param name="ownedRootOrFree">Root of the tree of owned extents, or the bitmap of a single extent.</param>
    public static RootHeader Of(uint pages, PageNumber parent, SpaceFlags flags, uint ownedRootOrFree) =>
        default(RootHeader).With(pages, parent, flags, ownedRootOrFree);

    /// <summary>The same header with other fields about space.</summary>
    /// <param name="pages">Pages of the first extent.</param>
    /// <param name="parent">Root of the tree that space comes from.</param>
    /// <param name="flags">Marks.</param>
    /// <param name="ownedRootOrFree">Root of the tree of owned extents, or the bitmap of a single extent.</param>
    public RootHeader With(uint pages, PageNumber parent, SpaceFlags flags, uint ownedRootOrFree) =>
        this with { Pages = pages, Parent = parent, Flags = flags, OwnedRootOrFree = ownedRootOrFree };

    /// <summary>Writes the header as stored.</summary>
    /// <param name="destination">At least <see cref="MaxSize"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> destination)
    {
        int at = 0;
        if (IsExtended)
            destination[at++] = (byte)(AutoIncrementMax == null ? 1 : 3);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[at..], Pages);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[(at + 4)..], Parent.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[(at + 8)..], (uint)Flags);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[(at + 12)..], OwnedRootOrFree);
        at += Size;
        if (AutoIncrementMax is not { } most)
            return at;
        BinaryPrimitives.WriteUInt64LittleEndian(destination[at..], most);
        return at + 8;
    }
}
