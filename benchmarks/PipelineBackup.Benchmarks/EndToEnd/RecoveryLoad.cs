using System.Buffers.Binary;
using PipelineBackup.Ese;

namespace PipelineBackup.Benchmarks.EndToEnd;

/// <summary>
/// A dirty database of any size with any number of logs, made from a golden one that the engine left: transactions of three
/// replaces each, on pages all over the file. Neither engine nor corpus can give logs of that size yet.
/// </summary>
/// <remarks>
/// The pages behind those of the golden database are copies of one of its leaves, with numbers of their own. Redo goes
/// by page numbers and dbtimes, so it works on them as on any others; no tree leads to them, and the catalog, which
/// undo would read, is left alone.
/// </remarks>
internal sealed class RecoveryLoad
{
    private const int PageBytes = 4096, Segment = 4096, Sectors = 256, HeaderBytes = 4096;
    private static readonly DateTimeOffset s_begin = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly string _folder;
    private readonly Random _random = new(1);
    private readonly LogRecordWriter _writer = new();
    private readonly byte[] _template;
    private readonly ulong[] _times;
    private readonly uint _first;
    private readonly NodeChange _node;
    private readonly int[] _lengths;
    private uint _transaction = 0x10000;
    private ulong _time;
    private int _pending;

    private RecoveryLoad(string folder, byte[] database, byte[] log, long pages)
    {
        (_folder, _template) = (folder, log[..HeaderBytes]);
        int leaf = FindLeaf(database);
        var view = new PageView(database.AsSpan(leaf, PageBytes));
        _lengths = [.. Enumerable.Range(0, view.NodeCount).Select(line => LengthOf(database.AsSpan(leaf, PageBytes), line))];
        _time = BinaryPrimitives.ReadUInt64LittleEndian(database.AsSpan(16)) + 100_000;
        _first = (uint)(database.Length / PageBytes);
        _times = new ulong[pages];
        _times.AsSpan().Fill(_time);
        _node = new(new(1, 1, default, default, default, default, 0, 0, PageChangeFlags.Versioned | PageChangeFlags.Unique),
            1, new(64), view.ObjectId);
        WriteDatabase(database, leaf);
    }

    /// <summary>Makes one.</summary>
    /// <param name="folder">Where to; its files are replaced.</param>
    /// <param name="databaseBytes">About how large the database is to be.</param>
    /// <param name="logBytes">About how large all logs together are to be.</param>
    /// <returns>How many logs there are.</returns>
    public static int Make(string folder, long databaseBytes, long logBytes)
    {
        GoldenFiles.Unpack("dirty-basic-4096", folder);
        string files = Path.Combine(folder, "files");
        new SoftRecovery(new() { BaseName = "edb", LogDirectory = files, DatabaseDirectory = files, SkipUndo = true }).Run();
        byte[] database = File.ReadAllBytes(Path.Combine(files, "db1.edb"));
        byte[] log = File.ReadAllBytes(Path.Combine(files, "edb.log"));
        Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        var load = new RecoveryLoad(folder, database, log, Math.Max(64, databaseBytes / PageBytes));
        int logs = (int)Math.Max(1, logBytes / (Sectors * Segment));
        ulong previous = 0;
        for (int i = 0; i < logs; i++)
            previous = load.WriteLog(13 + i, i == logs - 1, previous);
        return logs;
    }

    private static int FindLeaf(byte[] database)
    {
        const PageFlags Special = PageFlags.Index | PageFlags.LongValue | PageFlags.SpaceTree | PageFlags.Root | PageFlags.Empty;
        int best = 0, most = 0;
        for (int at = 64 * PageBytes; at < database.Length; at += PageBytes)
        {
            var page = new PageView(database.AsSpan(at, PageBytes));
            if (!page.IsZero && page.IsLeaf && (page.Flags & Special) == 0 && page.NodeCount is > 4 and < 30 && page.NodeCount > most)
                (best, most) = (at, page.NodeCount);
        }

        return best > 0 ? best : throw new InvalidOperationException("the golden database has no leaf that will do");
    }

    private static int LengthOf(ReadOnlySpan<byte> page, int line)
    {
        new PageView(page).Node(line, out var node);
        return node.Data.Length;
    }

