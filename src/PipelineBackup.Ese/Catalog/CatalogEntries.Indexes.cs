using System.Buffers.Binary;
using System.Text;

namespace PipelineBackup.Ese;

public sealed partial class CatalogEntries
{
    private const int MostSegments = 16;
    private const byte TemplateMark = 0x80, DescendingMark = 0x40, NullMark = 0x20;

    // A null array would become a value of no length.
    private static ReadOnlyMemory<byte>? Nothing => null;

    /// <summary>The entry of an index.</summary>
    /// <param name="index">The index.</param>
    /// <param name="table">The table with all its columns, and the indexes it has so far.</param>
    /// <param name="id">The index's id; of the primary one the table's.</param>
    /// <param name="root">Root of its tree; of the primary one the table's.</param>
    /// <param name="time">When it got the root.</param>
    /// <exception cref="EseException">
    /// Its name is none (-1002) or there is one of that name (-1403), there is a primary index already (-1402), a
    /// column
    /// is missing (-1507), or what it says contradicts itself or its columns (-1406).
    /// </exception>
    public CatalogEntry Index(NewIndex index, TableDefinition table, ObjectId id, PageNumber root, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(table);
        CheckName(index.Name);
        if (table.FindIndex(index.Name) is not null)
            throw new EseException(EseError.IndexDuplicate, $"the table {table} has an index {index.Name} already");
        if (index.IsPrimary && table.PrimaryIndex is { } primary)
            throw new EseException(EseError.IndexHasPrimary, $"the table {table} has the primary index {primary}");
        CheckLimits(index);
        ColumnDefinition[] columns = [.. index.Segments.Select(segment => Find(table, segment.Column))];
        bool isTemplate = (table.Flags & TableFlags.Template) != 0;
        var flags = FlagsOf(index, columns) | (isTemplate ? IndexFlags.Template : IndexFlags.None);
        return new()
        {
            TableId = table.ObjectId,
            Kind = CatalogEntryKind.Index,
            Id = id.Value,
            TypeOrRoot = root.Value,
            SpaceUsage = (uint)(index.Density > 0 ? index.Density : NewTable.UsualDensity),
            Flags = (uint)flags,
            PagesOrLocale = 0,
            LocaleFlags = index.LocaleFlags,
            KeyMost = KeyMostOf(index, columns, table),
            RootSetTime = TimeOf(time),
            Name = index.Name,
            Segments = SegmentsOf(index.Segments.Select(
                (segment, i) => (columns[i], segment.IsDescending ? DescendingMark : (byte)0))),
            SegmentMost = index.SegmentMost > 0 ? BitConverter.GetBytes((ushort)index.SegmentMost) : Nothing,
            Conditions = index.Conditions.Count == 0 ? Nothing : SegmentsOf(
                index.Conditions.Select(
                    condition => (Find(table, condition.Column), condition.MustBeNull ? NullMark : (byte)0))),
            TupleLimits = index.Tuples is { } limits ? BytesOf(limits) : Nothing,
            SortVersion = index.SortVersion,
            SortId = index.SortId,
            SpaceHints = index.SpaceHints,
            LocaleName = Encoding.Unicode.GetBytes(index.LocaleName),
        };
    }

