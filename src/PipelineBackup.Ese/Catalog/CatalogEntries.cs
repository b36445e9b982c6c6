using System.Buffers.Binary;
using System.Text;

namespace PipelineBackup.Ese;

/// <summary>
/// Plans what the catalog says of new objects: gives columns their numbers and places, indexes their marks. The engine
/// gives ids and roots.
/// </summary>
/// <param name="version">The database's format.</param>
/// <param name="pageSize">The database's page size.</param>
public sealed partial class CatalogEntries(FormatVersion version, PageSize pageSize)
{
    private const uint LongValueDensity = 100;
    private const int MostDefaultBytes = 255, FirstRecordOffset = 4;

    // Since then rows of tables and trees say when their root was set.
    private static readonly FormatVersion s_rootTimes = new(FormatVersion.CurrentMain, 290, 0);
    private static readonly FormatVersion s_wideEscrow = new(FormatVersion.CurrentMain, 60, 0);

    /// <summary>The most bytes that a key may be said to have: 500, 1000 or 2000 by page size.</summary>
    public int KeyLimit => pageSize.Bytes switch
    {
        2048 => 500,
        4096 => 1000,
        _ => 2000,
    };

    /// <summary>All entries of a table: its own, its columns', its indexes', those inherited from a template.</summary>
    /// <param name="table">The table.</param>
    /// <param name="id">Its id.</param>
    /// <param name="root">Root of its tree.</param>
    /// <param name="place">Gives a secondary index, named, its id and root; called once for each in this order.</param>
    /// <param name="template">The entries of the template's table; empty without a template.</param>
    /// <param name="time">When the roots were set.</param>
    /// <returns>The table's entry, then columns, then indexes, each as defined.</returns>
    /// <exception cref="EseException">
    /// As <see cref="Table"/>, <see cref="Column"/> and <see cref="Index"/> tell.
    /// </exception>
    public IReadOnlyList<CatalogEntry> Whole(NewTable table, ObjectId id, PageNumber root,
        Func<string, (ObjectId Id, PageNumber Root)> place, IReadOnlyList<CatalogEntry> template, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(place);
        ArgumentNullException.ThrowIfNull(template);
        var entries = new List<CatalogEntry> { Table(table, id, root, time) };
        foreach (var column in table.Columns)
            entries.Add(Column(column, Own()));
        foreach (var index in template.Where(entry => entry.Kind == CatalogEntryKind.Index))
        {
            bool isPrimary = ((IndexFlags)index.Flags & IndexFlags.Primary) != 0;
            var (ownId, ownRoot) = isPrimary ? (id, root) : place(index.Name);
            var own = Own();
            entries.Add(DerivedIndex(index, own, own.Template!, ownId, ownRoot, time,
                template[0].PagesOrLocale.GetValueOrDefault()));
        }

        foreach (var index in table.Indexes)
        {
            var (ownId, ownRoot) = index.IsPrimary ? (id, root) : place(index.Name);
            var dense = index.Density > 0 ? index : index with { Density = table.Density };
            entries.Add(Index(dense, Own(), ownId, ownRoot, time));
        }

        return entries;

        TableDefinition Own() => CatalogReader.Read(template.Concat(entries), pageSize).Tables[^1];
    }

    /// <summary>The entry of a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="id">Its id.</param>
    /// <param name="root">Root of its tree.</param>
    /// <param name="time">When it got the root.</param>
    /// <exception cref="EseException">Its name is none (-1002), or a number is out of bounds (-1003).</exception>
    public CatalogEntry Table(NewTable table, ObjectId id, PageNumber root, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(table);
        CheckName(table.Name);
        CheckDensity(table.Density);
        if (table.Pages < 1 || table.LongValueChunkBytes < 0 || table.LongValueChunkBytes > pageSize.Bytes)
            throw Invalid($"the table {table.Name} has an impossible number of pages or size of chunks");
        if (table.IsTemplate && table.Template is not null)
            throw Invalid($"the table {table.Name} is a template and derived from one");
        var flags = table.SystemFlags
            | (table.IsTemplate ? TableFlags.Template | TableFlags.FixedDefinition : TableFlags.None)
            | (table.IsFixedDefinition ? TableFlags.FixedDefinition : TableFlags.None)
            | (table.Template is null ? TableFlags.None : TableFlags.Derived);
        return new()
        {
            TableId = id,
            Kind = CatalogEntryKind.Table,
            Id = id.Value,
            TypeOrRoot = root.Value,
            SpaceUsage = (uint)table.Density,
            Flags = (uint)flags,
            PagesOrLocale = (uint)table.Pages,
            IsRoot = true,
            LongValueChunk = table.LongValueChunkBytes > 0 ? (uint)table.LongValueChunkBytes : null,
            RootSetTime = TimeOf(time),
            Name = table.Name,
            TemplateOrCallback = table.Template,
        };
    }

