namespace PipelineBackup.Ese;

/// <summary>
/// Makes the log that a crash left as the last one sound for ever: what a scan mended is mended in the file, so that
/// the log can be followed by another one.
/// </summary>
/// <remarks>
/// In version 8 a segment whose write was cut short is taken from its shadow. In version 7 the chain of checksum
/// records is ended where it is sound; see <see cref="LegacySeal"/>. Nothing behind the end needs to go: remains there
/// are what a scan knows as empty, stale or shadow.
/// </remarks>
internal static class LogSeal
{
    /// <summary>Mends a log where its scan found a write that was cut short; else leaves it alone.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="path">The file.</param>
    /// <param name="scan">What the scan found; sound.</param>
    /// <exception cref="EseException">−501: it cannot be mended.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public static void Apply(IDisk disk, string path, LogScanResult scan)
    {
        if (!scan.IsGood || scan.Header is not { } header)
            throw new EseException(scan.Error, scan.Message);
        if (scan.TornSegment == 0)
            return;
        using var file = disk.Open(path, DiskAccess.ReadWrite);
        if (header.Version.IsLegacy)
            LegacySeal.Apply(file, header);
        else
            TakeShadow(file, scan);
        file.Flush();
    }

    private static void TakeShadow(IDiskFile file, LogScanResult scan)
    {
        byte[] segment = new byte[SegmentScan.Size];
        long shadow = (scan.TornSegment + 1L) * SegmentScan.Size;
        if (file.Read(segment, shadow) != segment.Length)
            throw new EseException(EseError.LogFileCorrupt, $"segment {scan.TornSegment} has lost its shadow");
        foreach (var flipped in scan.Corrected.Where(bit => bit.Segment == scan.TornSegment + 1))
            segment[flipped.Bit >> 3] ^= (byte)(1 << (flipped.Bit & 7));
        file.Write(segment, shadow - SegmentScan.Size);
    }
}
