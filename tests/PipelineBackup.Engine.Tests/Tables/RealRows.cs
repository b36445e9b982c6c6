namespace PipelineBackup.Engine.Tests.Tables;

/// <summary>All rows of a database: by table, then by the key they stand under, the values of all columns.</summary>
internal static class RealRows
{
    public static void Compare(
        SortedDictionary<string, byte[][][]> expected, SortedDictionary<string, byte[][][]> found, string what)
    {
        Assert.True(expected.Keys.SequenceEqual(found.Keys), $"{what}: other rows");
        foreach (var (key, row) in expected)
        {
            for (int column = 0; column < row.Length; column++)
            {
                Assert.True(row[column].Length == found[key][column].Length
                    && row[column].Zip(found[key][column]).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)),
                    $"{what}: row {key}, column {column}");
            }
        }
    }

    public static Dictionary<string, SortedDictionary<string, byte[][][]>> ReadAll(IPageFile file)
    {
        var tables = new Dictionary<string, SortedDictionary<string, byte[][][]>>();
        foreach (var table in CatalogReader.Read(file).UserTables)
        {
            var rows = new SortedDictionary<string, byte[][][]>(StringComparer.Ordinal);
            var reader = new TableReader(file, table);
            while (reader.MoveNext())
            {
                byte[][][] columns = new byte[reader.Columns.Count][][];
                for (int i = 0; i < columns.Length; i++)
                {
                    var values = reader.Row[i];
                    columns[i] = new byte[values.Count][];
                    for (int j = 0; j < values.Count; j++)
                        columns[i][j] = values[j].IsEncrypted ? values[j].Stored.ToArray() : reader.Read(values[j]).ToArray();
                }

                rows.Add(Convert.ToHexString(reader.Row.Bookmark), columns);
            }

            tables.Add(table.Name, rows);
        }

        return tables;
    }
}
