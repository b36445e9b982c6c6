namespace PipelineBackup.Ese;

/// <summary>
/// Images of pages on their way to the file: taken while nobody changes them, written while everybody may.
/// </summary>
/// <param name="pageSize">Page size of the database.</param>
internal sealed class PageBatch(PageSize pageSize)
{
    // Most batches are a few pages: memory is taken as they come.
    private const int LeastBytes = 64 << 10, MostBytes = 1 << 20;

    private byte[] _bytes = [];

    /// <summary>The pages, in the order of their numbers.</summary>
    public List<CachedPage> Pages { get; } = [];

    /// <summary>The last page of the database when the images were taken.</summary>
    public PageNumber LastPage { get; set; }

    /// <summary>How many pages it takes.</summary>
    public int Capacity => MostBytes / pageSize.Bytes;

    /// <summary>Takes a page's image, as it goes to the file.</summary>
    /// <param name="page">The page, in memory.</param>
    public void Add(CachedPage page)
    {
        int at = Pages.Count * pageSize.Bytes;
        if (_bytes.Length == at)
            Array.Resize(ref _bytes, Math.Clamp(2 * at, LeastBytes, MostBytes));
        var image = _bytes.AsSpan(at, pageSize.Bytes);
        page.Buffer.CopyTo(image);
        new PageEditor(image).Seal(page.Number);
        image.CopyTo(page.Buffer);
        Pages.Add(page);
    }

    /// <summary>Writes the images, neighbours together.</summary>
    /// <param name="file">The file, which is long enough.</param>
    public void Write(IDiskFile file)
    {
        int start = 0;
        for (int i = 1; i <= Pages.Count; i++)
        {
            if (i < Pages.Count && Pages[i].Number.Value == Pages[i - 1].Number.Value + 1)
                continue;
            var run = _bytes.AsSpan(start * pageSize.Bytes, (i - start) * pageSize.Bytes);
            file.Write(run, Pages[start].Number.FileOffset(pageSize));
            start = i;
        }
    }
}
