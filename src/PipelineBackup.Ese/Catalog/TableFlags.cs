namespace PipelineBackup.Ese;

/// <summary>Marks of a table in the catalog.</summary>
[Flags]
public enum TableFlags : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Derived tables add no fixed or variable columns.</summary>
    NoFixedOrVariableInDerived = 0x04000000,

    /// <summary>A system table that is made when it is needed.</summary>
    SystemDynamic = 0x08000000,

    /// <summary>Inherits columns and indexes from a template.</summary>
    Derived = 0x10000000,

    /// <summary>A template for other tables.</summary>
    Template = 0x20000000,

    /// <summary>Its definition may not change.</summary>
    FixedDefinition = 0x40000000,

    /// <summary>Of the engine, not of an application.</summary>
    System = 0x80000000,
}