    /// <summary>The entry of a derived table's copy of an index of its template.</summary>
    /// <param name="index">The template's entry of the index.</param>
    /// <param name="table">The derived table.</param>
    /// <param name="template">The template.</param>
    /// <param name="id">The copy's id; of the primary one the table's.</param>
    /// <param name="root">Root of its tree; of the primary one the table's.</param>
    /// <param name="time">When it got the root.</param>
    /// <param name="pages">Pages that the table gets at once, as the template's entry says.</param>
    public CatalogEntry DerivedIndex(CatalogEntry index, TableDefinition table, TableDefinition template, ObjectId id,
        PageNumber root, DateTimeOffset time, uint pages)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(template);
        var flags = (IndexFlags)index.Flags;
        bool isPrimary = (flags & IndexFlags.Primary) != 0;
        var definition = template.FindIndex(index.Name)
            ?? throw new EseException(EseError.IndexNotFound, $"the template {template} has no index {index.Name}");
        var columns = definition.Segments.Select(segment => segment.Column);
        return index with
        {
            TableId = table.ObjectId,
            Id = id.Value,
            TypeOrRoot = root.Value,
            Flags = (uint)(flags & ~IndexFlags.Template | IndexFlags.Derived),
            LocaleFlags = 0,
            KeyMost = index.KeyMost ?? (isPrimary ? LongestKey(columns) : null),
            RootSetTime = TimeOf(time),
            SpaceHints = isPrimary ? HintsOf(pages) : index.SpaceHints,
        };
    }

    /// <summary>
    /// The longest key that columns of fixed lengths can make; null when it is the usual limit or none.
    /// </summary>
    private static ushort? LongestKey(IEnumerable<ColumnDefinition> columns)
    {
        int bytes = 0;
        foreach (var column in columns)
        {
            if (!column.Id.IsFixed || column.Type.FixedBytes() == 0)
                return null;
            bytes += 1 + column.Type.FixedBytes();
        }

        return bytes < IndexDefinition.DefaultKeyMost ? (ushort)bytes : null;
    }

    // A primary key that cannot be longer leaves more room for the record; templates wait for the derived table.
    private static ushort? KeyMostOf(NewIndex index, ColumnDefinition[] columns, TableDefinition table)
    {
        if (index.KeyMost > 0)
            return index.KeyMost == IndexDefinition.DefaultKeyMost ? null : (ushort)index.KeyMost;
        bool isPlain = index.IsPrimary && !table.IsSystem && (table.Flags & TableFlags.Template) == 0;
        return isPlain ? LongestKey(columns) : null;
    }

    private static byte[] SegmentsOf(IEnumerable<(ColumnDefinition Column, byte Marks)> segments) =>
    [
        .. segments.SelectMany(segment => new byte[]
        {
            (byte)(segment.Marks | (IsOfTemplate(segment.Column) ? TemplateMark : 0)), 0,
            (byte)segment.Column.Id.Value, (byte)(segment.Column.Id.Value >> 8),
        }),
    ];

    private static bool IsOfTemplate(ColumnDefinition column) => (column.Flags & ColumnFlags.Template) != 0;

    private static byte[] BytesOf(TupleLimits limits)
    {
        byte[] bytes = new byte[20];
        ReadOnlySpan<uint> words =
            [limits.MinLength, limits.MaxLength, limits.MaxParts, limits.Increment, limits.Start];
        for (int i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4 * i), words[i]);
        return bytes;
    }

    // Version 1, then the bytes that the tree gets at once.
    private byte[] HintsOf(uint pages)
    {
        byte[] hints = [1, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32LittleEndian(hints.AsSpan(1), pages * (uint)pageSize.Bytes);
        return hints;
    }

    private static ColumnDefinition Find(TableDefinition table, string column) => table.FindColumn(column)
        ?? throw new EseException(EseError.ColumnNotFound, $"the table {table} has no column {column}");

    private void CheckLimits(NewIndex index)
    {
        if (index.Density != 0)
            CheckDensity(index.Density);
        int keyMost = index.KeyMost > 0 ? index.KeyMost : IndexDefinition.DefaultKeyMost;
        bool hasGoodTuples = index.Tuples is not { } limits || (!index.IsPrimary && limits.MinLength > 0
            && limits.MaxLength >= limits.MinLength && limits.MaxParts > 0);
        bool isGood = index.Segments.Count is > 0 and <= MostSegments && index.Conditions.Count <= MostSegments
            && index.KeyMost >= 0 && keyMost <= KeyLimit && index.SegmentMost >= 0 && index.SegmentMost <= keyMost
            && !(index.IsPrimary && index.Conditions.Count > 0) && !(index.IsCrossProduct && index.IsNestedTable);
        if (!isGood || !hasGoodTuples)
            throw new EseException(EseError.IndexInvalidDef, $"the index {index.Name} contradicts itself");
    }

    private static IndexFlags FlagsOf(NewIndex index, ColumnDefinition[] columns)
    {
        bool listsSome = (index.Nulls & (IndexNulls.Refuse | IndexNulls.IgnoreAny)) == 0;
        if (index.IsPrimary && columns.Any(column => column.IsMultiValued))
        {
            throw new EseException(EseError.IndexInvalidDef,
                $"the primary index {index.Name} has a multi-valued column");
        }

        if (columns.Any(column => (column.Flags & ColumnFlags.Escrow) != 0))
            throw new EseException(EseError.IndexInvalidDef, $"the index {index.Name} has an escrow column");
        return IndexFlags.ExtendedColumns
            | (index.IsPrimary ? IndexFlags.Primary | IndexFlags.Unique : IndexFlags.None)
            | (index.IsUnique ? IndexFlags.Unique : IndexFlags.None)
            | ((index.Nulls & IndexNulls.Refuse) != 0 ? IndexFlags.NoNullSegment : IndexFlags.None)
            | (listsSome ? IndexFlags.AllowSomeNulls : IndexFlags.None)
            | (listsSome && (index.Nulls & IndexNulls.IgnoreFirst) == 0 ? IndexFlags.AllowFirstNull : IndexFlags.None)
            | (listsSome && (index.Nulls & IndexNulls.IgnoreAll) == 0 ? IndexFlags.AllowAllNulls : IndexFlags.None)
            | (columns.Any(column => column.IsMultiValued) ? IndexFlags.MultiValued : IndexFlags.None)
            | (columns.Any(column => column.IsUnicode) ? IndexFlags.LocalizedText : IndexFlags.None)
            | (index.NullsSortHigh ? IndexFlags.NullsSortHigh : IndexFlags.None)
            | (index.IsCrossProduct ? IndexFlags.CrossProduct : IndexFlags.None)
            | (index.IsNestedTable ? IndexFlags.NestedTable : IndexFlags.None)
            | (index.RefusesTruncation ? IndexFlags.DisallowTruncation : IndexFlags.None)
            | (index.HasDotNetGuids ? IndexFlags.DotNetGuid : IndexFlags.None);
    }
}
