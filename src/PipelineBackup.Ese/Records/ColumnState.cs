namespace PipelineBackup.Ese;

/// <summary>What a record says of a column.</summary>
public enum ColumnState : byte
{
    /// <summary>Nothing: the column has its default value, or is NULL when it has none.</summary>
    Absent,

    /// <summary>Explicitly NULL.</summary>
    Null,

    /// <summary>It holds a value, possibly of no length.</summary>
    Present,
}
