namespace PipelineBackup.Ese;

/// <summary>
/// The pages of a database that is changed: in memory as far as they fit, written back in the order of their numbers.
/// </summary>
/// <remarks>
/// <code>
///            Get, Prefetch                    Edit                 WriteBack
///  file  ──────────────────►  clean page  ──────────►  dirty page ──────────►  file, and clean again
///                                 │                        │  Trim, while IsHeld
///                                 ▼ Trim                   ▼
///                              forgotten             scratch file; Get brings it back
/// </code>
/// <para>
/// The file changes in <see cref="WriteBack"/> and nowhere else, and never before <see cref="BeforeWrite"/> returned:
/// its length too. Until then growing and shrinking are only <see cref="LastPage"/>.
/// </para>
/// <para>
/// A page stays where it is until <see cref="Trim"/>; between two trims the cache grows by what is asked for, however
/// little memory it was given. Every page is inspected once when it comes from the file; a flipped bit is corrected, and
/// the page is then dirty. Not for several threads at once.
/// </para>
/// </remarks>
internal sealed partial class PageCache : IPageFile, IDisposable
{
    private const int RunBytes = 256 << 10, LeastFrames = 64;

    private readonly IDiskFile _file;
    private readonly Func<IDiskFile> _createScratch;
    private int _limit;
    private readonly Dictionary<uint, CachedPage> _pages = [];
    private readonly Stack<byte[]> _free = [];
    private byte[] _run = [];

    // Pages of the file whose bytes count: what lies behind is of an earlier, longer time, or no page.
    private long _filePages;

    // What lies behind those pages is zero up to this one.
    private long _zeroPages;
    private int _resident, _clock;

    /// <summary>A cache over a file.</summary>
    /// <param name="file">The file; the cache does not close it.</param>
    /// <param name="pageSize">Page size of the database.</param>
    /// <param name="memoryBytes">How much memory pages may take.</param>
    /// <param name="createScratch">
    /// Makes the file that takes dirty pages which must not reach the database yet; asked for at most once, and disposed
    /// of with the cache.
    /// </param>
    /// <param name="lastPage">The last page, where the file holds something else behind it; null to ask the file.</param>
    public PageCache(IDiskFile file, PageSize pageSize, long memoryBytes, Func<IDiskFile> createScratch,
        PageNumber? lastPage = null)
    {
        _file = file;
        _createScratch = createScratch;
        PageSize = pageSize;
        SetMemory(memoryBytes);
        long pages = Math.Clamp(file.Length / pageSize.Bytes - PageNumber.HeaderPages, 0, PageNumber.Max.Value);
        LastPage = lastPage ?? new((uint)pages);
        _filePages = Math.Min(pages, LastPage.Value);
    }

    /// <inheritdoc/>
    public PageSize PageSize { get; }

    /// <summary>The last page that the database has now: what the file has once it was written back.</summary>
    public PageNumber LastPage { get; private set; }

    /// <summary>
    /// Called before the file is changed, each time: what it does must be on the disk when it returns.
    /// </summary>
    public Action? BeforeWrite { get; set; }

    /// <summary>
    /// Where replay has to begin so that the file gets all changes it lacks; not set when it has all of them, or
    /// nobody tells. Looks at every page in memory.
    /// </summary>
    public LogPosition OldestChange
    {
        get
        {
            LogPosition oldest = default;
            foreach (var page in _pages.Values)
            {
                if (page.FirstLacking is { IsSet: true } first && (!oldest.IsSet || first < oldest))
                    oldest = first;
            }

            return oldest;
        }
    }

    /// <summary>Whether a page must not reach the file yet; null for none.</summary>
    public Func<PageNumber, bool>? IsHeld { get; set; }

    /// <summary>How many pages were read from the file.</summary>
    public long PagesRead { get; private set; }

    /// <summary>How many pages were written to the file.</summary>
    public long PagesWritten { get; private set; }

    /// <summary>Whether more memory is in use than the cache was given.</summary>
    public bool IsFull => _resident > Math.Max(_limit, _patience);

    /// <summary>Sets how much memory pages may take; what is too much then goes with the next <see cref="Trim"/>.</summary>
    /// <param name="bytes">How much.</param>
    public void SetMemory(long bytes) =>
        _limit = (int)Math.Clamp(bytes / PageSize.Bytes, LeastFrames, int.MaxValue / 2);

    /// <inheritdoc/>
    public PageVerdict Read(PageNumber number, Span<byte> page)
    {
        // Whoever walks through a whole database must not push out what is being changed, nor fill the memory.
        if (_resident >= _limit && IsInFile(number) && !_pages.ContainsKey(number.Value))
            return ReadPast(number, page);
        var verdict = Get(number, out var cached);
        if (verdict.Error == EseError.Success)
            cached!.View.Bytes.CopyTo(page);
        return verdict;
    }

