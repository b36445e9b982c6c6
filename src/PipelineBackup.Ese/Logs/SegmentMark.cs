using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>
/// What a writer whose header says so puts into bytes of a segment that the engine does not use, so that a reader can
/// tell what a crash left of a last write.
/// </summary>
/// <remarks>
/// <code>
/// off size
///  24    4  index of the first segment that was perhaps not durable when this one was written
///  28    4  CRC-32C of the segment from 8 on, these four bytes left out
/// </code>
/// The format's own checksum is an XOR: equal words cancel out, so a sector of a long value that is one byte over and
/// over may be missing, zero in its place, and nothing shows.
/// </remarks>
internal static class SegmentMark
{
    private const int DurableOffset = 24, CrcOffset = 28, Start = 8, Behind = 32;

    /// <summary>Writes it; the checksum of the segment comes afterwards.</summary>
    /// <param name="segment">The segment, all else in its place.</param>
    /// <param name="durable">The first segment that is perhaps not durable now.</param>
    public static void Write(Span<byte> segment, int durable)
    {
        BinaryPrimitives.WriteInt32LittleEndian(segment[DurableOffset..], durable);
        BinaryPrimitives.WriteUInt32LittleEndian(segment[CrcOffset..], Crc(segment));
    }

    /// <summary>The first segment that was perhaps not durable when this one was written.</summary>
    /// <param name="segment">The segment.</param>
    public static uint Durable(ReadOnlySpan<byte> segment) =>
        BinaryPrimitives.ReadUInt32LittleEndian(segment[DurableOffset..]);

    /// <summary>Whether no part of it is missing.</summary>
    /// <param name="segment">The segment.</param>
    public static bool IsWhole(ReadOnlySpan<byte> segment) =>
        BinaryPrimitives.ReadUInt32LittleEndian(segment[CrcOffset..]) == Crc(segment);

    private static uint Crc(ReadOnlySpan<byte> segment)
    {
        uint crc = uint.MaxValue;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(segment[Start..DurableOffset]))
            crc = BitOperations.Crc32C(crc, word);
        crc = BitOperations.Crc32C(crc, Durable(segment));
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(segment[Behind..SegmentScan.Size]))
            crc = BitOperations.Crc32C(crc, word);
        return ~crc;
    }
}
