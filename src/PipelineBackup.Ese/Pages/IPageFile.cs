namespace PipelineBackup.Ese;

/// <summary>
/// Where the pages of one database come from: its file, a backup, memory. What reads trees needs nothing else.
/// </summary>
/// <remarks>
/// <para>
/// The buffer is the caller's. <see cref="Read"/> copies the page into it and keeps no hold on it, so a page stays valid
/// as long as its owner leaves the buffer alone, whatever is read afterwards and from wherever.
/// </para>
/// <para>
/// Damage is an answer: a page that is bad, zero or behind the end is told by the verdict, and the buffer then holds
/// nothing to rely on. Exceptions are for the medium: <see cref="IOException"/> of a file, whatever a store documents.
/// </para>
/// <para>
/// Reading is synchronous. The same page may be asked for many times (roots and inner pages are), neighbours one after
/// the other: an implementation that fetches from afar keeps some pages and reads ahead. Not for several threads at
/// once unless an implementation says otherwise.
/// </para>
/// </remarks>
public interface IPageFile
{
    /// <summary>Page size of the database.</summary>
    PageSize PageSize { get; }

    /// <summary>
    /// The last page there is; a trailer of a streamed copy is none. Bounds every walk along links and every set of
    /// pages.
    /// </summary>
    PageNumber LastPage { get; }

    /// <summary>Reads one page.</summary>
    /// <param name="number">Its number; any value, <see cref="PageNumber.None"/> too.</param>
    /// <param name="page">Room for exactly one page.</param>
    /// <returns>
    /// What inspecting it found. <see cref="PageFinding.Ok"/> and <see cref="PageFinding.Corrected"/>: the page is in the
    /// buffer. <see cref="PageFinding.Truncated"/>: there is no page of that number. How deep is looked (checksum, rules)
    /// is the implementation's choice; those who read pages trust no byte of them.
    /// </returns>
    PageVerdict Read(PageNumber number, Span<byte> page);
}

/// <summary>Reading for those who cannot go on without the page.</summary>
public static class PageFileReading
{
    /// <summary>Reads a page that has to be there.</summary>
    /// <param name="file">Where from.</param>
    /// <param name="number">Its number.</param>
    /// <param name="page">Room for exactly one page.</param>
    /// <exception cref="EseException">
    /// It is not usable: -1018 (checksum), -1019 (all zero), -1118 (another page's number), -1119 (lost flush), -1206
    /// (no sound page), -4001 (behind the end).
    /// </exception>
    public static void Require(this IPageFile file, PageNumber number, Span<byte> page)
    {
        ArgumentNullException.ThrowIfNull(file);
        var verdict = file.Read(number, page);
        if (verdict.Error != EseError.Success)
            throw new EseException(verdict.Error, $"page {number}: {verdict}");
    }
}
