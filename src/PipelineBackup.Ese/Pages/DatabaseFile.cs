using Microsoft.Win32.SafeHandles;

namespace PipelineBackup.Ese;

/// <summary>
/// A database file, read page by page: headers, last page, and a small cache that reads ahead where pages are taken in
/// a row. Every page is inspected once while it is in the cache; one flipped bit is corrected in memory, never on disk.
/// </summary>
/// <remarks>
/// The cache is 1 MiB: eight stretches of 128 KiB. The first page asked for in a stretch is read alone, so that seeks
/// cost one page; the second brings the pages behind it along. Not for several threads at once. A file that changes
/// while it is read gives pages of different times: that is for the caller to prevent.
/// </remarks>
public sealed class DatabaseFile : IPageFile, IDisposable
{
    private const int StretchBytes = 128 << 10, Stretches = 8;

    private readonly SafeFileHandle _file;
    private readonly InspectionDepth? _depth;
    private readonly int _pagesPerStretch;
    private readonly byte[] _cache = new byte[Stretches * StretchBytes];
    private readonly long[] _stretches = new long[Stretches];
    private readonly State[] _states;
    private readonly PageVerdict[] _verdicts;

    private DatabaseFile(SafeFileHandle file, string path, InspectionDepth? depth)
    {
        _file = file;
        _depth = depth;
        Path = path;
        Headers = HeaderPair.Read(file);
        Header = Headers.Require(System.IO.Path.GetFileName(path));
        PageSize = Headers.PageSize;
        _pagesPerStretch = StretchBytes / PageSize.Bytes;
        _states = new State[Stretches * _pagesPerStretch];
        _verdicts = new PageVerdict[_states.Length];
        _stretches.AsSpan().Fill(-1);
        LastPage = FindLastPage();
    }

    private enum State : byte
    {
        Absent,
        Read,
        Judged,
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Both copies of its header.</summary>
    public HeaderPair Headers { get; }

    /// <summary>The copy that counts.</summary>
    public DatabaseHeader Header { get; }

    /// <summary>Whether the last page of the file is the trailer of a streamed copy, which is no database page.</summary>
    public bool HasTrailer { get; private set; }

    /// <inheritdoc/>
    public PageSize PageSize { get; }

    /// <inheritdoc/>
    public PageNumber LastPage { get; }

    /// <summary>Opens a database for reading; others may read it too, not write.</summary>
    /// <param name="path">The file.</param>
    /// <param name="depth">How deep each page is inspected; null hands the bytes on as they are.</param>
    /// <exception cref="EseException">
    /// It is no database of the main version 0x620, or both headers are damaged: as <see cref="HeaderPair.Require"/>.
    /// </exception>
    /// <exception cref="IOException">The file system failed, or there is no such file.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static DatabaseFile Open(string path, InspectionDepth? depth = InspectionDepth.Basic)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            return new(file, path, depth);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The buffer is not one page long.</exception>
    /// <exception cref="IOException">The file system failed.</exception>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    public PageVerdict Read(PageNumber number, Span<byte> page)
    {
        ObjectDisposedException.ThrowIf(_file.IsClosed, this);
        if (page.Length != PageSize.Bytes)
            throw new ArgumentException($"the buffer of a page has {PageSize} bytes", nameof(page));
        if (number == PageNumber.None || number.CompareTo(LastPage) > 0)
            return PageVerdict.Truncated;

        long index = number.Value - 1L, stretch = index / _pagesPerStretch;
        int slot = (int)(stretch % Stretches), first = slot * _pagesPerStretch;
        var states = _states.AsSpan(first, _pagesPerStretch);
        if (_stretches[slot] != stretch)
        {
            _stretches[slot] = stretch;
            states.Clear();
        }

        int at = (int)(index % _pagesPerStretch), entry = first + at;
        if (states[at] == State.Absent && !Fetch(number, first, at))
            return PageVerdict.Truncated;
        var bytes = _cache.AsSpan(entry * PageSize.Bytes, PageSize.Bytes);
        if (states[at] == State.Read)
        {
            _verdicts[entry] = Judge(bytes, number);
            states[at] = State.Judged;
        }

        bytes.CopyTo(page);
        return _verdicts[entry];
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Reads a page, and those behind it when the stretch was used before.</summary>
    private bool Fetch(PageNumber number, int first, int at)
    {
        var states = _states.AsSpan(first, _pagesPerStretch);
        int end = at + 1;
        if (states.ContainsAnyExcept(State.Absent))
        {
            while (end < states.Length && states[end] == State.Absent)
                end++;
        }

        var bytes = _cache.AsSpan((first + at) * PageSize.Bytes, (end - at) * PageSize.Bytes);
        int read = FileBytes.Read(_file, bytes, number.FileOffset(PageSize)) / PageSize.Bytes;
        states.Slice(at, read).Fill(State.Read);
        return read > 0;
    }

    private PageVerdict Judge(Span<byte> page, PageNumber number)
    {
        if (_depth is { } depth)
            return PageInspector.InspectAndRepair(page, number, depth: depth);
        return new PageView(page).IsZero ? PageVerdict.Uninitialized : PageVerdict.Ok;
    }

    private PageNumber FindLastPage()
    {
        // A page that the file holds in part is none.
        long pages = RandomAccess.GetLength(_file) / PageSize.Bytes - PageNumber.HeaderPages;
        HasTrailer = pages > 0 && Header.NeedsTrailer
            && PatchTrailer.Read(_file, PageSize).Judge(Header) == EseError.Success;
        return new((uint)Math.Clamp(HasTrailer ? pages - 1 : pages, 0, PageNumber.Max.Value));
    }
}
