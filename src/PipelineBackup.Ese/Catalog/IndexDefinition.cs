using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>One column of an index.</summary>
/// <param name="Column">The column.</param>
/// <param name="IsDescending">Whether greater values come first.</param>
public readonly record struct IndexSegment(ColumnDefinition Column, bool IsDescending);

/// <summary>A condition: the index lists only rows for which it holds.</summary>
/// <param name="Column">The column.</param>
/// <param name="MustBeNull">Whether it has to be NULL; else it has to be something else.</param>
public readonly record struct IndexCondition(ColumnDefinition Column, bool MustBeNull);

/// <summary>Which parts of a text or binary value an index lists, in bytes or UTF-16 units.</summary>
/// <param name="MinLength">The shortest part listed.</param>
/// <param name="MaxLength">Length of the parts where the value is long enough.</param>
/// <param name="MaxParts">The most parts of one value.</param>
/// <param name="Increment">From the start of a part to the next.</param>
/// <param name="Start">Where the first part begins.</param>
public readonly record struct TupleLimits(uint MinLength, uint MaxLength, uint MaxParts, uint Increment, uint Start);

/// <summary>An index as the catalog defines it.</summary>
public sealed class IndexDefinition
{
    /// <summary>The longest key of an index that names no other.</summary>
    public const int DefaultKeyMost = 255;

    private const int TemplateMark = 0x80, DescendingMark = 0x40, NullMark = 0x20;

    private readonly byte[] _segments, _conditions;

    internal IndexDefinition(TableDefinition table, CatalogEntry entry)
    {
        Table = table;
        Name = entry.Name;
        ObjectId = new(entry.Id);
        Root = new(entry.TypeOrRoot);
        Flags = (IndexFlags)entry.Flags;
        KeyMost = entry.KeyMost ?? DefaultKeyMost;
        SegmentMost = entry.SegmentMostBytes ?? KeyMost;
        Tuples = entry.Tuples;
        _segments = entry.Segments?.ToArray() ?? [];
        _conditions = entry.Conditions?.ToArray() ?? [];
    }

    /// <summary>The table whose rows it lists.</summary>
    public TableDefinition Table { get; }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>The id of its tree; of the primary index that of the table.</summary>
    public ObjectId ObjectId { get; }

    /// <summary>Root of its tree; of the primary index that of the table.</summary>
    public PageNumber Root { get; }

    /// <summary>Marks.</summary>
    public IndexFlags Flags { get; }

    /// <summary>Bytes that keys are cut to.</summary>
    public int KeyMost { get; }

    /// <summary>Bytes that each segment is cut to.</summary>
    public int SegmentMost { get; }

    /// <summary>Which parts of values are listed; null when whole values are.</summary>
    public TupleLimits? Tuples { get; }

    /// <summary>Its columns.</summary>
    public IReadOnlyList<IndexSegment> Segments { get; private set; } = [];

    /// <summary>What has to hold for a row to be listed.</summary>
    public IReadOnlyList<IndexCondition> Conditions { get; private set; } = [];

    /// <summary>Whether the rows themselves are ordered by it.</summary>
    public bool IsPrimary => (Flags & IndexFlags.Primary) != 0;

    /// <summary>Whether its tree tells nodes apart by key alone.</summary>
    public bool HasUniqueKeys =>
        (Flags & (IndexFlags.Unique | IndexFlags.Primary)) != 0 && (Flags & IndexFlags.OptionallyUnique) == 0;

    /// <summary>Finds the columns, once all tables are known.</summary>
    /// <exception cref="EseException">
    /// A column is missing, or the bytes are no list of columns, or none (-1220).
    /// </exception>
    internal void Resolve()
    {
        if (_segments.Length == 0)
            throw CatalogReader.Corrupt($"the index {Name} of the table {Table.Name} has no columns");
        Segments = [.. Entries(_segments).Select(entry => new IndexSegment(entry.Column, entry.Descending))];
        Conditions = [.. Entries(_conditions).Select(entry => new IndexCondition(entry.Column, entry.Null))];
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private IEnumerable<(ColumnDefinition Column, bool Descending, bool Null)> Entries(byte[] bytes)
    {
        bool isExtended = (Flags & IndexFlags.ExtendedColumns) != 0;
        int size = isExtended ? 4 : 2;
        if (bytes.Length % size != 0)
            throw CatalogReader.Corrupt($"the index {Name} of the table {Table.Name} has half a segment");
        for (int at = 0; at < bytes.Length; at += size)
        {
            if (isExtended)
            {
                ushort id = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at + 2));
                var column = Table.FindColumn(new(id), (bytes[at] & TemplateMark) != 0) ?? throw Missing(id);
                yield return (column, (bytes[at] & DescendingMark) != 0, (bytes[at] & NullMark) != 0);
            }
            else
            {
                int id = BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(at));
                ushort number = (ushort)Math.Abs(id);
                var column = Table.FindColumn(new(number), null) ?? throw Missing(number);
                yield return (column, id < 0, id < 0);
            }
        }
    }

    private EseException Missing(ushort id) =>
        CatalogReader.Corrupt($"the index {Name} of the table {Table.Name} names the column {id}, which there is not");
}
