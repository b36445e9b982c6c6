using System.Runtime.Intrinsics;

namespace PipelineBackup.Ese;

/// <summary>
/// The 64-bit checksum of database pages and log segments: the XOR of all 32-bit words in the low half, an
/// error-correcting code that names the place of a single flipped bit in the high half.
/// </summary>
/// <remarks>
/// <code>
/// bits  0–31  XOR of all words, XOR the number of the page or segment
/// bits 32–47  XOR of the indices of all set bits
/// bits 48–63  XOR of the complemented indices of all set bits
/// </code>
/// One flipped bit changes exactly one bit of the first part, and the other two by its index and by its complement:
/// any other difference is more damage than can be mended.
/// </remarks>
public static class XorEcc
{
    /// <summary>
    /// The bit of a page or segment that selects this checksum: bit 13 of the flags at offset 36. Never repaired.
    /// </summary>
    public const int FormatBit = 36 * 8 + 13;

    /// <summary>Bits that the stored checksum takes at the start of a first block, where they count as zero.</summary>
    internal const int ChecksumBits = 64;

    /// <summary>Computes the checksum of a block.</summary>
    /// <param name="block">2048, 4096 or 8192 bytes.</param>
    /// <param name="number">Page number or segment index, mixed into the low half.</param>
    /// <param name="isFirst">Whether the block starts with the checksum itself, which then counts as zero.</param>
    /// <exception cref="ArgumentException">The block has another length.</exception>
    public static ulong Compute(ReadOnlySpan<byte> block, uint number, bool isFirst)
    {
        if (block.Length is not (2048 or 4096 or 8192))
            throw new ArgumentException("a block has 2048, 4096 or 8192 bytes", nameof(block));

        // Wider lanes read memory in its own order of bytes.
        if (Vector512.IsHardwareAccelerated && BitConverter.IsLittleEndian)
            return XorEccKernel.Compute<Lanes512>(block, number, isFirst);
        if (Vector256.IsHardwareAccelerated && BitConverter.IsLittleEndian)
            return XorEccKernel.Compute<Lanes256>(block, number, isFirst);
        if (Vector128.IsHardwareAccelerated && BitConverter.IsLittleEndian)
            return XorEccKernel.Compute<Lanes128>(block, number, isFirst);
        return XorEccKernel.Compute<Lanes64>(block, number, isFirst);
    }

    /// <summary>Finds the one flipped bit that explains why a block's checksum differs.</summary>
    /// <param name="stored">The checksum as stored.</param>
    /// <param name="computed">The checksum of the bytes as they are.</param>
    /// <param name="blockBytes">Length of the block.</param>
    /// <param name="isFirst">
    /// Whether the block starts with the checksum itself: then neither its own bits nor <see cref="FormatBit"/> are an
    /// answer.
    /// </param>
    /// <returns>
    /// Index of the bit in the block; -1 when no single bit explains it, or only one that is never repaired.
    /// </returns>
    public static int FindFlippedBit(ulong stored, ulong computed, int blockBytes, bool isFirst = false)
    {
        uint code = (uint)((stored ^ computed) >> 32), words = (uint)(stored ^ computed);
        uint last = (uint)(blockBytes * 8 - 1), bit = code & 0xFFFF;

        // The whole difference must be what flipping this bit makes: then the checksum matches afterwards.
        if (bit > last || code != ((bit ^ last) << 16 | bit) || words != 1u << (int)(bit & 31))
            return -1;
        return isFirst && (bit < ChecksumBits || bit == FormatBit) ? -1 : (int)bit;
    }
}
