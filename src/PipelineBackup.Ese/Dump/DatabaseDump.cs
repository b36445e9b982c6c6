namespace PipelineBackup.Ese;

/// <summary>
/// Writes what a database holds as JSON lines, every row and every value: for comparing and for searching.
/// </summary>
/// <remarks>
/// <para>
/// UTF-8, each line ended by a line feed, keys always in this order, no spaces. Each table gives:
/// </para>
/// <code>
/// {"type":"table","name","columns":[{"name","id","coltyp","cp","cb","grbit","default"}],
///                 "indexes":[{"name","grbit","segments":[{"col","grbit"}]}]}
/// {"type":"row","table","bm","cols":{name:value}}            each row, in the order of the primary key
/// {"type":"index","table","index","entries","sha256_key_bm"} each secondary index
/// {"type":"tableend","table","rows","rows_sha256"}           SHA-256 of the row lines without their line feeds
/// </code>
/// <para>
/// A value is null, its bytes in hexadecimal, or above 256 bytes an object of its length, SHA-256 and first 16 bytes.
/// A column that may have several values is always an array. What a record does not hold shows as the column's default.
/// SHA-256 of an index: of each entry the length of the key (u16), the key, the length of the bookmark (u16), the
/// bookmark. Flags ("grbit") are those of the engine's interface. Nothing depends on the machine, the time or the
/// culture.
/// </para>
/// </remarks>
public static class DatabaseDump
{
    private static readonly string[] s_systemTables = ["MSysObjects", "MSysObjectsShadow", "MSysObjids", "MSysLocales"];

    /// <summary>Writes a dump.</summary>
    /// <param name="file">
    /// The pages; of a database that was shut down cleanly. What others hold may contradict itself.
    /// </param>
    /// <param name="output">Takes the lines; not flushed, not closed.</param>
    /// <param name="options">What to dump; all tables of applications when there are none.</param>
    /// <param name="cancellationToken">Stops between two rows.</param>
    /// <returns>How much was dumped.</returns>
    /// <exception cref="EseException">
    /// The database is damaged, the message names the table; a table that was asked for does not exist (-1305). What
    /// was written before stays written.
    /// </exception>
    /// <exception cref="IOException">The pages could not be read, or the output not be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static DumpReport Write(IPageFile file, Stream output, DumpOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(output);
        var catalog = CatalogReader.Read(file);
        var lines = new DumpLines(output);
        byte[] scratch = new byte[TableDump.ScratchBytes];
        long rows = 0, entries = 0;
        var tables = Choose(catalog, options ?? new());
        foreach (var table in tables)
        {
            try
            {
                var dump = new TableDump(file, table, lines, scratch);
                dump.Write(cancellationToken);
                rows += dump.Rows;
                entries += dump.IndexEntries;
            }
            catch (EseException e)
            {
                lines.Flush();
                throw new EseException(e.Error, $"table {table.Name}: {e.Message}", e.Hint);
            }
        }

        lines.Flush();
        return new(tables.Count, rows, entries, lines.Written);
    }

    private static List<TableDefinition> Choose(DatabaseCatalog catalog, DumpOptions options)
    {
        if (options.Tables.Count > 0)
        {
            return [.. options.Tables.Select(catalog.Find).Distinct()
                .OrderBy(table => table.Name, StringComparer.OrdinalIgnoreCase)];
        }

        if (!options.SystemTables)
            return [.. catalog.UserTables];
        var wanted = s_systemTables.Where(name => catalog.TryFind(name, out _));
        return [.. wanted.Select(catalog.Find)];
    }
}
