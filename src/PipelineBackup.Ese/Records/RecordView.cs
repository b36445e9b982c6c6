using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>A record as its bytes stand in the leaf of a table: where each column is, and nothing copied.</summary>
/// <remarks>
/// <code>
/// off size
///   0    1  highest fixed column stored, 0 = none
///   1    1  highest variable column stored, 127 = none
///   2    2  end of the fixed data
///   4       fixed columns, each at the place that the catalog names
///           null bitmap, (highest fixed + 7) / 8 bytes up to the end of the fixed data; 1 = NULL
///           u16 for each variable column: end, from the start of the variable data; bit 15: NULL
///           variable columns
///           tagged columns
/// </code>
/// Tagged columns begin with a directory, first the columns inherited from a template, then the table's own, each group
/// in ascending order:
/// <code>
/// off size  small pages                               large pages
///   0    2  column                                    column
///   2    2  bits 0–12 offset from the directory on,   bits 0–14 offset from the directory on,
///           2000 NULL, 4000 a header byte stands      8000 inherited;
///           before the data, 8000 inherited           a header byte always stands before the data
/// </code>
/// Looking at a record checks its frame, looking at a column what belongs to the column; any bytes may be looked at.
/// </remarks>
public readonly ref struct RecordView
{
    private const int HeaderBytes = 4;
    private const int EntryBytes = 4;
    private const int VariableMask = 0x7FFF;
    private const int InheritedMark = 0x8000;
    private const int HeaderMark = 0x4000;
    private const int NullMark = 0x2000;

    private readonly ReadOnlySpan<byte> _record;
    private readonly ReadOnlySpan<byte> _tagged;
    private readonly RecordFormat _format;
    private readonly int _fixedColumns, _variableColumns, _fixedEnd, _directoryEntries;

    /// <summary>Looks at a record.</summary>
    /// <param name="record">The data of a leaf node.</param>
    /// <param name="format">How the page lays out tagged columns.</param>
    /// <exception cref="EseException">The bytes are no record (-1206).</exception>
    public RecordView(ReadOnlySpan<byte> record, RecordFormat format)
    {
        if (record.Length < HeaderBytes)
            throw Corrupt("a record is shorter than its header");
        _record = record;
        _format = format;
        _fixedColumns = record[0];
        _variableColumns = record[1] - (ColumnId.FirstVariable - 1);
        _fixedEnd = BinaryPrimitives.ReadUInt16LittleEndian(record[2..]);
        if (_fixedColumns >= ColumnId.FirstVariable || _variableColumns < 0
            || _fixedEnd - NullBytes < HeaderBytes || VariableStart > record.Length)
            throw Corrupt("the columns of a record leave it");

        int tagged = VariableStart + (_variableColumns == 0 ? 0 : VariableEnd(_variableColumns - 1) & VariableMask);
        if (tagged > record.Length)
            throw Corrupt("the variable columns leave the record");
        _tagged = record[tagged..];
        if (_tagged.IsEmpty || format == RecordFormat.Old)
            return;
        int first = _tagged.Length < EntryBytes ? 0 : OffsetOf(0);
        if (first < EntryBytes || first % EntryBytes != 0 || first > _tagged.Length)
            throw Corrupt("the directory of the tagged columns leaves the record");
        _directoryEntries = first / EntryBytes;
    }

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _record;

    /// <summary>The highest fixed column stored; 0 when there is none.</summary>
    public int LastFixed => _fixedColumns;

    /// <summary>The highest variable column stored; 127 when there is none.</summary>
    public int LastVariable => _variableColumns + ColumnId.FirstVariable - 1;

    /// <summary>The tagged columns with their directory.</summary>
    public ReadOnlySpan<byte> TaggedData => _tagged;

    private int NullBytes => (_fixedColumns + 7) / 8;

    private int VariableStart => _fixedEnd + 2 * _variableColumns;

    /// <summary>Looks at a fixed column.</summary>
    /// <param name="column">A fixed column.</param>
    /// <param name="offset">Where it is in the record, as the catalog says.</param>
    /// <param name="bytes">How long it is.</param>
    /// <param name="value">Its bytes when present; else empty.</param>
    /// <exception cref="EseException">The column does not lie within the fixed data (-1206).</exception>
    public ColumnState Fixed(ColumnId column, int offset, int bytes, out ReadOnlySpan<byte> value)
    {
        value = default;
        int index = column.Value - 1;
        if ((uint)index >= (uint)_fixedColumns)
            return ColumnState.Absent;
        int nulls = _fixedEnd - NullBytes;
        if ((_record[nulls + index / 8] >> index % 8 & 1) != 0)
            return ColumnState.Null;
        if (offset < HeaderBytes || bytes < 0 || offset > nulls - bytes)
            throw Corrupt($"the fixed column {column} leaves the record");
        value = _record.Slice(offset, bytes);
        return ColumnState.Present;
    }

    /// <summary>Looks at a variable column.</summary>
    /// <param name="column">A variable column.</param>
    /// <param name="value">Its bytes when present; else empty.</param>
    /// <exception cref="EseException">The column does not lie within the record (-1206).</exception>
    public ColumnState Variable(ColumnId column, out ReadOnlySpan<byte> value)
    {
        value = default;
        int index = column.Value - ColumnId.FirstVariable;
        if ((uint)index >= (uint)_variableColumns)
            return ColumnState.Absent;
        int end = VariableEnd(index);
        if ((end & ~VariableMask) != 0)
            return ColumnState.Null;
        int start = index == 0 ? 0 : VariableEnd(index - 1) & VariableMask;
        if (start > end || VariableStart + end > _record.Length)
            throw Corrupt($"the variable column {column} leaves the record");
        value = _record[(VariableStart + start)..(VariableStart + end)];
        return ColumnState.Present;
    }

    /// <summary>Looks for a tagged column.</summary>
    /// <param name="column">A tagged column.</param>
    /// <param name="isInherited">
    /// Whether the column belongs to the template of the record's table; such columns are numbered on their own.
    /// </param>
    /// <param name="values">Its values; none unless it is present.</param>
    /// <exception cref="EseException">The column does not lie within the record (-1206).</exception>
    public ColumnState Tagged(ColumnId column, bool isInherited, out TaggedColumn values)
    {
        if (_format == RecordFormat.Old)
            return OldTaggedData.Find(_tagged, column, isInherited, out values);
        values = default;
        int index = Find(Order(column.Value, isInherited));
        if (index < 0)
            return ColumnState.Absent;
        values = At(index);
        return values.Count == 0 ? ColumnState.Null : ColumnState.Present;
    }

    /// <summary>What is thrown when bytes of a record contradict each other.</summary>
    internal static EseException Corrupt(string message) => new(EseError.DatabaseCorrupted, message,
        "Check the database; restore it from a backup when its pages have passed their checksums.");

    /// <summary>Tagged columns in the directory; none in the old format, which has no directory.</summary>
    internal int DirectoryEntries => _directoryEntries;

    /// <summary>The tagged column of one entry of the directory, whatever table or template defines it.</summary>
    internal TaggedColumn At(int index)
    {
        int start = OffsetOf(index), end = index + 1 < _directoryEntries ? OffsetOf(index + 1) : _tagged.Length;
        if (start < EntryBytes * _directoryEntries || start > end || end > _tagged.Length)
            throw Corrupt("a tagged column leaves the record");
        int word = WordOf(index);
        var data = _tagged[start..end];
        if (_format == RecordFormat.Large)
            return TaggedColumn.WithHeader(data);
        if ((word & NullMark) != 0)
            return TaggedColumn.Null;
        return (word & HeaderMark) != 0 ? TaggedColumn.WithHeader(data) : TaggedColumn.Plain(data);
    }

    /// <summary>
    /// The bytes of one entry's data, where <see cref="At"/> has found that they lie within the record.
    /// </summary>
    internal ReadOnlySpan<byte> EntryAt(int index, out int word, out int column)
    {
        word = WordOf(index);
        column = Read16(EntryBytes * index);
        int end = index + 1 < _directoryEntries ? OffsetOf(index + 1) : _tagged.Length;
        return _tagged[OffsetOf(index)..end];
    }

    // On a directory out of order this misses columns; it never leaves the directory.
    private int Find(int wanted)
    {
        int low = 0, high = _directoryEntries - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            int found = Order(Read16(EntryBytes * middle), (WordOf(middle) & InheritedMark) != 0);
            if (found == wanted)
                return middle;
            if (found < wanted)
                low = middle + 1;
            else
                high = middle - 1;
        }

        return -1;
    }

    private static int Order(int column, bool isInherited) => isInherited ? column : column + 0x10000;

    private int OffsetOf(int index) => WordOf(index) & (_format == RecordFormat.Small ? 0x1FFF : 0x7FFF);

    private int WordOf(int index) => Read16(EntryBytes * index + 2);

    private int Read16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(_tagged[offset..]);

    private int VariableEnd(int index) => BinaryPrimitives.ReadUInt16LittleEndian(_record[(_fixedEnd + 2 * index)..]);
}
