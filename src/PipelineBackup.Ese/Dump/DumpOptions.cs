namespace PipelineBackup.Ese;

/// <summary>What to dump.</summary>
public sealed record DumpOptions
{
    /// <summary>
    /// Names of the only tables to dump, whatever the case, system tables too; empty, the default: all.
    /// </summary>
    public IReadOnlyCollection<string> Tables { get; init; } = [];

    /// <summary>
    /// Whether to dump the engine's own tables (MSysObjects, MSysObjectsShadow, MSysObjids, MSysLocales) and not those
    /// of applications. Means nothing where tables are named.
    /// </summary>
    public bool SystemTables { get; init; }
}

/// <summary>How much was dumped.</summary>
/// <param name="Tables">Number of tables.</param>
/// <param name="Rows">Number of rows.</param>
/// <param name="IndexEntries">Number of entries of secondary indexes.</param>
/// <param name="Bytes">Bytes written.</param>
public readonly record struct DumpReport(int Tables, long Rows, long IndexEntries, long Bytes);
