namespace PipelineBackup.Ese;

// Writing back while others go on: they are kept out only while images are taken.
internal sealed partial class PageCache
{
    // Beyond the limit, while what could be given back is not written yet.
    private int _patience;

    /// <summary>Whether so much more memory is in use than was given that whoever uses it has to wait.</summary>
    public bool IsOverfull => _resident > _limit + _limit / 4;

    /// <summary>Whether twice as much memory is in use as was given.</summary>
    public bool IsSwamped => _resident > _limit * 2L;

    /// <summary>Pages to be written, in the order of their numbers.</summary>
    /// <param name="before">Only those that lack changes from before a position; not set for all.</param>
    public CachedPage[] ListDirty(LogPosition before)
    {
        var dirty = _pages.Values.Where(page => page.IsDirty && page.Buffer != null
            && (!before.IsSet || (page.FirstChange.IsSet && page.FirstChange < before))).ToArray();
        Array.Sort(dirty, static (a, b) => a.Number.CompareTo(b.Number));
        return dirty;
    }

    /// <summary>Whether one of some pages must not reach the file yet.</summary>
    /// <param name="pages">The pages.</param>
    public bool HoldsAny(ReadOnlySpan<CachedPage> pages)
    {
        foreach (var page in pages)
        {
            if (page.IsDirty && IsHeld?.Invoke(page.Number) == true)
                return true;
        }

        return false;
    }

    /// <summary>Takes images of pages: they count as clean, and are not given back until they are written.</summary>
    /// <param name="pages">
    /// Listed before, as many as the batch takes at most; those that need it no more, or must not reach the file, are
    /// passed over.
    /// </param>
    /// <param name="batch">Takes the images.</param>
    public void Take(ReadOnlySpan<CachedPage> pages, PageBatch batch)
    {
        batch.Pages.Clear();
        batch.LastPage = LastPage;
        foreach (var page in pages)
        {
            if (page.Buffer == null || page.IsBeingWritten || !IsToBeWritten(page))
                continue;
            batch.Add(page);
            page.BeginWrite();
        }
    }

    /// <summary>The file gets the length that a batch needs. <see cref="BeforeWrite"/> is not called.</summary>
    /// <param name="batch">The batch.</param>
    public void MakeLong(PageBatch batch)
    {
        if (batch.LastPage.Value <= _filePages)
            return;
        CutTail();
        long end = EndOf(Math.Max(batch.LastPage.Value, _zeroPages));
        if (_file.Length < end)
            _file.SetLength(end);
        _filePages = batch.LastPage.Value;
    }

    /// <summary>The file has the images.</summary>
    /// <param name="batch">The batch.</param>
    public void Written(PageBatch batch)
    {
        foreach (var page in batch.Pages)
            page.EndWrite();
        PagesWritten += batch.Pages.Count;
        batch.Pages.Clear();
        _patience = 0;
    }

    /// <summary>
    /// Gives back pages that the file has, those first that were not used for the longest time, when memory is full. As
    /// <see cref="Trim"/>, but nothing is written.
    /// </summary>
    /// <returns>Whether there are so many others that they should be written.</returns>
    public bool Evict()
    {
        _clock++;
        if (!IsFull)
            return false;
        var pages = _pages.Values.Where(page => page.Buffer != null && !page.IsDirty && !page.IsBeingWritten).ToArray();
        int others = _resident - pages.Length;
        Array.Sort(pages, static (a, b) => a.LastUse.CompareTo(b.LastUse));
        int target = _limit / 4 * 3;
        foreach (var page in pages)
        {
            if (_resident <= target)
                break;
            Remove(page);
        }

        _patience = _resident > _limit / 8 * 7 ? _resident + _limit / 16 : 0;
        return others > _limit / 4;
    }
}
