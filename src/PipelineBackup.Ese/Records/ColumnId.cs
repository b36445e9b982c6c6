using System.Globalization;

namespace PipelineBackup.Ese;

/// <summary>The number of a column inside its table ("fid"). It tells where in a record the column is stored.</summary>
/// <param name="Value">1–127 fixed, 128–255 variable, from 256 tagged.</param>
public readonly record struct ColumnId(ushort Value) : IComparable<ColumnId>
{
    /// <summary>The first variable column.</summary>
    public const int FirstVariable = 128;

    /// <summary>The first tagged column.</summary>
    public const int FirstTagged = 256;

    /// <summary>The last tagged column there can be.</summary>
    public const int LastTagged = 0xFEE0;

    /// <summary>Stored at a place of its own that the catalog names, with a null bit.</summary>
    public bool IsFixed => Value is > 0 and < FirstVariable;

    /// <summary>Stored in the order of the numbers, found through a table of end offsets.</summary>
    public bool IsVariable => Value is >= FirstVariable and < FirstTagged;

    /// <summary>Stored only when set, found through a directory; may have several values.</summary>
    public bool IsTagged => Value >= FirstTagged;

    /// <inheritdoc/>
    public int CompareTo(ColumnId other) => Value.CompareTo(other.Value);

    /// <summary>The number in decimal.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
