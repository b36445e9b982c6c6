using System.Buffers.Binary;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Catalog;

public sealed class CatalogWriterTests
{
    [Fact]
    public void Every_row_of_every_catalog_is_written_again_from_its_entry()
    {
        int rows = 0;
        foreach (var (set, file) in CleanDatabases.Open())
        {
            foreach (var copy in (CatalogCopy[])[CatalogCopy.Main, CatalogCopy.Shadow])
            {
                var cursor = new TreeCursor(file, CatalogReader.RootOf(copy), CatalogReader.IdOf(copy));
                CatalogWriter? writer = null;
                while (cursor.MoveNext())
                {
                    var format = cursor.View.RecordFormat();
                    writer ??= new(format);
                    var entry = new CatalogRow(cursor.Data, format).ToEntry();
                    Assert.True(cursor.Data.SequenceEqual(writer.Write(entry)), $"{set}: {entry}");
                    rows++;
                }
            }
        }

        Assert.True(rows > 500, $"{rows}");
    }

    [Fact]
    public void The_catalog_says_of_itself_what_the_engine_made_it_say()
    {
        int databases = 0;
        foreach (var (set, file) in CleanDatabases.Open())
        {
            if (!CleanDatabases.IsOfEngine(set))
                continue;
            var writer = new CatalogWriter(FormatOf(file));
            var expected = RowsOf(file, id => id < 6);
            Assert.Equal(expected, SystemTables.Catalog.Select(entry => Convert.ToHexStringLower(writer.Write(entry))));
            databases++;
        }

        Assert.True(databases >= 2, $"{databases}");
    }

    [Fact]
    public void The_engines_other_tables_are_those_of_a_new_database()
    {
        int databases = 0;
        foreach (var (set, file) in CleanDatabases.Open())
        {
            if (!CleanDatabases.IsOfEngine(set))
                continue;
            var version = file.Header.Version;
            CatalogEntry[] planned =
            [
                .. SystemTables.EntriesOf(SystemTables.Objids, SystemTrees.Objids, version, file.PageSize,
                    DateTimeOffset.UnixEpoch),
                .. SystemTables.EntriesOf(SystemTables.Locales(version), SystemTrees.Locales, version, file.PageSize,
                    DateTimeOffset.UnixEpoch),
            ];
            var stored = CatalogReader.ReadEntries(file).Where(entry => entry.TableId.Value is 6 or 7).ToList();
            AssertSame(set, stored, planned);
            databases++;
        }

        Assert.True(databases >= 2, $"{databases}");
    }

    [Fact]
    public void The_first_rows_of_the_locales_are_those_of_a_new_database()
    {
        foreach (var (set, file) in CleanDatabases.Open())
        {
            if (!CleanDatabases.IsOfEngine(set))
                continue;
            var table = CatalogReader.Read(file).Find("MSysLocales");
            var builder = new RecordBuilder(table, FormatOf(file));
            var rows = AllRows(file, table);
            foreach (var row in SystemTables.LocaleRows(file.Header.Version))
            {
                row.Build(builder);
                Assert.Contains(Convert.ToHexStringLower(builder.ToArray()), rows);
            }
        }
    }

    [Fact]
    public void The_list_of_objects_is_that_of_the_catalog()
    {
        int rows = 0;
        foreach (var (set, file) in CleanDatabases.Open())
        {
            var catalog = CatalogReader.Read(file);
            if (!catalog.TryFind("MSysObjids", out var table))
                continue;
            var builder = new RecordBuilder(table, FormatOf(file));
            var expected = AllRows(file, table);
            var made = new List<string>();
            foreach (var entry in CatalogReader.ReadEntries(file))
            {
                bool isPrimary = entry.Kind == CatalogEntryKind.Index && entry.Id == entry.TableId.Value;
                if (isPrimary || entry.Kind is CatalogEntryKind.Column or CatalogEntryKind.Callback)
                    continue;
                new ObjidRow(new(entry.Id), entry.TableId, entry.Kind).Build(builder);
                made.Add(Convert.ToHexStringLower(builder.ToArray()));
            }

            Assert.Equal(expected.Order(StringComparer.Ordinal), made.Order(StringComparer.Ordinal));
            rows += made.Count;
        }

        Assert.True(rows > 30, $"{rows}");
    }

    [Fact]
    public void Tables_planned_anew_are_those_that_the_engine_made()
    {
        int tables = 0;
        foreach (var (set, file) in CleanDatabases.Open())
        {
            if (!CleanDatabases.IsOfEngine(set))
                continue;
            var catalog = CatalogReader.Read(file);
            var plan = new CatalogEntries(file.Header.Version, file.PageSize);
            var stored = CatalogReader.ReadEntries(file).GroupBy(entry => entry.TableId)
                .ToDictionary(group => group.Key, group => group.ToList());
            foreach (var table in catalog.UserTables)
            {
                var planned = Plan(plan, file.PageSize, table, stored[table.ObjectId],
                    table.Template is null ? null : stored[table.Template.ObjectId]);
                AssertSame($"{set}, {table}", stored[table.ObjectId], planned);
                tables++;
            }
        }

        Assert.True(tables >= 12, $"{tables}");
    }

