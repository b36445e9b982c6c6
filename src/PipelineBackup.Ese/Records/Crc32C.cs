using System.Buffers.Binary;
using System.Numerics;

namespace PipelineBackup.Ese;

/// <summary>CRC-32C (polynomial 1EDC6F41, reflected), in hardware where there is any.</summary>
internal static class Crc32C
{
    /// <summary>The CRC of some bytes.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        for (; bytes.Length >= 8; bytes = bytes[8..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (byte value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }
}
