using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Tables;

// What is done to tables.
internal sealed partial class BookRun
{
    private static readonly NewIndex[] s_indexes =
    [
        new("by-name", "name", "id") { Nulls = IndexNulls.IgnoreFirst },
        new("by-size", new NewIndexSegment("size", IsDescending: true)),
        new("by-tag", "tags") { Nulls = IndexNulls.IgnoreAny },
    ];

    private void Define()
    {
        string name = _random.Pick(s_names);
        if (!_shelf.Books.TryGetValue(name, out var book))
        {
            NewIndex[] indexes = [.. s_indexes.Where(_ => _random.OneIn(2))];
            _session.CreateTable(_database, Definition(name, indexes));
            _shelf.Books.Add(name, new() { Indexes = [.. indexes.Select(index => index.Name)] });
            Count("create table");
        }
        else if (_random.OneIn(4))
        {
            _session.DeleteTable(_database, name);
            _shelf.Books.Remove(name);
            Count("delete table");
        }
        else
        {
            var index = _random.Pick(s_indexes);
            if (book.Indexes.Remove(index.Name))
                _session.DeleteIndex(_database, name, index.Name);
            else
            {
                _session.CreateIndex(_database, name, index);
                book.Indexes.Add(index.Name);
            }

            Count(book.Indexes.Contains(index.Name) ? "create index" : "delete index");
        }
    }

    private static NewTable Definition(string name, NewIndex[] indexes) => new(name)
    {
        Columns =
        [
            new("id", ColumnType.Long) { IsNotNull = true },
            new("size", ColumnType.Long),
            new("count", ColumnType.Long) { IsEscrow = true },
            new("name", ColumnType.Text) { CodePage = 1252 },
            new("tags", ColumnType.Short) { IsMultiValued = true },
            new("body", ColumnType.LongBinary) { IsCompressed = name == "letters" },
        ],
        Indexes = [new("primary", "id") { IsPrimary = true }, .. indexes],
    };

    private (Table Table, Book Book) Pick()
    {
        var (name, book) = _shelf.Books.ElementAt(_random.Next(_shelf.Books.Count));
        return (_session.OpenTable(_database, name), book);
    }

    private void Insert()
    {
        var (table, book) = Pick();
        for (int i = _random.OneIn(4) ? _random.Next(1, 40) : 1; i > 0; i--)
        {
            var row = NewRow(_random.Next(500));
            var values = table.NewRow().Set("id", row.Id);
            Put(values, row);
            try
            {
                table.Insert(values);
                Assert.True(book.Rows.TryAdd(row.Id, row));
            }
            catch (EseException e) when (e.Error == EseError.KeyDuplicate)
            {
                Assert.True(book.Rows.ContainsKey(row.Id));
                Count("duplicate");
            }
        }

        Count("insert");
    }

    private void Update()
    {
        var (table, book) = Pick();
        if (book.Rows.Count == 0)
            return;
        var old = book.Rows.Values.ElementAt(_random.Next(book.Rows.Count));
        var row = NewRow(old.Id) with { Count = old.Count };
        var values = table.NewRow();
        if (_random.OneIn(2))
        {
            row = old with { Name = row.Name, Tags = row.Tags };
            values.Set("name", (object?)row.Name).SetNull("tags");
            foreach (int tag in row.Tags)
                values.Add("tags", tag);
        }
        else
            Put(values, row);
        table.Find(old.Id)!.Update(values);
        book.Rows[row.Id] = row;
        Count("update");
    }

    private void Delete()
    {
        var (table, book) = Pick();
        int from = _random.Next(500), to = _random.OneIn(5) ? from + 200 : from + 5;
        var cursor = table.OpenCursor();
        int deleted = 0;
        for (bool more = cursor.SeekRange([from], [to]); more; more = cursor.MoveNext())
        {
            Assert.True(book.Rows.Remove(cursor.GetInt32("id")!.Value));
            cursor.Delete();
            deleted++;
        }

        Assert.DoesNotContain(book.Rows.Keys, id => id >= from && id <= to);
        Count(deleted > 5 ? "delete many" : "delete");
    }

    private void Add()
    {
        var (table, book) = Pick();
        if (book.Rows.Count == 0)
            return;
        var old = book.Rows.Values.ElementAt(_random.Next(book.Rows.Count));
        int delta = _random.Next(-9, 10);
        Assert.Equal(old.Count, table.Find(old.Id)!.EscrowUpdate("count", delta));
        book.Rows[old.Id] = old with { Count = old.Count + delta };
        Count("add");
    }

    private BookRow NewRow(int id) => new(id)
    {
        Name = _random.OneIn(5) ? null : $"n{_random.Next(60):D2}{new string('x', _random.Next(40))}",
        Size = _random.Next(-50, 50),
        Tags = [.. Enumerable.Range(0, _random.Next(4)).Select(_ => _random.Next(9))],
        Body = NewBody(),
    };

    private byte[] NewBody()
    {
        int most = _random.OneIn(40) ? _longest : _random.OneIn(6) ? 9000 : 200;
        byte[] body = new byte[_random.Next(1, most + 1)];
        if (_random.OneIn(2))
            _random.NextBytes(body);
        else
            body.AsSpan().Fill((byte)_random.Next(255));
        Count(body.Length > 300_000 ? "body of more than 300 KB" : body.Length > 4096 ? "body of more than 4 KB" : "body");
        return body;
    }

    private static void Put(RowValues values, BookRow row)
    {
        values.Set("size", row.Size).Set("name", (object?)row.Name).SetNull("tags").Set("body", row.Body);
        foreach (int tag in row.Tags)
            values.Add("tags", tag);
    }
}
