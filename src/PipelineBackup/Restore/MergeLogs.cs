using Microsoft.Win32.SafeHandles;
using PipelineBackup.Ese;
using PipelineBackup.Format;

namespace PipelineBackup.Restore;

/// <summary>A log in staging.</summary>
internal sealed record StagedLog(FileLine File, string Path, LogScanResult Scan, string Origin);

/// <summary>
/// Makes one stream of the logs of a chain of backups. A generation met twice must be identical, or the later one extend the
/// earlier one; then the later one counts. Proved by the bytes.
/// </summary>
internal static class MergeLogs
{
    /// <summary>Chooses the logs to publish.</summary>
    /// <param name="logs">All staged logs, the oldest backup first.</param>
    /// <returns>The chosen ones with their names, by generation.</returns>
    /// <exception cref="BackupException">Two logs of one generation contradict each other.</exception>
    public static IReadOnlyList<(StagedLog Log, string Name)> Merge(IReadOnlyList<StagedLog> logs)
    {
        var merge = new LogMerge();
        var chosen = new SortedDictionary<int, StagedLog>();
        foreach (var log in logs)
        {
            merge.Add(log.File, log.Scan, log.Origin);
            if (merge.Conflicts is [var conflict, ..])
                throw Contradiction(conflict);
            if (chosen.TryGetValue(log.File.Generation, out var earlier) && !Extends(earlier, log))
                throw Contradiction($"generation {log.File.Generation} of {log.Origin} is not the one of {earlier.Origin}, nor its continuation");
            chosen[log.File.Generation] = log;
        }

        return [.. chosen.Select(log => (log.Value, merge.NameOf(log.Key, log.Value.File)))];
    }

    private static BackupException Contradiction(string message) => new(message)
    {
        Error = EseErrors.ToJet(EseError.InvalidLogSequence),
        Hint = "restore an earlier backup of the chain, and make a new full backup",
        ExitCode = ExitCode.Refused,
    };

    // Everything before the earlier one's last segment is final; the last one may since have been filled up.
    private static bool Extends(StagedLog earlier, StagedLog later)
    {
        if (earlier.Scan.Header is not { } header || later.Scan.End < earlier.Scan.End)
            return false;
        long final = Math.Max(header.HeaderSectors, earlier.Scan.LastValidSegment) * (long)header.SectorSize;
        using var a = File.OpenHandle(earlier.Path);
        using var b = File.OpenHandle(later.Path);
        byte[] left = new byte[64 * 1024], right = new byte[64 * 1024];
        for (long offset = 0; offset < final; offset += left.Length)
        {
            int length = (int)Math.Min(left.Length, final - offset);
            if (Read(a, left.AsSpan(0, length), offset) != length || Read(b, right.AsSpan(0, length), offset) != length
                || !left.AsSpan(0, length).SequenceEqual(right.AsSpan(0, length)))
                return false;
        }

        return true;
    }

    private static int Read(SafeFileHandle file, Span<byte> buffer, long offset) => Sources.FileFacts.ReadFully(file, buffer, offset);
}
