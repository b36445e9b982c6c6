using System.Security.Cryptography;

namespace PipelineBackup.Engine.Tests.Tables;

/// <summary>A row of a book: what is looked up by, a counter, a list, a long value.</summary>
internal sealed record BookRow(int Id)
{
    public string? Name { get; init; }

    public int Size { get; init; }

    public int Count { get; init; }

    public int[] Tags { get; init; } = [];

    public byte[] Body { get; init; } = [];

    /// <summary>Stands for the body when rows are compared.</summary>
    public string Digest => field ??= Convert.ToHexString(SHA256.HashData(Body));

    public override string ToString() => $"{Id} {Name} {Size} {Count} {string.Join(',', Tags)} {Body.Length} {Digest}";
}

/// <summary>A table as the model has it.</summary>
internal sealed class Book
{
    public SortedDictionary<int, BookRow> Rows { get; private init; } = [];

    /// <summary>Indexes by name, and in which order they list the rows.</summary>
    public HashSet<string> Indexes { get; init; } = [];

    public Book Copy() => new() { Rows = new(Rows), Indexes = [.. Indexes] };

    public override string ToString() => $"{string.Join(' ', Indexes.Order())}\n{string.Join('\n', Rows.Values)}";

    /// <summary>Ids in the order of an index; null is the primary one.</summary>
    public IEnumerable<int> Order(string? index) => index switch
    {
        "by-name" => Rows.Values.Where(row => row.Name is not null).OrderBy(row => row.Name, StringComparer.Ordinal)
            .ThenBy(row => row.Id).Select(row => row.Id),
        "by-size" => Rows.Values.OrderByDescending(row => row.Size).ThenBy(row => row.Id).Select(row => row.Id),
        "by-tag" => Rows.Values.SelectMany(row => row.Tags.Distinct().Select(tag => (tag, row.Id))).Order().Select(entry => entry.Id),
        _ => Rows.Keys,
    };
}

/// <summary>All tables.</summary>
internal sealed class Shelf
{
    public SortedDictionary<string, Book> Books { get; private init; } = new(StringComparer.Ordinal);

    public Shelf Copy() => new()
    {
        Books = new(Books.ToDictionary(book => book.Key, book => book.Value.Copy()), StringComparer.Ordinal),
    };

    public override string ToString() => string.Join('\n', Books.Select(book => $"{book.Key}: {book.Value}"));
}
