namespace PipelineBackup.Ese;

/// <summary>Marks of a column in the catalog.</summary>
[Flags]
public enum ColumnFlags : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>May not be NULL.</summary>
    NotNull = 0x1,

    /// <summary>Counts the changes of its row.</summary>
    Version = 0x2,

    /// <summary>Filled in by counting upwards.</summary>
    AutoIncrement = 0x4,

    /// <summary>May have several values in one row.</summary>
    MultiValued = 0x8,

    /// <summary>Has a default value.</summary>
    HasDefault = 0x10,

    /// <summary>Several transactions may add to it at once.</summary>
    Escrow = 0x20,

    /// <summary>A callback is told when it reaches zero.</summary>
    Finalize = 0x40,

    /// <summary>A callback makes the default value.</summary>
    UserDefinedDefault = 0x80,

    /// <summary>Of a template table.</summary>
    Template = 0x100,

    /// <summary>Its row is deleted when it reaches zero.</summary>
    DeleteOnZero = 0x200,

    /// <summary>Stands for the primary index.</summary>
    PrimaryIndexPlaceholder = 0x800,

    /// <summary>Values may be compressed.</summary>
    Compressed = 0x1000,

    /// <summary>Values are encrypted.</summary>
    Encrypted = 0x2000,
}
