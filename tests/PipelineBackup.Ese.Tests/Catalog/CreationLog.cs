namespace PipelineBackup.Ese.Tests.Catalog;

/// <summary>
/// What an engine logged of the first database it made, as lines: trees made and rows inserted, the times of roots left
/// out.
/// </summary>
internal sealed class CreationLog
{
    private readonly List<(LogGeneration Generation, string Path)> _logs = [];
    private CatalogWriter? _writer;
    private bool _isIn;

    public CreationLog(string folder)
    {
        foreach (string path in Directory.EnumerateFiles(folder, "*.log"))
        {
            if (LogFileReader.TryReadHeader(path, out var header, out _, out _))
                _logs.Add((header.Generation, path));
        }

        foreach (var (_, path) in _logs.Where(log => log.Generation.Value <= 2).OrderBy(log => log.Generation.Value))
            Read(path);
    }

    public List<string> Lines { get; } = [];

    public PageSize PageSize { get; private set; }

    /// <summary>The version of the database: that of its creation, or the one that it was raised to.</summary>
    public FormatVersion Version { get; private set; } = CreationPlan.FirstVersion;

    public static string Row(ObjectId tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data) =>
        $"row of {tree}: {Convert.ToHexStringLower(key)} {Convert.ToHexStringLower(data)}";

    public static CatalogEntry Timeless(CatalogEntry entry) =>
        entry with { RootSetTime = entry.RootSetTime is null ? null : 0ul };

    private void Read(string path)
    {
        using var reader = LogRecordReader.Open(path);
        PageSize = reader.Header.PageSize;
        while (reader.TryRead(out var record))
        {
            _isIn |= record.Type == LogRecordType.CreateDatabase;
            if (_isIn && Describe(record) is { } line)
                Lines.Add(line);
        }
    }

    private string? Describe(in LogRecordView record)
    {
        switch (record.Type)
        {
            case LogRecordType.CreateMultipleExtentTree:
                var many = record.Body<MultipleExtentTreeCreation>();
                Assert.Equal((many.Change.Page.Value + 1, many.Change.Page.Value + 2),
                    (many.Owned.Value, many.Available.Value));
                return $"tree {many.Tree} at {many.Change.Page}, parent {many.ParentRoot}, {many.Pages} pages, {(PageFlags)many.PageFlags}";
            case LogRecordType.CreateSingleExtentTree:
                var one = record.Body<SingleExtentTreeCreation>();
                return $"tree {one.Tree} at {one.Change.Page}, parent {one.ParentRoot}, {one.Pages} pages, {(PageFlags)one.PageFlags}";
            case LogRecordType.CreateDatabaseFinish:
                return "finish";
            case LogRecordType.SetDatabaseVersion:
                Version = new(BitConverter.ToUInt32(record.Bytes[2..]), BitConverter.ToUInt32(record.Bytes[6..]),
                    BitConverter.ToUInt32(record.Bytes[10..]));
                return "version";
            case LogRecordType.Insert:
                var insert = record.AsInsert();

                // What a space tree holds is a number of pages.
                if (insert.Data.Length == sizeof(uint))
                    return null;
                return Row(insert.Node.Tree, insert.Key,
                    insert.Node.Tree.Value is 2 or 3 ? Timeless(insert.Data) : insert.Data);
            case LogRecordType.ReplaceDifference:
                return $"change of {record.AsReplace().Node.Tree}";
            default:
                return null;
        }
    }

    private byte[] Timeless(ReadOnlySpan<byte> row)
    {
        var format = PageSize.IsSmall ? RecordFormat.Small : RecordFormat.Large;
        _writer ??= new(format);
        return _writer.Write(Timeless(new CatalogRow(row, format).ToEntry()));
    }
}
