using System.Buffers.Binary;
using System.Numerics;

namespace PipelineBackup.Ese;

/// <summary>
/// The 64-bit checksum of database pages and log segments: the XOR of all 32-bit words in the low half, an
/// error-correcting code that names the place of a single flipped bit in the high half.
/// </summary>
public static class XorEcc
{
    /// <summary>The bit of a page or segment that selects this checksum: bit 13 of the flags at offset 36. Never repaired.</summary>
    public const int FormatBit = 36 * 8 + 13;

    /// <summary>Computes the checksum of a block.</summary>
    /// <param name="block">2048, 4096 or 8192 bytes.</param>
    /// <param name="number">Page number or segment index, mixed into the low half.</param>
    /// <param name="isFirst">Whether the block starts with the checksum itself, which then counts as zero.</param>
    public static ulong Compute(ReadOnlySpan<byte> block, uint number, bool isFirst)
    {
        uint xor = 0, rows = 0, odd = 0;
        for (int row = isFirst ? 2 : 0; row < block.Length / 4; row++)
        {
            uint word = BinaryPrimitives.ReadUInt32LittleEndian(block[(row * 4)..]);
            xor ^= word;
            uint parity = (uint)BitOperations.PopCount(word) & 1;
            odd ^= parity;
            rows ^= (uint)row & (0 - parity);
        }

        uint columns = 0;
        for (int bit = 0; bit < 32; bit++)
            columns ^= (uint)bit & (0 - (xor >> bit & 1));
        uint low = rows << 5 | columns;
        uint high = odd == 0 ? low : low ^ (uint)(block.Length * 8 - 1);
        return (ulong)(high << 16 | low) << 32 | (xor ^ number);
    }

    /// <summary>Finds the one flipped bit that explains why a block's checksum differs.</summary>
    /// <param name="stored">The checksum as stored.</param>
    /// <param name="computed">The checksum of the bytes as they are.</param>
    /// <param name="blockBytes">Length of the block.</param>
    /// <returns>Index of the bit in the block; -1 when no single bit explains it, or only one that is never repaired.</returns>
    public static int FindFlippedBit(ulong stored, ulong computed, int blockBytes)
    {
        uint ecc = (uint)((stored ^ computed) >> 32), xor = (uint)(stored ^ computed);
        uint mask = (uint)(blockBytes * 8 - 1);
        if (((ecc >> 16 ^ ecc) & mask) != mask || BitOperations.PopCount(xor) != 1)
            return -1;
        int bit = (int)(ecc & 0xFFFF);
        return bit <= mask ? bit : -1;
    }
}
