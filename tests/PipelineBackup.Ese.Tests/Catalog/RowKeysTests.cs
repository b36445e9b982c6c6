namespace PipelineBackup.Ese.Tests.Catalog;

public sealed class RowKeysTests
{
    [Fact]
    public void The_keys_of_all_records_are_the_indexes_of_the_engine()
    {
        long entries = 0, rows = 0, indexes = 0;
        foreach (var (set, file) in CleanDatabases.Open())
        {
            foreach (var table in CatalogReader.Read(file).Tables
                .Where(table => table.Indexes.All(KeyNormalizer.CanNormalize)))
            {
                var values = new TableReader(file, table);
                var keys = new RowKeys(table, values);
                var made = keys.Secondary.Select(_ => new List<(byte[] Key, byte[] Bookmark)>()).ToList();
                uint number = 0;
                for (var cursor = new TreeCursor(file, table.Root, table.ObjectId); cursor.MoveNext(); rows++)
                {
                    var format = cursor.View.RecordFormat();
                    keys.Make(new RecordView(cursor.Data, format));
                    if (keys.IsNumbered)
                    {
                        Assert.True(RowKeys.TryReadSequence(cursor.Key, out uint found) && found > number,
                            $"{set}, {table}");
                        number = found;
                        byte[] written = new byte[RowKeys.SequenceBytes];
                        Assert.Equal(4, RowKeys.WriteSequence(number, written));
                        Assert.Equal(cursor.Key, written);
                    }
                    else
                        Assert.True(cursor.Key.SequenceEqual(keys.Primary), $"{set}, {table}");
                    for (int i = 0; i < made.Count; i++)
                    {
                        for (int k = 0; k < keys.Secondary[i].Count; k++)
                            made[i].Add((keys.Secondary[i][k].ToArray(), cursor.Key.ToArray()));
                    }
                }

                for (int i = 0; i < made.Count; i++, indexes++)
                    entries += Compare($"{set}, {table}.{keys.Secondary[i].Index}", file, keys.Secondary[i].Index,
                        made[i]);
            }
        }

        Assert.True(entries > 2000 && rows > 500 && indexes > 10,
            $"{entries} entries of {indexes} indexes, {rows} rows");
        TestContext.Current.SendDiagnosticMessage($"{entries} entries of {indexes} indexes, {rows} rows");
    }

    [Fact]
    public void What_an_index_does_not_take_is_refused()
    {
        var catalog = Tables.Define(new NewTable("t")
        {
            Columns = [new("id", ColumnType.Long), new("text", ColumnType.Binary) { MaxLength = 255 }],
            Indexes =
            [
                new("pk", "id") { IsPrimary = true },
                new("whole", "text") { RefusesTruncation = true },
                new("some", "text") { Nulls = IndexNulls.Refuse },
            ],
        });
        var table = catalog.Find("t");
        var builder = new RecordBuilder(table, RecordFormat.Small);
        var keys = new RowKeys(table, new NoValues());
        builder.Set(0, [1, 0, 0, 0]);
        Assert.Equal(EseError.NullKeyDisallowed, Refusal(builder, keys));
        builder.Set(1, new byte[255]);
        Assert.Equal(EseError.KeyTruncated, Refusal(builder, keys));
        builder.Set(1, "abc"u8);
        keys.Make(new RecordView(builder.ToArray(), RecordFormat.Small));
        Assert.Equal("7f80000001", Convert.ToHexStringLower(keys.Primary));
        Assert.Equal("7f616263000000000003", Convert.ToHexStringLower(keys.Secondary[0][0]));
    }

    [Fact]
    public void Text_of_UTF_16_is_indexed_by_whoever_has_its_order()
    {
        var table = Tables.Define(new NewTable("t")
        {
            Columns = [new("text", ColumnType.Text)],
            Indexes = [new("by", "text")],
        }).Find("t");
        Assert.Equal(EseError.IndexInvalidDef,
            Assert.Throws<EseException>(() => new RowKeys(table, new NoValues())).Error);
        var builder = new RecordBuilder(table, RecordFormat.Small);
        var keys = new RowKeys(table, new NoValues(), new Ordinal());
        builder.Set(0, "b\0a\0"u8);
        keys.Make(new RecordView(builder.ToArray(), RecordFormat.Small));
        Assert.Equal("7f00620061", Convert.ToHexStringLower(keys.Secondary[0][0]));
        Assert.False(keys.Secondary[0].IsCut);
        builder.Set(0, new byte[254]);
        keys.Make(new RecordView(builder.ToArray(), RecordFormat.Small));
        Assert.Equal(255, keys.Secondary[0][0].Length);
    }

    private static EseError Refusal(RecordBuilder builder, RowKeys keys)
    {
        byte[] record = builder.ToArray();
        return Assert.Throws<EseException>(() => keys.Make(new RecordView(record, RecordFormat.Small))).Error;
    }

    private static int Compare(string where, DatabaseFile file, IndexDefinition index,
        List<(byte[] Key, byte[] Bookmark)> made)
    {
        made.Sort((a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key) is var order and not 0 ? order
            : a.Bookmark.AsSpan().SequenceCompareTo(b.Bookmark));
        var reader = new IndexReader(file, index);
        foreach (var (key, bookmark) in made)
        {
            Assert.True(
                reader.MoveNext() && reader.Key.SequenceEqual(key) && reader.Bookmark.SequenceEqual(bookmark), where);
        }

        Assert.False(reader.MoveNext(), where);
        return made.Count;
    }

    private sealed class NoValues : IValueSource
    {
        public ReadOnlySpan<byte> Read(RecordValue value) =>
            value.IsPlain
                ? value.Stored
                : throw new InvalidOperationException("no value stands apart from its record here");
    }

    private sealed class Ordinal : IUnicodeOrder
    {
        public int WriteSortKey(IndexDefinition index, ReadOnlySpan<byte> text, Span<byte> destination)
        {
            for (int i = 0; i < Math.Min(text.Length, destination.Length); i++)
                destination[i] = text[i ^ 1];
            return text.Length;
        }
    }
}
