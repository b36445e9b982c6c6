using System.Globalization;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using PipelineBackup.Ese;

namespace PipelineBackup.Benchmarks;

/// <summary>
/// How fast the records of a log of 5 MiB are read and written, in memory. The log holds what a busy table gives:
/// transactions of one insert, now and then a replace by its difference, an undo information, and a split whose
/// before-image takes two segments.
/// </summary>
[Config(typeof(Rates))]
[MemoryDiagnoser]
public class LogRecordBenchmarks
{
    private const int Segments = 1280;
    private byte[] _log = [];
    private LogScanResult _scan = null!;
    private byte[][] _records = [];
    private LogRecordReader _reader = null!;
    private readonly LogRecordWriter _writer = new();

    /// <summary>Number of records in the log.</summary>
    public static int Records { get; private set; }

    /// <summary>Bytes of all records.</summary>
    public static long RecordBytes { get; private set; }

    /// <summary>Makes the log, and a reader of it.</summary>
    [GlobalSetup]
    public void MakeLog()
    {
        var packer = new LogPacker(new(7), Segments, TimeProvider.System);
        var random = new Random(1);
        var records = new List<byte[]>();
        uint trx = 0x100;
        for (bool fits = true; fits;)
        {
            foreach (byte[] record in Transaction(random, trx += 4))
            {
                if (!(fits = packer.Fits(record)))
                    break;
                packer.Append(record);
                records.Add(record);
            }
        }

        packer.Close();
        _records = [.. records];
        (Records, RecordBytes) = (records.Count, records.Sum(record => (long)record.Length));
        _log = new byte[Segments * 4096];
        LogScanBenchmarks.WriteHeader(_log, Segments);
        packer.Done.CopyTo(_log.AsSpan(4096));
        var scanner = new LogScanner();
        scanner.Append(_log);
        _scan = scanner.Complete();
        _reader = LogRecordReader.Over(_log, _scan);
        if (ReadPages() == 0 || CountRead() != Records)
            throw new InvalidOperationException("the log made for the benchmark is not sound");
    }

    /// <summary>Reads all records and looks at nothing but their type.</summary>
    [Benchmark]
    public int CountRead()
    {
        _reader.Seek(new(new(7), 1, 0));
        int count = 0;
        while (_reader.TryRead(out var record))
            count += record.Type == LogRecordType.Nop ? 0 : 1;
        return count;
    }

    /// <summary>Reads all records and of each the page and its dbtimes, as redo does before it decides.</summary>
    [Benchmark]
    public ulong ReadPages()
    {
        _reader.Seek(new(new(7), 1, 0));
        ulong sum = 0;
        while (_reader.TryRead(out var record))
        {
            if (record.IsPageChange)
            {
                ref readonly var page = ref record.Page;
                sum += page.Page.Value ^ page.Time.Value ^ page.TimeBefore.Value;
            }
        }

        return sum;
    }

    /// <summary>Scans the file, then reads all records: what recovery does with each log.</summary>
    [Benchmark]
    public int ScanAndRead()
    {
        using var reader = LogRecordReader.Over(_log);
        int count = 0;
        while (reader.TryRead(out _))
            count++;
        return count;
    }

    /// <summary>Packs all records into segments, checksums included.</summary>
    [Benchmark]
    public ulong Pack()
    {
        var packer = new LogPacker(new(7), Segments, TimeProvider.System);
        foreach (byte[] record in _records)
        {
            packer.Append(record);
            if (packer.Done.Length > 64 * 1024)
                packer.Take();
        }

        return packer.AccumulatedChecksum;
    }

    private IEnumerable<byte[]> Transaction(Random random, uint trx)
    {
        yield return Make(() => _writer.Add(LogRecordType.Begin0, new OuterBegin(new(5, 0, 1), new(trx))));
        var node = new NodeChange(
            new(5, 1, new((uint)random.Next(10_000)), new(trx), new(trx - 4), new(trx), 1, 3,
                PageChangeFlags.Versioned),
            trx, new(36), new(17));
        byte[] key = new byte[12], data = new byte[random.Next(20, 200)];
        random.NextBytes(data);
        yield return Make(() => _writer.Insert(node, key.AsSpan(0, 4), key.AsSpan(4), data));
        if (random.Next(4) == 0)
            yield return Make(() => _writer.ReplaceDifference(node, false, 120, 120, data.AsSpan(0, 20)));
        if (random.Next(10) == 0)
            yield return Make(() => _writer.UndoInfo(node, NodeOperation.Replace, 120, 0, key, [], data));
        if (random.Next(100) == 0)
            yield return Make(() => _writer.Split(default, key, [], [], BeforeImageFlags.None, new byte[4096]));
        yield return Make(() => _writer.Add(LogRecordType.Commit0, new OuterCommit(new(5, 0), new(trx))));
    }

    private byte[] Make(Action write)
    {
        _writer.Clear();
        write();
        return _writer.Written.ToArray();
    }

    private sealed class Rates : ManualConfig
    {
        public Rates() => AddColumn(
            new Rate("Mrec/s", "records in a second, in 10^6", () => Records * 1e3),
            new Rate("MB/s", "bytes of records in a second, in 10^6", () => RecordBytes * 1e3));
    }

    private sealed class Rate(string name, string legend, Func<double> amount) : IColumn
    {
        public string Id => name;
        public string ColumnName => name;
        public bool AlwaysShow => true;
        public ColumnCategory Category => ColumnCategory.Custom;
        public int PriorityInCategory => 0;
        public bool IsNumeric => true;
        public UnitType UnitType => UnitType.Dimensionless;
        public string Legend => legend;

        // The summary is made in the host process, which has not run the setup.
        public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
        {
            if (Records == 0)
                new LogRecordBenchmarks().MakeLog();
            return summary[benchmarkCase]?.ResultStatistics is { } statistics
                ? (amount() / statistics.Mean).ToString("0.0", CultureInfo.InvariantCulture)
                : "-";
        }

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
            GetValue(summary, benchmarkCase);
        public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;
        public bool IsAvailable(Summary summary) => true;
    }
}
