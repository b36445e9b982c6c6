namespace PipelineBackup.Ese;

/// <summary>
/// Reads the pages that the next stretch of a log names before its records are replayed: in the order of the file and
/// neighbours together, instead of one by one as the records come.
/// </summary>
/// <remarks>
/// It goes through the records a second time, with a reader of its own that runs ahead. A page that has to wait for
/// memory is left to be read when its record comes.
/// </remarks>
internal sealed class ReadAhead : IDisposable
{
    private const int StretchBytes = 1 << 20;

    private readonly AttachedDatabases _databases;
    private readonly LogRecordReader _reader;
    private readonly int _sectors;
    private readonly Dictionary<byte, List<PageNumber>> _named = [];
    private LogPosition _until;
    private bool _isOver;

    /// <summary>Reads ahead in one log.</summary>
    /// <param name="log">The log.</param>
    /// <param name="from">Where replay begins in it.</param>
    /// <param name="databases">The databases.</param>
    public ReadAhead(LogFileEntry log, LogPosition from, AttachedDatabases databases)
    {
        _databases = databases;
        _reader = log.OpenRecords();
        try
        {
            _reader.Seek(from);
        }
        catch
        {
            _reader.Dispose();
            throw;
        }

        _sectors = Math.Max(1, StretchBytes / _reader.Header.SectorSize);
    }

    /// <summary>Replay has come to a position: when that is where the last stretch ended, the next one is read.</summary>
    /// <param name="position">The position.</param>
    public void Reach(LogPosition position)
    {
        if (_isOver || position < _until)
            return;
        int last = _reader.Position.Sector + _sectors;
        while (_reader.Position.Sector < last)
        {
            if (!TryRead(out var record))
                break;
            Collect(record);
        }

        _until = _reader.Position;
        foreach (var (slot, pages) in _named)
        {
            _databases.Find(slot)?.Cache.Prefetch(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(pages));
            pages.Clear();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    // Damage is for the reader that replays to tell.
    private bool TryRead(out LogRecordView record)
    {
        try
        {
            if (_reader.TryRead(out record))
                return true;
        }
        catch (EseException)
        {
            record = default;
        }

        _isOver = true;
        return false;
    }

    private void Collect(in LogRecordView record)
    {
        if (!record.IsPageChange)
            return;
        ref readonly var change = ref record.Page;
        if (!_named.TryGetValue(change.Database, out var pages))
            _named.Add(change.Database, pages = []);
        Add(pages, change.Page);
        switch (record.Type)
        {
            case LogRecordType.Split:
                ref readonly var split = ref record.AsSplit().Split;
                Add(pages, split.Right);
                Add(pages, split.Parent);
                break;
            case LogRecordType.Merge:
                ref readonly var merge = ref record.AsMerge().Merge;
                Add(pages, merge.Right);
                Add(pages, merge.Left);
                Add(pages, merge.Parent);
                break;
        }
    }

    // Records in a row are often about one page.
    private static void Add(List<PageNumber> pages, PageNumber page)
    {
        if (page != PageNumber.None && (pages.Count == 0 || pages[^1] != page))
            pages.Add(page);
    }
}
