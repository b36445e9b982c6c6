using System.Buffers;
using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>
/// Decompresses and compresses values: those of columns marked so in a record, and chunks of long values.
/// </summary>
/// <remarks>
/// <code>
/// first byte: bits 3–7 scheme, bits 0–2 belong to the scheme
/// scheme              header                                        body
/// 1 seven-bit ASCII   1 byte; bits 0–2: bits used in the last byte − 1  codes, lowest bit first
/// 2 seven-bit UTF-16  the same                                      the same: low bytes of the units
/// 3 XPRESS            18, u16 plain length                          plain LZ77
/// 4 scrub             20                                            filler
/// 5 XPRESS9           28, u32 CRC-32C of the plain bytes            blocks that tell their length
/// 6 XPRESS10          30, u16 plain length, u32 CRC-32C, u64 CRC    not published
/// 7 LZ4               38, u16 plain length                          one raw block
/// </code>
/// Nothing is allocated, and no value claims more plain bytes than <see cref="MaxPlainBytes"/>.
/// </remarks>
public static class ValueCompression
{
    /// <summary>
    /// The most plain bytes that any stored value of at most a page gives: what the engine compresses in one piece is
    /// never larger than a page, and the lengths that most schemes store end at 65535.
    /// </summary>
    public const int MaxPlainBytes = 128 * 1024;

    private const int LengthHeaderBytes = 3;

    // Shorter values the engine never compresses, or not with XPRESS.
    private const int LeastPlainBytes = 16, LeastXpressBytes = 1024;
    private const int Xpress9HeaderBytes = 5;

    /// <summary>The scheme of a compressed value; <see cref="CompressionScheme.None"/> of no bytes.</summary>
    /// <param name="stored">The value as stored.</param>
    public static CompressionScheme SchemeOf(ReadOnlySpan<byte> stored) =>
        stored.IsEmpty ? CompressionScheme.None : (CompressionScheme)(stored[0] >> 3);

    /// <summary>How many bytes a compressed value has when decompressed, as far as its header tells.</summary>
    /// <param name="stored">The value as stored.</param>
    /// <returns>At most <see cref="MaxPlainBytes"/>.</returns>
    /// <exception cref="EseException">
    /// The header is damaged, or the scheme is one that cannot be decompressed: scrubbed, XPRESS10, unknown (-1620).
    /// </exception>
    public static int PlainLength(ReadOnlySpan<byte> stored)
    {
        long length = SchemeOf(stored) switch
        {
            CompressionScheme.SevenBitAscii => SevenBit.Codes(stored),
            CompressionScheme.SevenBitUnicode => 2L * SevenBit.Codes(stored),
            CompressionScheme.Xpress or CompressionScheme.Lz4 when stored.Length > LengthHeaderBytes =>
                BinaryPrimitives.ReadUInt16LittleEndian(stored[1..]),
            CompressionScheme.Xpress9 when stored.Length > Xpress9HeaderBytes =>
                Xpress9.PlainLength(stored[Xpress9HeaderBytes..]),
            CompressionScheme.Scrub => throw Failed("the value was scrubbed: its bytes were overwritten on purpose"),
            CompressionScheme.Xpress10 => throw Failed("the value is compressed with XPRESS10, which is not published"),
            var scheme => throw Failed($"a compressed value of {stored.Length} bytes names the scheme {(int)scheme}"),
        };
        return length <= MaxPlainBytes ? (int)length : throw Failed($"a compressed value claims {length} bytes");
    }

