namespace PipelineBackup.Ese;

/// <summary>
/// Makes the log that a crash left as the last one sound for ever: what a scan mended is mended in the file, so that
/// the log can be followed by another one.
/// </summary>
/// <remarks>
/// In version 8 a segment whose write was cut short is taken from its shadow; what is left of a last write that does
/// not count is cleared. In version 7 the chain of checksum
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
        if (scan.TornSegment == 0 && scan.CutSegment == 0)
            return;
        using var file = disk.Open(path, DiskAccess.ReadWrite);
        if (header.Version.IsLegacy)
            LegacySeal.Apply(file, header);
        else if (scan.TornSegment != 0)
            TakeShadow(file, scan);
        if (scan.CutSegment != 0)
            Clear(file, scan.CutSegment);
        file.Flush();
    }

    // From the end to the start: a crash meanwhile leaves a rest that is judged like the whole.
    private static void Clear(IDiskFile file, int from)
    {
        byte[] zeros = new byte[SegmentScan.Size], segment = new byte[SegmentScan.Size];
        for (long at = file.Length - SegmentScan.Size; at >= from * (long)SegmentScan.Size; at -= SegmentScan.Size)
        {
            if (file.Read(segment, at) == 0 || segment.AsSpan().ContainsAnyExcept((byte)0))
                file.Write(zeros, at);
        }
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
