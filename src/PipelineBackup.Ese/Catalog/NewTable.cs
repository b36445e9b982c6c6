namespace PipelineBackup.Ese;

/// <summary>A table to be made, with its columns and indexes.</summary>
/// <example>
/// <code>
/// new NewTable("people")
/// {
///     Columns = [new("id", ColumnType.Long) { IsNotNull = true }, new("name", ColumnType.LongText)],
///     Indexes = [new("primary", "id") { IsPrimary = true }],
/// }
/// </code>
/// </example>
/// <param name="Name">Its name; the rules of <see cref="NewColumn"/> hold.</param>
public sealed record NewTable(string Name)
{
    /// <summary>How full pages are filled unless told otherwise, in percent.</summary>
    public const int UsualDensity = 80;

    /// <summary>
    /// Its columns in the order in which they get their numbers; those of a template are not among them.
    /// </summary>
    public IReadOnlyList<NewColumn> Columns { get; init; } = [];

    /// <summary>Its indexes; a derived table has copies of its template's besides.</summary>
    public IReadOnlyList<NewIndex> Indexes { get; init; } = [];

    /// <summary>The template that it inherits columns and indexes from; null, the default, is none.</summary>
    public string? Template { get; init; }

    /// <summary>Whether it is a template for others. It holds no rows then.</summary>
    public bool IsTemplate { get; init; }

    /// <summary>Whether its definition may not change.</summary>
    public bool IsFixedDefinition { get; init; }

    /// <summary>Pages that it gets at once; at least 1, the default.</summary>
    public int Pages { get; init; } = 1;

    /// <summary>How full pages are filled, in percent, 20 to 100.</summary>
    public int Density { get; init; } = UsualDensity;

    /// <summary>Bytes of a chunk of a long value; 0, the default, is the usual size of the database's pages.</summary>
    public int LongValueChunkBytes { get; init; }

    /// <summary>Marks that applications do not set: those of tables of the engine.</summary>
    internal TableFlags SystemFlags { get; init; }
}
