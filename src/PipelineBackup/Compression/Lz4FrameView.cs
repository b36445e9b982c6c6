using System.Buffers.Binary;

namespace PipelineBackup.Compression;

/// <summary>One whole frame in a buffer: a view, nothing is copied. Files are walked frame by frame:</summary>
/// <example><code>
/// while ((status = Lz4FrameView.TryRead(rest, out var frame)) == Lz4FrameStatus.Done)
///     rest = rest[frame.Length..];
/// // End: all was read. Incomplete: more bytes are needed. Anything else: damage or a feature that is not supported.
/// </code></example>
internal readonly ref struct Lz4FrameView
{
    private readonly ReadOnlySpan<byte> _bytes;

    private Lz4FrameView(Lz4FrameHeader header, ReadOnlySpan<byte> bytes)
    {
        Header = header;
        _bytes = bytes;
    }

    /// <summary>The header.</summary>
    public Lz4FrameHeader Header { get; }

    /// <summary>Length of the whole frame.</summary>
    public int Length => _bytes.Length;

    /// <summary>
    /// What follows the header: the payload of a skippable frame, the blocks and end mark of a data frame.
    /// </summary>
    public ReadOnlySpan<byte> Body => _bytes[Header.Length..];

    /// <summary>
    /// Finds the frame at the start of some bytes: header and bounds are checked, blocks are not decompressed.
    /// </summary>
    /// <param name="bytes">The bytes, to the end of the frame or beyond.</param>
    /// <param name="frame">The frame.</param>
    public static Lz4FrameStatus TryRead(ReadOnlySpan<byte> bytes, out Lz4FrameView frame)
    {
        frame = default;
        Lz4FrameStatus status = Lz4FrameHeader.TryRead(bytes, out Lz4FrameHeader header);
        if (status != Lz4FrameStatus.Done)
            return status;

        ulong length = (ulong)header.Length;
        if (header.IsSkippable)
        {
            length += header.ContentLength.GetValueOrDefault();
            if (length > (ulong)bytes.Length)
                return Lz4FrameStatus.Incomplete;
            frame = new(header, bytes[..(int)length]);
            return Lz4FrameStatus.Done;
        }

        ReadOnlySpan<byte> rest = bytes[header.Length..];
        bool isEnd = false;
        while (!isEnd)
        {
            status = TryReadBlock(rest, header.MaxBlockLength, out ReadOnlySpan<byte> block, out _, out isEnd);
            if (status != Lz4FrameStatus.Done)
                return status;
            rest = rest[(Lz4Frame.BlockWordLength + block.Length)..];
        }

        frame = new(header, bytes[..^rest.Length]);
        return Lz4FrameStatus.Done;
    }

    /// <summary>Decompresses a data frame, or gives the nothing that a skippable one stands for.</summary>
    /// <param name="codec">The codec.</param>
    /// <param name="destination">Where the plain bytes go. What lies behind them is undefined afterwards.</param>
    /// <param name="written">Count of plain bytes.</param>
    public Lz4FrameStatus TryDecompress(Lz4Codec codec, Span<byte> destination, out int written)
    {
        written = 0;
        if (Header.IsSkippable || _bytes.IsEmpty)
            return Lz4FrameStatus.Done;
        if (Header.ContentLength is ulong length)
        {
            if (length > (ulong)destination.Length)
                return Lz4FrameStatus.DestinationTooShort;
            destination = destination[..(int)length];
        }

        ReadOnlySpan<byte> rest = Body;
        int total = 0;
        while (true)
        {
            Lz4FrameStatus status =
                TryReadBlock(rest, Header.MaxBlockLength, out var block, out bool isRaw, out bool isEnd);
            if (status != Lz4FrameStatus.Done)
                return status;
            if (isEnd)
                break;

            Span<byte> room = destination[total..];
            int count = isRaw ? CopyRaw(block, room)
                : codec.Decompress(block, room[..Math.Min(room.Length, Header.MaxBlockLength)]);
            if (count < 0)
                return Header.ContentLength is null && room.Length < Header.MaxBlockLength
                    ? Lz4FrameStatus.DestinationTooShort : Lz4FrameStatus.BadBlock;
            total += count;
            rest = rest[(Lz4Frame.BlockWordLength + block.Length)..];
        }

        if (Header.ContentLength is not null && total != destination.Length)
            return Lz4FrameStatus.ContentLengthMismatch;
        written = total;
        return Lz4FrameStatus.Done;
    }

    private static int CopyRaw(ReadOnlySpan<byte> block, Span<byte> room) => block.TryCopyTo(room) ? block.Length : -1;

    private static Lz4FrameStatus TryReadBlock(
        ReadOnlySpan<byte> bytes, int maxLength, out ReadOnlySpan<byte> block, out bool isRaw, out bool isEnd)
    {
        block = default;
        isRaw = isEnd = false;
        if (bytes.Length < Lz4Frame.BlockWordLength)
            return Lz4FrameStatus.Incomplete;
        uint word = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        uint length = word & ~Lz4Frame.RawBlock;
        isRaw = (word & Lz4Frame.RawBlock) != 0;
        isEnd = word == 0;
        if (length > (uint)maxLength)
            return Lz4FrameStatus.BadBlockLength;
        if (length > (uint)(bytes.Length - Lz4Frame.BlockWordLength))
            return Lz4FrameStatus.Incomplete;
        block = bytes.Slice(Lz4Frame.BlockWordLength, (int)length);
        return Lz4FrameStatus.Done;
    }
}
