using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Makes the header of the log that continues another one.</summary>
internal static class LogHeaderWriter
{
    private const int LegacyMinor = 60, LegacyMajor = 20;

    /// <summary>Makes the header of the first generation of a stream.</summary>
    /// <param name="start">What the stream is.</param>
    /// <param name="created">The time.</param>
    /// <returns>The header, <see cref="LogHeader.Size"/> bytes.</returns>
    public static byte[] Begin(LogStreamSettings start, LogTime created)
    {
        byte[] header = new byte[LogHeader.Size];
        var to = header.AsSpan();
        Put(to, 4, 1);
        PutShort(to, 8, SegmentScan.Size);
        PutShort(to, 10, LogHeader.Size / SegmentScan.Size);
        PutShort(to, 14, start.PageSize.Bytes);
        created.Write(to[16..]);
        start.Signature.Write(to[44..]);
        Put(to, 667, (uint)FileType.Log);
        Apply(start, to);
        return header;
    }

    /// <summary>Makes the header of the next generation, with the settings of the engine that writes it.</summary>
    /// <param name="before">Header of the generation before.</param>
    /// <param name="settings">The settings; the stream stays the one that it is.</param>
    /// <param name="created">The time.</param>
    /// <param name="checkpoint">The checkpoint at this time.</param>
    /// <param name="attached">The databases attached before the first record.</param>
    /// <returns>
    /// The header, <see cref="LogHeader.Size"/> bytes; <see cref="Finish"/> has to be called with the checksums of the
    /// generation before.
    /// </returns>
    /// <exception cref="EseException">−519: the stream has no number left.</exception>
    /// <exception cref="ArgumentException">The databases do not fit into a header.</exception>
    public static byte[] Continue(LogHeader before, LogStreamSettings settings, LogTime created, LogPosition checkpoint,
        IReadOnlyList<AttachedDatabase> attached)
    {
        byte[] header = Continue(before, 0, created, checkpoint, attached);
        Apply(settings, header);
        return header;
    }

    /// <summary>Sets what is known only when the generation before is closed, and the checksum.</summary>
    /// <param name="header">The header.</param>
    /// <param name="accumulated">XOR of the checksums of all segments of the generation before.</param>
    /// <param name="isReserve">Whether the file was one that only held space.</param>
    public static void Finish(Span<byte> header, ulong accumulated, bool isReserve)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(header[653..], accumulated);
        if (isReserve)
            header[639] |= (byte)LogHeaderFlags.Reserve;
        Put(header, 0, HeaderChecksum.Compute(header));
    }

    // A stream's version never goes back, number by number.
    private static void Apply(LogStreamSettings settings, Span<byte> header)
    {
        int least = (2 * SegmentScan.Size - 1 + 2 * settings.PageSize.Bytes) / SegmentScan.Size;
        PutShort(header, 12, (int)Math.Clamp(settings.FileBytes / SegmentScan.Size, least, ushort.MaxValue));
        uint[] version = [settings.Version.Major, settings.Version.Minor, settings.Version.UpdateMajor];
        for (int i = 0; i < version.Length; i++)
            PutMost(header, 32 + 4 * i, version[i]);
        PutMost(header, 648, settings.Version.UpdateMinor);
        settings.Parameters.CopyTo(header[72..]);
        if (settings.IsCircular)
            header[639] |= (byte)LogHeaderFlags.Circular;
        Put(header, 661, FormatVersion.NewestEngineFormat);
        PutShort(header, LogHeader.WriterOffset, LogHeader.TellsDurableMark);
        Put(header, 0, HeaderChecksum.Compute(header));
    }

    private static void PutMost(Span<byte> to, int offset, uint value) =>
        Put(to, offset, Math.Max(value, BinaryPrimitives.ReadUInt32LittleEndian(to[offset..])));

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

/// <summary>What an engine that writes a log stream was told about it.</summary>
internal sealed record LogStreamSettings
{
    /// <summary>Identity of the stream.</summary>
    public required Signature Signature { get; init; }

    /// <summary>Page size of its databases.</summary>
    public required PageSize PageSize { get; init; }

    /// <summary>Length of a log file, in bytes; rounded down to segments.</summary>
    public required long FileBytes { get; init; }

    /// <summary>The least version.</summary>
    public required LogVersion Version { get; init; }

    /// <summary>Whether logs below the checkpoint are deleted.</summary>
    public bool IsCircular { get; init; }

    /// <summary>The settings as stored, <see cref="InstanceParameters.Size"/> bytes.</summary>
    public required byte[] Parameters { get; init; }
}
