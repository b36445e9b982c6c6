using System.Runtime.CompilerServices;

namespace PipelineBackup.Ese;

/// <summary>
/// What the differences of a page's checksums tell: the bits to flip, at most one for each block, or that nothing can
/// be mended, and then perhaps which page it is instead.
/// </summary>
internal readonly struct PageSyndrome
{
    private const int MostBlocks = 4;

    private readonly Bits _bits;
    private readonly PageNumber _found;

    private PageSyndrome(Bits bits, int count, PageNumber found) => (_bits, Count, _found) = (bits, count, found);

    /// <summary>How many bits are to be flipped; 0 when that would not help.</summary>
    public int Count { get; }

    /// <summary>The page that it is by its checksums; none when they do not tell.</summary>
    public PageNumber Found => _found;

    /// <summary>Index of the lowest bit to be flipped; -1 when there is none.</summary>
    public int FirstBit => Count == 0 ? -1 : _bits[0];

    /// <summary>Damage that no flipping mends.</summary>
    /// <param name="found">The page that it is instead, where known.</param>
    public static PageSyndrome Unmendable(PageNumber found) => new(default, 0, found);

    /// <summary>One bit more.</summary>
    /// <param name="bit">Its index in the page; each lies in a later block than the one before.</param>
    public PageSyndrome With(int bit)
    {
        var bits = _bits;
        bits[Count] = bit;
        return new(bits, Count + 1, _found);
    }

    /// <summary>The bits to be flipped in the stored checksum of a block, as a mask.</summary>
    /// <param name="block">Number of the block; the checksum of block 0 itself is never mended.</param>
    public ulong FlipsOfStored(int block)
    {
        int first = (PageChecksum.BlockChecksums + (block - 1) * 8) * 8;
        return block > 0 && Count > 0 && _bits[0] >= first && _bits[0] < first + 64 ? 1UL << (_bits[0] - first) : 0;
    }

    /// <summary>Flips the bits; doing it twice undoes it.</summary>
    /// <param name="page">The whole page.</param>
    public void Flip(Span<byte> page)
    {
        for (int i = 0; i < Count; i++)
            page[_bits[i] / 8] ^= (byte)(1 << (_bits[i] % 8));
    }

    [InlineArray(MostBlocks)]
    private struct Bits
    {
        private int _first;
    }
}
