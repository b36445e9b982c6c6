namespace PipelineBackup.Ese;

/// <summary>A tree that every new database has at the same place.</summary>
/// <param name="Name">What it holds.</param>
/// <param name="ObjectId">Its id.</param>
/// <param name="Root">Its root.</param>
/// <param name="Parent">The tree that its pages come from; none of the database's own.</param>
/// <param name="Pages">
/// Pages of its first extent; with space trees the two pages behind the root are their roots. 0: the whole file.
/// </param>
public sealed record SystemTree(string Name, ObjectId ObjectId, PageNumber Root, PageNumber Parent, int Pages)
{
    /// <summary>
    /// Whether it has space trees from the start: owned extents on the page behind the root, then available ones.
    /// </summary>
    public bool HasSpaceTrees => Pages != 1;

    /// <summary>Marks of its pages besides those of root and leaf.</summary>
    public PageFlags Kind { get; init; }
}

/// <summary>
/// The trees of a new database, in the order in which they are made. Of pages of at least 4096 bytes.
/// </summary>
/// <remarks>
/// <code>
/// page       tree                 object  first extent
///   1 –  3   database                1    the file
///   4 –  6   MSysObjects             2    4–23; from it
///   7 –  9     index Name            4      7–9
///  10 – 12     index RootObjects     5      10–12
///  24 – 26   MSysObjectsShadow       3    24–28
///  29        MSysObjids              6    29
///  30        MSysLocales             7    30
/// </code>
/// </remarks>
public static class SystemTrees
{
    /// <summary>The database itself: only its space.</summary>
    public static SystemTree Database { get; } = new("database", new(1), new(1), PageNumber.None, 0);

    /// <summary>The catalog.</summary>
    public static SystemTree Objects { get; } = new("MSysObjects", new(2), new(4), new(1), 20);

    /// <summary>The catalog's shadow.</summary>
    public static SystemTree Shadow { get; } = new("MSysObjectsShadow", new(3), new(24), new(1), 5);

    /// <summary>The catalog's index of names within a table.</summary>
    public static SystemTree ObjectsByName { get; } = new("Name", new(4), new(7), new(4), 3) { Kind = PageFlags.Index };

    /// <summary>The catalog's index of tables by name.</summary>
    public static SystemTree ObjectsByRoot { get; } =
        new("RootObjects", new(5), new(10), new(4), 3) { Kind = PageFlags.Index };

    /// <summary>The list of all objects.</summary>
    public static SystemTree Objids { get; } = new("MSysObjids", new(6), new(29), new(1), 1);

    /// <summary>The locales of indexes.</summary>
    public static SystemTree Locales { get; } = new("MSysLocales", new(7), new(30), new(1), 1);

    /// <summary>All of them, in the order in which they are made.</summary>
    public static IReadOnlyList<SystemTree> All { get; } =
        [Database, Objects, Shadow, ObjectsByName, ObjectsByRoot, Objids, Locales];

    /// <summary>The id that the first object of an application gets.</summary>
    public static ObjectId FirstFree => new(8);
}
