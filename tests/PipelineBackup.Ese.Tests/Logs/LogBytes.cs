using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests.Logs;

/// <summary>Changes to log files in memory, with the checksums made right again.</summary>
internal static class LogBytes
{
    public const int Segment = 4096;

    public static Span<byte> SegmentAt(this byte[] log, int index) => log.AsSpan(index * Segment, Segment);

    /// <summary>Gives a header or checkpoint copy the checksum of its bytes.</summary>
    public static void StampHeader(Span<byte> block) =>
        BinaryPrimitives.WriteUInt32LittleEndian(block, HeaderChecksum.Compute(block[..Segment]));

    /// <summary>Gives a segment the checksum of its bytes for an index.</summary>
    public static void StampSegment(Span<byte> segment, int index) =>
        BinaryPrimitives.WriteUInt64LittleEndian(segment, XorEcc.Compute(segment, (uint)index, isFirst: true));

    /// <summary>Sets the position a segment names, and its checksum.</summary>
    public static void Reposition(Span<byte> segment, LogPosition position, int index)
    {
        position.Write(segment[8..]);
        StampSegment(segment, index);
    }

    /// <summary>Scans bytes in one piece.</summary>
    public static LogScanResult Scan(ReadOnlySpan<byte> log, bool collect = false)
    {
        var scanner = new LogScanner(collect);
        scanner.Append(log);
        return scanner.Complete();
    }

    /// <summary>Number of seeds for the fuzz tests: <c>PIPELINEBACKUP_SEEDS</c>, or a default.</summary>
    public static int Seeds(int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS"), out int seeds) ? seeds : usual;
}