    /// <summary>The entry of a column: it gets the next number of its kind, a fixed one the next place.</summary>
    /// <param name="column">The column.</param>
    /// <param name="table">The table as it is so far, columns that were deleted included.</param>
    /// <exception cref="EseException">
    /// Its name is none (-1002) or there is one of that name (-1508), its type cannot be as asked for (-1511), its
    /// default
    /// is too long (-1506), or there is no number left for it (-1040).
    /// </exception>
    public CatalogEntry Column(NewColumn column, TableDefinition table)
    {
        ArgumentNullException.ThrowIfNull(column);
        ArgumentNullException.ThrowIfNull(table);
        CheckName(column.Name);
        if (table.FindColumn(column.Name) is not null)
            throw new EseException(EseError.ColumnDuplicate, $"the table {table} has a column {column.Name} already");
        CheckType(column);
        var storage = StorageOf(column, table);
        int bytes = LengthOf(column, storage);
        var id = NextId(table, storage);
        var fallback = column.Default ?? (column.IsEscrow ? new byte[bytes] : default(ReadOnlyMemory<byte>?));
        if (fallback is { } value)
            CheckDefault(column, value, bytes);
        bool isTemplate = (table.Flags & TableFlags.Template) != 0;
        return new()
        {
            TableId = table.ObjectId,
            Kind = CatalogEntryKind.Column,
            Id = id.Value,
            TypeOrRoot = (uint)column.Type,
            SpaceUsage = (uint)bytes,
            Flags = (uint)(FlagsOf(column)
                | (fallback is null ? ColumnFlags.None : ColumnFlags.HasDefault)
                | (isTemplate ? ColumnFlags.Template : ColumnFlags.None)),
            PagesOrLocale = column.Type.IsText() ? column.CodePage : 0,
            RecordOffset = storage == ColumnStorage.Fixed ? NextOffset(table) : null,
            Name = column.Name,
            Default = fallback,
        };
    }

    /// <summary>The entry of a table's tree of long values.</summary>
    /// <param name="table">Id of the table.</param>
    /// <param name="id">The tree's id.</param>
    /// <param name="root">Its root.</param>
    /// <param name="time">When it got the root.</param>
    public CatalogEntry LongValues(ObjectId table, ObjectId id, PageNumber root, DateTimeOffset time) => new()
    {
        TableId = table,
        Kind = CatalogEntryKind.LongValues,
        Id = id.Value,
        TypeOrRoot = root.Value,
        SpaceUsage = LongValueDensity,
        Flags = 0,
        PagesOrLocale = 1,
        RootSetTime = TimeOf(time),
        Name = "LV",
    };

