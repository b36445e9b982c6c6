using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Builds records of one table: new ones, or others from those that are there. Reuses its buffers.</summary>
/// <remarks>
/// <para>The bytes are those that the engine would write (<see cref="RecordView"/> draws them):</para>
/// <list type="bullet">
/// <item>A new record begins with the fixed columns that have a default, up to the last of them; fixed columns below
/// that have none are NULL.</item>
/// <item>A fixed or variable column behind the last one stored makes the record reach to it; what lies between takes
/// its default, or is NULL. Room of a fixed column that never had a value is filled with 2A; one that becomes NULL
/// keeps its old bytes.</item>
/// <item>A tagged column that is not set is absent. NULL is stored only where the column has a default.</item>
/// <item>What is not changed keeps its bytes, those of deleted columns included.</item>
/// </list>
/// <para>Columns are counted as in <see cref="TableReader.Columns"/>.</para>
/// </remarks>
public sealed partial class RecordBuilder
{
    private const int HeaderBytes = 4;
    private const byte Filler = 0x2A;
    private const int VariableNullMark = 0x8000;

    private readonly RowLayout _layout;
    private readonly TableDefinition _table;
    private readonly RecordFormat _format;
    private readonly TaggedBuilder _tagged;
    private readonly ByteHeap _heap = new();
    private readonly List<(ByteHeap.Piece Bytes, bool IsNull)> _variable = [];
    private readonly byte[] _nulls = new byte[ColumnId.FirstVariable / 8];
    private readonly int[] _fixedColumns = new int[ColumnId.FirstVariable];
    private readonly int[] _variableColumns = new int[ColumnId.FirstTagged - ColumnId.FirstVariable];
    private byte[] _fixed = new byte[256], _compressed = [];
    private int _fixedEnd = HeaderBytes, _lastFixed;

    /// <summary>A builder, of an empty record.</summary>
    /// <param name="table">The table, from a catalog.</param>
    /// <param name="format">How the pages of the database lay out tagged columns.</param>
    /// <exception cref="ArgumentException">The format is the old one, which nobody writes any more.</exception>
    public RecordBuilder(TableDefinition table, RecordFormat format)
    {
        ArgumentNullException.ThrowIfNull(table);
        if (format == RecordFormat.Old)
            throw new ArgumentException("records of the old format are only read", nameof(format));
        _table = table;
        _layout = new(table);
        _format = format;
        _tagged = new(format);
        Array.Fill(_fixedColumns, -1);
        Array.Fill(_variableColumns, -1);
        for (int i = 0; i < _layout.Columns.Length; i++)
        {
            var id = _layout.Columns[i].Id;
            if (id.IsFixed)
                _fixedColumns[id.Value] = i;
            else if (id.IsVariable)
                _variableColumns[id.Value - ColumnId.FirstVariable] = i;
        }

        Clear();
    }

    /// <summary>The columns: inherited ones first, each group in the order of the numbers.</summary>
    public IReadOnlyList<ColumnDefinition> Columns => _layout.Columns;

    /// <summary>Length of the record in bytes.</summary>
    public int Length => VariableStart + VariableBytes + _tagged.Length;

    private int NullBytes => (_lastFixed + 7) / 8;

    private int VariableStart => _fixedEnd + NullBytes + 2 * _variable.Count;

    private int VariableBytes
    {
        get
        {
            int bytes = 0;
            foreach (var (piece, _) in _variable)
                bytes += piece.Length;
            return bytes;
        }
    }

    /// <summary>Starts a record that holds nothing, not even the defaults.</summary>
    public void Clear()
    {
        _heap.Clear();
        _tagged.Clear();
        _variable.Clear();
        _nulls.AsSpan().Fill(0xFF);
        (_fixedEnd, _lastFixed) = (HeaderBytes, 0);
    }

    /// <summary>Starts a new record with the defaults that records hold.</summary>
    public void StartNew()
    {
        Clear();
        for (int id = ColumnId.FirstVariable - 1; id > 0; id--)
        {
            if (_fixedColumns[id] >= 0 && HasDefault(_layout.Columns[_fixedColumns[id]]))
            {
                ExtendFixed(_fixedColumns[id]);
                return;
            }
        }
    }