    /// <summary>Brings a page in.</summary>
    /// <param name="number">Its number; any value.</param>
    /// <param name="page">The page, when the verdict's error is success; else null.</param>
    /// <returns>What inspecting it found; as <see cref="IPageFile.Read"/>.</returns>
    public PageVerdict Get(PageNumber number, out CachedPage? page)
    {
        page = null;
        if (number == PageNumber.None || number.CompareTo(LastPage) > 0)
            return PageVerdict.Truncated;
        if (_pages.TryGetValue(number.Value, out var cached))
        {
            if (cached.Buffer == null)
                BringBack(cached);
        }
        else
        {
            if (!IsInFile(number))
                return PageVerdict.Uninitialized;
            cached = Add(number);
            ReadFile(cached.Buffer, number);
        }

        cached.LastUse = _clock;
        var verdict = cached.Verdict ??= Inspect(cached);
        page = verdict.Error == EseError.Success ? cached : null;
        return verdict;
    }

    /// <summary>Brings in a page that has to be there.</summary>
    /// <param name="number">Its number.</param>
    /// <exception cref="EseException">It is not usable, as <see cref="PageFileReading.Require"/>.</exception>
    public CachedPage Require(PageNumber number)
    {
        var verdict = Get(number, out var page);
        return page ?? throw new EseException(verdict.Error, $"page {number}: {verdict}");
    }

    /// <summary>Room for a page that is made anew: all zero, dirty; the database grows where it lies behind the end.</summary>
    /// <param name="number">Its number, 1 to the greatest that there may be.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is none or too large.</exception>
    public CachedPage Create(PageNumber number)
    {
        Extend(number);
        if (!_pages.TryGetValue(number.Value, out var cached))
            cached = Add(number);
        if (cached.Buffer == null)
            Attach(cached);
        FreeSlot(cached);
        cached.Buffer.AsSpan().Clear();
        cached.Verdict = PageVerdict.Ok;
        cached.IsDirty = true;
        cached.LastUse = _clock;
        return cached;
    }

    /// <summary>The database has at least so many pages from now on; what comes to it is zero.</summary>
    /// <param name="last">The last page, 1 to the greatest that there may be.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is none or too large.</exception>
    public void Extend(PageNumber last)
    {
        if (last == PageNumber.None || last.CompareTo(PageNumber.Max) > 0)
            throw new ArgumentOutOfRangeException(nameof(last), last, "no page of a database has that number");
        if (last.CompareTo(LastPage) > 0)
            LastPage = last;
    }

    /// <summary>
    /// Gives the file room for pages that the database will have: so that it is known beforehand whether there is any.
    /// The database has them only when it is extended.
    /// </summary>
    /// <param name="last">The last of them.</param>
    /// <exception cref="IOException">There is no room.</exception>
    public void Reserve(PageNumber last)
    {
        if (last.Value <= Math.Max(_filePages, _zeroPages))
            return;
        CutTail();
        _file.SetLength(EndOf(last.Value));
        _zeroPages = last.Value;
    }

    /// <summary>The database ends with a page from now on; what lies behind is forgotten.</summary>
    /// <param name="last">The last page.</param>
    public void Shrink(PageNumber last)
    {
        if (last.CompareTo(LastPage) >= 0)
            return;
        LastPage = last;
        _filePages = Math.Min(_filePages, last.Value);
        _zeroPages = 0;
        foreach (var page in _pages.Values.Where(page => page.Number.CompareTo(last) > 0).ToList())
            Remove(page);
    }

    /// <summary>Closes the scratch file. Changes that were not written back are lost.</summary>
    public void Dispose() => _scratch?.Dispose();

    private bool IsInFile(PageNumber number) => number != PageNumber.None && number.Value <= _filePages;

    private PageVerdict ReadPast(PageNumber number, Span<byte> page)
    {
        ReadFile(page, number);
        return PageInspector.InspectAndRepair(page, number);
    }

    private void ReadFile(Span<byte> page, PageNumber number)
    {
        int read = _file.Read(page, number.FileOffset(PageSize));
        if (read < PageSize.Bytes)
            throw new IOException($"page {number} was there and is not any more");
        PagesRead++;
    }

    private static PageVerdict Inspect(CachedPage page)
    {
        var verdict = PageInspector.InspectAndRepair(page.Buffer, page.Number);
        page.IsDirty |= verdict.Finding == PageFinding.Corrected;
        return verdict;
    }

    private CachedPage Add(PageNumber number)
    {
        var page = new CachedPage(number, PageSize) { LastUse = _clock };
        Attach(page);
        _pages.Add(number.Value, page);
        return page;
    }

    private void Attach(CachedPage page)
    {
        page.Buffer = _free.TryPop(out var buffer) ? buffer : new byte[PageSize.Bytes];
        _resident++;
    }

    private void Detach(CachedPage page)
    {
        if (page.Buffer == null)
            return;
        if (_free.Count < _limit)
            _free.Push(page.Buffer);
        page.Buffer = null;
        _resident--;
    }

    private void Remove(CachedPage page)
    {
        Detach(page);
        FreeSlot(page);
        _pages.Remove(page.Number.Value);
    }
}
