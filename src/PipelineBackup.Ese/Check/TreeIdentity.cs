namespace PipelineBackup.Ese;

/// <summary>A tree of a database as its catalog names it.</summary>
/// <param name="Name">Its name: of a table, or of table and index with a dot between.</param>
/// <param name="Root">Its root.</param>
/// <param name="ObjectId">The id that all its pages carry.</param>
/// <param name="Parent">
/// Root of the tree that its space comes from: none for page 1, page 1 for tables, the table for its indexes and long
/// values.
/// </param>
public sealed record TreeIdentity(string Name, PageNumber Root, ObjectId ObjectId, PageNumber Parent)
{
    /// <summary>The marks that all its pages have in common, of those that tell kinds of trees apart.</summary>
    public PageFlags Kind { get; init; }

    /// <summary>The tree of page 1, from which all other trees get their space.</summary>
    public static TreeIdentity Database { get; } = new("database", new(1), new(1), PageNumber.None);
}
