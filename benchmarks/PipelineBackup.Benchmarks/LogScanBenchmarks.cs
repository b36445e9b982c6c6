using System.Buffers.Binary;
using System.Globalization;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using PipelineBackup.Ese;

namespace PipelineBackup.Benchmarks;

/// <summary>How fast a log of 5 MiB (the engine's usual size) is judged, in memory, in pieces of 1 MiB.</summary>
[Config(typeof(Throughput))]
[MemoryDiagnoser]
public class LogScanBenchmarks
{
    private const int Segment = 4096, Segments = 1280, Piece = 1 << 20;
    private byte[] _log = [];

    /// <summary>
    /// What the file holds: records to its end, or a quarter of it with the rest left from an earlier use or zero.
    /// </summary>
    [Params("full", "quarter + stale", "quarter + zero")]
    public string Content { get; set; } = "full";

    /// <summary>Makes the file.</summary>
    [GlobalSetup]
    public void MakeLog()
    {
        _log = new byte[Segments * Segment];
        var random = new Random(1);
        WriteHeader(_log, Segments);
        for (int i = 1; i < Segments - 1; i++)
        {
            bool used = Content == "full" || i < Segments / 4;
            if (!used && Content == "quarter + zero")
                break;
            var segment = _log.AsSpan(i * Segment, Segment);
            random.NextBytes(segment);
            new LogPosition(new(used ? 7 : 6), i, 0).Write(segment[8..]);
            segment[37] |= 0x20;
            BinaryPrimitives.WriteUInt64LittleEndian(segment, XorEcc.Compute(segment, (uint)i, isFirst: true));
        }

        if (!Scan().IsGood)
            throw new InvalidOperationException("the file made for the benchmark is not sound");
    }

    /// <summary>Writes the header of a log of generation 7.</summary>
    internal static void WriteHeader(Span<byte> log, int segments)
    {
        var header = log[..Segment];
        // Generation, sizes, version 8.4000.130.280, file type.
        (int, int)[] fields = [(4, 7), (8, 1 << 16 | Segment), (12, segments), (32, 8), (36, 4000),
            (40, 130), (648, 280), (667, 3)];
        foreach (var (offset, value) in fields)
            BinaryPrimitives.WriteInt32LittleEndian(header[offset..], value);
        BinaryPrimitives.WriteUInt32LittleEndian(header, HeaderChecksum.Compute(header));
    }

    /// <summary>The scan.</summary>
    [Benchmark]
    public LogScanResult Scan()
    {
        var scanner = new LogScanner();
        for (int at = 0; at < _log.Length; at += Piece)
            scanner.Append(_log.AsSpan(at, Math.Min(Piece, _log.Length - at)));
        return scanner.Complete();
    }

    private sealed class Throughput : ManualConfig
    {
        public Throughput() => AddColumn(new GigabytesColumn());
    }

    private sealed class GigabytesColumn : IColumn
    {
        public string Id => nameof(GigabytesColumn);
        public string ColumnName => "GB/s";
        public bool AlwaysShow => true;
        public ColumnCategory Category => ColumnCategory.Custom;
        public int PriorityInCategory => 0;
        public bool IsNumeric => true;
        public UnitType UnitType => UnitType.Dimensionless;
        public string Legend => "file bytes judged in a second, in 10^9";

        // A mean in nanoseconds makes bytes a nanosecond: gigabytes a second.
        public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
            summary[benchmarkCase]?.ResultStatistics is { } statistics
                ? (Segments * (double)Segment / statistics.Mean).ToString("0.0", CultureInfo.InvariantCulture)
                : "-";

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
            GetValue(summary, benchmarkCase);
        public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;
        public bool IsAvailable(Summary summary) => true;
    }
}
