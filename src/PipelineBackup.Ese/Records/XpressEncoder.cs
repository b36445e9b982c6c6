using System.Buffers;
using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Compresses with plain LZ77 of MS-XCA; <see cref="XpressPlain"/> draws the format.</summary>
/// <remarks>
/// Matches are found through chains of places with the same three bytes, a few steps back on each. Windows' own encoder
/// chooses otherwise; any choice is read by all.
/// </remarks>
internal static class XpressEncoder
{
    private const int Window = 8192, LeastMatch = 3, MostMatch = ushort.MaxValue + LeastMatch;
    private const int HashBits = 13, Steps = 24, GoodMatch = 96;

    /// <summary>Compresses a value.</summary>
    /// <param name="plain">The plain bytes.</param>
    /// <param name="body">Takes the body.</param>
    /// <returns>Length of the body; 0 when it does not fit.</returns>
    public static int Compress(ReadOnlySpan<byte> plain, Span<byte> body)
    {
        int[] places = ArrayPool<int>.Shared.Rent((1 << HashBits) + Window);
        try
        {
            var heads = places.AsSpan(0, 1 << HashBits);
            heads.Fill(-1);
            return Compress(plain, body, heads, places.AsSpan(heads.Length, Window));
        }
        finally
        {
            ArrayPool<int>.Shared.Return(places);
        }
    }

    private static int Compress(ReadOnlySpan<byte> plain, Span<byte> body, Span<int> heads, Span<int> chain)
    {
        var writer = new Writer(body);
        int at = 0;
        while (at < plain.Length && writer.Fits)
        {
            int length = FindMatch(plain, at, heads, chain, out int distance);
            if (length < LeastMatch)
            {
                length = 1;
                writer.Literal(plain[at]);
            }
            else
                writer.Match(distance, length);

            for (int end = at + length; at < end; at++)
                Remember(plain, at, heads, chain);
        }

        return writer.Finish();
    }

    private static int FindMatch(ReadOnlySpan<byte> plain, int at, Span<int> heads, Span<int> chain, out int distance)
    {
        int best = 0;
        distance = 0;
        if (plain.Length - at < LeastMatch)
            return 0;
        int most = Math.Min(plain.Length - at, MostMatch);
        var wanted = plain.Slice(at, most);
        int place = heads[Hash(plain, at)];
        for (int step = 0; step < Steps && place >= 0 && at - place <= Window; step++)
        {
            int length = wanted.CommonPrefixLength(plain[place..]);
            if (length > best)
            {
                best = length;
                distance = at - place;
                if (best >= GoodMatch || best == most)
                    break;
            }

            int before = chain[place % Window];
            if (before >= place)
                break;
            place = before;
        }

        return best;
    }

    private static void Remember(ReadOnlySpan<byte> plain, int at, Span<int> heads, Span<int> chain)
    {
        if (plain.Length - at < LeastMatch)
            return;
        int hash = Hash(plain, at);
        chain[at % Window] = heads[hash];
        heads[hash] = at;
    }

    private static int Hash(ReadOnlySpan<byte> plain, int at) =>
        (int)((uint)(plain[at] | plain[at + 1] << 8 | plain[at + 2] << 16) * 2654435761u >> (32 - HashBits));

    private ref struct Writer
    {
        private const int FlagBytes = 4, FlagBits = 32;

        // The longest item: a literal or match, its length, and the flags of the items behind it.
        private const int MostItemBytes = 12;

        private readonly Span<byte> _body;
        private int _at, _flagsAt, _items, _half;
        private uint _flags;

        public Writer(Span<byte> body)
        {
            _body = body;
            _at = FlagBytes;
            _half = -1;
        }

        public readonly bool Fits => _body.Length - _at >= MostItemBytes;

        public void Literal(byte value)
        {
            _body[_at++] = value;
            Flag(0);
        }

        public void Match(int distance, int length)
        {
            int rest = length - 3;
            Write16((distance - 1) << 3 | Math.Min(rest, 7));
            if (rest >= 7)
            {
                Nibble(Math.Min(rest - 7, 15));
                if (rest >= 22)
                {
                    _body[_at++] = (byte)Math.Min(rest - 22, 255);
                    if (rest - 22 >= 255)
                        Write16(rest);
                }
            }

            Flag(1);
        }

        public int Finish()
        {
            if (!Fits)
                return 0;
            uint rest = _items == 0 ? uint.MaxValue : (1u << FlagBits - _items) - 1;
            uint flags = _items == 0 ? rest : _flags << FlagBits - _items | rest;
            BinaryPrimitives.WriteUInt32LittleEndian(_body[_flagsAt..], flags);
            return _at;
        }

        private void Nibble(int value)
        {
            if (_half < 0)
            {
                _half = _at;
                _body[_at++] = (byte)value;
                return;
            }

            _body[_half] |= (byte)(value << 4);
            _half = -1;
        }

        private void Write16(int value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_body[_at..], (ushort)value);
            _at += 2;
        }

        private void Flag(uint flag)
        {
            _flags = _flags << 1 | flag;
            if (++_items < FlagBits)
                return;
            BinaryPrimitives.WriteUInt32LittleEndian(_body[_flagsAt..], _flags);
            _flagsAt = _at;
            _at += FlagBytes;
            (_items, _flags) = (0, 0);
        }
    }
}
