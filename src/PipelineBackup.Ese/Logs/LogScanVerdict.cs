namespace PipelineBackup.Ese;

/// <summary>What a scan found in a log file. The names are those of the engine's event 552, where it has one.</summary>
public enum LogScanVerdict
{
    /// <summary>Sound up to its end; perhaps with corrected bits or a last segment taken from its shadow.</summary>
    Good,

    /// <summary>The header is damaged, or there is none.</summary>
    CorruptHeader,

    /// <summary>The header is sound, but not that of a log that can be read.</summary>
    UnsupportedHeader,

    /// <summary>The file is shorter or longer than its header says.</summary>
    FileSizeMismatch,

    /// <summary>Behind the end of the log stands a segment that is neither empty nor valid.</summary>
    CorruptAfterEmptySegment,

    /// <summary>A segment names a position behind its own.</summary>
    BadSegmentLgpos,

    /// <summary>A segment of this generation behind an empty one: a hole.</summary>
    ValidSegmentAfterEmpty,

    /// <summary>A segment and its shadow cannot be read from the disk.</summary>
    IOError,

    /// <summary>A segment is damaged and the one behind it is not its shadow.</summary>
    SegmentCorrupt,

    /// <summary>Version 7: where a checksum record should stand there is none, or a damaged one.</summary>
    ChecksumRecordCorrupt,

    /// <summary>Version 7: the bytes covered by a checksum record are damaged.</summary>
    ChecksumRangeCorrupt,

    /// <summary>
    /// Version 7: behind the end of the log stands something else than a shadow and the fill pattern.
    /// </summary>
    DataAfterEnd,
}

/// <summary>
/// Why a log is read; the engine has other error numbers, and other rules for the last write, for each.
/// </summary>
public enum LogScanPurpose
{
    /// <summary>Recovery of a live directory. A last write cut short is repaired.</summary>
    SoftRecovery,

    /// <summary>A log of a backup set. Nothing is repaired: the set was complete when it was made.</summary>
    HardRestore,

    /// <summary>
    /// A log that a restore rolls forward with. Only the current log may have its last write cut short.
    /// </summary>
    HardRecovery,

    /// <summary>A finished log that a running engine gives away for a backup.</summary>
    Backup,
}
