namespace PipelineBackup.Ese;

public sealed partial class RecordBuilder
{
    private static ReadOnlySpan<byte> True => [0xFF];

    /// <summary>Sets one value of a tagged column.</summary>
    /// <param name="column">Index of the column.</param>
    /// <param name="index">From 0, itagSequence − 1; the number of values adds one.</param>
    /// <param name="value">The plain value.</param>
    /// <exception cref="EseException">
    /// It has another length than its type (-1047), is too long (-1506), or is a further one of a column that has one
    /// (-1509).
    /// </exception>
    public void Set(int column, int index, ReadOnlySpan<byte> value)
    {
        ColumnRules.CheckLength(_layout.Columns[column], value.Length);
        SetTagged(column, index, TaggedValueKind.Plain, value);
    }

    /// <summary>Sets one value of a tagged column as it stands in the record.</summary>
    /// <param name="column">Index of the column.</param>
    /// <param name="index">From 0, itagSequence − 1; the number of values adds one.</param>
    /// <param name="kind">What the bytes are.</param>
    /// <param name="stored">The bytes as stored; of a separated value its id, little endian.</param>
    /// <exception cref="EseException">It is a further value of a column that has one (-1509).</exception>
    /// <exception cref="ArgumentException">The column is not of a long type, or the value cannot stand so.</exception>
    public void SetStored(int column, int index, TaggedValueKind kind, ReadOnlySpan<byte> stored)
    {
        if (kind != TaggedValueKind.Plain && !_layout.Columns[column].Type.IsLong())
            throw new ArgumentException($"{_layout.Columns[column]} is not of a long type", nameof(column));
        SetTagged(column, index, kind, stored);
    }

    /// <summary>Sets one value of a tagged column to a long value.</summary>
    /// <param name="column">Index of the column.</param>
    /// <param name="index">From 0, itagSequence − 1; the number of values adds one.</param>
    /// <param name="id">The long value.</param>
    public void SetSeparated(int column, int index, LongValueId id)
    {
        Span<byte> bytes = stackalloc byte[8];
        SetStored(column, index, TaggedValueKind.Separated, bytes[..id.WriteReference(bytes)]);
    }

    /// <summary>Takes one value of a tagged column away; those behind it move up.</summary>
    /// <param name="column">Index of the column.</param>
    /// <param name="index">From 0, itagSequence − 1.</param>
    /// <exception cref="EseException">The last value of a column that cannot be NULL (-1504).</exception>
    public void Remove(int column, int index)
    {
        if (Count(column) == 1 && index == 0)
        {
            SetNull(column);
            return;
        }

        _tagged.RemoveAt(Order(column), _layout.Columns[column].Type.IsLong(), index);
    }

    /// <summary>Values of a tagged column that the record holds; 0 when it is NULL or has its default.</summary>
    /// <param name="column">Index of the column.</param>
    public int Count(int column) => _tagged.Count(Order(column));

    /// <summary>A value of a tagged column that the record holds.</summary>
    /// <param name="column">Index of the column.</param>
    /// <param name="index">From 0, itagSequence − 1.</param>
    /// <param name="stored">Its bytes as stored; good until the next change.</param>
    public TaggedValueKind Value(int column, int index, out ReadOnlySpan<byte> stored) =>
        _tagged.Value(Order(column), index, out stored);

    private void SetTagged(int column, int index, TaggedValueKind kind, ReadOnlySpan<byte> stored)
    {
        var definition = _layout.Columns[column];
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        if (!definition.Id.IsTagged || (index > 0 && !definition.IsMultiValued))
        {
            throw new EseException(EseError.MultiValuedColumnMustBeTagged,
                $"the column {definition} has one value, of which the record holds the place");
        }

        if (definition.Type == ColumnType.Bit && stored.Length == 1 && stored[0] != 0)
            stored = True;
        _tagged.Set(Order(column), definition.Type.IsLong(), index, kind, stored);
    }

    private bool TryCompress(ReadOnlySpan<byte> value, out ReadOnlySpan<byte> stored)
    {
        if (_compressed.Length < value.Length)
            _compressed = new byte[Math.Max(value.Length, RecordLimits.MostInRecord)];
        stored = _compressed.AsSpan(0, ValueCompression.Compress(value, _compressed));
        return !stored.IsEmpty;
    }

    private int Order(int column)
    {
        var id = _layout.Columns[column].Id;
        return id.IsTagged ? TaggedBuilder.Order(id, _layout.IsInherited(column))
            : throw new EseException(EseError.MultiValuedColumnMustBeTagged,
                $"the column {_layout.Columns[column]} is not tagged");
    }
}
