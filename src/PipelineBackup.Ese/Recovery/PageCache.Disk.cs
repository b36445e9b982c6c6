namespace PipelineBackup.Ese;

// What goes between memory, the file and the scratch file, many pages at a time.
internal sealed partial class PageCache
{
    // Reading this much too much costs less than asking twice.
    private const int GapBytes = 32 << 10;

    private readonly Stack<int> _freeSlots = [];
    private IDiskFile? _scratch;
    private int _slots;

    /// <summary>Reads pages that will be asked for, neighbours together; those that are not in the file are left out.</summary>
    /// <param name="numbers">The pages, in any order; sorted in place.</param>
    public void Prefetch(Span<PageNumber> numbers)
    {
        numbers.Sort();
        int at = 0;
        while (at < numbers.Length && _resident < _limit)
        {
            if (!IsMissing(numbers[at]))
            {
                at++;
                continue;
            }

            int first = at, last = at;
            for (at++; at < numbers.Length; at++)
            {
                if (!IsMissing(numbers[at]))
                    continue;
                long gap = numbers[at].Value - (long)numbers[last].Value;
                long run = numbers[at].Value - (long)numbers[first].Value + 1;
                if (gap * PageSize.Bytes > GapBytes || run * PageSize.Bytes > RunBytes)
                    break;
                last = at;
            }

            ReadRun(numbers[first..(last + 1)]);
        }
    }

    /// <summary>
    /// Writes all dirty pages that may reach the file, in the order of their numbers, and gives the file its length.
    /// </summary>
    public void WriteBack() => Write(IsToBeWritten);

    /// <summary>Writes the dirty pages that may reach the file and lack changes from before a position.</summary>
    /// <param name="before">The position.</param>
    public void WriteBackBefore(LogPosition before) =>
        Write(page => IsToBeWritten(page) && page.FirstChange.IsSet && page.FirstChange < before);

    private void Write(Func<CachedPage, bool> isToBeWritten)
    {
        var dirty = _pages.Values.Where(isToBeWritten).ToArray();

        // A file that was to shrink and grow again may have its length already, but not its zeros.
        bool isLength = _filePages != LastPage.Value
            || _file.Length != EndOf(Math.Max(LastPage.Value, _zeroPages));
        if (dirty.Length == 0 && !isLength)
            return;
        BeforeWrite?.Invoke();
        if (isLength)
            SetLength();
        Array.Sort(dirty, static (a, b) => a.Number.CompareTo(b.Number));
        int perRun = RunBytes / PageSize.Bytes, start = 0;
        for (int i = 1; i <= dirty.Length; i++)
        {
            bool goesOn = i < dirty.Length && i - start < perRun
                && dirty[i].Number.Value == dirty[i - 1].Number.Value + 1;
            if (goesOn)
                continue;
            WriteRun(dirty.AsSpan(start, i - start));
            start = i;
        }
    }

    /// <summary>Writes back, and makes sure that the file survives a crash as it is then.</summary>
    public void Flush()
    {
        WriteBack();
        _file.Flush();
    }

    /// <summary>
    /// Makes room when there is none, those pages first that were not used for the longest time. No page that was given
    /// before may be used behind this, and it is not for the middle of a change.
    /// </summary>
    public void Trim()
    {
        _clock++;
        if (!IsFull)
            return;
        WriteBack();
        var pages = _pages.Values.Where(page => page.Buffer != null && !page.IsBeingWritten).ToArray();
        Array.Sort(pages, static (a, b) => a.LastUse.CompareTo(b.LastUse));
        int target = _limit / 4 * 3;
        foreach (var page in pages)
        {
            if (_resident <= target)
                break;
            if (page.IsDirty)
                Spill(page);
            else
                Remove(page);
        }
    }

    private bool IsToBeWritten(CachedPage page) => page.IsDirty && IsHeld?.Invoke(page.Number) != true;

    private bool IsMissing(PageNumber number) => IsInFile(number) && !_pages.ContainsKey(number.Value);

    private void ReadRun(ReadOnlySpan<PageNumber> numbers)
    {
        var first = numbers[0];
        int bytes = (int)(numbers[^1].Value - first.Value + 1) * PageSize.Bytes;
        if (_file.Read(Run(bytes), first.FileOffset(PageSize)) < bytes)
            throw new IOException($"pages behind {first} were there and are not any more");
        foreach (var number in numbers)
        {
            // A number may be there twice, and what lies between was not asked for.
            if (_pages.ContainsKey(number.Value))
                continue;
            _run.AsSpan((int)(number.Value - first.Value) * PageSize.Bytes, PageSize.Bytes).CopyTo(Add(number).Buffer);
            PagesRead++;
        }
    }

    // As long as the runs that come: one page, where a cache is small.
    private Span<byte> Run(int bytes)
    {
        if (_run.Length < bytes)
            _run = new byte[Math.Max(bytes, Math.Min(2 * _run.Length, RunBytes))];
        return _run.AsSpan(0, bytes);
    }

    private void WriteRun(ReadOnlySpan<CachedPage> pages)
    {
        var run = Run(pages.Length * PageSize.Bytes);
        for (int i = 0; i < pages.Length; i++)
        {
            var page = pages[i];
            var bytes = run.Slice(i * PageSize.Bytes, PageSize.Bytes);
            if (page.Buffer != null)
                page.Buffer.CopyTo(bytes);
            else
                ReadScratch(page, bytes);
            new PageEditor(bytes).Seal(page.Number);
            if (page.Buffer != null)
                bytes.CopyTo(page.Buffer);
        }

        _file.Write(run, pages[0].Number.FileOffset(PageSize));
        PagesWritten += pages.Length;
        foreach (var page in pages)
        {
            page.Written();
            if (page.Buffer == null)
                Remove(page);
            else
                FreeSlot(page);
        }
    }

    private void SetLength()
    {
        CutTail();
        long end = EndOf(Math.Max(LastPage.Value, _zeroPages));
        if (_file.Length < end)
            _file.SetLength(end);
        _filePages = LastPage.Value;
    }

    // What does not count is cut off first, so that what is added is zero.
    private void CutTail()
    {
        long end = EndOf(Math.Max(_filePages, _zeroPages));
        if (_file.Length > end)
            _file.SetLength(end);
    }

    private long EndOf(long pages) => (pages + PageNumber.HeaderPages) * PageSize.Bytes;

    private void Spill(CachedPage page)
    {
        _scratch ??= _createScratch();
        page.ScratchSlot = _freeSlots.TryPop(out int slot) ? slot : _slots++;

        // The checksum is for the way to the scratch file and back.
        PageChecksum.Write(page.Buffer, page.Number);
        _scratch.Write(page.Buffer, (long)page.ScratchSlot * PageSize.Bytes);
        Detach(page);
    }

    private void BringBack(CachedPage page)
    {
        Attach(page);
        ReadScratch(page, page.Buffer);
        FreeSlot(page);
    }

    private void ReadScratch(CachedPage page, Span<byte> bytes)
    {
        int read = _scratch!.Read(bytes, (long)page.ScratchSlot * PageSize.Bytes);
        if (read < bytes.Length || !PageChecksum.Verify(bytes, page.Number))
            throw new IOException($"page {page.Number} did not come back from the temporary file as it went");
    }

    private void FreeSlot(CachedPage page)
    {
        if (page.ScratchSlot >= 0)
            _freeSlots.Push(page.ScratchSlot);
        page.ScratchSlot = -1;
    }
}
