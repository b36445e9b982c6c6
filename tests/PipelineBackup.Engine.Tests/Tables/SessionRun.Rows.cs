using System.Security.Cryptography;

namespace PipelineBackup.Engine.Tests.Tables;

// Rows of the model and of the engine.
internal sealed partial class SessionRun
{
    private static string Text(SortedDictionary<int, ModelRow> rows, bool hasExtra) => $"extra {hasExtra}\n"
        + string.Join('\n', rows.Values.Select(row => $"{row.Id} {row.Name} {row.Group} {row.Count} {row.Version} "
            + $"{string.Join(',', row.Tags)} {row.Title} {(row.Note is null ? "" : Convert.ToHexString(SHA256.HashData(row.Note)))}"));

    private static ModelRow Read(TableCursor cursor) => new(cursor.GetInt32("id")!.Value)
    {
        Name = cursor.GetString("name"),
        Group = cursor.GetInt32("group")!.Value,
        Count = cursor.GetInt32("count")!.Value,
        Version = cursor.GetInt32("version")!.Value,
        Tags = [.. Enumerable.Range(0, cursor.Count("tags")).Select(i => cursor.GetInt32("tags", i)!.Value)],
        Note = cursor.IsNull("note") ? null : cursor.GetBytes("note").ToArray(),
        Title = cursor.GetString("title"),
    };

    private static void Put(RowValues values, ModelRow row, ModelRow? old)
    {
        values.Set("name", (object?)row.Name).SetNull("tags").Set("title", (object?)row.Title);
        foreach (int tag in row.Tags)
            values.Add("tags", tag);
        if (old is null || row.Note is null || !row.Note.AsSpan().SequenceEqual(old.Note))
            values.Set("note", (object?)row.Note);
    }

    private static void Compare(Table table, SortedDictionary<int, ModelRow> view, bool hasExtra, string what)
    {
        var cursor = table.OpenCursor();
        foreach (var row in view.Values)
        {
            Assert.True(cursor.MoveNext(), $"{what}: row {row.Id} is missing");
            Assert.True(row.Id == cursor.GetInt32("id"), $"{what}: {cursor.GetInt32("id")} is not row {row.Id}");
            Require(cursor, row);
            if (hasExtra)
                Assert.Equal(7, cursor.GetInt32("more"));
        }

        Assert.False(cursor.MoveNext(), $"{what}: there are more than {view.Count} rows");
        CompareIndex(table, "by-name", view.Values.Where(row => row.Name is not null)
            .OrderBy(row => row.Name, StringComparer.Ordinal).Select(row => row.Id), what);
        CompareIndex(table, "by-group", view.Values.OrderBy(row => row.Group).ThenBy(row => row.Id)
            .Select(row => row.Id), what);
        CompareIndex(table, "by-tag", view.Values
            .SelectMany(row => row.Tags.Length == 0 ? [(-1, row.Id)] : row.Tags.Distinct().Select(tag => (tag, row.Id)))
            .Order().Select(entry => entry.Id), what);
        if (hasExtra)
            CompareIndex(table, "extra", view.Values.OrderBy(row => row.Group).ThenBy(row => row.Id)
                .Select(row => row.Id), what);
    }

    private static void CompareIndex(Table table, string index, IEnumerable<int> ids, string what)
    {
        var cursor = table.OpenCursor(index);
        var found = new List<int>();
        while (cursor.MoveNext())
            found.Add(cursor.GetInt32("id")!.Value);
        Assert.True(ids.SequenceEqual(found),
            $"{what}: {index} lists {string.Join(' ', found)}, not {string.Join(' ', ids)}");
    }

    private static void Require(TableCursor cursor, ModelRow row)
    {
        Assert.Equal(row.Name, cursor.GetString("name"));
        Assert.Equal(row.Group, cursor.GetInt32("group"));
        Assert.Equal(row.Count, cursor.GetInt32("count"));
        Assert.Equal(row.Version, cursor.GetInt32("version"));
        Assert.Equal(row.Title, cursor.GetString("title"));
        Assert.Equal(row.Tags, Enumerable.Range(0, cursor.Count("tags"))
            .Select(i => cursor.GetInt32("tags", i)!.Value));
        Assert.Equal(row.Note is null, cursor.IsNull("note"));
        if (row.Note is { } note)
            Assert.True(note.AsSpan().SequenceEqual(cursor.GetBytes("note")), $"the note of row {row.Id}");
    }
}
