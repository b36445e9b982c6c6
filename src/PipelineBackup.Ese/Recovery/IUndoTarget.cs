namespace PipelineBackup.Ese;

/// <summary>A database whose open transactions are undone.</summary>
internal interface IUndoTarget
{
    /// <summary>Its pages as they stand, changes not written yet included.</summary>
    IPageFile Pages { get; }

    /// <summary>Marks a page changed and lets it be edited.</summary>
    /// <param name="page">The page, which was read before.</param>
    /// <param name="position">
    /// The record that changes it: the log has to be flushed so far before the page is written.
    /// </param>
    PageEditor Edit(PageNumber page, LogPosition position);

    /// <summary>The dbtime of the next change.</summary>
    DbTime NextTime();
}
