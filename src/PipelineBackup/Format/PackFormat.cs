using System.Buffers.Binary;
using System.Text;

namespace PipelineBackup.Format;

/// <summary>
/// The fixed parts of a pack. A pack is a valid <c>.lz4</c> file of many frames: what is ours stands in skippable frames,
/// so that the stock program unpacks the data and passes over the rest.
/// </summary>
/// <remarks>
/// <code>
/// skippable frame   header, 64 bytes
/// LZ4 frame         chunk 1: consecutive pages of one file, at most 1 MiB plain, one block
/// LZ4 frame         chunk 2 …
/// skippable frame   tail index: one <see cref="PackChunk"/> of 64 bytes for each chunk, in order
/// skippable frame   footer, 32 bytes; always the last 40 bytes of the object
///
/// header                                    footer
/// off size                                  off size
///   0    8  "PBPACK01"                        0    8  "PBPACKND"
///   8    4  pack number                       8    8  offset of the tail index's frame in the object
///  12    4  required features, 0             16    4  number of chunks
///  16    4  optional features, 0             20    4  pack number
///  20   27  id of the backup, ASCII          24    4  CRC-32C of the tail index's payload
///  47   13  zero                             28    4  CRC-32C of bytes 0–27
///  60    4  CRC-32C of bytes 0–59
/// </code>
/// All numbers are little endian.
/// </remarks>
internal static class PackFormat
{
    /// <summary>Length of a skippable frame's own header: magic and payload length.</summary>
    public const int SkippableBytes = 8;

    public const int HeaderBytes = 64;
    public const int FooterBytes = 32;

    /// <summary>Length of the whole object below which it cannot be a pack.</summary>
    public const int MinBytes = SkippableBytes + HeaderBytes + SkippableBytes + SkippableBytes + FooterBytes;

    /// <summary>The longest pack that is written, its tail included: one is closed before it would be longer.</summary>
    public const int TargetBytes = 32 << 20;

    /// <summary>The longest pack that is read; more than is written, so that a later version may write longer ones.</summary>
    public const int MaxBytes = 40 << 20;

    /// <summary>The most chunks in a pack, so that the tail index stays small.</summary>
    public const int MaxChunks = 16 * 1024;

    /// <summary>The longest chunk, plain, in bytes.</summary>
    public const int MaxChunkBytes = 1 << 20;

    /// <summary>The three skippable magics: header, tail index, footer.</summary>
    public const uint HeaderMagic = 0x184D2A5B, IndexMagic = 0x184D2A5C, FooterMagic = 0x184D2A5D;

    private static ReadOnlySpan<byte> HeaderMark => "PBPACK01"u8;
    private static ReadOnlySpan<byte> FooterMark => "PBPACKND"u8;

    /// <summary>Writes the frame header of a skippable frame.</summary>
    public static void WriteSkippable(Span<byte> destination, uint magic, int payload)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, magic);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], (uint)payload);
    }

    /// <summary>Whether a skippable frame with this magic and payload length starts here.</summary>
    public static bool IsSkippable(ReadOnlySpan<byte> source, uint magic, long payload) =>
        source.Length >= SkippableBytes && BinaryPrimitives.ReadUInt32LittleEndian(source) == magic
        && BinaryPrimitives.ReadUInt32LittleEndian(source[4..]) == payload;

    /// <summary>Writes the header's payload.</summary>
    public static void WriteHeader(Span<byte> payload, BackupId id, int pack)
    {
        payload[..HeaderBytes].Clear();
        HeaderMark.CopyTo(payload);
        BinaryPrimitives.WriteInt32LittleEndian(payload[8..], pack);
        Encoding.ASCII.GetBytes(id.ToString(), payload[20..]);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[60..], Crc32C.Of(payload[..60]));
    }

    /// <summary>Whether a payload is the header of this pack of this backup; if not, why.</summary>
    public static string? JudgeHeader(ReadOnlySpan<byte> payload, BackupId id, int pack)
    {
        if (!payload.StartsWith(HeaderMark) || BinaryPrimitives.ReadUInt32LittleEndian(payload[60..]) != Crc32C.Of(payload[..60]))
            return "its header is damaged";
        if (BinaryPrimitives.ReadUInt32LittleEndian(payload[12..]) != 0)
            return "it requires features that this version does not know";
        if (BinaryPrimitives.ReadInt32LittleEndian(payload[8..]) != pack
            || Encoding.ASCII.GetString(payload.Slice(20, BackupId.Length)) != id.ToString())
            return "it is another pack than its name says";
        return null;
    }

    /// <summary>Writes the footer's payload.</summary>
    public static void WriteFooter(Span<byte> payload, long indexOffset, int chunks, int pack, uint indexCrc)
    {
        FooterMark.CopyTo(payload);
        BinaryPrimitives.WriteInt64LittleEndian(payload[8..], indexOffset);
        BinaryPrimitives.WriteInt32LittleEndian(payload[16..], chunks);
        BinaryPrimitives.WriteInt32LittleEndian(payload[20..], pack);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[24..], indexCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[28..], Crc32C.Of(payload[..28]));
    }

    /// <summary>Reads the footer's payload.</summary>
    /// <returns>False when it is damaged or of another pack.</returns>
    public static bool TryReadFooter(ReadOnlySpan<byte> payload, int pack, out long indexOffset, out int chunks, out uint indexCrc)
    {
        indexOffset = BinaryPrimitives.ReadInt64LittleEndian(payload[8..]);
        chunks = BinaryPrimitives.ReadInt32LittleEndian(payload[16..]);
        indexCrc = BinaryPrimitives.ReadUInt32LittleEndian(payload[24..]);
        return payload.StartsWith(FooterMark) && BinaryPrimitives.ReadUInt32LittleEndian(payload[28..]) == Crc32C.Of(payload[..28])
            && BinaryPrimitives.ReadInt32LittleEndian(payload[20..]) == pack && chunks is >= 0 and <= MaxChunks;
    }
}
