namespace PipelineBackup.Ese;

/// <summary>A count of pages ("cpg"); never a page's number.</summary>
/// <param name="Value">How many pages.</param>
public readonly record struct PageCount(long Value) : IComparable<PageCount>
{
    /// <summary>Bytes taken by this many pages.</summary>
    /// <param name="pageSize">Page size of the database.</param>
    public long Bytes(PageSize pageSize) => Value * pageSize.Bytes;

    /// <inheritdoc/>
    public int CompareTo(PageCount other) => Value.CompareTo(other.Value);

    /// <summary>The count in decimal.</summary>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
