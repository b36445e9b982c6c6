namespace PipelineBackup.Ese;

/// <summary>
/// Writing of a page that stands in a file twice, so that a crash at any moment leaves one whole copy.
/// </summary>
internal static class ShadowedPage
{
    // What every disk writes whole or not at all.
    private const int SectorBytes = 512;

    /// <summary>Writes both copies and flushes each before the other is touched.</summary>
    /// <remarks>
    /// The primary goes first, as the engine has it: where both copies are whole it is the newer one. Only where the
    /// shadow on the disk is damaged it goes first, because the primary is then the one copy there is. Where there is no
    /// copy at all the first sector of the primary goes before both: whatever a crash leaves then, it is all zero or it
    /// says what the file was to be.
    /// </remarks>
    /// <param name="file">The file, open for writing.</param>
    /// <param name="page">The page with its checksum; the copies stand at 0 and one page behind.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    public static void Write(IDiskFile file, ReadOnlySpan<byte> page)
    {
        byte[] there = new byte[page.Length];
        bool isSafe = IsWhole(file, there, page.Length);
        if (!isSafe && !IsWhole(file, there, 0))
        {
            file.Write(page[..SectorBytes], 0);
            file.Flush();
        }

        file.Write(page, isSafe ? 0 : page.Length);
        file.Flush();
        file.Write(page, isSafe ? page.Length : 0);
        file.Flush();
    }

    private static bool IsWhole(IDiskFile file, Span<byte> page, long offset) =>
        file.Read(page, offset) == page.Length && HeaderChecksum.Verify(page);
}
