namespace PipelineBackup.Ese;

/// <summary>Reads the rows of a table in the order of its primary key. Moving along allocates nothing.</summary>
public sealed class TableReader : IValueSource
{
    private readonly RowLayout _layout;
    private readonly TreeCursor _cursor;
    private readonly LongValueReader _longValues;
    private byte[] _buffer = [];

    /// <summary>A reader before the first row. Reads nothing yet.</summary>
    /// <param name="file">The pages.</param>
    /// <param name="table">The table, from the catalog of the same database.</param>
    public TableReader(IPageFile file, TableDefinition table)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(table);
        Table = table;
        _layout = new(table);
        _cursor = new(file, table.Root, table.ObjectId);
        _longValues = new(file, table);
    }

    /// <summary>The table.</summary>
    public TableDefinition Table { get; }

    /// <summary>The columns of its rows: inherited ones first, each group in the order of the numbers.</summary>
    public IReadOnlyList<ColumnDefinition> Columns => _layout.Columns;

    /// <summary>The row that the reader stands on; good until its next move.</summary>
    /// <exception cref="EseException">The bytes are no record (-1206).</exception>
    /// <exception cref="InvalidOperationException">The reader stands on no row.</exception>
    public RowView Row => _cursor.IsOnNode
        ? new(_layout, _cursor.Key, new RecordView(_cursor.Data, _cursor.View.RecordFormat()))
        : throw new InvalidOperationException("the reader stands on no row");

    /// <summary>The cursor over the rows, for their pages and lines.</summary>
    internal TreeCursor Cursor => _cursor;

    /// <summary>What makes columns of records.</summary>
    internal RowLayout Layout => _layout;

    /// <summary>Index of a column, for <see cref="RowView"/>.</summary>
    /// <param name="name">Its name, whatever the case.</param>
    /// <exception cref="EseException">There is no column of that name (-1507).</exception>
    public int IndexOf(string name)
    {
        int index = Array.FindIndex(_layout.Columns,
            column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        return index >= 0 ? index
            : throw new EseException(EseError.ColumnNotFound, $"the table {Table.Name} has no column {name}");
    }

    /// <summary>Moves to the next row; to the first when the reader stands before it.</summary>
    /// <returns>False when there is none.</returns>
    /// <exception cref="EseException">The tree is damaged, as <see cref="TreeCursor"/> tells.</exception>
    public bool MoveNext() => _cursor.MoveNext();

    /// <summary>Moves to a row.</summary>
    /// <param name="bookmark">Its key: what an index entry holds as its bookmark.</param>
    /// <returns>False when there is none; the reader then stands on the row behind, if any.</returns>
    /// <exception cref="EseException">The tree is damaged, as <see cref="TreeCursor"/> tells.</exception>
    public bool Seek(ReadOnlySpan<byte> bookmark) => _cursor.Seek(bookmark);

    /// <summary>Reads a whole value.</summary>
    /// <param name="value">The value as a record of this table holds it.</param>
    /// <returns>
    /// Its bytes, good until the next value is read or the reader moves. A separated value is gathered in memory, which
    /// grows with the chunks that are there, not with the length that is claimed.
    /// </returns>
    /// <exception cref="EseException">
    /// The value cannot be decompressed (-1620, -431), is encrypted (-1622), or is separated and damaged (-1526).
    /// </exception>
    public ReadOnlySpan<byte> Read(RecordValue value)
    {
        if (value.IsSeparated)
            return Gather(value);
        if (value.IsEncrypted)
            throw LongValueReader.Encrypted($"a value of the table {Table.Name} is encrypted");
        if (!value.IsCompressed)
            return value.Stored;
        Reserve(ValueCompression.PlainLength(value.Stored));
        return _buffer.AsSpan(0, ValueCompression.Decompress(value.Stored, _buffer));
    }

    /// <summary>Opens a separated value for reading chunk by chunk.</summary>
    /// <param name="value">The value as a record of this table holds it.</param>
    /// <returns>The reader, before the first chunk; the same one with each call.</returns>
    /// <exception cref="ArgumentException">The value is not separated.</exception>
    /// <exception cref="EseException">There is no such value (-1526), or it is encrypted (-1622).</exception>
    public LongValueReader Open(RecordValue value)
    {
        if (!value.IsSeparated)
            throw new ArgumentException("only separated values are read chunk by chunk", nameof(value));
        _longValues.Open(value.Stored);
        return _longValues;
    }

    private Span<byte> Gather(RecordValue value)
    {
        var chunks = Open(value);
        int length = 0;
        while (chunks.MoveNext())
        {
            Reserve(length + chunks.Chunk.Length);
            chunks.Chunk.CopyTo(_buffer.AsSpan(length));
            length += chunks.Chunk.Length;
        }

        return _buffer.AsSpan(0, length);
    }

    private void Reserve(int bytes)
    {
        if (_buffer.Length < bytes)
            Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, Math.Max(bytes, 2L * _buffer.Length)));
    }
}