    /// <summary>Starts from a record.</summary>
    /// <param name="record">A record of the table, in the builder's format.</param>
    /// <exception cref="EseException">The record is damaged (-1206).</exception>
    public void Load(in RecordView record)
    {
        Clear();
        var bytes = record.Bytes;
        _lastFixed = record.LastFixed;
        _fixedEnd = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]) - NullBytes;
        ReserveFixed();
        bytes[HeaderBytes.._fixedEnd].CopyTo(_fixed.AsSpan(HeaderBytes));
        bytes.Slice(_fixedEnd, NullBytes).CopyTo(_nulls);
        for (int id = ColumnId.FirstVariable; id <= record.LastVariable; id++)
        {
            var state = record.Variable(new((ushort)id), out var value);
            _variable.Add((_heap.Add(value), state == ColumnState.Null));
        }

        _tagged.Load(record);
    }

    /// <summary>Sets a column to one value; a tagged one loses all others.</summary>
    /// <param name="column">Index of the column.</param>
    /// <param name="value">
    /// The plain value. A shorter one of a fixed text or binary column is filled up with spaces or zeros; any byte but
    /// 0
    /// of a bit column is FF; that of a compressed column is compressed when that makes it shorter. One of more than
    /// <see cref="RecordLimits.MostInRecord"/> bytes belongs into the tree of long values.
    /// </param>
    /// <exception cref="EseException">It has another length than its type (-1047), or is too long (-1506).</exception>
    public void Set(int column, ReadOnlySpan<byte> value)
    {
        var definition = _layout.Columns[column];
        ColumnRules.CheckLength(definition, value.Length);
        if (definition.Id.IsFixed)
            SetFixed(column, value);
        else if (definition.Id.IsVariable)
        {
            ExtendVariable(column);
            _variable[definition.Id.Value - ColumnId.FirstVariable] = (_heap.Add(value), false);
        }
        else
        {
            _tagged.Remove(Order(column));
            if ((definition.Flags & ColumnFlags.Compressed) != 0 && TryCompress(value, out var stored))
                SetTagged(column, 0, TaggedValueKind.Compressed, stored);
            else
                SetTagged(column, 0, TaggedValueKind.Plain, value);
        }
    }

    /// <summary>Sets a column to NULL.</summary>
    /// <param name="column">Index of the column.</param>
    /// <exception cref="EseException">The column cannot be NULL (-1504).</exception>
    public void SetNull(int column)
    {
        var definition = _layout.Columns[column];
        if ((definition.Flags & ColumnFlags.NotNull) != 0)
            throw new EseException(EseError.NullInvalid, $"the column {definition} cannot be NULL");
        if (definition.Id.IsFixed)
        {
            ExtendFixed(column);
            SetNullBit(definition.Id, isNull: true);
        }
        else if (definition.Id.IsVariable)
        {
            ExtendVariable(column);
            _variable[definition.Id.Value - ColumnId.FirstVariable] = (default, true);
        }
        else if (definition.Default is not null)
            _tagged.SetNull(Order(column), definition.Type.IsLong());
        else
            _tagged.Remove(Order(column));
    }

    /// <summary>Writes the record.</summary>
    /// <param name="target">At least <see cref="Length"/> bytes.</param>
    /// <returns>Bytes written: the length.</returns>
    /// <exception cref="EseException">The columns are longer than any record can be (-1026).</exception>
    /// <exception cref="ArgumentException">The target is too short.</exception>
    public int Write(Span<byte> target)
    {
        int length = Length;
        if (target.Length < length)
            throw new ArgumentException($"the record has {length} bytes", nameof(target));
        if (_fixedEnd + NullBytes > ushort.MaxValue || VariableBytes >= VariableNullMark)
            throw new EseException(EseError.RecordTooBig, "the fixed or variable columns are longer than any record");
        target[0] = (byte)_lastFixed;
        target[1] = (byte)(_variable.Count + ColumnId.FirstVariable - 1);
        BinaryPrimitives.WriteUInt16LittleEndian(target[2..], (ushort)(_fixedEnd + NullBytes));
        _fixed.AsSpan(HeaderBytes, _fixedEnd - HeaderBytes).CopyTo(target[HeaderBytes..]);
        _nulls.AsSpan(0, NullBytes).CopyTo(target[_fixedEnd..]);
        int ends = _fixedEnd + NullBytes, at = VariableStart;
        foreach (var (piece, isNull) in _variable)
        {
            _heap[piece].CopyTo(target[at..]);
            at += piece.Length;
            int end = at - VariableStart | (isNull ? VariableNullMark : 0);
            BinaryPrimitives.WriteUInt16LittleEndian(target[ends..], (ushort)end);
            ends += 2;
        }

        _tagged.Write(target[at..length]);
        return length;
    }

    /// <summary>The record.</summary>
    /// <exception cref="EseException">The columns are longer than any record can be (-1026).</exception>
    public byte[] ToArray()
    {
        byte[] record = new byte[Length];
        Write(record);
        return record;
    }

    /// <summary>Checks that no column is NULL that cannot be.</summary>
    /// <exception cref="EseException">One is (-1504).</exception>
    public void CheckNulls()
    {
        var record = new RecordView(ToArray(), _format);
        for (int i = 0; i < _layout.Columns.Length; i++)
        {
            var column = _layout.Columns[i];
            if ((column.Flags & ColumnFlags.NotNull) != 0 && _layout.Values(record, i).IsNull)
                throw new EseException(EseError.NullInvalid, $"the column {column} of {_table} cannot be NULL");
        }
    }

    private static bool HasDefault(ColumnDefinition column) =>
        column.Default is { Length: > 0 } && (column.Flags & ColumnFlags.UserDefinedDefault) == 0;

    private void SetFixed(int column, ReadOnlySpan<byte> value)
    {
        var definition = _layout.Columns[column];
        ExtendFixed(column);
        SetNullBit(definition.Id, isNull: false);
        ColumnRules.CopyFixed(definition, value, RoomOf(definition));
    }

    private void SetNullBit(ColumnId id, bool isNull)
    {
        int bit = id.Value - 1;
        if (isNull)
            _nulls[bit / 8] |= (byte)(1 << bit % 8);
        else
            _nulls[bit / 8] &= (byte)~(1 << bit % 8);
    }

    private void ExtendFixed(int column)
    {
        var last = _layout.Columns[column];
        if (last.Id.Value <= _lastFixed)
            return;

        int from = _lastFixed + 1, start = _fixedEnd;
        long end = Math.Max(_fixedEnd, last.RecordOffset + (long)last.FixedBytes);
        (_lastFixed, _fixedEnd) = (last.Id.Value, (int)Math.Min(end, int.MaxValue));
        ReserveFixed();
        _fixed.AsSpan(start, _fixedEnd - start).Fill(Filler);
        for (int id = from; id <= _lastFixed; id++)
        {
            if (_fixedColumns[id] < 0 || _layout.Columns[_fixedColumns[id]] is var between && !HasDefault(between))
                continue;
            SetNullBit(between.Id, isNull: false);
            ColumnRules.CopyFixed(between, between.Default!.Value.Span, RoomOf(between));
        }
    }

    private void ExtendVariable(int wanted)
    {
        int last = _layout.Columns[wanted].Id.Value - ColumnId.FirstVariable;
        for (int at = _variable.Count; at <= last; at++)
        {
            var column = _variableColumns[at] >= 0 ? _layout.Columns[_variableColumns[at]] : null;
            _variable.Add(at < last && column is not null && HasDefault(column)
                ? (_heap.Add(column.Default!.Value.Span), false)
                : (default, true));
        }
    }

    private Span<byte> RoomOf(ColumnDefinition column)
    {
        int start = column.RecordOffset, bytes = column.FixedBytes;
        return start >= HeaderBytes && bytes >= 0 && start <= _fixedEnd - bytes
            ? _fixed.AsSpan(start, bytes)
            : throw RecordView.Corrupt($"the fixed column {column} leaves the record");
    }

    // Catalogs of any bytes may name any offset: what no record can hold is refused.
    private void ReserveFixed()
    {
        if (_fixedEnd is < HeaderBytes or > ushort.MaxValue)
            throw new EseException(EseError.RecordTooBig, $"the fixed columns of {_table} are longer than any record");
        if (_fixed.Length < _fixedEnd)
            Array.Resize(ref _fixed, Math.Max(_fixedEnd, 2 * _fixed.Length));
    }
}
