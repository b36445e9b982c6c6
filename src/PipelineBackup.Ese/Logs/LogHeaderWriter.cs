using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Makes the header of the log that continues another one.</summary>
internal static class LogHeaderWriter
{
    private const int LegacyMinor = 60, LegacyMajor = 20;

    /// <summary>Makes the header of the next generation.</summary>
    /// <remarks>
    /// A stream keeps its version. Behind a log of version 7, which no engine writes any more, goes version 8 on:
    /// 8.4000.20.60, the oldest one whose every number is above those of version 7, because a stream's numbers never go
    /// back.
    /// </remarks>
    /// <param name="before">Header of the generation before.</param>
    /// <param name="accumulated">XOR of the checksums of its segments; 0 in version 7.</param>
    /// <param name="created">The time.</param>
    /// <param name="checkpoint">The checkpoint at this time.</param>
    /// <param name="attached">The databases attached before the first record.</param>
    /// <returns>The header, <see cref="LogHeader.Size"/> bytes.</returns>
    /// <exception cref="EseException">−519: the stream has no number left.</exception>
    /// <exception cref="ArgumentException">The databases do not fit into a header.</exception>
    public static byte[] Continue(
        LogHeader before, ulong accumulated, LogTime created, LogPosition checkpoint,
        IReadOnlyList<AttachedDatabase> attached)
    {
        if (before.Generation >= LogGeneration.Max)
        {
            throw new EseException(EseError.LogSequenceEnd, $"no log can follow generation {before.Generation}",
                "attach the databases to a new log stream");
        }

        byte[] header = new byte[LogHeader.Size];
        var to = header.AsSpan();
        Put(to, 4, (uint)before.Generation.Next.Value);
        PutShort(to, 8, SegmentScan.Size);
        PutShort(to, 10, LogHeader.Size / SegmentScan.Size);
        PutShort(to, 12, SegmentCount(before));
        PutShort(to, 14, before.PageSize.Bytes);
        created.Write(to[16..]);
        before.Created.Write(to[24..]);
        var version = before.Version.IsLegacy ? new(8, 4000, LegacyMajor, LegacyMinor) : before.Version;
        Put(to, 32, version.Major);
        Put(to, 36, version.Minor);
        Put(to, 40, version.UpdateMajor);
        before.Signature.Write(to[44..]);
        before.Parameters.Bytes.CopyTo(to[72..]);
        // The log that is made now is kept, but older ones may be gone.
        bool wasCircular = (before.Flags & (LogHeaderFlags.Circular | LogHeaderFlags.CircularBefore)) != 0;
        to[639] = (byte)(wasCircular ? LogHeaderFlags.CircularBefore : LogHeaderFlags.None);
        checkpoint.Write(to[640..]);
        Put(to, 648, version.UpdateMinor);
        BinaryPrimitives.WriteUInt64LittleEndian(to[653..], accumulated);
        Put(to, 661, before.EngineFormat);
        Put(to, 667, (uint)FileType.Log);
        AttachedDatabase.WriteList(attached, to[671..]);
        Put(to, 0, HeaderChecksum.Compute(header));
        return header;
    }

    // As many as the log before has; but never fewer than an engine would make, so that every record fits.
    private static int SegmentCount(LogHeader before)
    {
        long same = (before.FileLength + SegmentScan.Size - 1) / SegmentScan.Size;
        int least = (2 * SegmentScan.Size - 1 + 2 * before.PageSize.Bytes) / SegmentScan.Size;
        return (int)Math.Clamp(same, least, ushort.MaxValue);
    }

    private static void Put(Span<byte> to, int offset, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(to[offset..], value);

    private static void PutShort(Span<byte> to, int offset, int value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(to[offset..], (ushort)value);
}
