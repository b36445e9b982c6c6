using System.Globalization;

namespace PipelineBackup.Ese;

/// <summary>One segment of a log that counts: valid for its place and generation.</summary>
/// <param name="Index">Place in the file; the header is 0.</param>
/// <param name="Checksum">Its stored checksum.</param>
/// <param name="Position">Its position as stored.</param>
/// <param name="Started">When its first record was put in; not set in a segment of mere filler.</param>
public readonly record struct LogSegment(int Index, ulong Checksum, LogPosition Position, LogTime Started);

/// <summary>One flipped bit that the checksum of a segment corrected.</summary>
/// <param name="Segment">Index of the segment.</param>
/// <param name="Bit">Bit in the segment.</param>
public readonly record struct CorrectedBit(int Segment, int Bit);

/// <summary>What a scan found in one log file. Damage is an answer here, never an exception.</summary>
public sealed record LogScanResult
{
    /// <summary>The finding.</summary>
    public required LogScanVerdict Verdict { get; init; }

    /// <summary>The header, when it can be read.</summary>
    public LogHeader? Header { get; init; }

    /// <summary>Why the header cannot be read.</summary>
    public EseException? HeaderFault { get; init; }

    /// <summary>Bytes that the scan was given.</summary>
    public long Length { get; init; }

    /// <summary>
    /// Index of the segment (version 7: sector) that the verdict is about; 0 when it is about the file.
    /// </summary>
    public int FailedSegment { get; init; }

    /// <summary>The checksum stored in the failed segment, for the message.</summary>
    public ulong StoredChecksum { get; init; }

    /// <summary>The checksum of its bytes.</summary>
    public ulong ComputedChecksum { get; init; }

    /// <summary>Index of the last valid segment (version 7: sector); 0 when there is none.</summary>
    public int LastValidSegment { get; init; }

    /// <summary>Behind the last record: where the log ends. Of a damaged file: as far as it is sound.</summary>
    public LogPosition End { get; init; }

    /// <summary>
    /// XOR of the checksums of all valid segments; the next generation's header names it. 0 in version 7.
    /// </summary>
    public ulong AccumulatedChecksum { get; init; }

    /// <summary>Bits that were corrected in the scanned bytes, not in the file.</summary>
    public IReadOnlyList<CorrectedBit> Corrected { get; init; } = [];

    /// <summary>
    /// The segment (version 7: sector) whose write was cut short; 0 when none was. In version 8 its content is whole:
    /// it
    /// was taken from its shadow. In version 7 what the cut write held is lost, or was taken from the shadow too.
    /// </summary>
    public int TornSegment { get; init; }

    /// <summary>
    /// The first segment of a last write that a crash left in part, and that nobody was told of as done; 0 when there
    /// is none. What is there from it on does not count. Only in logs that tell such writes from damage.
    /// </summary>
    public int CutSegment { get; init; }

    /// <summary>Number of valid segments (version 7: of checksum records).</summary>
    public int ValidSegments { get; init; }

    /// <summary>Number of segments never written (version 7: sectors with the fill pattern).</summary>
    public int EmptySegments { get; init; }

    /// <summary>Number of segments left over: of an earlier use of the file, or shadows.</summary>
    public int StaleSegments { get; init; }

    /// <summary>
    /// Position of the record that closed the stream; not set when it was not closed, as after a crash.
    /// </summary>
    public LogPosition CleanShutdown { get; init; }

    /// <summary>The valid segments, when the scan was asked to collect them; else empty.</summary>
    public IReadOnlyList<LogSegment> Segments { get; init; } = [];

    /// <summary>Whether the file is sound for soft recovery.</summary>
    public bool IsGood => Verdict == LogScanVerdict.Good;

    /// <summary>The engine's error when soft recovery reads the file as its current log.</summary>
    public EseError Error => ErrorFor(LogScanPurpose.SoftRecovery, isCurrentLog: true);

    /// <summary>The engine's error when the file is read for a purpose.</summary>
    /// <param name="purpose">Why it is read.</param>
    /// <param name="isCurrentLog">Whether it is the log that was written to last, under its name.</param>
    public EseError ErrorFor(LogScanPurpose purpose, bool isCurrentLog)
    {
        bool torn = Verdict == LogScanVerdict.Good && TornSegment != 0 && purpose switch
        {
            // The rules of version 7 repair nothing but the current log.
            LogScanPurpose.SoftRecovery => Header is { Version.IsLegacy: true } && !isCurrentLog,
            LogScanPurpose.HardRecovery => !isCurrentLog,
            _ => true,
        };

        // Whatever was closed, or copied for good, was durable.
        torn |= Verdict == LogScanVerdict.Good && CutSegment != 0
            && (!isCurrentLog || purpose is LogScanPurpose.HardRestore or LogScanPurpose.Backup);
        var plain = Verdict switch
        {
            LogScanVerdict.Good => torn ? EseError.LogFileCorrupt : EseError.Success,
            LogScanVerdict.CorruptHeader or LogScanVerdict.UnsupportedHeader =>
                HeaderFault?.Error ?? EseError.LogFileCorrupt,
            LogScanVerdict.FileSizeMismatch => EseError.LogFileSizeMismatch,
            _ => EseError.LogFileCorrupt,
        };
        return plain != EseError.LogFileCorrupt ? plain : purpose switch
        {
            LogScanPurpose.HardRestore =>
                torn ? EseError.LogTornWriteDuringHardRestore : EseError.LogCorruptDuringHardRestore,
            LogScanPurpose.HardRecovery =>
                torn ? EseError.LogTornWriteDuringHardRecovery : EseError.LogCorruptDuringHardRecovery,
            LogScanPurpose.Backup => EseError.LogReadVerifyFailure,
            _ => plain,
        };
    }

    /// <summary>What was found, in lower case, with the place; of a sound file what was mended on the way.</summary>
    public string Message => Verdict switch
    {
        LogScanVerdict.Good when CutSegment != 0 =>
            Invariant($"the last write, from segment {CutSegment} on, was cut short"),
        LogScanVerdict.Good when TornSegment != 0 =>
            Invariant($"the last write, of segment {TornSegment}, was cut short"),
        LogScanVerdict.Good when Corrected.Count > 0 => Invariant(
            $"bits corrected: {Corrected.Count}, first in segment {Corrected[0].Segment}, bit {Corrected[0].Bit}"),
        LogScanVerdict.Good => "sound",
        LogScanVerdict.CorruptHeader or LogScanVerdict.UnsupportedHeader =>
            HeaderFault?.Message ?? "the log header cannot be read",
        LogScanVerdict.FileSizeMismatch => Invariant(
            $"the file has {Length} bytes, its header says {Header?.FileLength ?? 0}"),
        _ => Invariant($"{Verdict} at segment {FailedSegment}, last valid segment {LastValidSegment}, ")
            + Invariant($"stored checksum 0x{StoredChecksum:x16}, computed 0x{ComputedChecksum:x16}"),
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
