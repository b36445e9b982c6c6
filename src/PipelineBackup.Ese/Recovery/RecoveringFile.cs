using System.Security.Cryptography;

namespace PipelineBackup.Ese;

/// <summary>The file of a database that logs are replayed into: its pages and its header.</summary>
/// <remarks>
/// Its header is kept in memory and reaches the file before the first page that the generation being replayed changed:
/// from then on whoever opens the file knows that it needs that log. A database that needs no change is not written to
/// before it is closed.
/// </remarks>
internal sealed class RecoveringFile : RecoveringDatabase, IUndoTarget, IDisposable
{
    // How many logs the header names at once, so that it need not be written for each.
    private const int NamedAhead = 16;

    private readonly IDiskFile _file;
    private readonly IDisk _disk;
    private readonly TimeProvider _clock;
    private readonly LogGeneration _lastLog;
    private LogGeneration _replayed;
    private LogTime _created;
    private bool _isHeaderKnown;

    /// <summary>A database that is replayed into from now on.</summary>
    /// <param name="place">What the logs say of it.</param>
    /// <param name="file">Its file, open for writing; from now on owned.</param>
    /// <param name="header">Its header, brought up to this attaching.</param>
    /// <param name="futureUntil">The last log that it needed before; none for a clean or new one.</param>
    /// <param name="run">What it takes from the run.</param>
    public RecoveringFile(
        DatabasePlace place, IDiskFile file, DatabaseHeaderWriter header, LogGeneration futureUntil,
        DatabaseSurroundings run)
        : base(place.Slot, new(file, run.PageSize, run.MemoryBytes, run.CreateScratch))
    {
        (Place, _file, HeaderWriter) = (place, file, header);
        (_disk, _clock, _lastLog) = (run.Disk, run.Clock, run.LastLog);
        Cache.BeforeWrite = PrepareWrite;
        Cache.IsHeld = page => run.Versions.IsHeld(place.Slot, page);
        Redo.LastResize = header.LastResize;
        FollowVersion();
        FutureUntil = futureUntil;
        (LastTime, LastObject) = (header.DbTime, header.LastObject);
    }

    /// <summary>What the logs say of it.</summary>
    public DatabasePlace Place { get; }

    /// <summary>Where it is.</summary>
    public string Path => Place.Path;

    /// <summary>Its header as it will be written.</summary>
    public DatabaseHeader Header => HeaderWriter.Header;

    /// <summary>Changes its header; what is changed reaches the file with the next <see cref="WriteHeader"/>.</summary>
    public DatabaseHeaderWriter HeaderWriter { get; }

    /// <summary>Called before pages are written: undo makes its log durable then.</summary>
    public Action? BeforePages { get; set; }

    /// <summary>The highest generation whose changes may have been in the file before replay.</summary>
    public LogGeneration FutureUntil { get; }

    /// <summary>The highest dbtime that any log record of it has.</summary>
    public DbTime LastTime { get; private set; }

    /// <summary>The highest object id.</summary>
    public ObjectId LastObject { get; private set; }

    /// <summary>Takes over what is known from elsewhere: the highest dbtime and object id.</summary>
    /// <param name="time">A dbtime.</param>
    /// <param name="tree">An object id; none for none.</param>
    public void Saw(DbTime time, ObjectId tree)
    {
        if (time.CompareTo(LastTime) > 0 && !time.IsMarker)
            LastTime = time;
        if (tree.Value > LastObject.Value)
            LastObject = tree;
    }

    /// <inheritdoc/>
    IPageFile IUndoTarget.Pages => Cache;

    /// <inheritdoc/>
    PageEditor IUndoTarget.Edit(PageNumber page, LogPosition position) => Cache.Require(page).Edit();

    /// <summary>A dbtime for a change that undo makes.</summary>
    /// <exception cref="EseException">−1206: there is none left; a log record counted too far.</exception>
    public DbTime NextTime()
    {
        if (LastTime.Value >= long.MaxValue)
            throw new EseException(EseError.DatabaseCorrupted, $"{Path}: the logs leave no dbtime to count on with");
        return LastTime = new(LastTime.Value + 1);
    }

    /// <summary>A generation is replayed, or written, from now on.</summary>
    /// <param name="generation">Its number.</param>
    /// <param name="created">When it was made.</param>
    /// <exception cref="EseException">A page that redo left out should have been explained by now.</exception>
    public void Begin(LogGeneration generation, LogTime created)
    {
        (_replayed, _created) = (generation, created);
        _isHeaderKnown &= generation <= HeaderWriter.MaxRequired;
        bool isPatched = HeaderWriter.State == DatabaseState.DirtyAndPatchedShutdown;
        if (isPatched && generation >= FutureUntil && Redo.Map.IsEmpty
            && HeaderWriter.Attach.Generation <= HeaderWriter.MinRequired)
        {
            HeaderWriter.State = DatabaseState.DirtyShutdown;
            isPatched = false;
        }

        Redo.MayHoldLaterChanges = generation <= FutureUntil || isPatched;
        if (!Redo.MayHoldLaterChanges)
            Redo.Map.RequireEmpty(new(generation, 0, 0));
    }

