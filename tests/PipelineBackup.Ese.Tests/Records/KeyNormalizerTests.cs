namespace PipelineBackup.Ese.Tests.Records;

/// <summary>Keys made here are the keys the engine made: every row of every clean database, in every index but text.</summary>
public sealed class KeyNormalizerTests
{
    [Fact]
    public void Keys_made_from_the_rows_are_the_keys_in_the_indexes()
    {
        var sets = GoldenSets.HasCorpus
            ? GoldenSets.EngineSets.Where(set => set.StartsWith("clean-", StringComparison.Ordinal)).Select(GoldenSets.Engine)
            : [GoldenSets.Small("clean-4096"), GoldenSets.Small("clean-32768")];
        var count = new Count();
        foreach (string set in sets)
            Compare(Path.Combine(set, "files", "db1.edb"), count);
        Assert.True(count.Primary > 1000 && count.Secondary > 5000 && count.Indexes > 20, count.ToString());
    }

    [Theory]
    [InlineData("V1_srum_srv2022_A", "SRUDB.dat")]
    [InlineData("V2_srum_srv2022_B", "SRUDB.dat")]
    [InlineData("V6_roslyn_v7_512", "storage.ide")]
    [InlineData("V7a_kinect_car4_clean_v7", "storage.ide")]
    public void Keys_made_from_the_rows_of_real_machines_are_those_in_the_indexes(string set, string database)
    {
        var count = new Count();
        Compare(Path.Combine(GoldenSets.Real(set), database), count);
        Assert.True(count.Primary > 50, count.ToString());
    }

    private static void Compare(string path, Count count)
    {
        using var file = DatabaseFile.Open(path);
        foreach (var table in CatalogReader.Read(file).Tables)
        {
            foreach (var index in table.Indexes.Where(KeyNormalizer.CanNormalize))
            {
                if (index.IsPrimary)
                    ComparePrimary(file, index, count);
                else if (table.ObjectId != CatalogReader.IdOf(CatalogCopy.Shadow))
                    CompareSecondary(file, index, count);
                count.Indexes++;
            }
        }
    }

    private static void ComparePrimary(DatabaseFile file, IndexDefinition index, Count count)
    {
        var reader = new TableReader(file, index.Table);
        var keys = new IndexKeys(reader, index);
        for (; reader.MoveNext(); count.Primary++)
        {
            keys.Make();
            Assert.Equal(1, keys.Count);
            Assert.Equal(Convert.ToHexString(reader.Row.Bookmark), Convert.ToHexString(keys[0]));
        }
    }

    private static void CompareSecondary(DatabaseFile file, IndexDefinition index, Count count)
    {
        var reader = new TableReader(file, index.Table);
        var keys = new IndexKeys(reader, index);
        var made = new List<string>();
        while (reader.MoveNext())
        {
            keys.Make();
            for (int i = 0; i < keys.Count; i++)
                made.Add(Convert.ToHexString(keys[i]) + " " + Convert.ToHexString(reader.Row.Bookmark));
        }

        var stored = new List<string>();
        var entries = new IndexReader(file, index);
        for (; entries.MoveNext(); count.Secondary++)
            stored.Add(Convert.ToHexString(entries.Key) + " " + Convert.ToHexString(entries.Bookmark));
        made.Sort(StringComparer.Ordinal);
        Assert.Equal(stored, made);
    }

    private sealed record Count
    {
        public int Indexes { get; set; }

        public int Primary { get; set; }

        public int Secondary { get; set; }
    }
}
