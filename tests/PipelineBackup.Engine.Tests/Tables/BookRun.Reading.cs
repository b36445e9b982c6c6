using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Tables;

// What is read of tables.
internal sealed partial class BookRun
{
    private void Seek()
    {
        var (table, book) = Pick();
        int id = _random.Next(520);
        Require(table.Find(id), book.Rows.GetValueOrDefault(id));
        var cursor = table.OpenCursor();
        Require(cursor.SeekAtLeast(id) ? cursor : null, book.Rows.Values.FirstOrDefault(row => row.Id >= id));
        Require(cursor.MovePrevious() ? cursor : null, book.Rows.Values.LastOrDefault(row => row.Id < id));
        int end = id + _random.Next(60);
        var found = new List<int>();
        for (bool more = cursor.SeekRange([id], [end]); more; more = cursor.MoveNext())
            found.Add(cursor.GetInt32("id")!.Value);
        Assert.Equal(book.Rows.Keys.Where(key => key >= id && key <= end), found);
        Count("seek");
        if (book.Indexes.Contains("by-name"))
            SeekName(table, book);
        if (book.Indexes.Contains("by-tag"))
            SeekTag(table, book);
        if (book.Rows.TryGetValue(id, out var part))
            ReadPart(table, part);
    }

    private void SeekName(Table table, Book book)
    {
        string name = $"n{_random.Next(60):D2}";
        var cursor = table.OpenCursor("by-name");
        Require(cursor.SeekAtLeast(name) ? cursor : null, book.Order("by-name").Select(id => book.Rows[id])
            .FirstOrDefault(row => string.CompareOrdinal(row.Name, name) >= 0));
        Count("seek a name");
    }

    private void SeekTag(Table table, Book book)
    {
        int from = _random.Next(9), to = from + _random.Next(3);
        var cursor = table.OpenCursor("by-tag");
        Assert.Equal(book.Rows.Values.Any(row => row.Tags.Contains(from)), cursor.Seek(from));
        var expected = book.Rows.Values.SelectMany(row => row.Tags.Distinct().Select(tag => (Tag: tag, row.Id)))
            .Where(entry => entry.Tag >= from && entry.Tag <= to).Order().Select(entry => entry.Id).ToList();
        var found = new List<int>();
        for (bool more = cursor.SeekRange([from], [to]); more; more = cursor.MoveNext())
            found.Add(cursor.GetInt32("id")!.Value);
        Assert.Equal(expected, found);
        found.Clear();
        for (bool more = cursor.MoveLast(); more; more = cursor.MovePrevious())
            found.Add(cursor.GetInt32("id")!.Value);
        Assert.Equal(Enumerable.Reverse(expected), found);
        Count("seek a tag");
    }

    private void ReadPart(Table table, BookRow row)
    {
        int from = _random.Next(row.Body.Length + 10);
        byte[] part = new byte[_random.Next(1, 5000)];
        int read = table.Find(row.Id)!.Read("body", from, part);
        var rest = row.Body.AsSpan(Math.Min(from, row.Body.Length));
        Assert.True(rest[..Math.Min(rest.Length, part.Length)].SequenceEqual(part.AsSpan(0, read)), $"part of row {row.Id}");
        Count("read a part");
    }

    private void Scan()
    {
        var (table, book) = Pick();
        string? index = book.Indexes.Count > 0 && _random.OneIn(2) ? book.Indexes.Order().ElementAt(_random.Next(book.Indexes.Count)) : null;
        RequireOrder(table, book, index);
        Count($"scan {index}");
    }

    private static void RequireOrder(Table table, Book book, string? index)
    {
        int[] expected = [.. book.Order(index)];
        var found = new List<int>();
        var cursor = table.OpenCursor(index);
        while (cursor.MoveNext())
            found.Add(cursor.GetInt32("id")!.Value);
        Assert.Equal(expected, found);
        found.Clear();
        while (cursor.MovePrevious())
            found.Add(cursor.GetInt32("id")!.Value);
        Assert.Equal(Enumerable.Reverse(expected), found);
    }

    private void RequireAll()
    {
        Assert.Equal(_shelf.ToString(), Read().ToString());
        foreach (var (name, book) in _shelf.Books)
        {
            var table = _session.OpenTable(_database, name);
            foreach (string index in book.Indexes)
                RequireOrder(table, book, index);
        }
    }

    private Shelf Read()
    {
        var shelf = new Shelf();
        foreach (string name in _session.TableNames(_database))
        {
            var book = new Book();
            var table = _session.OpenTable(_database, name);
            book.Indexes.UnionWith(table.Definition.Indexes.Where(index => !index.IsPrimary).Select(index => index.Name));
            var cursor = table.OpenCursor();
            while (cursor.MoveNext())
                book.Rows.Add(cursor.GetInt32("id")!.Value, RowOf(cursor));
            shelf.Books.Add(name, book);
        }

        return shelf;
    }

    private static BookRow RowOf(TableCursor cursor) => new(cursor.GetInt32("id")!.Value)
    {
        Name = cursor.GetString("name"),
        Size = cursor.GetInt32("size")!.Value,
        Count = cursor.GetInt32("count")!.Value,
        Tags = [.. Enumerable.Range(0, cursor.Count("tags")).Select(i => cursor.GetInt32("tags", i)!.Value)],
        Body = cursor.GetBytes("body").ToArray(),
    };

    private static void Require(TableCursor? found, BookRow? expected) =>
        Assert.Equal(expected?.ToString(), found is null ? null : RowOf(found).ToString());
}
