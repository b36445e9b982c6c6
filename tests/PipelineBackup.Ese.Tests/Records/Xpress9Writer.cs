using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests.Records;

/// <summary>
/// Writes values compressed with XPRESS9 that use all that the format has, chosen by a seed, not by what compresses well:
/// several blocks, recent distances or none, flat and coded tables, tables of one symbol, lengths and distances of all kinds.
/// </summary>
internal sealed class Xpress9Writer(int seed)
{
    private readonly Random _random = new(seed);
    private readonly List<byte> _plain = [];
    private readonly List<bool> _bits = [];
    private readonly uint[] _recent = new uint[4];
    private int _recentCount, _shortestMatch, _shortestRecent;
    private bool _afterMatch;
    private (int Length, int Code)[] _items = [], _lengths = [];

    public byte[] Write(out byte[] plain)
    {
        var body = new List<byte>();
        int blocks = _random.Next(1, 4);
        for (int index = 0; index < blocks; index++)
            body.AddRange(Block(index));
        plain = [.. _plain];
        byte[] stored = [0x28, 0, 0, 0, 0, .. body];
        BinaryPrimitives.WriteUInt32LittleEndian(stored.AsSpan(1), Crc32C.Compute(plain));
        return stored;
    }

    /// <summary>Makes the CRC of the first block's header right again.</summary>
    public static void Seal(Span<byte> stored)
    {
        if (stored.Length >= 5 + 32 && stored[0] == 0x28)
            BinaryPrimitives.WriteUInt32LittleEndian(stored[(5 + 28)..], Crc32C.Compute(stored.Slice(5, 28)));
    }

