namespace PipelineBackup.Ese;

/// <summary>What one step of making a database does.</summary>
public enum CreationStepKind : byte
{
    /// <summary>Makes a tree: its space from the parent, its root, its space trees.</summary>
    Tree,

    /// <summary>Writes a row into the catalog and its indexes, then the same row into the shadow.</summary>
    CatalogRow,

    /// <summary>The catalog is there: the version is set, and the database counts as made.</summary>
    Finish,

    /// <summary>Writes a row of MSysObjids.</summary>
    ObjidRow,

    /// <summary>Writes a row of MSysLocales.</summary>
    LocaleRow,

    /// <summary>Changes the value of a row of MSysLocales.</summary>
    LocaleChange,
}

/// <summary>A step of making a database.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Transaction">
/// Number of the outermost transaction that it is part of, from 0; 0 also of the finish.
/// </param>
public sealed record CreationStep(CreationStepKind Kind, int Transaction)
{
    /// <summary>The tree that is made.</summary>
    public SystemTree? Tree { get; init; }

    /// <summary>The entry whose row is written.</summary>
    public CatalogEntry? Entry { get; init; }

    /// <summary>The row of MSysObjids.</summary>
    public ObjidRow? Objid { get; init; }

    /// <summary>The row of MSysLocales, with its new value where it changes.</summary>
    public LocaleRow? Locale { get; init; }
}

/// <summary>
/// How the engine makes a database, step by step. The rows are those that it logs, in the same order and transactions;
/// splits and the taking of space follow from them.
/// </summary>
public static class CreationPlan
{
    /// <summary>
    /// Pages that a database has at first where nobody asks for more, header and shadow not counted: 62.
    /// </summary>
    public static PageCount FirstPages => new(62);

    /// <summary>
    /// The version that a database is made with; of a newer one <see cref="CreationStepKind.Finish"/> raises it with a
    /// record of its own.
    /// </summary>
    public static FormatVersion FirstVersion => new(FormatVersion.CurrentMain, 20, 0);

    /// <summary>The steps.</summary>
    /// <param name="version">The format of the database to be.</param>
    /// <param name="pageSize">Its page size, at least 4096 bytes.</param>
    /// <param name="time">When the roots of its tables are set.</param>
    public static IReadOnlyList<CreationStep> Steps(FormatVersion version, PageSize pageSize, DateTimeOffset time)
    {
        var steps = new List<CreationStep> { Make(0, SystemTrees.Database) };
        SystemTree[] trees =
            [SystemTrees.Objects, SystemTrees.Shadow, SystemTrees.ObjectsByName, SystemTrees.ObjectsByRoot];
        steps.AddRange(trees.Select(tree => Make(1, tree)));
        steps.AddRange(SystemTables.CatalogAsMade.Select(entry => Write(1, entry)));
        steps.Add(new(CreationStepKind.Finish, 0));

        steps.Add(Make(2, SystemTrees.Objids));
        var objids = SystemTables.EntriesOf(SystemTables.Objids, SystemTrees.Objids, version, pageSize, time);
        steps.AddRange(objids.Select(entry => Write(2, entry)));
        steps.Add(List(3, SystemTrees.Objects, SystemTrees.Objects, CatalogEntryKind.Table));
        steps.Add(List(3, SystemTrees.ObjectsByName, SystemTrees.Objects, CatalogEntryKind.Index));
        steps.Add(List(3, SystemTrees.ObjectsByRoot, SystemTrees.Objects, CatalogEntryKind.Index));
        steps.Add(List(4, SystemTrees.Shadow, SystemTrees.Shadow, CatalogEntryKind.Table));
        steps.Add(List(5, SystemTrees.Objids, SystemTrees.Objids, CatalogEntryKind.Table));
        var locales = SystemTables.Locales(version);
        AddLocales(steps, version, SystemTables.EntriesOf(locales, SystemTrees.Locales, version, pageSize, time));
        return steps;
    }

    // The table is made in its first form, then brought to the present one in two updates.
    private static void AddLocales(List<CreationStep> steps, FormatVersion version, IReadOnlyList<CatalogEntry> entries)
    {
        CatalogEntry Named(string name) => entries.First(entry => entry.Name == name);

        steps.Add(Make(6, SystemTrees.Locales));
        steps.Add(Write(6, Named("MSysLocales")));
        steps.Add(List(6, SystemTrees.Locales, SystemTrees.Locales, CatalogEntryKind.Table));
        string[] first = ["Key", "Type", "iValue", "KeyPrimary"];
        steps.AddRange(first.Select(name => Write(6, Named(name))));
        foreach (var row in SystemTables.LocaleRows(version))
        {
            var made = row.Key == SystemTables.LocaleUpdateKey ? row with { Value = 0 } : row;
            steps.Add(new(CreationStepKind.LocaleRow, 6) { Locale = made });
        }

        if (!SystemTables.HasWideValues(version))
            return;
        (int Update, string Column)[] updates = [(1, "rgbValue"), (2, "i64Value")];
        foreach (var (update, column) in updates)
        {
            steps.Add(Write(6 + update, Named(column)));
            var row = new LocaleRow(1, update, SystemTables.LocaleUpdateKey);
            steps.Add(new(CreationStepKind.LocaleChange, 6 + update) { Locale = row });
        }
    }

    private static CreationStep Make(int transaction, SystemTree tree) =>
        new(CreationStepKind.Tree, transaction) { Tree = tree };

    private static CreationStep Write(int transaction, CatalogEntry entry) =>
        new(CreationStepKind.CatalogRow, transaction) { Entry = entry };

    private static CreationStep List(int transaction, SystemTree tree, SystemTree table, CatalogEntryKind kind) =>
        new(CreationStepKind.ObjidRow, transaction) { Objid = new(tree.ObjectId, table.ObjectId, kind) };
}
