using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Reads the bits of an XPRESS9 block, the lowest of each byte first.</summary>
/// <param name="bytes">The block.</param>
/// <param name="position">First bit to read.</param>
/// <param name="end">Number of bits in the block; the bytes hold as many.</param>
internal ref struct Xpress9Bits(ReadOnlySpan<byte> bytes, int position, int end)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private readonly int _end = end;

    /// <summary>The next bit.</summary>
    public int Position { get; private set; } = position;

    /// <summary>Reads a number of at most 31 bits, lowest first.</summary>
    /// <exception cref="EseException">The block ends before (-1620).</exception>
    public uint Read(int count)
    {
        uint value = (uint)(Peek() & (1UL << count) - 1);
        Skip(count);
        return value;
    }

    /// <summary>At least 57 of the bits that follow, the next one lowest; zeros behind the end of the block.</summary>
    public readonly ulong Peek()
    {
        int at = Position >> 3;
        ulong word = 0;
        if (_bytes.Length - at >= 8)
            word = BinaryPrimitives.ReadUInt64LittleEndian(_bytes[at..]);
        else
        {
            for (int i = 0; at + i < _bytes.Length; i++)
                word |= (ulong)_bytes[at + i] << 8 * i;
        }

        return word >> (Position & 7);
    }

    /// <summary>Goes on by some bits.</summary>
    /// <exception cref="EseException">The block ends before (-1620).</exception>
    public void Skip(int count)
    {
        if (count > _end - Position)
            throw Xpress9.Damaged();
        Position += count;
    }
}