    /// <summary>The logs ended: no page may be left unexplained, and no log that holds more is asked for any more.</summary>
    /// <param name="last">The last generation.</param>
    /// <param name="goesOn">Whether another recovery goes on with the database.</param>
    /// <exception cref="EseException">
    /// The error of a page that redo left out; −1206: pages were replaced in it, and the logs do not make it whole.
    /// </exception>
    public void EndRedo(LogGeneration last, bool goesOn)
    {
        Redo.Map.RequireEmpty(new(last.Next, 0, 0));
        if (HeaderWriter.State == DatabaseState.DirtyAndPatchedShutdown && !goesOn)
        {
            throw new EseException(EseError.DatabaseCorrupted,
                $"'{Path}': pages were replaced, and these logs do not make it whole", "add the logs that it was patched with");
        }

        // Lost, and given up: nobody shall ask for them again.
        if (HeaderWriter.MaxCommitted > last)
            (HeaderWriter.MaxCommitted, HeaderWriter.MaxCommittedTime) = (last, _created);
    }

    /// <summary>The format may have changed: what the header can hold goes with it.</summary>
    public void FollowVersion() => Redo.TracksResize =
        Header.Version >= new FormatVersion(FormatVersion.CurrentMain, 110, 0);

    /// <summary>The creation of the database is complete: it is an attached one from now on.</summary>
    public void FinishCreation()
    {
        HeaderWriter.SetState(DatabaseState.DirtyShutdown, HeaderWriter.Attach.Generation, _replayed, _created);
        _isHeaderKnown = false;
    }

    /// <summary>Writes the header, both copies.</summary>
    public void WriteHeader()
    {
        if (Redo.TracksResize)
            HeaderWriter.LastResize = Redo.LastResize;
        HeaderWriter.Write(_file);
    }

    /// <summary>
    /// Makes the file hold all its data by itself: pages, length, header. The log must be durable up to the record.
    /// </summary>
    /// <param name="position">Position of the record that closes it.</param>
    /// <param name="isRestored">Whether a backup set was restored.</param>
    /// <exception cref="EseException">The space tree of the database cannot be read, or a page is missing.</exception>
    public void Close(LogPosition position, bool isRestored)
    {
        Redo.Map.RequireEmpty(position);
        MatchLength();
        Cache.Flush();
        HeaderWriter.DisownFlushMap(NextRandom(), Now);
        HeaderWriter.Close(position, LastTime, LastObject, Now, isRestored);
        HeaderWriter.Write(_file);
        // A map of what was flushed when tells nothing any more.
        string map = System.IO.Path.ChangeExtension(Path, ".jfm");
        if (_disk.FileExists(map))
            _disk.Delete(map);
    }

    /// <summary>Writes what may be written, without making the database clean: replay goes on another time.</summary>
    public void Suspend()
    {
        PrepareWrite();
        Cache.Flush();
        HeaderWriter.DbTime = LastTime;
        HeaderWriter.LastObject = LastObject;
        WriteHeader();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Cache.Dispose();
        _file.Dispose();
    }

    private static ulong NextRandom() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    private LogTime Now => LogTime.From(_clock.GetUtcNow());

    // Before all pages that a generation changed. The logs behind it are sound and will be replayed: some are named with
    // it, without their times.
    private void PrepareWrite()
    {
        BeforePages?.Invoke();
        if (_isHeaderKnown)
            return;
        HeaderWriter.Recovering = _replayed;
        var (named, created) = (_replayed, _created);
        if (_replayed < _lastLog)
        {
            int ahead = Math.Min(_lastLog.Value - _replayed.Value, NamedAhead);
            (named, created) = (new(_replayed.Value + ahead), default);
        }

        if (_replayed > HeaderWriter.MaxRequired)
            (HeaderWriter.MaxRequired, HeaderWriter.MaxRequiredTime) = (named, created);
        if (HeaderWriter.MaxRequired > HeaderWriter.MaxCommitted)
            (HeaderWriter.MaxCommitted, HeaderWriter.MaxCommittedTime) = (named, created);
        HeaderWriter.DisownFlushMap(NextRandom(), Now);
        WriteHeader();
        _isHeaderKnown = true;
    }

    // The file ends with the last page that the database owns; one whose creation broke off may have no root yet.
    private void MatchLength()
    {
        var space = new SpaceTree(new Unbounded(Cache), TreeIdentity.Database.Root, TreeIdentity.Database.ObjectId);
        uint highest = 0;
        foreach (var extent in space.Owned())
            highest = Math.Max(highest, extent.Last.Value);
        if (highest == 0)
            throw new EseException(EseError.SPOwnExtCorrupted, $"{Path}: the database owns no pages");
        var last = new PageNumber(highest);
        Cache.Extend(last);
        Cache.Shrink(last);
    }

    // The tree of what is owned may say more than the file has.
    private sealed class Unbounded(PageCache cache) : IPageFile
    {
        public PageSize PageSize => cache.PageSize;

        public PageNumber LastPage => PageNumber.Max;

        public PageVerdict Read(PageNumber number, Span<byte> page) => cache.Read(number, page);
    }
}
