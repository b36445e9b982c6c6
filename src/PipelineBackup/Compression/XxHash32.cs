using System.Buffers.Binary;
using System.Numerics;

namespace PipelineBackup.Compression;

/// <summary>xxHash of 32 bits with seed 0: what LZ4 frames check their headers with.</summary>
internal static class XxHash32
{
    private const uint P1 = 2654435761, P2 = 2246822519, P3 = 3266489917, P4 = 668265263, P5 = 374761393;

    /// <summary>The hash of some bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint hash = P5, total = (uint)bytes.Length;
        if (bytes.Length >= 16)
        {
            uint a = unchecked(P1 + P2), b = P2, c = 0, d = unchecked(0 - P1);
            for (; bytes.Length >= 16; bytes = bytes[16..])
            {
                a = Mix(a, bytes);
                b = Mix(b, bytes[4..]);
                c = Mix(c, bytes[8..]);
                d = Mix(d, bytes[12..]);
            }

            hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7)
                + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
        }

        hash += total;
        for (; bytes.Length >= 4; bytes = bytes[4..])
            hash = BitOperations.RotateLeft(hash + BinaryPrimitives.ReadUInt32LittleEndian(bytes) * P3, 17) * P4;
        foreach (byte value in bytes)
            hash = BitOperations.RotateLeft(hash + value * P5, 11) * P1;

        hash = (hash ^ hash >> 15) * P2;
        hash = (hash ^ hash >> 13) * P3;
        return hash ^ hash >> 16;
    }

    private static uint Mix(uint lane, ReadOnlySpan<byte> word) =>
        BitOperations.RotateLeft(lane + BinaryPrimitives.ReadUInt32LittleEndian(word) * P2, 13) * P1;
}
