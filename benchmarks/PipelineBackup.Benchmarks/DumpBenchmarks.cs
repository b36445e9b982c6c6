using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using PipelineBackup.Ese;

namespace PipelineBackup.Benchmarks;

/// <summary>How fast the rows of a database are read and dumped, from the page cache of the system.</summary>
/// <remarks>
/// The databases are those of the small golden sets, unpacked for the run. Allocation is of a whole run: catalog, readers
/// and buffers; divide it by the rows.
/// </remarks>
[Config(typeof(PerSecond))]
[MemoryDiagnoser]
public class DumpBenchmarks
{
    private DatabaseFile? _file;
    private DatabaseCatalog? _catalog;

    /// <summary>The database.</summary>
    [Params("clean-4096", "clean-32768")]
    public string Set { get; set; } = "clean-4096";

    /// <summary>Opens the database.</summary>
    [GlobalSetup]
    public void Open()
    {
        _file = DatabaseFile.Open(PathOf(Set));
        _catalog = CatalogReader.Read(_file);
    }

    /// <summary>Closes it.</summary>
    [GlobalCleanup]
    public void Close() => _file?.Dispose();

    /// <summary>All rows of user tables, every column looked at, no value read further.</summary>
    [Benchmark]
    public long Scan()
    {
        long bytes = 0;
        foreach (var table in _catalog!.UserTables)
        {
            var reader = new TableReader(_file!, table);
            while (reader.MoveNext())
            {
                var row = reader.Row;
                for (int column = 0; column < reader.Columns.Count; column++)
                {
                    var values = row[column];
                    for (int i = 0; i < values.Count; i++)
                        bytes += values[i].Stored.Length;
                }
            }
        }

        return bytes;
    }

    /// <summary>The whole dump of user tables: rows, long values, indexes, digests, text.</summary>
    [Benchmark]
    public DumpReport Dump() => DatabaseDump.Write(_file!, Stream.Null);

    // Unpacked once a machine: the benchmarks run in processes of their own.
    private static string PathOf(string set)
    {
        string folder = Path.Combine(Path.GetTempPath(), "pipelinebackup-benchmarks", set);
        string database = Path.Combine(folder, "files", "db1.edb");
        if (File.Exists(database))
            return database;
        Directory.CreateDirectory(folder);
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "PipelineBackup.sln")))
            root = root.Parent;
        string archive = Path.Combine(root!.FullName, "tests", "Golden", set + ".tar.gz");
        using var gzip = new GZipStream(File.OpenRead(archive), CompressionMode.Decompress);
        TarFile.ExtractToDirectory(gzip, folder, overwriteFiles: true);
        return database;
    }

    private sealed class PerSecond : ManualConfig
    {
        public PerSecond() => AddColumn(new RateColumn("krows/s", isRows: true), new RateColumn("MB/s", isRows: false));
    }

    private sealed class RateColumn(string name, bool isRows) : IColumn
    {
        public string Id => nameof(RateColumn) + name;
        public string ColumnName => name;
        public bool AlwaysShow => true;
        public ColumnCategory Category => ColumnCategory.Custom;
        public int PriorityInCategory => 0;
        public bool IsNumeric => true;
        public UnitType UnitType => UnitType.Dimensionless;
        public string Legend => isRows
            ? "thousands of rows in a second"
            : "bytes of dumped text in a second, in 10^6; of a scan the same text, not written";

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
        {
            if (summary[benchmarkCase]?.ResultStatistics is not { } statistics)
                return "-";
            using var file = DatabaseFile.Open(PathOf((string)benchmarkCase.Parameters[nameof(Set)]));
            var report = DatabaseDump.Write(file, Stream.Null);
            double seconds = statistics.Mean / 1e9, value = isRows ? report.Rows / 1e3 : report.Bytes / 1e6;
            return (value / seconds).ToString("0.0", CultureInfo.InvariantCulture);
        }

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
            GetValue(summary, benchmarkCase);

        public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;
        public bool IsAvailable(Summary summary) => true;
    }
}
