using System.Numerics;
using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>
/// The 32-bit checksum of headers, checkpoints and trailer pages: <c>0x89ABCDEF</c> XOR every little-endian 32-bit word
/// of the block but the first, which holds the result.
/// </summary>
public static class HeaderChecksum
{
    /// <summary>Start value, and the magic number of a database header.</summary>
    public const uint Seed = 0x89ABCDEF;

    /// <summary>Computes the checksum of a block.</summary>
    /// <param name="block">The whole block; its length is a multiple of 4.</param>
    public static uint Compute(ReadOnlySpan<byte> block)
    {
        var words = MemoryMarshal.Cast<byte, uint>(block)[1..];
        var lanes = Vector<uint>.Zero;
        for (; words.Length >= Vector<uint>.Count; words = words[Vector<uint>.Count..])
            lanes ^= new Vector<uint>(words);
        uint sum = Seed;
        for (int i = 0; i < Vector<uint>.Count; i++)
            sum ^= lanes[i];
        foreach (uint word in words)
            sum ^= word;
        return BitConverter.IsLittleEndian ? sum : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(sum ^ Seed) ^ Seed;
    }

    /// <summary>Whether the first word of a block is its checksum.</summary>
    /// <param name="block">The whole block; its length is a multiple of 4.</param>
    public static bool Verify(ReadOnlySpan<byte> block) =>
        System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(block) == Compute(block);
}