    /// <summary>Decompresses a value.</summary>
    /// <param name="stored">The value as stored.</param>
    /// <param name="destination">Takes the plain bytes; at least <see cref="PlainLength"/> of them fit.</param>
    /// <returns>How many bytes were written: always <see cref="PlainLength"/>.</returns>
    /// <exception cref="EseException">
    /// The value is damaged or of a scheme that cannot be decompressed (-1620), or its CRC does not match (-431).
    /// </exception>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public static int Decompress(ReadOnlySpan<byte> stored, Span<byte> destination)
    {
        int length = PlainLength(stored);
        if (destination.Length < length)
            throw new ArgumentException($"{length} bytes do not fit", nameof(destination));
        var plain = destination[..length];
        switch (SchemeOf(stored))
        {
            case CompressionScheme.SevenBitAscii:
                SevenBit.Decompress(stored, plain, step: 1);
                break;
            case CompressionScheme.SevenBitUnicode:
                SevenBit.Decompress(stored, plain, step: 2);
                break;
            case CompressionScheme.Xpress:
                XpressPlain.Decompress(stored[LengthHeaderBytes..], plain);
                break;
            case CompressionScheme.Lz4:
                Lz4Block.Decompress(stored[LengthHeaderBytes..], plain);
                break;
            default:
                Xpress9.Decompress(stored[Xpress9HeaderBytes..], plain);
                Prove(plain, BinaryPrimitives.ReadUInt32LittleEndian(stored[1..]));
                break;
        }

        return length;
    }

    /// <summary>
    /// Compresses a value as the engine does: text of seven bits packed, longer values also with XPRESS, and the
    /// shorter
    /// result kept.
    /// </summary>
    /// <param name="plain">The plain bytes: a value that stands in its record, or a chunk of a long value.</param>
    /// <param name="stored">Takes the result; as many bytes as the plain value are enough.</param>
    /// <returns>
    /// Length of the result, less than that of the plain bytes; 0 when nothing makes them shorter: they are then stored
    /// as they are.
    /// </returns>
    public static int Compress(ReadOnlySpan<byte> plain, Span<byte> stored)
    {
        if (plain.Length < LeastPlainBytes || plain.Length > ushort.MaxValue)
            return 0;
        var room = stored[..Math.Min(stored.Length, plain.Length - 1)];
        int packed = SevenBit.Compress(plain, room, step: 2);
        if (packed == 0)
            packed = SevenBit.Compress(plain, room, step: 1);
        if (plain.Length < LeastXpressBytes)
            return packed;

        // What seven bits made is kept unless XPRESS gets below it; the two cannot share the room.
        byte[] rented = ArrayPool<byte>.Shared.Rent(plain.Length);
        try
        {
            var body = rented.AsSpan(0, (packed > 0 ? packed : room.Length) - LengthHeaderBytes);
            int length = XpressEncoder.Compress(plain, body);
            if (length == 0 || (packed > 0 && length + LengthHeaderBytes > packed))
                return packed;
            room[0] = (int)CompressionScheme.Xpress << 3;
            BinaryPrimitives.WriteUInt16LittleEndian(room[1..], (ushort)plain.Length);
            body[..length].CopyTo(room[LengthHeaderBytes..]);
            return length + LengthHeaderBytes;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>What is thrown when a value cannot be decompressed.</summary>
    internal static EseException Failed(string message) => new(EseError.DecompressionFailed, message);

    /// <summary>Copies a match; the places may overlap, then the copy repeats itself.</summary>
    /// <exception cref="EseException">The match begins before the value or ends behind it (-1620).</exception>
    internal static void CopyMatch(Span<byte> plain, int at, uint offset, uint length)
    {
        if (offset == 0 || offset > (uint)at || length > (uint)(plain.Length - at))
            throw Failed("a match of a compressed value leaves the value");
        int from = at - (int)offset, end = at + (int)length;

        // What is copied at once never overlaps; of a match that repeats itself there is twice as much each time.
        while (at < end)
        {
            int count = Math.Min(at - from, end - at);
            plain.Slice(from, count).CopyTo(plain[at..]);
            at += count;
        }
    }

    private static void Prove(ReadOnlySpan<byte> plain, uint stored)
    {
        if (Crc32C.Compute(plain) != stored)
        {
            throw new EseException(EseError.CompressionIntegrityCheckFailed,
                "a value decompresses to other bytes than it was compressed from");
        }
    }
}
