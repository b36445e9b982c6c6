using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Counters in the data of nodes, which are moved by amounts so that several transactions can.</summary>
internal static class Counter
{
    /// <summary>Moves a counter of 32 bits; it wraps around.</summary>
    /// <param name="counter">Its bytes and perhaps more.</param>
    /// <param name="delta">By how much.</param>
    public static void Move32(Span<byte> counter, int delta) => BinaryPrimitives.WriteInt32LittleEndian(
        counter, unchecked(BinaryPrimitives.ReadInt32LittleEndian(counter) + delta));

    /// <summary>Moves a counter of 64 bits; it wraps around.</summary>
    /// <param name="counter">Its bytes and perhaps more.</param>
    /// <param name="delta">By how much.</param>
    public static void Move64(Span<byte> counter, long delta) => BinaryPrimitives.WriteInt64LittleEndian(
        counter, unchecked(BinaryPrimitives.ReadInt64LittleEndian(counter) + delta));
}
