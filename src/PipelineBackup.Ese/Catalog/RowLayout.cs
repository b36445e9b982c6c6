namespace PipelineBackup.Ese;

/// <summary>Where a table's records keep its columns: what the catalog says, made ready for many rows.</summary>
internal sealed class RowLayout
{
    private readonly Place[] _places;

    public RowLayout(TableDefinition table)
    {
        Columns = [.. table.AllColumns()];
        _places = new Place[Columns.Length];
        for (int i = 0; i < _places.Length; i++)
        {
            var column = Columns[i];

            // Columns of a template are numbered on their own, unless it is one of the time before that.
            bool isInherited = column.Table != table && (column.Flags & ColumnFlags.Template) != 0;
            _places[i] = new(column.Id, column.RecordOffset, column.FixedBytes, isInherited, column.Default);
        }
    }

    public ColumnDefinition[] Columns { get; }

    /// <summary>Whether a column belongs to the template and is numbered on its own.</summary>
    public bool IsInherited(int column) => _places[column].IsInherited;

    public ColumnValues Values(scoped in RecordView record, int column)
    {
        ref readonly var place = ref _places[column];
        ReadOnlySpan<byte> single;
        ColumnState state;
        if (place.Id.IsTagged)
        {
            state = record.Tagged(place.Id, place.IsInherited, out var tagged);
            if (state == ColumnState.Present)
                return new(tagged);
            single = default;
        }
        else
        {
            state = place.Id.IsVariable
                ? record.Variable(place.Id, out single)
                : record.Fixed(place.Id, place.Offset, place.Bytes, out single);
        }

        return state switch
        {
            ColumnState.Present => new(single),
            ColumnState.Absent when place.Default is { } value => new(value.Span, isDefault: true),
            _ => default,
        };
    }

    private readonly record struct Place(
        ColumnId Id, int Offset, int Bytes, bool IsInherited, ReadOnlyMemory<byte>? Default);
}
