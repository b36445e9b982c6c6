using System.Globalization;
using PipelineBackup.Engine;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Demo;

/// <summary>
/// The table of the demonstration. What a row holds follows from who put it, so a ledger need not tell it.
/// </summary>
internal static class DemoTable
{
    /// <summary>Name of the database's file.</summary>
    public const string Database = "orders.edb";

    /// <summary>How many sessions write; the rows of one have ids that leave its number as remainder.</summary>
    public const int Writers = 6;

    /// <summary>Number that rows bear that are never committed.</summary>
    public const int Uncommitted = -1;

    private const string Name = "orders", Id = "id", Number = "transaction", Text = "text";

    /// <summary>Makes the table.</summary>
    public static void Create(EngineSession session, EngineDatabase database) => session.CreateTable(database, new(Name)
    {
        Columns =
        [
            new(Id, ColumnType.Long) { IsNotNull = true },
            new(Number, ColumnType.Long),
            new(Text, ColumnType.LongText),
        ],
        Indexes = [new("primary", Id) { IsPrimary = true }, new("by-transaction", Number)],
    });

    /// <summary>Opens the table.</summary>
    public static Table Open(EngineSession session, EngineDatabase database) => session.OpenTable(database, Name);

    /// <summary>Inserts a row, or changes the one of that id.</summary>
    /// <param name="table">The table.</param>
    /// <param name="id">Id of the row.</param>
    /// <param name="number">Number of the transaction.</param>
    /// <param name="isNew">Whether it is inserted.</param>
    public static void Put(Table table, int id, int number, bool isNew)
    {
        var values = table.NewRow().Set(Number, number).Set(Text, TextOf(id, number));
        if (isNew)
            table.Insert(values.Set(Id, id));
        else
            Require(table, id).Update(values);
    }

    /// <summary>Deletes a row.</summary>
    public static void Delete(Table table, int id) => Require(table, id).Delete();

    /// <summary>Reads all rows.</summary>
    /// <returns>
    /// By their ids the numbers of the transactions that put them; null for one whose text is not its own.
    /// </returns>
    public static Dictionary<int, int?> Read(Table table)
    {
        var rows = new Dictionary<int, int?>();
        var cursor = table.OpenCursor();
        while (cursor.MoveNext())
        {
            int id = cursor.GetInt32(Id)!.Value;
            int number = cursor.GetInt32(Number) ?? 0;
            rows.Add(id, cursor.GetString(Text) == TextOf(id, number) ? number : null);
        }

        return rows;
    }

    private static TableCursor Require(Table table, int id) => table.Find(id)
        ?? throw new InvalidOperationException($"row {id} is not there, although its transaction was committed");

    private static string TextOf(int id, int number)
    {
        string words = string.Create(CultureInfo.InvariantCulture, $"order {id} of transaction {number}; ");
        int length = 40 + (int)((uint)(id * 7919 + number * 104729) % 400);
        return string.Concat(Enumerable.Repeat(words, length / words.Length + 1))[..length];
    }
}
