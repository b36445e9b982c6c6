namespace PipelineBackup.Engine;

/// <summary>A database that is attached to an engine.</summary>
public sealed partial class EngineDatabase
{
    private readonly EngineOptions _options;
    private readonly LogStream _log;
    private readonly SharedFile _file;
    private readonly RecoveringDatabase _pages;
    private readonly Dictionary<ushort, DbTime> _began = [];

    internal EngineDatabase(EmbeddedEngine engine, string path, byte slot, IDiskFile file, DatabaseHeaderWriter header,
        PageCount maxPages = default)
    {
        (Engine, Path, Slot, _file, HeaderWriter) = (engine, path, slot, new(file), header);
        (MaxPages, _maxRequired) = (maxPages, header.MaxRequired);
        (_options, _log) = (engine.Options, engine.Log);
        var cache = new PageCache(_file, engine.PageSize, _options.CacheBytes, CreateScratch)
        {
            IsHeld = page => !_options.Omits.HasFlag(OmittedRule.OldData) && engine.Versions.IsHeld(slot, page),
            BeforeWrite = PrepareWrite,
        };
        _pages = new(slot, cache);
        _pages.Redo.LastResize = header.LastResize;
        Editor = new(_pages, engine.Versions, engine.Log, header.DbTime, header.LastObject)
        {
            BeforeGrowth = MakeRoom,
            LogVersion = _log.Header.Version,
            LastPossible = maxPages.Value > 0
                ? new((uint)Math.Min(PageNumber.Max.Value, maxPages.Value))
                : PageNumber.Max,
        };
        Trees = new(Editor);
        FollowVersion();
    }

    /// <summary>Its engine.</summary>
    public EmbeddedEngine Engine { get; }

    /// <summary>Its file.</summary>
    public string Path { get; }

    /// <summary>Its identity.</summary>
    public Signature Signature => Header.Signature;

    /// <summary>Its page size.</summary>
    public PageSize PageSize => _pages.PageSize;

    /// <summary>Its format.</summary>
    public FormatVersion Version => Header.Version;

    /// <summary>Number of the database in log records, 1 to <see cref="EmbeddedEngine.MostDatabases"/>.</summary>
    public int Number => Slot;

    /// <summary>The same number as records have it.</summary>
    internal byte Slot { get; }

    /// <summary>Changes its pages. With the engine's latch held.</summary>
    internal DatabaseEditor Editor { get; }

    /// <summary>Changes its trees. With the engine's latch held.</summary>
    internal TreeWriter Trees { get; }

    /// <summary>The tree that all its space comes from.</summary>
    internal EngineTree Root { get; } = EngineTree.Database;

    /// <summary>Its pages. With the engine's latch held.</summary>
    internal PageCache Cache => _pages.Cache;

    /// <summary>Its header as it will be written.</summary>
    internal DatabaseHeader Header => HeaderWriter.Header;

    /// <summary>Changes its header.</summary>
    internal DatabaseHeaderWriter HeaderWriter { get; }

    /// <summary>The most pages it may have; 0 is no limit.</summary>
    internal PageCount MaxPages { get; }

    /// <summary>Whether its creation is complete.</summary>
    internal bool IsMade => Header.State != DatabaseState.JustCreated;

    /// <summary>How many sessions have it open: as long as there are any it is not detached.</summary>
    internal int Users { get; set; }

    /// <inheritdoc cref="EmbeddedEngine.DetachDatabaseAsync"/>
    public ValueTask DetachAsync(CancellationToken cancellationToken = default) =>
        Engine.DetachDatabaseAsync(this, cancellationToken);

    /// <summary>The file name.</summary>
    public override string ToString() => System.IO.Path.GetFileName(Path);

    /// <summary>What log headers and checkpoints say of it.</summary>
    internal AttachedDatabase ToEntry() => AttachedDatabase.Create(Slot, false, Editor.LastTime, Editor.LastObject,
        MaxPages, Header.Attach, Header.Consistent, Signature, Path);

    /// <summary>The format may have changed: which records there are, and what the header holds.</summary>
    internal void FollowVersion()
    {
        HeaderWriter.NameEngine();
        _pages.Redo.TracksResize = !(Version < new FormatVersion(FormatVersion.CurrentMain, 110, 0));
        Editor.LogsNewPages = !(Version < new FormatVersion(FormatVersion.CurrentMain, 90, 0));
    }

    /// <summary>A transaction begins to change things, or ends: what pages hold back for it counts no longer.</summary>
    /// <param name="session">The session.</param>
    internal void FollowTransactions(RedoSession session)
    {
        if (session.Level > 0)
            _began[session.Id] = new(Editor.LastTime.Value + 1);
        else
            _began.Remove(session.Id);
        var oldest = DbTime.Nil;
        foreach (var began in _began.Values)
            oldest = began.CompareTo(oldest) < 0 ? began : oldest;
        Editor.OldestActive = oldest;
    }

    /// <summary>Writes all changed pages that may be written.</summary>
    internal void WriteBack() => Cache.WriteBack();

    /// <summary>Makes the file hold all its data by itself. The log must be durable up to the record.</summary>
    /// <param name="position">Position of the record that closes it.</param>
    internal void Close(LogPosition position)
    {
        Cache.Flush();
        HeaderWriter.DisownFlushMap(_options.Random(), _options.Now);
        HeaderWriter.Close(position, Editor.LastTime, Editor.LastObject, _options.Now);
        HeaderWriter.Write(_file);
    }

    /// <summary>Closes the file as it is.</summary>
    internal void Release()
    {
        Cache.Dispose();
        _file.Dispose();
    }

    // Before the growth is logged: a database that cannot grow is no reason to stop.
    private void MakeRoom(PageNumber last)
    {
        // A frozen file does not grow; it gets its length with the pages, behind the thaw.
        if (Engine.IsFrozen)
            return;
        try
        {
            Cache.Reserve(last);
        }
        catch (IOException e)
        {
            throw new EseException(DiskFailure.Of(e, EseError.DiskIO),
                $"'{Path}' cannot grow to {last} pages: {e.Message}", "free space on the disk");
        }
    }

    // Before memory is given back the old data of all changes are logged, so every page may go to the file.
    private static IDiskFile CreateScratch() =>
        throw new InvalidOperationException("a page is held though the log has its old data");
}
