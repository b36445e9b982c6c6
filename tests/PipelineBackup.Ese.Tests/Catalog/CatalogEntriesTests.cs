using System.Text;

namespace PipelineBackup.Ese.Tests.Catalog;

public sealed class CatalogEntriesTests
{
    [Fact]
    public void Columns_get_the_next_number_and_place_of_their_kind()
    {
        var table = Tables.Define(new NewTable("t")
        {
            Columns =
            [
                new("a", ColumnType.Short), new("b", ColumnType.Text), new("c", ColumnType.LongBinary),
                new("d", ColumnType.Guid), new("e", ColumnType.Long) { IsMultiValued = true },
                new("f", ColumnType.Long) { IsEscrow = true },
                new("g", ColumnType.Binary) { Storage = ColumnStorage.Fixed, MaxLength = 3 },
                new("h", ColumnType.Bit),
            ],
        }).Find("T");
        Assert.Equal([1, 128, 256, 2, 257, 3, 4, 5],
            "abcdefgh".Select(name => (int)table.FindColumn(name.ToString())!.Id.Value));
        Assert.Equal([4, 6, 22, 26, 29], "adfgh".Select(name => table.FindColumn(name.ToString())!.RecordOffset));
        Assert.Equal([0, 0, 0, 0], table.FindColumn("f")!.Default!.Value.ToArray());
        Assert.Equal(ColumnFlags.Escrow | ColumnFlags.HasDefault, table.FindColumn("f")!.Flags);
    }

    [Fact]
    public void When_a_kind_has_no_number_left_columns_become_tagged()
    {
        var columns = Enumerable.Range(0, 130).Select(i => new NewColumn("c" + i, ColumnType.UnsignedByte)).ToList();
        var table = Tables.Define(new NewTable("t") { Columns = columns }).Find("t");
        Assert.Equal(127, table.OwnColumns.Count(column => column.Id.IsFixed));
        Assert.Equal(3, table.OwnColumns.Count(column => column.Id.IsTagged));
        columns[127] = columns[127] with { Storage = ColumnStorage.Fixed };
        Refused(EseError.TooManyColumns, new NewTable("t") { Columns = columns });
    }