    private static List<CatalogEntry> Plan(CatalogEntries plan, PageSize pageSize, TableDefinition table,
        List<CatalogEntry> stored, List<CatalogEntry>? template)
    {
        var time = DateTimeOffset.UnixEpoch;
        var entries = new List<CatalogEntry>
        {
            plan.Table(NewTableOf(stored[0]), table.ObjectId, table.Root, time),
        };
        foreach (var column in table.OwnColumns)
            entries.Add(plan.Column(NewColumnOf(column), Define(entries)));
        foreach (var entry in stored.Where(entry => entry.Kind == CatalogEntryKind.Index))
        {
            var definition = table.FindIndex(entry.Name)!;
            entries.Add(((IndexFlags)entry.Flags & IndexFlags.Derived) != 0
                ? plan.DerivedIndex(template!.Single(other => other.Kind == entry.Kind && other.Name == entry.Name),
                    table,
                    table.Template!, definition.ObjectId, definition.Root, time, template![0].PagesOrLocale!.Value)
                : plan.Index(NewIndexOf(entry, definition), Define(entries), definition.ObjectId, definition.Root,
                    time));
        }

        if (table.LongValueRoot != PageNumber.None)
            entries.Add(plan.LongValues(table.ObjectId, table.LongValueObjectId, table.LongValueRoot, time));
        return entries;

        TableDefinition Define(List<CatalogEntry> own) =>
            CatalogReader.Read((template ?? []).Concat(own), pageSize).Tables[^1];
    }

    private static NewTable NewTableOf(CatalogEntry entry) => new(entry.Name)
    {
        Template = entry.TemplateOrCallback,
        IsTemplate = ((TableFlags)entry.Flags & TableFlags.Template) != 0,
        IsFixedDefinition = ((TableFlags)entry.Flags & TableFlags.FixedDefinition) != 0,
        Pages = (int)entry.PagesOrLocale!,
        Density = (int)entry.SpaceUsage!,
    };

    private static NewColumn NewColumnOf(ColumnDefinition column) => new(column.Name, column.Type)
    {
        MaxLength = (int)column.StoredLength,
        CodePage = column.CodePage,
        Storage = column.Id.IsFixed ? ColumnStorage.Fixed
            : column.Id.IsVariable ? ColumnStorage.Variable
            : ColumnStorage.Tagged,
        IsNotNull = (column.Flags & ColumnFlags.NotNull) != 0,
        IsMultiValued = column.IsMultiValued,
        IsVersion = (column.Flags & ColumnFlags.Version) != 0,
        IsAutoIncrement = (column.Flags & ColumnFlags.AutoIncrement) != 0,
        IsEscrow = (column.Flags & ColumnFlags.Escrow) != 0,
        IsCompressed = (column.Flags & ColumnFlags.Compressed) != 0,
        Default = (column.Flags & ColumnFlags.Escrow) != 0 ? null : column.Default,
    };

    private static NewIndex NewIndexOf(CatalogEntry entry, IndexDefinition index) =>
        new(index.Name, [.. index.Segments.Select(segment =>
            new NewIndexSegment(segment.Column.Name, segment.IsDescending))])
        {
            IsPrimary = index.IsPrimary,
            IsUnique = (index.Flags & IndexFlags.Unique) != 0,
            Nulls = (index.Flags & IndexFlags.NoNullSegment) != 0 ? IndexNulls.Refuse
                : (index.Flags & IndexFlags.AllowSomeNulls) == 0 ? IndexNulls.IgnoreAny
                : ((index.Flags & IndexFlags.AllowFirstNull) == 0 ? IndexNulls.IgnoreFirst : IndexNulls.ListAll)
                    | ((index.Flags & IndexFlags.AllowAllNulls) == 0 ? IndexNulls.IgnoreAll : IndexNulls.ListAll),
            KeyMost = index.IsPrimary ? 0 : entry.KeyMost ?? 0,
            Conditions = [.. index.Conditions.Select(condition =>
                new NewIndexCondition(condition.Column.Name, condition.MustBeNull))],
            Tuples = index.Tuples,
            Density = (int)entry.SpaceUsage!,
            SortVersion = entry.SortVersion,
            SortId = entry.SortId,
        };

    // The time when a root was set is when the engine ran; everything else has to be the same bytes.
    private static void AssertSame(string where, List<CatalogEntry> stored, IReadOnlyList<CatalogEntry> planned)
    {
        var writer = new CatalogWriter(RecordFormat.Small);
        Assert.True(stored.Count == planned.Count, $"{where}: {stored.Count} rows, not {planned.Count}");
        var byKey = planned.ToDictionary(entry => (entry.TableId, entry.Kind, entry.Id));
        foreach (var entry in stored)
        {
            var other = byKey[(entry.TableId, entry.Kind, entry.Id)];
            Assert.True(entry.RootSetTime is null == other.RootSetTime is null, $"{where}: {entry.Name}");
            byte[] expected = writer.Write(entry);
            byte[] actual = writer.Write(other with { RootSetTime = entry.RootSetTime });
            Assert.True(expected.AsSpan().SequenceEqual(actual),
                $"{where}: {entry.Name}\n{Convert.ToHexStringLower(expected)}\n{Convert.ToHexStringLower(actual)}");
        }
    }

    private static RecordFormat FormatOf(DatabaseFile file) =>
        file.PageSize.IsSmall ? RecordFormat.Small : RecordFormat.Large;

    private static List<string> RowsOf(DatabaseFile file, Func<uint, bool> isWanted)
    {
        var rows = new List<string>();
        var cursor = new TreeCursor(file, CatalogReader.RootOf(CatalogCopy.Main), CatalogReader.IdOf(CatalogCopy.Main));
        while (cursor.MoveNext())
        {
            if (isWanted(BinaryPrimitives.ReadUInt32LittleEndian(cursor.Data[4..])))
                rows.Add(Convert.ToHexStringLower(cursor.Data));
        }

        return rows;
    }

    private static List<string> AllRows(DatabaseFile file, TableDefinition table)
    {
        var rows = new List<string>();
        for (var cursor = new TreeCursor(file, table.Root, table.ObjectId); cursor.MoveNext();)
            rows.Add(Convert.ToHexStringLower(cursor.Data));
        return rows;
    }
}
