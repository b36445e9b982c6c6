using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>
/// XPRESS9: LZ77 whose literals, lengths and distances are Huffman codes, in blocks that tell their length.
/// </summary>
/// <remarks>
/// <code>
/// off size
///   0    4  4E86D72A
///   4    4  plain bytes of this block
///   8    4  bits of this block, the header's 256 included
///  12    4  bits 0–12: bits of recent distances and both code tables; 13–15: log2 of the window − 16, wraps;
///           16–17: half the number of recent distances; 18: shortest match − 3; 19: shortest recent match − 2; else 0
///  16    4  0
///  20    4  session, the same in all blocks
///  24    4  number of the block, from 0
///  28    4  CRC-32C of the first 28 bytes
///  32       flag: the item before was a match; recent distances; table of items; table of long lengths; items
/// </code>
/// An item is a literal byte, or 256 + 16 · k + length: k below the number of recent distances repeats one of them,
/// else it is, less that number, the number of bits of a new one. A match may reach into earlier blocks.
/// </remarks>
internal static class Xpress9
{
    /// <summary>
    /// The most plain bytes that a stream may claim; its blocks carry 32-bit lengths that nothing else bounds.
    /// </summary>
    public const int MaxPlainBytes = 64 * 1024;

    private const int HeaderBytes = 32;
    private const uint Magic = 0x4E86D72A;
    private const int Literals = 256;
    private const int LengthCodes = 16;
    private const int LengthSymbols = 256;
    private const int FirstWideLength = 232;
    private const int MostRecent = 6;

    /// <summary>Plain bytes of all blocks.</summary>
    /// <exception cref="EseException">A header is damaged, or the sum is above 64 KiB (-1620).</exception>
    public static int PlainLength(ReadOnlySpan<byte> body)
    {
        long length = 0;
        for (uint index = 0; !body.IsEmpty; index++)
        {
            var block = Block.Read(body, index);
            length += block.PlainBytes;
            if (length > MaxPlainBytes)
                throw ValueCompression.Failed($"a value compressed with XPRESS9 claims {length} bytes or more");
            body = body[block.StoredBytes..];
        }

        return (int)length;
    }

    /// <summary>Fills a buffer of exactly the plain length.</summary>
    /// <exception cref="EseException">A block is damaged (-1620).</exception>
    public static void Decompress(ReadOnlySpan<byte> body, Span<byte> plain)
    {
        int at = 0;
        uint session = body.Length < HeaderBytes ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(body[20..]);
        for (uint index = 0; !body.IsEmpty; index++)
        {
            var block = Block.Read(body, index);
            if (block.Session != session)
                throw Damaged();
            int end = at + (int)block.PlainBytes;
            Decompress(block, body[..block.StoredBytes], plain[..end], at);
            at = end;
            body = body[block.StoredBytes..];
        }
    }

    private static void Decompress(in Block block, ReadOnlySpan<byte> stored, Span<byte> plain, int at)
    {
        var bits = new Xpress9Bits(stored, HeaderBytes * 8, block.Bits);
        Span<uint> recent = stackalloc uint[MostRecent];
        recent = recent[..block.Recent];
        bool afterMatch = false;
        if (block.Recent > 0)
        {
            afterMatch = bits.Read(1) != 0;
            foreach (ref uint distance in recent)
                distance = Power(ref bits, (int)bits.Read(5));
        }

        var items = new Xpress9Table(Xpress9Table.MostSymbols);
        var lengths = new Xpress9Table(LengthSymbols);
        items.Read(ref bits);
        lengths.Read(ref bits);
        if (bits.Position != HeaderBytes * 8 + block.TableBits)
            throw Damaged();

        while (at < plain.Length)
        {
            int item = items.Decode(ref bits);
            if (item < Literals)
            {
                plain[at++] = (byte)item;
                afterMatch = false;
                continue;
            }

            uint length = Length(ref bits, item - Literals & LengthCodes - 1, in lengths);
            int kind = (item - Literals) / LengthCodes;
            length += kind < block.Recent ? block.ShortestRecent : block.ShortestMatch;
            uint distance = Distance(ref bits, kind, recent, afterMatch);
            ValueCompression.CopyMatch(plain, at, distance, length);
            at += (int)length;
            afterMatch = true;
        }

        if (bits.Position != block.Bits)
            throw Damaged();
    }

    private static uint Length(ref Xpress9Bits bits, int code, in Xpress9Table table)
    {
        if (code < LengthCodes - 1)
            return (uint)code;
        uint length = (uint)table.Decode(ref bits);
        if (length >= FirstWideLength)
            length = Power(ref bits, (int)length - FirstWideLength) + FirstWideLength - 1;
        return length + LengthCodes - 1;
    }

    // A distance comes to the front of the recent ones, a new one drives the last out. Directly after a match the
    // front one cannot be meant again: that would have been one longer match.
    private static uint Distance(scoped ref Xpress9Bits bits, int kind, scoped Span<uint> recent, bool afterMatch)
    {
        bool isNew = kind >= recent.Length;
        int from = isNew ? recent.Length - 1 : afterMatch ? kind + 1 : kind;
        if (from >= recent.Length)
            throw Damaged();
        uint distance = isNew ? Power(ref bits, kind - recent.Length) : recent[from];
        if (recent.IsEmpty)
            return distance;
        recent[..from].CopyTo(recent[1..]);
        recent[0] = distance;
        return distance;
    }

    private static uint Power(ref Xpress9Bits bits, int exponent) => bits.Read(exponent) + (1u << exponent);

    internal static EseException Damaged() => ValueCompression.Failed("a value compressed with XPRESS9 is damaged");

    private readonly struct Block
    {
        public uint PlainBytes { get; private init; }

        public int Bits { get; private init; }

        public uint Session { get; private init; }

        private uint Shape { get; init; }

        public int StoredBytes => (Bits + 7) / 8;

        public int TableBits => (int)(Shape & 0x1FFF);

        public int Recent => (int)(Shape >> 16 & 3) * 2;

        public uint ShortestMatch => (Shape >> 18 & 1) + 3;

        public uint ShortestRecent => (Shape >> 19 & 1) + 2;

        public static Block Read(ReadOnlySpan<byte> body, uint index)
        {
            if (body.Length < HeaderBytes || Word(body, 0) != Magic || Word(body, 4) != 0 || Word(body, 6) != index
                || Word(body, 7) != Crc32C.Compute(body[..28]) || Word(body, 3) >> 20 != 0)
                throw Damaged();
            uint bits = Word(body, 2);
            if (bits < HeaderBytes * 8 || bits > Math.Min(8L * body.Length, int.MaxValue - 7))
                throw Damaged();
            return new Block
            {
                PlainBytes = Word(body, 1), Bits = (int)bits, Shape = Word(body, 3), Session = Word(body, 5),
            };
        }

        private static uint Word(ReadOnlySpan<byte> body, int index) =>
            BinaryPrimitives.ReadUInt32LittleEndian(body[(4 * index)..]);
    }
}
