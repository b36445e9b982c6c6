namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>A row; or with the key −1 the fact that there is its table.</summary>
/// <param name="Database">Number of the database.</param>
/// <param name="Table">Name of the table.</param>
/// <param name="Key">Its key.</param>
internal readonly record struct RowName(int Database, string Table, int Key)
{
    /// <summary>The table itself.</summary>
    public static RowName Of(int database, string table) => new(database, table, -1);
}

/// <summary>What happens to a row, or table.</summary>
internal enum RowChangeKind
{
    /// <summary>It has a value from then on.</summary>
    Set,

    /// <summary>It is not there any more.</summary>
    Remove,

    /// <summary>Its value moves: others may move it too meanwhile.</summary>
    Add,

    /// <summary>All rows of the table go.</summary>
    Drop,
}

/// <summary>One change of a transaction.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="Row">To which row.</param>
/// <param name="Value">The value, or by how much it moves.</param>
internal readonly record struct RowChange(RowChangeKind Kind, RowName Row, int Value = 0)
{
    /// <summary>Makes the change.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="touched">Takes the rows that it touches; null for nobody.</param>
    public void Apply(Dictionary<RowName, int> rows, HashSet<RowName>? touched = null)
    {
        touched?.Add(Row);
        switch (Kind)
        {
            case RowChangeKind.Set:
                rows[Row] = Value;
                break;
            case RowChangeKind.Add:
                rows[Row] = unchecked(rows.GetValueOrDefault(Row) + Value);
                break;
            case RowChangeKind.Remove:
                rows.Remove(Row);
                break;
            default:
                var (database, table, _) = Row;
                foreach (var row in rows.Keys.Where(row => row.Database == database && row.Table == table).ToList())
                {
                    rows.Remove(row);
                    touched?.Add(row);
                }

                break;
        }
    }
}
