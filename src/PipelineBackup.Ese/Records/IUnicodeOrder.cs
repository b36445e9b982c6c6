namespace PipelineBackup.Ese;

/// <summary>
/// Makes sort keys of UTF-16 text. Windows' own come from tables that are in no database; whoever has them can index
/// such
/// columns with this.
/// </summary>
public interface IUnicodeOrder
{
    /// <summary>Makes the sort key of a text.</summary>
    /// <param name="index">The index, for its locale.</param>
    /// <param name="text">The text in UTF-16, little endian, of a whole number of units.</param>
    /// <param name="destination">Takes as much of the sort key as fits.</param>
    /// <returns>Length of the whole sort key in bytes.</returns>
    int WriteSortKey(IndexDefinition index, ReadOnlySpan<byte> text, Span<byte> destination);
}
