namespace PipelineBackup.Ese;

/// <summary>What available pages are kept for.</summary>
public enum SpacePool : byte
{
    /// <summary>Anything; the only pool of formats before the update 0x0E.</summary>
    General = 0,

    /// <summary>A run behind a place where rows are appended. May hold markers without pages.</summary>
    Continuous = 1,

    /// <summary>Behind the present end of the file, not to be used. Only in the tree of page 1.</summary>
    Shelved = 2,
}

/// <summary>Available pages and what they are kept for.</summary>
/// <param name="Pages">The pages; none in a marker.</param>
/// <param name="Pool">What for.</param>
public readonly record struct AvailableExtent(PageExtent Pages, SpacePool Pool);
