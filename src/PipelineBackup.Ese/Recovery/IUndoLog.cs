namespace PipelineBackup.Ese;

/// <summary>The log that undo writes.</summary>
internal interface IUndoLog
{
    /// <summary>Puts a record at the end; begins a new generation where it does not fit.</summary>
    /// <param name="record">All its bytes.</param>
    /// <returns>Its position.</returns>
    LogPosition Append(ReadOnlySpan<byte> record);

    /// <summary>
    /// Makes sure that all records survive a crash. Whoever writes pages to a database while undo runs calls it before:
    /// a page must never be on disk before the record that changed it.
    /// </summary>
    void Flush();
}
