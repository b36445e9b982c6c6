namespace PipelineBackup.Format;

/// <summary>A line of <c>bad-pages.jsonl</c>: a page that was stored although it does not verify.</summary>
/// <param name="File">Number of the file in the index.</param>
/// <param name="Page">Index of the page in the file, the header being 0.</param>
/// <param name="Error">The engine's error for it.</param>
/// <param name="Verdict">What is wrong, in words.</param>
internal sealed record BadPage(int File, long Page, int Error, string Verdict);
