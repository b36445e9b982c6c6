namespace PipelineBackup.Engine;

/// <summary>What sessions and tables need of the engine that they belong to.</summary>
internal interface IEngineCore
{
    /// <summary>Guards pages, versions and the end of the log; held for one operation, never across a wait.</summary>
    Lock Latch { get; }

    /// <summary>Takes the records.</summary>
    IChangeLog Log { get; }

    /// <summary>What open transactions changed, so that it can be undone.</summary>
    VersionStore Undo { get; }

    /// <summary>The clock.</summary>
    TimeProvider Time { get; }

    /// <summary>Orders UTF-16 text; null when nobody knows how.</summary>
    IUnicodeOrder? UnicodeOrder { get; }

    /// <summary>Called within the latch behind each operation, when nobody holds a page: caches may be trimmed.</summary>
    void AfterOperation();

    /// <summary>Waits until the log is on the disk up to a record.</summary>
    /// <param name="position">Position of the record.</param>
    /// <param name="cancellationToken">Ends the waiting; the record is written all the same.</param>
    Task FlushAsync(LogPosition position, CancellationToken cancellationToken);
}
