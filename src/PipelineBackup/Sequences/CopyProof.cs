using System.Globalization;
using PipelineBackup.Ese;

namespace PipelineBackup.Sequences;

/// <summary>Judges a file of a backup from its first byte to its last: the pages of a database, the segments of a log.</summary>
/// <param name="token">What the file is.</param>
/// <param name="name">Its name.</param>
/// <param name="length">Its length in bytes.</param>
/// <param name="purpose">Why its log segments are judged.</param>
internal sealed class CopyProof(FileToken token, string name, long length, LogScanPurpose purpose)
{
    private readonly LogScanner? _scanner = token == FileToken.Log ? new() : null;
    private HeaderPair? _headers;

    /// <summary>Page size of a database, known with its first bytes.</summary>
    public int PageSize => _headers?.PageSize.Bytes ?? 0;

    /// <summary>Judges the next bytes.</summary>
    /// <param name="bytes">
    /// The bytes: of a database whole pages, except where the file ends; at first as many as its headers have.
    /// </param>
    /// <param name="offset">Where they are.</param>
    /// <returns>The pages that are bad; null when there are none.</returns>
    /// <exception cref="SourceException">−1206: it is no database, or both headers are damaged.</exception>
    public List<PageDamage>? Judge(ReadOnlySpan<byte> bytes, long offset)
    {
        _scanner?.Append(bytes);
        if (token != FileToken.Database)
            return null;
        if (offset == 0)
        {
            _headers = HeaderPair.Read(bytes);
            if (_headers.Header is null)
            {
                throw SequenceRefusal.Damaged(
                    name, "both copies of the database header are damaged", EseError.DatabaseCorrupted);
            }
        }

        List<PageDamage>? bad = null;
        for (int at = 0; at < bytes.Length; at += PageSize)
        {
            if (JudgePage(bytes[at..Math.Min(at + PageSize, bytes.Length)], (offset + at) / PageSize) is { } damage)
                (bad ??= []).Add(damage);
        }

        return bad;
    }

    /// <summary>Judges a page of a database.</summary>
    /// <param name="page">Its bytes.</param>
    /// <param name="index">Its index in the file.</param>
    /// <returns>Null when it is as it should be.</returns>
    public PageDamage? JudgePage(ReadOnlySpan<byte> page, long index)
    {
        if (index < PageNumber.HeaderPages)
            return null;
        bool isTrailer = IsTrailer(index);
        if (PageProof.Judge(page, index, PageSize, isTrailer, out _) is { } damage)
            return damage;
        return isTrailer
            && new PatchTrailer(page.ToArray()).Judge(_headers!.Header!) is not EseError.Success and var error
            ? new(index, error, "the trailer page of the streamed copy does not belong to this database")
            : null;
    }

    /// <summary>Whether a page is the trailer of a streamed copy.</summary>
    /// <param name="index">Its index in the file.</param>
    public bool IsTrailer(long index) =>
        _headers!.Header is { NeedsTrailer: true } && index == (length + PageSize - 1) / PageSize - 1;

    /// <summary>Judges the file as a whole, at its end.</summary>
    /// <exception cref="SourceException">−612, −573 or others: the log is damaged.</exception>
    public void Finish()
    {
        if (_scanner?.Complete() is not { } scan)
            return;
        bool isCurrent = LogFileName.TryParse(new TokenedName(token, name).FileName, out var parsed)
            && parsed.Kind == LogFileKind.Current;
        var error = scan.ErrorFor(isCurrent ? LogScanPurpose.SoftRecovery : purpose, isCurrent);
        if (error != EseError.Success)
            throw SequenceRefusal.Damaged(name, scan.Message, error);
    }

    /// <summary>The refusal of bad pages.</summary>
    /// <param name="bad">The pages.</param>
    public SourceException Refuse(List<PageDamage> bad) => SequenceRefusal.Damaged(name,
        string.Create(CultureInfo.InvariantCulture,
            $"page {PageNumber.FromFileIndex(bad[0].Page)} is bad: {bad[0].Verdict}; {bad.Count - 1} more beside it"),
        bad[0].Error);
}