    [Fact]
    public void A_derived_table_goes_on_behind_its_template()
    {
        var catalog = Tables.Define(
            new NewTable("template")
            {
                IsTemplate = true,
                Pages = 2,
                Columns = [new("id", ColumnType.Long), new("name", ColumnType.Text) { CodePage = 1252 },
                    new("tag", ColumnType.LongText)],
                Indexes = [new("pk", "id") { IsPrimary = true }, new("names", "name")],
            },
            new NewTable("derived")
            {
                Template = "template",
                Columns = [new("own", ColumnType.Long), new("more", ColumnType.LongText)],
                Indexes =
                    [new("both", [new("own"), new("name", IsDescending: true)]) { Conditions = [new("more", true)] }],
            });
        var derived = catalog.Find("derived");
        Assert.Equal([1, 128, 256, 2, 256], derived.AllColumns().Select(column => (int)column.Id.Value));
        Assert.Equal(8, derived.FindColumn("own")!.RecordOffset);
        Assert.Equal(["both", "names", "pk"], derived.Indexes.Select(index => index.Name));
        Assert.Equal(5, derived.PrimaryIndex!.KeyMost);
        Assert.Equal(IndexFlags.Derived,
            derived.FindIndex("names")!.Flags & (IndexFlags.Derived | IndexFlags.Template));
        var both = derived.FindIndex("both")!;
        Assert.Equal("name", both.Segments[1].Column.Name);
        Assert.True(both.Segments[1].IsDescending && both.Conditions[0].MustBeNull);
        Assert.Same(derived, both.Conditions[0].Column.Table);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" a")]
    [InlineData("a.b")]
    [InlineData("a!")]
    [InlineData("[a")]
    [InlineData("a\n")]
    [InlineData("ä")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public void What_is_no_name_is_refused(string name)
    {
        Refused(EseError.InvalidName, new NewTable(name));
        Refused(EseError.InvalidName, new NewTable("t") { Columns = [new(name, ColumnType.Long)] });
        Refused(EseError.InvalidName,
            new NewTable("t") { Columns = [new("a", ColumnType.Long)], Indexes = [new(name, "a")] });
    }

    [Fact]
    public void Definitions_that_contradict_themselves_are_refused()
    {
        Refused(EseError.InvalidParameter, new NewTable("t") { Pages = 0 });
        Refused(EseError.InvalidParameter, new NewTable("t") { Density = 10 });
        Column(EseError.InvalidColumnType, new("a", ColumnType.Nil));
        Column(EseError.InvalidColumnType, new("a", ColumnType.StreamedLongValue));
        Column(EseError.InvalidColumnType, new("a", ColumnType.Short) { IsEscrow = true });
        Column(EseError.InvalidColumnType, new("a", ColumnType.Short) { IsAutoIncrement = true });
        Column(EseError.InvalidColumnType, new("a", ColumnType.Long) { IsVersion = true, IsEscrow = true });
        Column(EseError.InvalidColumnType, new("a", ColumnType.Text) { IsCompressed = true });
        Column(EseError.InvalidColumnType, new("a", ColumnType.Text) { CodePage = 65001 });
        Column(EseError.InvalidColumnType, new("a", ColumnType.Text) { MaxLength = 256 });
        Column(EseError.InvalidColumnType, new("a", ColumnType.LongText) { Storage = ColumnStorage.Variable });
        Column(EseError.InvalidColumnType, new("a", ColumnType.Long) { Storage = ColumnStorage.Variable });
        Column(EseError.InvalidColumnType, new("a", ColumnType.LongText) { IsNotNull = true });
        Column(EseError.ColumnTooBig, new("a", ColumnType.Long) { Default = new byte[3] });
        Column(EseError.ColumnTooBig, new("a", ColumnType.Binary) { Default = Array.Empty<byte>() });
        Refused(EseError.ColumnDuplicate,
            new NewTable("t") { Columns = [new("a", ColumnType.Long), new("A", ColumnType.Bit)] });
        Index(EseError.ColumnNotFound, new NewIndex("i", "gone"));
        Index(EseError.IndexInvalidDef, new NewIndex("i"));
        Index(EseError.IndexInvalidDef, new NewIndex("i", "many") { IsPrimary = true });
        Index(EseError.IndexInvalidDef, new NewIndex("i", "sum"));
        Index(EseError.IndexInvalidDef, new NewIndex("i", "a") { KeyMost = 1001 });
        Index(EseError.IndexInvalidDef, new NewIndex("i", "a") { Tuples = new(0, 1, 1, 1, 0) });
        Index(EseError.IndexInvalidDef, new NewIndex("i", "a") { IsPrimary = true, Conditions = [new("a", false)] });
        Index(EseError.IndexInvalidDef, new NewIndex("i", "a") { IsCrossProduct = true, IsNestedTable = true });
        Index(EseError.IndexDuplicate, new NewIndex("i", "a"), new NewIndex("I", "a"));
        Index(EseError.IndexHasPrimary, new NewIndex("i", "a") { IsPrimary = true },
            new NewIndex("j", "a") { IsPrimary = true });
    }

    [Fact]
    public void Older_formats_lack_the_time_and_wide_escrow_columns()
    {
        var old = new CatalogEntries(CreationPlan.FirstVersion, PageSize.Default);
        Assert.Null(old.Table(new("t"), new(8), new(31), DateTimeOffset.UnixEpoch).RootSetTime);
        var table = Tables.Define(new NewTable("t")).Find("t");
        var wide = new NewColumn("a", ColumnType.LongLong) { IsEscrow = true };
        Assert.Equal(EseError.InvalidColumnType, Assert.Throws<EseException>(() => old.Column(wide, table)).Error);
        Assert.NotNull(new CatalogEntries(FormatVersion.Newest, PageSize.Default).Column(wide, table).Default);
    }

    [Fact]
    public void The_locale_of_an_index_is_stored_in_UTF_16()
    {
        var entry = Tables.Plan(new NewTable("t") { Columns = [new("a", ColumnType.Long)], Indexes = [new("i", "a")] },
            [])[^1];
        Assert.Equal("en-US", Encoding.Unicode.GetString(entry.LocaleName!.Value.Span));
        Assert.Equal(NewTable.UsualDensity, (int)entry.SpaceUsage!);
    }

    private static void Column(EseError error, NewColumn column) =>
        Refused(error, new NewTable("t") { Columns = [column] });

    private static void Index(EseError error, params NewIndex[] indexes) => Refused(error, new NewTable("t")
    {
        Columns =
        [
            new("a", ColumnType.Long), new("many", ColumnType.Long) { IsMultiValued = true },
            new("sum", ColumnType.Long) { IsEscrow = true },
        ],
        Indexes = indexes,
    });

    private static void Refused(EseError error, NewTable table) =>
        Assert.Equal(error, Assert.Throws<EseException>(() => Tables.Define(table)).Error);
}
