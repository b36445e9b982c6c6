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

    /// <summary>Packs every step-th byte; those between are known to be zero.</summary>
    /// <returns>Length with the header byte; 0 when it does not fit or a byte has eight bits.</returns>
    public static int Compress(ReadOnlySpan<byte> plain, Span<byte> stored, int step)
    {
        int codes = plain.Length / step, bits = codes * CodeBits, length = 1 + (bits + 7) / 8;
        if (codes == 0 || plain.Length % step != 0 || length > stored.Length)
            return 0;
        stored[..length].Clear();
        for (int code = 0; code < codes; code++)
        {
            int value = plain[code * step];
            if (value > 0x7F || (step == 2 && plain[code * step + 1] != 0))
                return 0;
            int bit = code * CodeBits, at = 1 + (bit >> 3);
            value <<= bit & 7;
            stored[at] |= (byte)value;
            if (value > byte.MaxValue)
                stored[at + 1] |= (byte)(value >> 8);
        }

        var scheme = step == 2 ? CompressionScheme.SevenBitUnicode : CompressionScheme.SevenBitAscii;
        stored[0] = (byte)((int)scheme << 3 | (bits - 1) % 8);
        return length;
    }
}