    private byte[] Block(int index)
    {
        _bits.Clear();
        _recentCount = 2 * _random.Next(3);
        _shortestMatch = 3 + _random.Next(2);
        _shortestRecent = 2 + _random.Next(2);
        int start = _plain.Count;
        bool oneByte = _random.Next(6) == 0;
        State();
        _items = oneByte ? OneSymbol(704, _random.Next(256)) : Table(704);
        _lengths = Table(256);
        int tableBits = _bits.Count;
        for (int items = _random.Next(1, 60); items > 0; items--)
        {
            if (oneByte)
                Literal((byte)Array.FindIndex(_items, item => item.Length > 0));
            else if (_plain.Count == 0 || _random.Next(2) == 0)
                Literal((byte)_random.Next(256));
            else
                Match();
        }

        int shape = tableBits | 4 << 13 | _recentCount / 2 << 16 | (_shortestMatch - 3) << 18 | (_shortestRecent - 2) << 19;
        byte[] block = new byte[32 + (_bits.Count + 7) / 8];
        uint[] words = [0x4E86D72A, (uint)(_plain.Count - start), (uint)(256 + _bits.Count), (uint)shape, 0, 77, (uint)index];
        for (int i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(4 * i), words[i]);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(28), Crc32C.Compute(block.AsSpan(0, 28)));
        for (int i = 0; i < _bits.Count; i++)
            block[32 + i / 8] |= (byte)((_bits[i] ? 1 : 0) << i % 8);
        return block;
    }

    private void State()
    {
        _afterMatch = false;
        if (_recentCount == 0)
            return;
        _afterMatch = _random.Next(2) == 0;
        Put(_afterMatch ? 1u : 0, 1);
        for (int i = 0; i < _recentCount; i++)
        {
            // Only distances that reach back into what is there can be repeated later.
            int bits = _random.Next(Bits(Math.Max(1, _plain.Count)) + 1);
            uint more = (uint)_random.Next(1 << bits);
            Put((uint)bits, 5);
            Put(more, bits);
            _recent[i] = more + (1u << bits);
        }
    }

    private void Literal(byte value)
    {
        Code(_items[value]);
        _plain.Add(value);
        _afterMatch = false;
    }

    private void Match()
    {
        int kind, length = _random.Next(4) switch { 0 => _random.Next(15), 1 => _random.Next(15, 246), _ => _random.Next(300) };
        uint distance;
        int first = _afterMatch ? 1 : 0;
        int at = first < _recentCount ? _random.Next(first, _recentCount) : 0;
        bool isRecent = first < _recentCount && _random.Next(2) == 0 && _recent[at] <= _plain.Count;
        if (isRecent)
        {
            kind = at - first;
            distance = _recent[at];
            Array.Copy(_recent, 0, _recent, 1, at);
        }
        else
        {
            distance = (uint)_random.Next(1, _plain.Count + 1);
            kind = _recentCount + Bits((int)distance);
            if (_recentCount > 0)
                Array.Copy(_recent, 0, _recent, 1, _recentCount - 1);
        }

        if (_recentCount > 0)
            _recent[0] = distance;
        Code(_items[256 + 16 * kind + Math.Min(length, 15)]);
        if (length >= 15)
            Long(length - 15);
        if (!isRecent)
            Put(distance - (1u << Bits((int)distance)), Bits((int)distance));
        for (int i = length + (isRecent ? _shortestRecent : _shortestMatch); i > 0; i--)
            _plain.Add(_plain[^(int)distance]);
        _afterMatch = true;
    }

    private void Long(int length)
    {
        if (length < 232)
        {
            Code(_lengths[length]);
            return;
        }

        int bits = Bits(length - 231);
        Code(_lengths[232 + bits]);
        Put((uint)(length - 231 - (1 << bits)), bits);
    }

    // Flat, or every symbol with a length written out: half of them one bit shorter than the others.
    private (int Length, int Code)[] Table(int symbols)
    {
        var lengths = new int[symbols];
        int bits = Bits(symbols), shorter = (1 << bits + 1) - symbols;
        for (int i = 0; i < symbols; i++)
            lengths[i] = i < shorter ? bits : bits + 1;
        if (_random.Next(2) == 0)
        {
            Put(0, 3);
            return Canonical(lengths);
        }

        Shuffle(lengths);
        Put(1, 3);
        WriteLengths(lengths);
        return Canonical(lengths);
    }

    private (int Length, int Code)[] OneSymbol(int symbols, int symbol)
    {
        var lengths = new int[symbols];
        lengths[symbol] = _random.Next(1, 9);
        Put(1, 3);
        WriteLengths(lengths);
        return Canonical(lengths);
    }

    // The small table: 31 symbols of five bits and two of six, which is complete.
    private void WriteLengths(int[] lengths)
    {
        var small = new int[33];
        Array.Fill(small, 5);
        small[0] = small[32] = 6;
        int before = 4;
        foreach (int length in small)
        {
            if (length == before)
                Put(0, 1);
            else
            {
                Put(1, 1);
                Put((uint)(length > before ? length - 1 : length), 3);
            }

            before = length;
        }

        var codes = Canonical(small);
        int last = 8;
        for (int at = 0; at < lengths.Length;)
        {
            int zeros = lengths.Skip(at).TakeWhile(length => length == 0).Count();
            int toRow = Math.Min(16 - at % 16, lengths.Length - at);
            if (zeros >= toRow && _random.Next(3) > 0)
            {
                Code(codes[28]);
                at += toRow;
            }
            else if (zeros >= 5)
            {
                at += ZeroRun(codes[29], zeros);
            }
            else
            {
                int length = lengths[at];
                int symbol = length == last && _random.Next(2) == 0 ? 30
                    : at >= 16 && length != 0 && lengths[at - 16] == length && _random.Next(2) == 0 ? 31
                    : at >= 16 && length != 0 && lengths[at - 16] + 1 == length && _random.Next(2) == 0 ? 32
                    : length;
                Code(codes[symbol]);
                last = length == 0 ? last : length;
                at++;
            }
        }
    }

    private int ZeroRun((int Length, int Code) code, int zeros)
    {
        Code(code);
        int more = zeros - 5;
        Put((uint)Math.Min(more, 3), 2);
        if (more < 3)
            return zeros;
        for (more -= 3; ; more -= 7)
        {
            Put((uint)Math.Min(more, 7), 3);
            if (more < 7)
                return zeros;
        }
    }

    private static (int Length, int Code)[] Canonical(int[] lengths)
    {
        var codes = new (int, int)[lengths.Length];
        int code = 0, before = 0;
        foreach (int symbol in Enumerable.Range(0, lengths.Length).Where(i => lengths[i] > 0).OrderBy(i => lengths[i]).ThenBy(i => i))
        {
            code <<= lengths[symbol] - before;
            before = lengths[symbol];
            codes[symbol] = (lengths[symbol], code++);
        }

        return codes;
    }

    private void Shuffle(int[] values)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            int other = _random.Next(i + 1);
            (values[i], values[other]) = (values[other], values[i]);
        }
    }

    private void Code((int Length, int Code) code)
    {
        for (int bit = code.Length - 1; bit >= 0; bit--)
            _bits.Add((code.Code >> bit & 1) != 0);
    }

    private void Put(uint value, int count)
    {
        for (int bit = 0; bit < count; bit++)
            _bits.Add((value >> bit & 1) != 0);
    }

    private static int Bits(int value) => System.Numerics.BitOperations.Log2((uint)value);
}
