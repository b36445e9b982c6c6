using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace PipelineBackup.Ese;

/// <summary>Dumps one table: its definition, its rows, its indexes.</summary>
internal sealed class TableDump
{
    /// <summary>Room for the longest entry of an index that any bytes can make.</summary>
    public const int ScratchBytes = 2 + NodeView.MaxKeyBytes + 2 + 32768;

    private const int LongestInFull = 256, HeadBytes = 16;

    private readonly IPageFile _file;
    private readonly TableDefinition _table;
    private readonly TableReader _reader;
    private readonly DumpLines _lines;
    private readonly byte[] _rowStart;
    private readonly byte[][] _columnStarts;
    private readonly bool[] _isArray;
    private readonly byte[] _digest = new byte[SHA256.HashSizeInBytes];

    // Index entries on their way to the digest: hashing many at once is what makes it fast.
    private readonly byte[] _entries;

    /// <summary>Prepares for a table.</summary>
    /// <param name="file">The pages.</param>
    /// <param name="table">The table.</param>
    /// <param name="lines">Takes the lines.</param>
    /// <param name="scratch">At least <see cref="ScratchBytes"/>, free for use.</param>
    public TableDump(IPageFile file, TableDefinition table, DumpLines lines, byte[] scratch)
    {
        _file = file;
        _table = table;
        _lines = lines;
        _reader = new(file, table);
        _entries = scratch;
        _rowStart = Fragment("{\"type\":\"row\",\"table\":", table.Name, ",\"bm\":");
        _columnStarts = [.. _reader.Columns.Select((column, i) => Fragment(i == 0 ? "" : ",", column.Name, ":"))];
        _isArray = [.. _reader.Columns.Select(column => column.IsMultiValued)];
    }

    /// <summary>Rows written.</summary>
    public long Rows { get; private set; }

    /// <summary>Entries of secondary indexes read.</summary>
    public long IndexEntries { get; private set; }

    /// <summary>Writes all lines of the table.</summary>
    public void Write(CancellationToken cancellationToken)
    {
        DefinitionDump.Write(_table, _reader.Columns, _lines);
        using var rowsHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (_reader.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            WriteRow(hash);
            rowsHash.AppendData(_lines.Line);
            _lines.End();
            Rows++;
        }

        foreach (var index in _table.Indexes)
        {
            if (!index.IsPrimary)
                WriteIndex(index, hash, cancellationToken);
        }

        _lines.Add("{\"type\":\"tableend\",\"table\":"u8);
        _lines.AddText(_table.Name);
        _lines.Add(",\"rows\":"u8);
        _lines.AddNumber(Rows);
        _lines.Add(",\"rows_sha256\":"u8);
        AddDigest(rowsHash);
        _lines.Add("}"u8);
        _lines.End();
    }

    private void WriteRow(IncrementalHash hash)
    {
        var row = _reader.Row;
        _lines.Add(_rowStart);
        _lines.AddHex(row.Bookmark);
        _lines.Add(",\"cols\":{"u8);
        for (int column = 0; column < _columnStarts.Length; column++)
        {
            _lines.Add(_columnStarts[column]);
            var values = row[column];
            if (_isArray[column])
                WriteArray(values, hash);
            else if (values.IsNull)
                _lines.Add("null"u8);
            else
                WriteValue(values[0], hash);
        }

        _lines.Add("}}"u8);
    }

    private void WriteArray(in ColumnValues values, IncrementalHash hash)
    {
        _lines.Add("["u8);
        for (int i = 0; i < values.Count; i++)
        {
            if (i > 0)
                _lines.Add(","u8);
            WriteValue(values[i], hash);
        }

        _lines.Add("]"u8);
    }

    private void WriteValue(RecordValue value, IncrementalHash hash)
    {
        if (value.IsSeparated)
        {
            WriteLongValue(value, hash);
            return;
        }

        var bytes = _reader.Read(value);
        if (bytes.Length <= LongestInFull)
        {
            _lines.AddHex(bytes);
            return;
        }

        SHA256.HashData(bytes, _digest);
        WriteSummary(bytes.Length, bytes[..HeadBytes]);
    }

    private void WriteLongValue(RecordValue value, IncrementalHash hash)
    {
        var chunks = _reader.Open(value);
        int length = chunks.Length;
        if (length <= LongestInFull)
        {
            _lines.AddHex(_reader.Read(value));
            return;
        }

        Span<byte> head = stackalloc byte[HeadBytes];
        int taken = 0;
        while (chunks.MoveNext())
        {
            var chunk = chunks.Chunk;
            hash.AppendData(chunk);
            var first = chunk[..Math.Min(chunk.Length, HeadBytes - taken)];
            first.CopyTo(head[taken..]);
            taken += first.Length;
        }

        hash.GetHashAndReset(_digest);
        WriteSummary(length, head);
    }

    private void WriteSummary(int length, ReadOnlySpan<byte> head)
    {
        _lines.Add("{\"len\":"u8);
        _lines.AddNumber(length);
        _lines.Add(",\"sha256\":"u8);
        _lines.AddHex(_digest);
        _lines.Add(",\"head\":"u8);
        _lines.AddHex(head);
        _lines.Add("}"u8);
    }

    private void WriteIndex(IndexDefinition index, IncrementalHash hash, CancellationToken cancellationToken)
    {
        var reader = new IndexReader(_file, index);
        long entries = 0;
        int used = 0;
        while (reader.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var key = reader.Key;
            var bookmark = reader.Bookmark;
            if (_entries.Length - used < 2 + key.Length + 2 + bookmark.Length)
            {
                hash.AppendData(_entries.AsSpan(0, used));
                used = 0;
            }

            used += AddEntryPart(key, _entries.AsSpan(used));
            used += AddEntryPart(bookmark, _entries.AsSpan(used));
            entries++;
        }

        hash.AppendData(_entries.AsSpan(0, used));
        IndexEntries += entries;
        _lines.Add("{\"type\":\"index\",\"table\":"u8);
        _lines.AddText(_table.Name);
        _lines.Add(",\"index\":"u8);
        _lines.AddText(index.Name);
        _lines.Add(",\"entries\":"u8);
        _lines.AddNumber(entries);
        _lines.Add(",\"sha256_key_bm\":"u8);
        AddDigest(hash);
        _lines.Add("}"u8);
        _lines.End();
    }

    private static int AddEntryPart(ReadOnlySpan<byte> bytes, Span<byte> target)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)bytes.Length);
        bytes.CopyTo(target[2..]);
        return 2 + bytes.Length;
    }

    private void AddDigest(IncrementalHash hash)
    {
        hash.GetHashAndReset(_digest);
        _lines.AddHex(_digest);
    }

    private static byte[] Fragment(string before, string name, string after)
    {
        var lines = new DumpLines(Stream.Null, capacity: 128);
        lines.Add(Encoding.ASCII.GetBytes(before));
        lines.AddText(name);
        lines.Add(Encoding.ASCII.GetBytes(after));
        return lines.Line.ToArray();
    }
}
