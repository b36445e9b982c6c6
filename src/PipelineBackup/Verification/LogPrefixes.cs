using System.Globalization;
using PipelineBackup.Ese;

namespace PipelineBackup;

/// <summary>
/// Whether one form of a log continues another one, by what scans tell: a log grows at its end, and only its last segment
/// is ever written again.
/// </summary>
internal static class LogPrefixes
{
    /// <summary>The part of a log that can change no more; null where its format or its scan do not tell.</summary>
    /// <param name="scan">A scan that collected the segments.</param>
    public static LogPrefix? FinalOf(LogScanResult scan) => Of(scan, scan.LastValidSegment);

    /// <summary>Whether a log has a part of an earlier form of it.</summary>
    /// <param name="part">The part; null when it is not known.</param>
    /// <param name="scan">A scan that collected the segments.</param>
    public static bool Has(LogPrefix? part, LogScanResult scan) =>
        part is null || Of(scan, part.Segments + 1) is not { } same || same == part;

    private static LogPrefix? Of(LogScanResult scan, int end)
    {
        if (scan is not { IsGood: true, Header.Version.IsLegacy: false } || scan.Segments.Count == 0)
            return null;
        int count = 0;
        ulong sum = 0;
        foreach (var segment in scan.Segments.TakeWhile(segment => segment.Index < end))
        {
            count++;
            sum ^= segment.Checksum;
        }

        return new(count, sum.ToString("x16", CultureInfo.InvariantCulture));
    }
}
