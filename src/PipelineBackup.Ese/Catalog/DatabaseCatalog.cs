using System.Diagnostics.CodeAnalysis;

namespace PipelineBackup.Ese;

/// <summary>The tables of a database, as its catalog defines them.</summary>
public sealed class DatabaseCatalog
{
    private readonly Dictionary<string, TableDefinition> _byName = new(StringComparer.OrdinalIgnoreCase);

    internal DatabaseCatalog(IReadOnlyList<TableDefinition> tables)
    {
        Tables = tables;
        foreach (var table in tables)
            _byName.TryAdd(table.Name, table);
    }

    /// <summary>All tables in the order of their ids, those of the engine included.</summary>
    public IReadOnlyList<TableDefinition> Tables { get; }

    /// <summary>The tables of applications in the order of their names in upper case, templates included.</summary>
    public IEnumerable<TableDefinition> UserTables =>
        Tables.Where(table => !table.IsSystem).OrderBy(table => table.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Finds a table.</summary>
    /// <param name="name">Its name, whatever the case.</param>
    /// <param name="table">The table, when there is one.</param>
    public bool TryFind(string name, [NotNullWhen(true)] out TableDefinition? table) =>
        _byName.TryGetValue(name, out table);

    /// <summary>Finds a table that has to be there.</summary>
    /// <param name="name">Its name, whatever the case.</param>
    /// <exception cref="EseException">There is none of that name (-1305).</exception>
    public TableDefinition Find(string name) => TryFind(name, out var table)
        ? table
        : throw new EseException(EseError.ObjectNotFound, $"there is no table {name}");
}
