using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Plain LZ77 of MS-XCA: 32 flags, then 32 items, each a literal byte or a match.</summary>
/// <remarks>
/// <code>
/// match: u16   bits 3–15 distance − 1, bits 0–2 length − 3; all three set: a nibble follows
///        u4    length − 10; two matches share a byte, the lower half first; 15: a byte follows
///        u8    length − 25; 255: a u16 follows
///        u16   length − 3
/// </code>
/// </remarks>
internal static class XpressPlain
{
    /// <summary>Fills a buffer of exactly the plain length.</summary>
    /// <exception cref="EseException">The body ends early or a match leaves the value (-1620).</exception>
    public static void Decompress(ReadOnlySpan<byte> body, Span<byte> plain)
    {
        var reader = new Reader(body);
        uint flags = 0;
        int items = 0, at = 0;
        while (at < plain.Length)
        {
            if (items == 0)
            {
                flags = reader.Read32();
                items = 32;
            }

            items--;
            if ((flags >> items & 1) == 0)
            {
                plain[at++] = reader.Read8();
                continue;
            }

            uint word = reader.Read16(), length = reader.Length(word & 7);
            ValueCompression.CopyMatch(plain, at, (word >> 3) + 1, length);
            at += (int)length;
        }
    }

    private ref struct Reader(ReadOnlySpan<byte> body)
    {
        private readonly ReadOnlySpan<byte> _body = body;
        private int _at;

        // Where the byte stands whose upper half the next nibble takes; -1 when there is none.
        private int _half = -1;

        public byte Read8() => Take(1)[0];

        public ushort Read16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

        public uint Read32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

        /// <summary>The length of a match whose first three bits are known.</summary>
        public uint Length(uint bits)
        {
            if (bits < 7)
                return bits + 3;
            uint nibble = Nibble();
            if (nibble < 15)
                return nibble + 10;
            uint value = Read8();
            if (value < 255)
                return value + 25;

            // The word holds the whole length less three; what the shorter forms would have counted is in it.
            uint word = Read16();
            return word >= 22 ? word + 3 : throw ValueCompression.Failed("a match has an impossible length");
        }

        private uint Nibble()
        {
            if (_half < 0)
            {
                _half = _at;
                return Read8() & 15u;
            }

            uint nibble = (uint)_body[_half] >> 4;
            _half = -1;
            return nibble;
        }

        private ReadOnlySpan<byte> Take(int bytes)
        {
            if (_body.Length - _at < bytes)
                throw ValueCompression.Failed("a value compressed with XPRESS ends early");
            var taken = _body.Slice(_at, bytes);
            _at += bytes;
            return taken;
        }
    }
}
