namespace PipelineBackup.Ese;

/// <summary>A row of a table: its record, seen through the table's columns. Good until its reader moves on.</summary>
public readonly ref struct RowView
{
    private readonly RowLayout _layout;

    internal RowView(RowLayout layout, ReadOnlySpan<byte> bookmark, RecordView record)
    {
        _layout = layout;
        Bookmark = bookmark;
        Record = record;
    }

    /// <summary>
    /// The key of the row in the table's tree: the normalised primary key, or a number of 4 bytes where there is no
    /// primary index.
    /// </summary>
    public ReadOnlySpan<byte> Bookmark { get; }

    /// <summary>The record.</summary>
    public RecordView Record { get; }

    /// <summary>What the row has in a column.</summary>
    /// <param name="column">Index of the column in <see cref="TableReader.Columns"/>.</param>
    /// <exception cref="EseException">The column does not lie within the record (-1206).</exception>
    public ColumnValues this[int column] => _layout.Values(Record, column);
}
