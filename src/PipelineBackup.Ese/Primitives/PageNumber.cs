namespace PipelineBackup.Ese;

/// <summary>The number of a database page ("pgno"): the first page is 1, 0 means none.</summary>
/// <param name="Value">The number as stored.</param>
public readonly record struct PageNumber(uint Value) : IComparable<PageNumber>
{
    /// <summary>Pages at the start of the file that have no number: the header and its shadow.</summary>
    public const int HeaderPages = 2;

    /// <summary>No page.</summary>
    public static PageNumber None => default;

    /// <summary>The largest number a database may use.</summary>
    public static PageNumber Max => new(0x7FEFFFFF);

    /// <summary>The page at a position in the file; header pages give <see cref="None"/>.</summary>
    /// <param name="fileIndex">Index of the page in the file, 0 being the header.</param>
    public static PageNumber FromFileIndex(long fileIndex) =>
        fileIndex < HeaderPages ? None : new(checked((uint)(fileIndex - HeaderPages + 1)));

    /// <summary>Index of the page in the file, where 0 is the header and 1 its shadow.</summary>
    public long FileIndex => Value + (long)HeaderPages - 1;

    /// <summary>Offset of the page in the file, in bytes.</summary>
    /// <param name="pageSize">Page size of the database.</param>
    public long FileOffset(PageSize pageSize) => FileIndex * pageSize.Bytes;

    /// <inheritdoc/>
    public int CompareTo(PageNumber other) => Value.CompareTo(other.Value);

    /// <summary>The number in decimal, as the engine's tools print it.</summary>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
