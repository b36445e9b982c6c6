namespace PipelineBackup.Ese.Tests.Catalog;

public sealed class TableReaderTests
{
    [Theory]
    [InlineData("clean-4096")]
    [InlineData("clean-32768")]
    public void Moving_along_rows_and_entries_allocates_nothing(string set)
    {
        using var file = Open(set);
        var table = CatalogReader.Read(file).UserTables.MaxBy(table => Count(file, table))!;
        long allocated = long.MaxValue, columns = 0;

        // What allocates does so every time; compiling a path does not.
        for (int attempt = 0; attempt < 5 && allocated > 0; attempt++)
        {
            var rows = new TableReader(file, table);
            var entries = new IndexReader(file, table.Indexes.First(index => !index.IsPrimary));
            Assert.True(rows.MoveNext() && entries.MoveNext());
            _ = rows.Row.Bookmark.Length + entries.Key.Length;
            long before = GC.GetAllocatedBytesForCurrentThread();
            while (rows.MoveNext())
            {
                var row = rows.Row;
                for (int column = 0; column < rows.Columns.Count; column++)
                    columns += row[column].Count;
            }

            while (entries.MoveNext())
                columns += entries.Key.Length + entries.Bookmark.Length;
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        // A longer key than any before makes its buffer grow once.
        Assert.InRange(allocated, 0, 2048);
        Assert.True(columns > 10_000, $"{columns}");
    }

    [Fact]
    public void Every_entry_of_an_index_leads_to_its_row()
    {
        using var file = Open("clean-4096");
        int entries = 0;
        foreach (var index in CatalogReader.Read(file).UserTables.SelectMany(table => table.Indexes).Where(index => !index.IsPrimary))
        {
            var rows = new TableReader(file, index.Table);
            for (var reader = new IndexReader(file, index); reader.MoveNext(); entries++)
            {
                Assert.True(rows.Seek(reader.Bookmark), $"{index.Table}.{index}");
                Assert.True(rows.Row.Bookmark.SequenceEqual(reader.Bookmark));
            }
        }

        Assert.True(entries > 1000, $"{entries}");
    }

    [Fact]
    public void A_long_value_is_the_same_whole_and_chunk_by_chunk()
    {
        using var file = Open("clean-4096");
        int values = 0, chunks = 0;
        foreach (var table in CatalogReader.Read(file).UserTables.Where(table => table.LongValueRoot != PageNumber.None))
        {
            var rows = new TableReader(file, table);
            while (rows.MoveNext())
            {
                for (int column = 0; column < rows.Columns.Count; column++)
                {
                    var found = rows.Row[column];
                    for (int i = 0; i < found.Count; i++)
                    {
                        if (!found[i].IsSeparated)
                            continue;
                        byte[] whole = rows.Read(found[i]).ToArray();
                        var reader = rows.Open(found[i]);
                        Assert.Equal(whole.Length, reader.Length);
                        int at = 0;
                        for (; reader.MoveNext(); chunks++)
                        {
                            Assert.True(whole.AsSpan(at, reader.Chunk.Length).SequenceEqual(reader.Chunk));
                            at += reader.Chunk.Length;
                        }

                        Assert.Equal(whole.Length, at);
                        values++;
                    }
                }
            }
        }

        Assert.True(values > 100 && chunks > values, $"{values} values, {chunks} chunks");
    }

    [Fact]
    public void A_reader_off_its_rows_says_so()
    {
        using var file = Open("clean-4096");
        var rows = new TableReader(file, CatalogReader.Read(file).UserTables.First());
        Assert.Throws<InvalidOperationException>(() => rows.Row.Bookmark.Length);
        while (rows.MoveNext())
        {
        }

        Assert.False(rows.MoveNext());
        Assert.Throws<InvalidOperationException>(() => rows.Row.Bookmark.Length);
        Assert.Throws<ArgumentException>(() => rows.Open(default));
    }

    private static long Count(DatabaseFile file, TableDefinition table)
    {
        long count = 0;
        for (var rows = new TableReader(file, table); rows.MoveNext();)
            count++;
        return table.Indexes.Any(index => !index.IsPrimary) ? count : -1;
    }

    private static DatabaseFile Open(string set) =>
        DatabaseFile.Open(Path.Combine(GoldenSets.Small(set), "files", "db1.edb"));
}