    // Dirty, in need of the first log that is made.
    private void WriteDatabase(byte[] database, int leaf)
    {
        var header = database.AsSpan(0, PageBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header[296..], 13);
        BinaryPrimitives.WriteInt32LittleEndian(header[300..], 13);
        BinaryPrimitives.WriteInt32LittleEndian(header[416..], 13);
        BinaryPrimitives.WriteInt32LittleEndian(header[640..], 13);
        Created(13).Write(header[348..]);
        Created(13).Write(header[672..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header, HeaderChecksum.Compute(header));
        header.CopyTo(database.AsSpan(PageBytes));
        Own(database, (uint)(_first + _times.Length - PageNumber.HeaderPages));
        using var file = File.OpenHandle(Path.Combine(_folder, "db1.edb"), FileMode.Create, FileAccess.Write);
        RandomAccess.Write(file, database, 0);
        byte[] page = database[leaf..(leaf + PageBytes)];
        BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(8), _time);
        byte[] buffer = new byte[256 * PageBytes];
        for (long i = 0; i < _times.Length; i += 256)
        {
            int count = (int)Math.Min(256, _times.Length - i);
            for (int at = 0; at < count; at++)
            {
                page.CopyTo(buffer.AsSpan(at * PageBytes));
                PageChecksum.Write(buffer.AsSpan(at * PageBytes, PageBytes), PageNumber.FromFileIndex(_first + i + at));
            }

            RandomAccess.Write(file, buffer.AsSpan(0, count * PageBytes), (_first + i) * PageBytes);
        }

        RandomAccess.FlushToDisk(file);
    }

    // The database owns all its pages, or recovery would cut them off: its last extent reaches to the end.
    private static void Own(byte[] database, uint last)
    {
        var page = database.AsSpan((int)new PageNumber(2).FileOffset(PageSize.Of(PageBytes)), PageBytes);
        int line = new PageView(page).NodeCount - 1;
        new PageView(page).Node(line, out var node);
        uint before = BinaryPrimitives.ReadUInt32BigEndian(node.KeyToArray()), count = BinaryPrimitives.ReadUInt32LittleEndian(node.Data);
        Span<byte> key = stackalloc byte[4], data = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(key, last);
        BinaryPrimitives.WriteUInt32LittleEndian(data, count + last - before);
        var flags = node.Flags & ~LineFlags.Compressed;
        new PageEditor(page).Delete(line);
        if (!new PageEditor(page).TryInsert(line, key, 0, data, flags))
            throw new InvalidOperationException("the tree of owned space has no room");
        PageChecksum.Write(page, new(2));
    }

    private ulong WriteLog(int generation, bool isLast, ulong previous)
    {
        var packer = new LogPacker(new(generation), Sectors, TimeProvider.System);
        byte[] log = new byte[Sectors * Segment];
        WriteHeader(log, generation, previous);
        // A transaction may be cut by the end of a log.
        while (true)
        {
            if (_pending == 0 && isLast && packer.OpenIndex > Sectors - 4)
                break;
            if (_writer.Written.IsEmpty)
                WriteNext();
            if (!packer.Fits(_writer.Written))
                break;
            packer.Append(_writer.Written);
            _writer.Clear();
            Collect();
        }

        packer.Close();
        Collect();
        string name = isLast ? "edb.log" : $"edb{generation:X8}.log";
        File.WriteAllBytes(Path.Combine(_folder, name), log);
        return packer.AccumulatedChecksum;

        void Collect()
        {
            packer.Done.CopyTo(log.AsSpan(packer.DoneIndex * Segment));
            packer.Take();
        }
    }

    // Begin, three replaces, commit.
    private void WriteNext()
    {
        switch (_pending)
        {
            case 0:
                _transaction += 4;
                _writer.Add(LogRecordType.Begin0, new OuterBegin(new(1, 0, 1), new(_transaction)));
                _pending = 4;
                break;
            case 1:
                _writer.Add(LogRecordType.Commit0, new OuterCommit(new(1, 0), new(_transaction)));
                _pending = 0;
                break;
            default:
                WriteReplace();
                _pending--;
                break;
        }
    }

    private void WriteReplace()
    {
        int page = _random.Next(_times.Length), line = _random.Next(_lengths.Length);
        Span<byte> data = stackalloc byte[PageBytes];
        data = data[.._lengths[line]];
        _random.NextBytes(data);
        var change = _node.Change with
        {
            Page = PageNumber.FromFileIndex(_first + page),
            TimeBefore = new(_times[page]),
            Time = new(++_time),
            Transaction = new(_transaction),
            Level = 1,
            Line = (ushort)line,
        };
        _times[page] = _time;
        _writer.Replace(_node with { Change = change, Version = (uint)_time }, data.Length, data);
    }

    private void WriteHeader(byte[] log, int generation, ulong previous)
    {
        var header = log.AsSpan(0, HeaderBytes);
        _template.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], generation);
        BinaryPrimitives.WriteUInt16LittleEndian(header[12..], Sectors);
        Created(generation).Write(header[16..]);
        Created(generation - 1).Write(header[24..]);
        BinaryPrimitives.WriteUInt64LittleEndian(header[653..], previous);
        BinaryPrimitives.WriteUInt32LittleEndian(header, HeaderChecksum.Compute(header));
    }

    private static LogTime Created(int generation) => LogTime.From(s_begin.AddSeconds(generation));
}
