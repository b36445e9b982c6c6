using System.Buffers.Binary;
using System.Text;
using PipelineBackup.Ese.Tests.Headers;

namespace PipelineBackup.Ese.Tests.Catalog;

public sealed class CatalogReaderTests
{
    [Fact]
    public void The_shadow_defines_what_the_catalog_defines()
    {
        int tables = 0;
        foreach (string path in CorpusDatabases.Small)
        {
            using var file = DatabaseFile.Open(path);
            if (file.Header.State != DatabaseState.CleanShutdown)
                continue;
            var main = CatalogReader.Read(file);
            var shadow = CatalogReader.Read(file, CatalogCopy.Shadow);
            Assert.Equal(main.Tables.Select(Describe), shadow.Tables.Select(Describe));
            tables += main.Tables.Count;
        }

        Assert.True(tables > 10, $"{tables}");
    }

    [Fact]
    public void The_catalog_defines_itself()
    {
        using var file = DatabaseFile.Open(Path.Combine(GoldenSets.Small("clean-4096"), "files", "db1.edb"));
        var catalog = CatalogReader.Read(file);
        var table = catalog.Find("msysobjects");
        Assert.Equal(CatalogReader.RootOf(CatalogCopy.Main), table.Root);
        Assert.Equal(CatalogReader.IdOf(CatalogCopy.Main), table.ObjectId);
        Assert.True(table.IsSystem);
        Assert.Equal("Id", table.PrimaryIndex!.Name);
        Assert.Equal(["Id", "Name", "RootObjects"], table.Indexes.Select(index => index.Name));
        Assert.Equal(["ObjidTable", "Type", "Id"], table.PrimaryIndex.Segments.Select(segment => segment.Column.Name));
        Assert.Equal(30, table.FindColumn("rootflag")!.RecordOffset);
        Assert.Equal(EseError.ObjectNotFound, Assert.Throws<EseException>(() => catalog.Find("nothing")).Error);
        var missing = Assert.Throws<EseException>(() => new TableReader(file, table).IndexOf("nothing"));
        Assert.Equal(EseError.ColumnNotFound, missing.Error);
        Assert.Throws<ArgumentException>(() => new IndexReader(file, table.PrimaryIndex));
    }

    [Fact]
    public void Definitions_of_odd_features_are_read()
    {
        using var file = DatabaseFile.Open(Path.Combine(GoldenSets.Engine("clean-misc-4096"), "files", "db1.edb"));
        var catalog = CatalogReader.Read(file);
        var derived = catalog.Tables.First(table => table.Template is not null);
        Assert.Equal(derived.TemplateName, derived.Template!.Name);
        Assert.Contains(derived.AllColumns(), column => column.Table == derived.Template);
        Assert.Contains(derived.Indexes, index => (index.Flags & IndexFlags.Derived) != 0);
        var indexes = catalog.Tables.SelectMany(table => table.Indexes).ToList();
        Assert.Contains(indexes, index => index.Conditions.Any(condition => condition.MustBeNull));
        Assert.Contains(indexes, index => index.Segments.Any(segment => segment.IsDescending));
        Assert.Contains(indexes, index => index.Tuples is { MinLength: 3, MaxLength: 10, Increment: 1, Start: 0 });
        Assert.Contains(indexes, index => index.KeyMost > IndexDefinition.DefaultKeyMost);
    }

    [Theory]
    [InlineData("a", "a", "derived from itself")]
    [InlineData("a", "b", "derived from itself")]
    [InlineData("a", "none", "which there is not")]
    public void Templates_in_a_ring_or_missing_are_damage(string first, string second, string expected)
    {
        var catalog = new DatabaseCatalog([Table(8, "A", second), Table(9, "B", first)]);
        var damage = Assert.Throws<EseException>(() => CatalogReader.LinkTemplates(catalog));
        Assert.Equal(EseError.CatalogCorrupted, damage.Error);
        Assert.Contains(expected, damage.Message, StringComparison.Ordinal);
    }

    private static TableDefinition Table(uint id, string name, string template)
    {
        byte[] record = new byte[33 + name.Length + template.Length];
        (record[0], record[1], record[2], record[26]) = (6, 130, 27, 0xC0);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), id);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(8), (ushort)CatalogEntryKind.Table);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(10), id);
        int[] ends = [name.Length, name.Length | 0x8000, name.Length + template.Length];
        for (int i = 0; i < ends.Length; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(27 + 2 * i), (ushort)ends[i]);
        Encoding.ASCII.GetBytes(name + template).CopyTo(record, 33);
        return new(new CatalogRow(record, RecordFormat.Small).ToEntry(), 4014);
    }

    private static string Describe(TableDefinition table)
    {
        var columns = table.AllColumns().Select(column => $"{column.Id}:{column.Name}:{column.StoredType}:{column.Flags}");
        var indexes = table.Indexes.Select(index => $"{index.Name}:{index.Root}:{index.Flags}:{index.Segments.Count}");
        return string.Join(' ', [table.Name, table.ObjectId, table.Root, table.Flags, table.LongValueRoot, .. columns, .. indexes]);
    }
}
