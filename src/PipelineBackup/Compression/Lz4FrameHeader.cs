using System.Buffers.Binary;

namespace PipelineBackup.Compression;

/// <summary>The head of one frame of an LZ4 file.</summary>
/// <remarks>
/// A data frame:
/// <code>
///  0   4   magic 0x184D2204
///  4   1   flags: bits 7-6 version 01; 5 independent blocks; 4 block checksums; 3 content length present;
///          2 content checksum; 1 reserved; 0 dictionary id present
///  5   1   bits 6-4 greatest block: 4 = 64 KiB, 5 = 256 KiB, 6 = 1 MiB, 7 = 4 MiB; the others reserved
///  6  (8)  content length
///     (4)  dictionary id
///      1   bits 15-8 of the xxHash32 of the bytes from offset 4 to here
/// then, for each block,
///      4   stored length; bit 31: the block is stored raw
///      n   the block, then its checksum (4) where the flag says so
/// and at the end
///      4   zero, the end mark, then the content checksum (4) where the flag says so
/// </code>
/// A skippable frame:
/// <code>
///  0   4   magic 0x184D2A50 to 0x184D2A5F; the low four bits are the writer's own
///  4   4   length of the payload
///  8   n   the payload
/// </code>
/// All numbers are little-endian.
/// </remarks>
internal readonly record struct Lz4FrameHeader
{
    internal const uint DataMagic = 0x184D_2204, SkippableMagic = 0x184D_2A50;
    internal const byte Version = 0x40, Independent = 0x20, BlockChecksum = 0x10, ContentLengthPresent = 0x08,
        ContentChecksum = 0x04, Reserved = 0x02, Dictionary = 0x01;

    private const byte VersionMask = 0xC0;

    /// <summary>Length of the header itself: 8 of a skippable frame, 7 or 15 of a data frame.</summary>
    public int Length { get; private init; }

    /// <summary>Whether the frame is skippable.</summary>
    public bool IsSkippable { get; private init; }

    /// <summary>Low four bits of a skippable frame's magic.</summary>
    public int Nibble { get; private init; }

    /// <summary>
    /// Length of a skippable frame's payload; of a data frame's plain bytes, null where it does not say.
    /// </summary>
    public ulong? ContentLength { get; private init; }

    /// <summary>The most plain bytes that a block of a data frame holds.</summary>
    public int MaxBlockLength { get; private init; }

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">The bytes from the start of the frame; 19 of them always suffice.</param>
    /// <param name="header">The header.</param>
    public static Lz4FrameStatus TryRead(ReadOnlySpan<byte> bytes, out Lz4FrameHeader header)
    {
        header = default;
        if (bytes.IsEmpty)
            return Lz4FrameStatus.End;
        if (bytes.Length < 4)
            return Lz4FrameStatus.Incomplete;
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (magic == DataMagic)
            return TryReadData(bytes, out header);
        if ((magic & ~15u) != SkippableMagic)
            return Lz4FrameStatus.UnknownMagic;
        if (bytes.Length < Lz4Frame.SkippableHeaderLength)
            return Lz4FrameStatus.Incomplete;

        header = new()
        {
            Length = Lz4Frame.SkippableHeaderLength,
            IsSkippable = true,
            Nibble = (int)(magic & 15),
            ContentLength = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
        };
        return Lz4FrameStatus.Done;
    }

    private static Lz4FrameStatus TryReadData(ReadOnlySpan<byte> bytes, out Lz4FrameHeader header)
    {
        header = default;
        if (bytes.Length < 7)
            return Lz4FrameStatus.Incomplete;
        byte flags = bytes[4], sizes = bytes[5];
        if ((flags & VersionMask) != Version)
            return Lz4FrameStatus.UnsupportedVersion;

        bool hasLength = (flags & ContentLengthPresent) != 0;
        int length = 7 + (hasLength ? 8 : 0) + ((flags & Dictionary) != 0 ? 4 : 0);
        if (bytes.Length < length)
            return Lz4FrameStatus.Incomplete;
        if (bytes[length - 1] != Check(bytes[4..(length - 1)]))
            return Lz4FrameStatus.HeaderChecksumMismatch;
        if ((flags & Reserved) != 0 || (sizes & 0x8F) != 0 || sizes < 0x40)
            return Lz4FrameStatus.BadHeader;
        if ((flags & Dictionary) != 0)
            return Lz4FrameStatus.UnsupportedDictionary;
        if ((flags & Independent) == 0)
            return Lz4FrameStatus.UnsupportedLinkedBlocks;
        if ((flags & BlockChecksum) != 0)
            return Lz4FrameStatus.UnsupportedBlockChecksum;
        if ((flags & ContentChecksum) != 0)
            return Lz4FrameStatus.UnsupportedContentChecksum;

        header = new()
        {
            Length = length,
            ContentLength = hasLength ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[6..]) : null,
            MaxBlockLength = 1 << (8 + 2 * (sizes >> 4)),
        };
        return Lz4FrameStatus.Done;
    }

    /// <summary>The byte that checks a header's bytes after the magic.</summary>
    internal static byte Check(ReadOnlySpan<byte> bytes) => (byte)(XxHash32.Of(bytes) >> 8);
}