    /// <summary>Checks the name of a table, column or index.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="EseException">It is none (-1002).</exception>
    public static void CheckName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        bool isName = name.Length is > 0 and < 64 && name[0] != ' '
            && name.All(c => c is >= ' ' and <= '\x7E' and not ('!' or '.' or '[' or ']'));
        if (!isName)
        {
            throw new EseException(EseError.InvalidName, $"\"{name}\" is no name of a table, column or index",
                "A name has 1 to 63 characters of ASCII, none of them ! . [ or ], and does not begin with a space.");
        }
    }

    private ulong? TimeOf(DateTimeOffset time) =>
        version < s_rootTimes ? null : (ulong)time.UtcDateTime.ToFileTimeUtc();

    private static void CheckDensity(int density)
    {
        if (density is < 20 or > 100)
            throw Invalid($"pages cannot be filled to {density} percent");
    }

    private void CheckType(NewColumn column)
    {
        var type = column.Type;
        bool isKnown = type is > ColumnType.Nil and <= ColumnType.UnsignedLongLong and not ColumnType.StreamedLongValue;
        bool canCount = type is ColumnType.Long or ColumnType.UnsignedLong or ColumnType.Currency or ColumnType.LongLong
            or ColumnType.UnsignedLongLong;
        bool canEscrow = type == ColumnType.Long || (type == ColumnType.LongLong && !(version < s_wideEscrow));
        bool isGood = isKnown && (!column.IsVersion || type == ColumnType.Long) && (!column.IsAutoIncrement || canCount)
            && (!column.IsEscrow || canEscrow) && (!column.IsCompressed || type.IsLong())
            && (!type.IsText() || column.CodePage is ColumnDefinition.UnicodeCodePage or 1252)
            && (column.IsVersion ? 1 : 0) + (column.IsAutoIncrement ? 1 : 0) + (column.IsEscrow ? 1 : 0) <= 1;
        if (!isGood)
            throw Type(column, "cannot be what is asked for");
    }

    private static ColumnStorage StorageOf(NewColumn column, TableDefinition table)
    {
        bool isShort = column.Type is ColumnType.Text or ColumnType.Binary, isLong = column.Type.IsLong();
        bool isCounter = column.IsVersion || column.IsAutoIncrement || column.IsEscrow;
        var natural = column.IsMultiValued || isLong ? ColumnStorage.Tagged
            : isShort ? ColumnStorage.Variable
            : ColumnStorage.Fixed;
        var storage = column.Storage == ColumnStorage.Automatic ? natural : column.Storage;
        if (column.Storage == ColumnStorage.Automatic && !isCounter && !column.IsNotNull
            && natural != ColumnStorage.Tagged && HighestId(table, natural) == LastId(natural))
            storage = ColumnStorage.Tagged;
        bool isGood = storage switch
        {
            ColumnStorage.Fixed => !isLong && !column.IsMultiValued,
            ColumnStorage.Variable => isShort && !column.IsMultiValued,
            _ => !column.IsNotNull && !isCounter,
        };
        return isGood ? storage : throw Type(column, $"cannot be stored as asked for ({storage})");
    }

    private static int LengthOf(NewColumn column, ColumnStorage storage)
    {
        if (column.Type.FixedBytes() is var bytes and > 0)
            return bytes;
        int most = column.Type.IsLong() ? int.MaxValue : ColumnRules.MostShortBytes;
        if (column.MaxLength < 0 || column.MaxLength > most)
            throw Type(column, $"cannot have values of {column.MaxLength} bytes");
        return column.MaxLength > 0 ? column.MaxLength
            : !column.Type.IsLong() ? ColumnRules.MostShortBytes
            : 0;
    }

    private static void CheckDefault(NewColumn column, ReadOnlyMemory<byte> value, int bytes)
    {
        bool isSized = column.Type.FixedBytes() > 0;
        bool fits = isSized ? value.Length == bytes : bytes == 0 || value.Length <= bytes;
        if (value.IsEmpty || value.Length > MostDefaultBytes || !fits)
        {
            throw new EseException(EseError.ColumnTooBig,
                $"the column {column.Name} cannot have a default of {value.Length} bytes");
        }
    }

    private static ColumnFlags FlagsOf(NewColumn column) =>
        (column.IsNotNull ? ColumnFlags.NotNull : ColumnFlags.None)
        | (column.IsVersion ? ColumnFlags.Version : ColumnFlags.None)
        | (column.IsAutoIncrement ? ColumnFlags.AutoIncrement : ColumnFlags.None)
        | (column.IsMultiValued ? ColumnFlags.MultiValued : ColumnFlags.None)
        | (column.IsEscrow ? ColumnFlags.Escrow : ColumnFlags.None)
        | (column.IsCompressed ? ColumnFlags.Compressed : ColumnFlags.None);

    private static int LastId(ColumnStorage storage) => storage switch
    {
        ColumnStorage.Fixed => ColumnId.FirstVariable - 1,
        ColumnStorage.Variable => ColumnId.FirstTagged - 1,
        _ => ColumnId.LastTagged,
    };

    // Fixed and variable columns go on behind the template's; tagged ones are numbered on their own.
    private static int HighestId(TableDefinition table, ColumnStorage storage)
    {
        var (first, last) = storage switch
        {
            ColumnStorage.Fixed => (1, ColumnId.FirstVariable - 1),
            ColumnStorage.Variable => (ColumnId.FirstVariable, ColumnId.FirstTagged - 1),
            _ => (ColumnId.FirstTagged, (int)ColumnId.LastTagged),
        };
        int highest = first - 1;
        for (var owner = table; owner is not null; owner = storage == ColumnStorage.Tagged ? null : owner.Template)
        {
            foreach (var column in owner.OwnColumns)
            {
                if (column.Id.Value <= last)
                    highest = Math.Max(highest, column.Id.Value);
            }
        }

        return highest;
    }

    private static ColumnId NextId(TableDefinition table, ColumnStorage storage)
    {
        int next = HighestId(table, storage) + 1;
        return next <= LastId(storage) ? new((ushort)next)
            : throw new EseException(EseError.TooManyColumns, $"the table {table} has no number left for a column");
    }

    // The place of a deleted column is not used again.
    private static ushort NextOffset(TableDefinition table)
    {
        int next = FirstRecordOffset;
        for (var owner = table; owner is not null; owner = owner.Template)
        {
            foreach (var column in owner.OwnColumns.Where(column => column.Id.IsFixed))
            {
                uint bytes = column.IsDeleted ? column.StoredLength : (uint)column.FixedBytes;
                next = Math.Max(next, column.RecordOffset + (int)Math.Min(ushort.MaxValue, bytes));
            }
        }

        return next <= ushort.MaxValue ? (ushort)next
            : throw new EseException(EseError.RecordTooBig, $"the fixed columns of {table} are longer than any record");
    }

    private static EseException Type(NewColumn column, string what) =>
        new(EseError.InvalidColumnType, $"the column {column.Name} of the type {column.Type} {what}");

    private static EseException Invalid(string message) => new(EseError.InvalidParameter, message);
}
