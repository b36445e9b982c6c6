using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>One raw LZ4 block, as a column value holds it.</summary>
internal static class Lz4Block
{
    private const int ShortestMatch = 4;

    /// <summary>Fills a buffer of exactly the plain length.</summary>
    /// <exception cref="EseException">The block is damaged or of another length (-1620).</exception>
    public static void Decompress(ReadOnlySpan<byte> block, Span<byte> plain)
    {
        int from = 0, to = 0;
        while (from < block.Length)
        {
            int token = block[from++];
            int literals = Extend(block, ref from, token >> 4);
            if (literals > block.Length - from || literals > plain.Length - to)
                throw Damaged();
            block.Slice(from, literals).CopyTo(plain[to..]);
            from += literals;
            to += literals;
            if (from == block.Length)
                break;
            if (block.Length - from < 2)
                throw Damaged();
            uint offset = BinaryPrimitives.ReadUInt16LittleEndian(block[from..]);
            from += 2;
            int length = Extend(block, ref from, token & 15) + ShortestMatch;
            ValueCompression.CopyMatch(plain, to, offset, (uint)length);
            to += length;
        }

        if (to != plain.Length)
            throw Damaged();
    }

    // A value is smaller than a page, so the sum stays far from the end of an int.
    private static int Extend(ReadOnlySpan<byte> block, ref int from, int length)
    {
        if (length < 15)
            return length;
        for (byte more = 255; more == 255; length += more)
        {
            if (from == block.Length)
                throw Damaged();
            more = block[from++];
        }

        return length;
    }

    private static EseException Damaged() => ValueCompression.Failed("a value compressed with LZ4 is damaged");
}
