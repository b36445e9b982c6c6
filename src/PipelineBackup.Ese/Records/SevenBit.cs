using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Seven bits a character, packed from the lowest bit on.</summary>
internal static class SevenBit
{
    private const int CodeBits = 7;

    /// <summary>Number of codes in a value with its header byte.</summary>
    /// <exception cref="EseException">The bits are no whole number of codes (-1620).</exception>
    public static int Codes(ReadOnlySpan<byte> stored)
    {
        int bits = (stored.Length - 2) * 8 + (stored[0] & 7) + 1;
        return stored.Length >= 2 && bits % CodeBits == 0
            ? bits / CodeBits
            : throw ValueCompression.Failed("a seven-bit value ends within a code");
    }

    /// <summary>Unpacks codes, each followed by (step − 1) zero bytes.</summary>
    public static void Decompress(ReadOnlySpan<byte> stored, Span<byte> plain, int step)
    {
        var packed = stored[1..];
        if (step > 1)
            plain.Clear();
        int code = 0, codes = plain.Length / step;

        // Eight codes fill seven bytes; reading eight bytes at once needs one more behind them.
        for (int at = 0; codes - code >= 8 && packed.Length - at >= 8; at += CodeBits)
        {
            ulong word = BinaryPrimitives.ReadUInt64LittleEndian(packed[at..]);
            for (int i = 0; i < 8; i++, code++)
                plain[code * step] = (byte)(word >> CodeBits * i & 0x7F);
        }

        for (; code < codes; code++)
        {
            int bit = code * CodeBits, at = bit >> 3;
            int word = packed[at] | (at + 1 < packed.Length ? packed[at + 1] << 8 : 0);
            plain[code * step] = (byte)(word >> (bit & 7) & 0x7F);
        }
    }
}
