namespace PipelineBackup.Ese;

/// <summary>A database that logs are replayed into: its pages.</summary>
internal class RecoveringDatabase
{
    /// <summary>A database whose pages are there to be changed.</summary>
    /// <param name="slot">Its number in log records.</param>
    /// <param name="cache">Its pages.</param>
    public RecoveringDatabase(byte slot, PageCache cache)
    {
        Slot = slot;
        Redo = new(cache);
    }

    /// <summary>Its number in log records ("dbid").</summary>
    public byte Slot { get; }

    /// <summary>Its pages, by the rules of redo.</summary>
    public RedoPages Redo { get; }

    /// <summary>Its pages as they stand.</summary>
    public PageCache Cache => Redo.Cache;

    /// <summary>Page size.</summary>
    public PageSize PageSize => Cache.PageSize;
}
