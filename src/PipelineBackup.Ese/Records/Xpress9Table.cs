using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace PipelineBackup.Ese;

/// <summary>
/// A canonical Huffman code: shorter codes first, those of equal length in the order of their symbols.
/// </summary>
/// <remarks>
/// How the lengths are stored:
/// <code>
/// kind   3 bits
/// 0      flat: the first 2^(b+1) − N symbols have b = floor(log2 N) bits, the others b + 1
/// 1      33 lengths by difference (1 bit: 0 = as before; else 3 bits, skipping that one), first before: 4;
///        then codes of these 33 symbols:
///        0–27  a length                             28  zeros up to the next multiple of 16
///        29    5 zeros or more                      30  the length before (first 8; zeros do not count)
///        31    the length 16 symbols ago            32  that and 1
/// </code>
/// A code word arrives with its first bit first. A table with one symbol takes its bits whatever they are.
/// </remarks>
internal struct Xpress9Table
{
    /// <summary>Symbols of the largest table, that of the items.</summary>
    public const int MostSymbols = 704;

    private const int MostBits = 27;
    private const int SmallSymbols = 33;
    private const int Row = 16;

    private readonly int _size;
    private LengthBuffer _lengthBuffer;
    private SymbolBuffer _symbols;
    private Counts _counts;
    private int _single;

    /// <summary>A table to read.</summary>
    /// <param name="size">Number of its symbols, at most <see cref="MostSymbols"/>.</param>
    public Xpress9Table(int size) => _size = size;

    [UnscopedRef]
    private Span<byte> Lengths => ((Span<byte>)_lengthBuffer)[.._size];

    /// <summary>Reads the lengths and builds the code.</summary>
    /// <exception cref="EseException">The table is damaged (-1620).</exception>
    public void Read(ref Xpress9Bits bits)
    {
        switch (bits.Read(3))
        {
            case 0:
                Flat();
                break;
            case 1:
                var small = new Xpress9Table(SmallSymbols);
                small.ReadSmall(ref bits);
                ReadLengths(ref bits, in small);
                break;
            default:
                throw Xpress9.Damaged();
        }

        Build();
    }

    /// <summary>Reads one symbol.</summary>
    /// <exception cref="EseException">The block ends before (-1620).</exception>
    public readonly int Decode(ref Xpress9Bits bits)
    {
        if (_single != 0)
        {
            bits.Skip(_single);
            return _symbols[0];
        }

        // The code is complete, so one of the lengths fits.
        ulong next = bits.Peek();
        int code = 0, first = 0, index = 0;
        for (int length = 1; length <= MostBits; length++, next >>= 1)
        {
            code = code << 1 | (int)(next & 1);
            first <<= 1;
            int count = _counts[length];
            if (code - first < count)
            {
                bits.Skip(length);
                return _symbols[index + code - first];
            }

            first += count;
            index += count;
        }

        throw Xpress9.Damaged();
    }

    private void Flat()
    {
        int bits = BitOperations.Log2((uint)_size), shorter = (1 << bits + 1) - _size;
        Lengths[..shorter].Fill((byte)bits);
        Lengths[shorter..].Fill((byte)(bits + 1));
    }

    private void ReadSmall(ref Xpress9Bits bits)
    {
        uint before = 4;
        foreach (ref byte length in Lengths)
        {
            if (bits.Read(1) != 0)
            {
                uint value = bits.Read(3);
                before = value >= before ? value + 1 : value;
            }

            length = (byte)before;
        }

        Build();
    }

    private void ReadLengths(ref Xpress9Bits bits, in Xpress9Table small)
    {
        var lengths = Lengths;
        byte before = 8;
        for (int at = 0; at < lengths.Length;)
        {
            int symbol = small.Decode(ref bits);
            int zeros = symbol switch
            {
                28 => Row - at % Row,
                29 => ZeroRun(ref bits, lengths.Length),
                _ => 0,
            };
            if (zeros > 0)
            {
                zeros = symbol == 28 ? Math.Min(zeros, lengths.Length - at) : zeros;
                if (zeros > lengths.Length - at)
                    throw Xpress9.Damaged();
                lengths.Slice(at, zeros).Clear();
                at += zeros;
                continue;
            }

            int length = symbol switch
            {
                30 => before,
                31 when at >= Row => lengths[at - Row],
                32 when at >= Row => lengths[at - Row] + 1,
                <= MostBits => symbol,
                _ => -1,
            };
            if (length is < 0 or > MostBits || (symbol == 31 && length == 0))
                throw Xpress9.Damaged();
            lengths[at++] = (byte)length;
            before = length == 0 ? before : (byte)length;
        }
    }

    // The sum stays small: beyond the number of symbols the run is damaged anyway.
    private static int ZeroRun(ref Xpress9Bits bits, int limit)
    {
        uint more = bits.Read(2);
        int zeros = 5 + (int)more;
        if (more < 3)
            return zeros;
        do
        {
            more = bits.Read(3);
            zeros += (int)more;
        }
        while (more == 7 && zeros <= limit);
        return zeros;
    }

    private void Build()
    {
        var lengths = Lengths;
        _counts = default;
        int used = 0;
        foreach (byte length in lengths)
        {
            used += length == 0 ? 0 : 1;
            _counts[length]++;
        }

        _counts[0] = 0;
        Span<int> next = stackalloc int[MostBits + 2];
        long space = 1L << MostBits;
        for (int length = 1; length <= MostBits; length++)
        {
            next[length + 1] = next[length] + _counts[length];
            space -= (long)_counts[length] << MostBits - length;
        }

        for (int symbol = 0; symbol < lengths.Length; symbol++)
        {
            if (lengths[symbol] != 0)
                _symbols[next[lengths[symbol]]++] = (ushort)symbol;
        }

        _single = used == 1 ? lengths[_symbols[0]] : 0;
        if (used != 1 && space != 0)
            throw Xpress9.Damaged();
    }

    [InlineArray(MostBits + 1)]
    private struct Counts
    {
        private int _first;
    }

    [InlineArray(MostSymbols)]
    private struct LengthBuffer
    {
        private byte _first;
    }

    [InlineArray(MostSymbols)]
    private struct SymbolBuffer
    {
        private ushort _first;
    }
}
