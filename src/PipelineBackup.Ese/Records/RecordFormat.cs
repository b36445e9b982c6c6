namespace PipelineBackup.Ese;

/// <summary>How the tagged columns of a record are laid out: it depends on the page the record stands on.</summary>
public enum RecordFormat : byte
{
    /// <summary>
    /// Directory with 13-bit offsets, on pages of at most 8192 bytes; a header byte only where needed.
    /// </summary>
    Small,

    /// <summary>Directory with 15-bit offsets, on larger pages; a header byte before every value.</summary>
    Large,

    /// <summary>No directory, one value after the other; no engine of today writes it.</summary>
    Old,
}

/// <summary>Finds a record's format.</summary>
public static class RecordFormats
{
    /// <summary>The format of the records on a page.</summary>
    /// <param name="page">A leaf page of a table.</param>
    public static RecordFormat RecordFormat(this in PageView page) =>
        (page.Flags & PageFlags.NewRecordFormat) == 0 ? Ese.RecordFormat.Old
        : page.Size.IsSmall ? Ese.RecordFormat.Small
        : Ese.RecordFormat.Large;
}
