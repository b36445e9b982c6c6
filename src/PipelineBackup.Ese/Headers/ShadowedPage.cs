namespace PipelineBackup.Ese;

/// <summary>
/// Writing of a page that stands in a file twice, so that a crash at any moment leaves one whole copy.
/// </summary>
internal static class ShadowedPage
{
    /// <summary>Writes both copies and flushes each before the other is touched.</summary>
    /// <remarks>
    /// The primary goes first, as the engine has it: where both copies are whole it is the newer one. Only where the
    /// shadow on the disk is damaged it goes first, because the primary is then the one copy there is.
    /// </remarks>
    /// <param name="file">The file, open for writing.</param>
    /// <param name="page">The page with its checksum; the copies stand at 0 and one page behind.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    public static void Write(IDiskFile file, ReadOnlySpan<byte> page)
    {
        byte[] shadow = new byte[page.Length];
        bool isSafe = file.Read(shadow, page.Length) == page.Length && HeaderChecksum.Verify(shadow);
        file.Write(page, isSafe ? 0 : page.Length);
        file.Flush();
        file.Write(page, isSafe ? page.Length : 0);
        file.Flush();
    }
}
