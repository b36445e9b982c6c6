using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>
/// A cache that is worked with at random, and what it should hold: of each page the time in memory and the time in the
/// file, 0 for a page without content.
/// </summary>
internal sealed class CacheModel : IDisposable
{
    private const int PageBytes = 2048;

    private readonly Random _random;
    private readonly SimulatedDisk _disk;
    private readonly IDiskFile _file;
    private readonly PageCache _cache;
    private readonly Dictionary<uint, ulong> _pages = [];
    private readonly Dictionary<uint, ulong> _written = [];
    private readonly HashSet<uint> _held = [];
    private uint _last = 150;
    private ulong _time = 1;
    private bool _isCut;

    public CacheModel(Random random)
    {
        _random = random;
        _disk = new SimulatedDisk().Put("/d/db", new byte[(150 + PageNumber.HeaderPages) * PageBytes]).AddDirectory("/s");
        _file = _disk.Open("/d/db", DiskAccess.ReadWrite);
        _cache = new(_file, PageSize.Of(PageBytes), 0, () => _disk.Open("/s/pages", DiskAccess.CreateNew))
        {
            IsHeld = page => _held.Contains(page.Value),
        };
    }

    public void Step()
    {
        uint page = (uint)_random.Next(1, (int)_last + 10);
        switch (_random.Next(100))
        {
            case < 25:
                Create(page);
                break;
            case < 55:
                Change(page);
                break;
            case < 75:
                Expect(page);
                break;
            case < 82:
                Hold(page);
                break;
            case < 88:
                _cache.Prefetch([.. Enumerable.Range(0, 20).Select(_ => new PageNumber((uint)_random.Next((int)_last + 5)))]);
                break;
            case < 95:
                _cache.Trim();
                break;
            case < 97:
                WriteBack();
                break;
            case 97:
                _last = Math.Max(_last, page);
                _cache.Extend(new(page));
                break;
            case 98:
                Shrink(page);
                break;
            default:
                _held.Clear();
                break;
        }

        CheckHeld();
    }

    /// <summary>Writes all, and compares the file.</summary>
    public void Settle()
    {
        _held.Clear();
        WriteBack();
        Assert.Equal((_last + 2L) * PageBytes, _file.Length);
        for (uint page = 1; page <= _last; page++)
            Assert.Equal(_pages.GetValueOrDefault(page), InFile(page));
    }

    public void Dispose()
    {
        _cache.Dispose();
        _file.Dispose();
    }

    private void Create(uint page)
    {
        _cache.Create(new(page)).Edit().Initialize(new(page), new(7), PageFlags.Leaf, new(++_time));
        _pages[page] = _time;
        _last = Math.Max(_last, page);
    }

    private void Change(uint page)
    {
        if (!_pages.ContainsKey(page))
            return;
        _cache.Require(new(page)).Edit().SetTime(new(++_time));
        _pages[page] = _time;
    }

    private void Expect(uint page)
    {
        var verdict = _cache.Get(new(page), out var found);
        if (page > _last)
            Assert.Equal(PageFinding.Truncated, verdict.Finding);
        else if (!_pages.TryGetValue(page, out ulong time))
            Assert.Equal(PageFinding.Uninitialized, verdict.Finding);
        else
            Assert.Equal(time, found!.View.DbTime.Value);
    }

    private void Hold(uint page)
    {
        // What was cut off stands in the file until it is next written, and nobody holds that.
        if (_isCut)
            WriteBack();
        if (page <= _last && _held.Add(page))
            _written[page] = InFile(page);
    }

    private void Shrink(uint page)
    {
        uint last = Math.Max(100, page);
        _last = Math.Min(_last, last);
        _cache.Shrink(new(last));
        _isCut = true;
        foreach (uint gone in _pages.Keys.Concat(_held).Where(each => each > _last).ToList())
        {
            _pages.Remove(gone);
            _held.Remove(gone);
        }
    }

    private void WriteBack()
    {
        _cache.WriteBack();
        _isCut = false;
        foreach (var (page, time) in _pages.Where(pair => !_held.Contains(pair.Key)))
            Assert.Equal(time, InFile(page));
    }

    private void CheckHeld()
    {
        foreach (uint page in _held)
            Assert.Equal(_written[page], InFile(page));
    }

    private ulong InFile(uint page)
    {
        byte[] bytes = new byte[PageBytes];
        if (_file.Read(bytes, new PageNumber(page).FileOffset(PageSize.Of(PageBytes))) < PageBytes)
            return 0;
        var view = new PageView(bytes);
        if (!view.IsZero)
            Assert.Equal(PageVerdict.Ok, PageInspector.Inspect(bytes, new(page), depth: InspectionDepth.Full));
        return view.DbTime.Value;
    }
}
