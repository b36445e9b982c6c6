using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>The checksums of a database page: which apply to it, whether they match, what a difference tells.</summary>
/// <remarks>
/// The page's own flags choose: with bit 0x2000 the error-correcting code, without it <see cref="PlainXor"/>.
/// <code>
/// page bytes      blocks   stored at
/// 2048 … 8192          1   0
/// 16384         4 × 4096   0, 40, 48, 56      block 0 covers the three others' checksums
/// 32768         4 × 8192   0, 40, 48, 56
/// </code>
/// Pages are spans of a whole page; the page number is mixed into every block's checksum.
/// </remarks>
public static class PageChecksum
{
    private const int FlagsOffset = 36;

    /// <summary>Where a large page keeps the checksums of its blocks 1, 2 and 3, eight bytes each.</summary>
    internal const int BlockChecksums = 40;

    /// <summary>Whether the page says that the error-correcting code guards it.</summary>
    /// <param name="page">The whole page.</param>
    public static bool UsesEcc(ReadOnlySpan<byte> page) =>
        ((PageFlags)BinaryPrimitives.ReadUInt32LittleEndian(page[FlagsOffset..]) & PageFlags.EccChecksum) != 0;

    /// <summary>Length of one block of the error-correcting code in bytes.</summary>
    /// <param name="pageBytes">Length of the page: a page size.</param>
    public static int BlockBytes(int pageBytes) => pageBytes <= 8192 ? pageBytes : pageBytes / 4;

    /// <summary>Whether every checksum of a page matches. Says nothing of an all-zero page, which has none.</summary>
    /// <param name="page">The whole page.</param>
    /// <param name="number">The number it should have.</param>
    public static bool Verify(ReadOnlySpan<byte> page, PageNumber number)
    {
        if (!UsesEcc(page))
            return PlainXor.Verify(page, number);
        int blockBytes = BlockBytes(page.Length);
        for (int start = 0; start < page.Length; start += blockBytes)
        {
            if (Compute(page, start, blockBytes, number) != Stored(page, start / blockBytes))
                return false;
        }

        return true;
    }

    /// <summary>
    /// Stores the checksums that the page's flags ask for; a large page's own number must be in place.
    /// </summary>
    /// <param name="page">The whole page.</param>
    /// <param name="number">Its number.</param>
    public static void Write(Span<byte> page, PageNumber number)
    {
        if (!UsesEcc(page))
        {
            PlainXor.Write(page, number);
            return;
        }

        // Block 0 last: it covers what is stored for the others.
        int blockBytes = BlockBytes(page.Length);
        for (int block = page.Length / blockBytes - 1; block >= 0; block--)
        {
            ulong checksum = Compute(page, block * blockBytes, blockBytes, number);
            BinaryPrimitives.WriteUInt64LittleEndian(page[StoredAt(block)..], checksum);
        }
    }

    /// <summary>
    /// Reads out of a page whose checksums do not match what they can tell of the damage. Changes nothing.
    /// </summary>
    /// <param name="page">The whole page.</param>
    /// <param name="number">The number it should have.</param>
    internal static PageSyndrome Diagnose(ReadOnlySpan<byte> page, PageNumber number)
    {
        if (!UsesEcc(page))
        {
            bool elsewhere = PlainXor.StoredNumber(page) != number && HeaderChecksum.Verify(page);
            return PageSyndrome.Unmendable(elsewhere ? Known(PlainXor.StoredNumber(page)) : PageNumber.None);
        }

        int blockBytes = BlockBytes(page.Length), blocks = page.Length / blockBytes, sameShift = 0;
        uint shift = 0;
        bool mendable = true;
        var flips = default(PageSyndrome);
        for (int block = 0; block < blocks; block++)
        {
            // A flip found in block 0 may lie in the stored checksum of this block.
            ulong stored = Stored(page, block) ^ flips.FlipsOfStored(block);
            ulong computed = Compute(page, block * blockBytes, blockBytes, number);
            if (stored == computed)
                continue;

            shift = block == 0 ? (uint)(stored ^ computed) : shift;
            sameShift += (stored ^ computed) == shift ? 1 : 0;
            int bit = XorEcc.FindFlippedBit(stored, computed, blockBytes, isFirst: block == 0);
            mendable &= bit >= 0;
            if (bit >= 0)
                flips = flips.With(block * blockBytes * 8 + bit);
        }

        if (mendable)
            return flips;

        // The number is in nothing but the low half of every block: all blocks must be off by the same.
        return PageSyndrome.Unmendable(sameShift == blocks ? Known(new(shift ^ number.Value)) : PageNumber.None);
    }

    private static PageNumber Known(PageNumber number) =>
        number.CompareTo(PageNumber.Max) <= 0 ? number : PageNumber.None;

    private static ulong Compute(ReadOnlySpan<byte> page, int start, int blockBytes, PageNumber number) =>
        XorEcc.Compute(page.Slice(start, blockBytes), number.Value, isFirst: start == 0);

    private static ulong Stored(ReadOnlySpan<byte> page, int block) =>
        BinaryPrimitives.ReadUInt64LittleEndian(page[StoredAt(block)..]);

    private static int StoredAt(int block) => block == 0 ? 0 : BlockChecksums + (block - 1) * 8;
}
