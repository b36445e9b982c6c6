using PipelineBackup.Ese;

namespace PipelineBackup;

/// <summary>A page that is not as it should be.</summary>
/// <param name="Page">Index of the page in the file, the header being 0.</param>
/// <param name="Error">The engine's error for it.</param>
/// <param name="Verdict">What is wrong, in words.</param>
internal readonly record struct PageDamage(long Page, EseError Error, string Verdict);

/// <summary>The one judgement of a database page, used on the way into a store and on the way out of it.</summary>
internal static class PageProof
{
    /// <summary>Judges a page behind the headers.</summary>
    /// <param name="page">Its bytes; fewer than a page where the file is cut.</param>
    /// <param name="index">Index of the page in the file.</param>
    /// <param name="pageSize">Page size in bytes.</param>
    /// <param name="isTrailer">Whether it is the trailer of a streamed copy.</param>
    /// <param name="isZero">Whether it was never written.</param>
    /// <returns>Null when the page is as it should be.</returns>
    public static PageDamage? Judge(ReadOnlySpan<byte> page, long index, int pageSize, bool isTrailer, out bool isZero)
    {
        isZero = false;
        if (page.Length < pageSize)
            return new(index, EseError.FileIOBeyondEOF, "truncated: the file ends inside the page");
        if (isTrailer)
        {
            return HeaderChecksum.Verify(page)
                ? null
                : new(index, EseError.BadPatchPage, "the trailer page of the streamed copy is missing or damaged");
        }

        var verdict = PageInspector.Inspect(page, PageNumber.FromFileIndex(index), depth: InspectionDepth.Checksum);
        isZero = verdict.Finding == PageFinding.Uninitialized;
        return verdict.IsAcceptable ? null : new(index, verdict.Error, verdict.ToString());
    }
}

/// <summary>Maps the errors of the format library to those of the contracts.</summary>
internal static class EseErrors
{
    /// <summary>Number and symbol of an error; null for success.</summary>
    public static JetError? ToJet(EseError error) => error == EseError.Success ? null : new((int)error, $"JET_err{error}");
}
