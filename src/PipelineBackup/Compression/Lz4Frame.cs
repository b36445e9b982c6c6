using System.Buffers.Binary;

namespace PipelineBackup.Compression;

/// <summary>
/// Writes frames of the LZ4 file format, drawn at <see cref="Lz4FrameHeader"/>: data frames of one independent block
/// with their content length and no checksums (the archive has its own), and skippable frames.
/// </summary>
internal static class Lz4Frame
{
    /// <summary>Length of the header of a data frame as written here.</summary>
    public const int HeaderLength = 15;

    /// <summary>Length of the word before each block.</summary>
    public const int BlockWordLength = 4;

    /// <summary>Length of the mark that ends a data frame.</summary>
    public const int EndMarkLength = 4;

    /// <summary>Length of the header of a skippable frame.</summary>
    public const int SkippableHeaderLength = 8;

    /// <summary>The most plain bytes that one block, so one frame as written here, can hold.</summary>
    public const int MaxContentLength = 4 << 20;

    /// <summary>The bit of a block's word that says the block is stored raw.</summary>
    internal const uint RawBlock = 0x8000_0000;

    private const int OneMebibyte = 1 << 20;

    /// <summary>Length that holds the frame of any content of the given length.</summary>
    /// <param name="contentLength">Count of plain bytes.</param>
    public static int MaxLength(int contentLength) => HeaderLength + BlockWordLength + contentLength + EndMarkLength;

    /// <summary>
    /// Writes a whole data frame: header, one block, compressed or raw, whichever is shorter, and end mark.
    /// </summary>
    /// <param name="codec">The codec.</param>
    /// <param name="content">
    /// The plain bytes, at most <see cref="MaxContentLength"/>. They must not overlap the destination.
    /// </param>
    /// <param name="destination">
    /// Where the frame goes: at least <see cref="MaxLength"/> of the content's length.
    /// </param>
    /// <returns>Length of the frame.</returns>
    /// <exception cref="ArgumentException">The content is too long or the destination too short.</exception>
    public static int Write(Lz4Codec codec, ReadOnlySpan<byte> content, Span<byte> destination)
    {
        if (destination.Length < MaxLength(content.Length))
            throw new ArgumentException("a destination must hold the longest frame of its content", nameof(destination));
        WriteHeader(destination, content.Length);
        int length = HeaderLength;
        if (!content.IsEmpty)
        {
            Span<byte> block = destination.Slice(HeaderLength + BlockWordLength, content.Length);
            int stored = codec.Compress(content, block[..^1]);
            if (stored == 0)
                content.CopyTo(block);
            WriteBlockWord(destination[length..], stored == 0 ? content.Length : stored, isRaw: stored == 0);
            length += BlockWordLength + (stored == 0 ? content.Length : stored);
        }

        WriteEndMark(destination[length..]);
        return length + EndMarkLength;
    }

    /// <summary>Writes the header of a data frame.</summary>
    /// <param name="destination">Receives <see cref="HeaderLength"/> bytes.</param>
    /// <param name="contentLength">Count of plain bytes in the frame, at most <see cref="MaxContentLength"/>.</param>
    public static void WriteHeader(Span<byte> destination, int contentLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(contentLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(contentLength, MaxContentLength);
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Lz4FrameHeader.DataMagic);
        destination[4] = Lz4FrameHeader.Version | Lz4FrameHeader.Independent | Lz4FrameHeader.ContentLengthPresent;
        destination[5] = (byte)(contentLength <= OneMebibyte ? 0x60 : 0x70);
        BinaryPrimitives.WriteInt64LittleEndian(destination[6..], contentLength);
        destination[14] = Lz4FrameHeader.Check(destination[4..14]);
    }

    /// <summary>Writes the word before a block.</summary>
    /// <param name="destination">Receives <see cref="BlockWordLength"/> bytes.</param>
    /// <param name="storedLength">Length of the block as stored, at least 1.</param>
    /// <param name="isRaw">Whether it is stored raw.</param>
    public static void WriteBlockWord(Span<byte> destination, int storedLength, bool isRaw)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(storedLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(storedLength, MaxContentLength);
        BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)storedLength | (isRaw ? RawBlock : 0));
    }

    /// <summary>Writes the mark that ends a data frame.</summary>
    /// <param name="destination">Receives <see cref="EndMarkLength"/> bytes.</param>
    public static void WriteEndMark(Span<byte> destination) => BinaryPrimitives.WriteUInt32LittleEndian(destination, 0);

    /// <summary>Writes the header of a skippable frame; the payload follows it.</summary>
    /// <param name="destination">Receives <see cref="SkippableHeaderLength"/> bytes.</param>
    /// <param name="payloadLength">Length of the payload.</param>
    /// <param name="nibble">Low four bits of the magic, 0 to 15, which the writer may use as it likes.</param>
    public static void WriteSkippable(Span<byte> destination, int payloadLength, int nibble)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        ArgumentOutOfRangeException.ThrowIfNegative(nibble);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(nibble, 15);
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Lz4FrameHeader.SkippableMagic | (uint)nibble);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], (uint)payloadLength);
    }
}
