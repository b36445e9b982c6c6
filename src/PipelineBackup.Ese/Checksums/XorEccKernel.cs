using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>The arithmetic of <see cref="XorEcc"/>, once for all widths of registers.</summary>
/// <remarks>
/// Bit k of the code is the parity of all bits whose index has bit k set. With vectors of 2^w bits, the XOR of all
/// vectors gives the low w bits; the others are about the index of the vector. With S(i) the XOR of the vectors
/// 0 … i−1, the vectors whose index has bit k set sum up to the XOR of S at all multiples of 2^k: each S(i) takes part
/// in the bits 0 … trailing zeros of i, which are the bits set in i XOR (i−1). So a running sum, and adding it to one
/// of few accumulators, is all that is done for a vector: two XORs. Parities are taken at the end, and once for
/// sixteen vectors.
/// </remarks>
internal static class XorEccKernel
{
    private const int Group = 16;

    /// <summary>Computes the checksum of a block with registers of one width.</summary>
    /// <param name="block">2048, 4096 or 8192 bytes.</param>
    /// <param name="number">Page number or segment index.</param>
    /// <param name="isFirst">Whether the first eight bytes count as zero.</param>
    public static ulong Compute<TLanes>(ReadOnlySpan<byte> block, uint number, bool isFirst)
        where TLanes : struct, ILanes<TLanes>
    {
        ref byte start = ref MemoryMarshal.GetReference(block);
        uint vectors = (uint)(block.Length / TLanes.Bytes), rows = 0;
        TLanes sum = default, by1 = default, by2 = default, by4 = default, by8 = default;
        for (uint i = 0; i < vectors; i += Group)
        {
            ref byte from = ref Unsafe.Add(ref start, (nint)(i * (uint)TLanes.Bytes));
            AddFour(ref from, ref sum, ref by1, ref by2);
            by4 ^= sum;
            AddFour(ref Unsafe.Add(ref from, 4 * TLanes.Bytes), ref sum, ref by1, ref by2);
            by8 ^= sum;
            AddFour(ref Unsafe.Add(ref from, 8 * TLanes.Bytes), ref sum, ref by1, ref by2);
            by4 ^= sum;
            AddFour(ref Unsafe.Add(ref from, 12 * TLanes.Bytes), ref sum, ref by1, ref by2);
            rows ^= ((i + Group) ^ (i + Group - 1)) & Spread(sum.Fold());
        }

        rows ^= (1 & Spread(by1.Fold())) ^ (3 & Spread(by2.Fold()))
            ^ (7 & Spread(by4.Fold())) ^ (15 & Spread(by8.Fold()));
        uint code = (rows & (vectors - 1)) * (uint)TLanes.Bytes * 8 | sum.LaneIndices() * 64;

        // The checksum's own bytes have lane and vector index 0: they are in nothing but this last fold.
        ulong folded = sum.Fold() ^ (isFirst ? BinaryPrimitives.ReadUInt64LittleEndian(block) : 0);
        uint xor = (uint)folded ^ (uint)(folded >> 32);
        code |= 32 & Spread(folded >> 32);
        code |= (1 & Spread(xor & 0xAAAAAAAA)) | (2 & Spread(xor & 0xCCCCCCCC)) | (4 & Spread(xor & 0xF0F0F0F0))
            | (8 & Spread(xor & 0xFF00FF00)) | (16 & Spread(xor & 0xFFFF0000));
        uint complement = code ^ ((uint)block.Length * 8 - 1 & Spread(xor));
        return (ulong)(complement << 16 | code) << 32 | (xor ^ number);
    }

    /// <summary>Four vectors; the sum after the last is left for the caller to add where it belongs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddFour<TLanes>(ref byte from, ref TLanes sum, ref TLanes by1, ref TLanes by2)
        where TLanes : struct, ILanes<TLanes>
    {
        sum ^= TLanes.Load(ref from);
        by1 ^= sum;
        sum ^= TLanes.Load(ref Unsafe.Add(ref from, TLanes.Bytes));
        by2 ^= sum;
        sum ^= TLanes.Load(ref Unsafe.Add(ref from, 2 * TLanes.Bytes));
        by1 ^= sum;
        sum ^= TLanes.Load(ref Unsafe.Add(ref from, 3 * TLanes.Bytes));
    }

    /// <summary>All ones when an odd number of bits is set, else zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Spread(ulong bits) => 0 - ((uint)BitOperations.PopCount(bits) & 1);
}
