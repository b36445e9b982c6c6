using System.Buffers.Binary;
using System.Text;

namespace PipelineBackup.Ese;

/// <summary>
/// A row of MSysObjects or its shadow. Where its columns are is fixed, or nobody could read the first row.
/// </summary>
/// <remarks>
/// <code>
/// off size  fixed column                    variable or tagged column
///   4    4  1 id of the table               128 name
///   8    2  2 kind of row                   129 statistics
///  10    4  3 id of the object, fid         130 name of the template
///  14    4  4 type, or root page            131 default value
///  18    4  5 greatest length, or pages     132 segments of an index
///  22    4  6 marks                         133 most bytes of a segment
///  26    4  7 pages, code page, LCID        134 conditions of an index
///  30    1  8 mark of table rows            135 limits of a tuple index
///  31    2  9 offset in the record          136 version of the sort order
///  33    4  10 marks of the locale          137 id of the sort order
///  37    2  11 most bytes of a key          256… long values that no definition needs
///  39    4  12 bytes of a chunk
///  43    8  13 when the root was set
/// </code>
/// Rows of older engines end earlier: what is missing is NULL.
/// </remarks>
internal readonly ref struct CatalogRow
{
    private readonly RecordView _record;

    /// <summary>Looks at a row.</summary>
    /// <exception cref="EseException">The bytes are no row of the catalog (-1220).</exception>
    public CatalogRow(ReadOnlySpan<byte> record, RecordFormat format)
    {
        try
        {
            _record = new(record, format);
        }
        catch (EseException e)
        {
            throw CatalogReader.Corrupt("a row of the catalog is damaged: " + e.Message);
        }
    }

    /// <summary>Fixed columns of the catalog whose place is known.</summary>
    public static int FixedColumns => Offsets.Length;

    private static ReadOnlySpan<byte> Offsets => [4, 8, 10, 14, 18, 22, 26, 30, 31, 33, 37, 39, 43];

    private static ReadOnlySpan<byte> Sizes => [4, 2, 4, 4, 4, 4, 4, 1, 2, 4, 2, 4, 8];

    public ObjectId TableId => new((uint)Required(1));

    public CatalogEntryKind Kind => (CatalogEntryKind)Required(2);

    /// <summary>The row as values, as far as definitions need them: damage in the others hinders nobody.</summary>
    /// <exception cref="EseException">It lacks what every row has (-1220).</exception>
    public CatalogEntry ToDefinition() => new()
    {
        TableId = TableId,
        Kind = Kind,
        Id = (uint)Required(3),
        TypeOrRoot = (uint)Required(4),
        SpaceUsage = (uint?)Number(5),
        Flags = (uint)Required(6),
        PagesOrLocale = (uint?)Number(7),
        RecordOffset = (ushort?)Number(9),
        KeyMost = (ushort?)Number(11),
        LongValueChunk = (uint?)Number(12),
        Name = Text(128) is { Length: > 0 } name ? name : throw Malformed("has no name"),
        TemplateOrCallback = Text(130),
        Default = Variable(131),
        Segments = Variable(132),
        SegmentMost = Variable(133),
        Conditions = Variable(134),
        TupleLimits = Variable(135),
    };

    /// <summary>The whole row as values.</summary>
    /// <exception cref="EseException">
    /// It lacks what every row has (-1220), or a column of it is damaged (-1206).
    /// </exception>
    public CatalogEntry ToEntry() => ToDefinition() with
    {
        IsRoot = Number(8) is { } mark ? mark != 0 : null,
        LocaleFlags = (uint?)Number(10),
        RootSetTime = Number(13),
        Statistics = Variable(129),
        SortVersion = Variable(136),
        SortId = Variable(137),
        CallbackData = Tagged(256),
        CallbackDependencies = Tagged(257),
        SeparateLongValues = Tagged(258),
        SpaceHints = Tagged(259),
        DeferredSpaceHints = Tagged(260),
        LocaleName = Tagged(261),
    };

    /// <summary>Where a fixed column of the catalog stands; null when no layout is known.</summary>
    public static int? OffsetOf(ColumnId column) =>
        column.Value >= 1 && column.Value <= Offsets.Length ? Offsets[column.Value - 1] : null;

    private ulong Required(int column) => Number(column) ?? throw Malformed($"lacks its column {column}");

    private ulong? Number(int column)
    {
        var state = _record.Fixed(new((ushort)column), Offsets[column - 1], Sizes[column - 1], out var value);
        if (state != ColumnState.Present)
            return null;
        return value.Length switch
        {
            2 => BinaryPrimitives.ReadUInt16LittleEndian(value),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(value),
            8 => BinaryPrimitives.ReadUInt64LittleEndian(value),
            _ => value[0],
        };
    }

    private string? Text(ushort column) => Bytes(column, out var value) ? Encoding.Latin1.GetString(value) : null;

    private ReadOnlyMemory<byte>? Variable(ushort column) =>
        Bytes(column, out var value) ? value.ToArray() : default(ReadOnlyMemory<byte>?);

    // What is not plain was never written into a catalog, and no definition needs it.
    private ReadOnlyMemory<byte>? Tagged(ushort column) =>
        _record.Tagged(new(column), false, out var values) == ColumnState.Present
        && values[0] is { IsPlain: true } value
            ? value.Stored.ToArray()
            : default(ReadOnlyMemory<byte>?);

    private bool Bytes(ushort column, out ReadOnlySpan<byte> value) =>
        _record.Variable(new(column), out value) == ColumnState.Present;

    private static EseException Malformed(string what) => CatalogReader.Corrupt("a row of the catalog " + what);
}
