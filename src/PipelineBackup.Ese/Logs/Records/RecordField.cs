using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>Fields of a record in place. The record was measured, so its fixed part and its tails are there.</summary>
internal static class RecordField
{
    /// <summary>A structure at an offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly T At<T>(ReadOnlySpan<byte> record, int offset)
        where T : unmanaged => ref MemoryMarshal.AsRef<T>(record[offset..]);

    /// <summary>A length of 16 bits at an offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Short(ReadOnlySpan<byte> record, int offset) =>
        BinaryPrimitives.ReadUInt16LittleEndian(record[offset..]);

    /// <summary>A length of 32 bits at an offset, as it stands in a record that was measured.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Int(ReadOnlySpan<byte> record, int offset) =>
        BinaryPrimitives.ReadInt32LittleEndian(record[offset..]);
}
