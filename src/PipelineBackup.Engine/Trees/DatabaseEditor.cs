namespace PipelineBackup.Engine;

/// <summary>
/// Changes the pages of one database: each change is a record that is logged first and then made by the code that
/// redoes it, so that doing equals redoing.
/// </summary>
/// <remarks>
/// <code>
///  begin ──► records are made ──► Commit, or Member … CommitMacro ──► IChangeLog ──► Redo, RedoMacro ──► PageCache
/// </code>
/// A change takes one dbtime, all pages of a macro the same. Nothing here is for several threads at once: the engine
/// holds its latch for as long as an operation on a tree takes. Pages stay where they are until the engine trims the
/// cache, between two operations.
/// </remarks>
internal sealed class DatabaseEditor
{
    private readonly RecoveringDatabase _database;
    private readonly VersionStore _versions;
    private readonly IChangeLog _log;
    private readonly List<int> _members = [];
    private RedoContext? _context;

    /// <summary>An editor of a database whose pages all are as their records say.</summary>
    /// <param name="database">The database and its pages.</param>
    /// <param name="versions">Takes what open transactions change.</param>
    /// <param name="log">Takes the records.</param>
    /// <param name="lastTime">The highest dbtime that any page has.</param>
    /// <param name="lastObject">The highest id that any tree has.</param>
    public DatabaseEditor(
        RecoveringDatabase database, VersionStore versions, IChangeLog log, DbTime lastTime, ObjectId lastObject)
    {
        _database = database;
        _versions = versions;
        _log = log;
        LastTime = lastTime;
        LastObject = lastObject;
        OldestActive = DbTime.Nil;
        database.Redo.MayHoldLaterChanges = false;
    }

    /// <summary>Number of the database in records.</summary>
    public byte Slot => _database.Slot;

    /// <summary>Its pages.</summary>
    public PageCache Cache => _database.Cache;

    /// <summary>Its page size.</summary>
    public PageSize PageSize => Cache.PageSize;

    /// <summary>The dbtime of the last change.</summary>
    public DbTime LastTime { get; private set; }

    /// <summary>The id that the last new tree got.</summary>
    public ObjectId LastObject { get; private set; }

    /// <summary>
    /// The dbtime that the database had when the oldest of the open transactions began: what pages that are older hold
    /// back for rolling back, nobody needs. Nil when none is open.
    /// </summary>
    public DbTime OldestActive { get; set; }

    /// <summary>
    /// Called before the database grows, with the last page that it will have: refuses when there is no room.
    /// </summary>
    public Action<PageNumber>? BeforeGrowth { get; init; }

    /// <summary>The last page that the database may ever have.</summary>
    public PageNumber LastPossible { get; init; } = PageNumber.Max;

    /// <summary>Whether the format has records that make a page ready before it is used.</summary>
    public bool LogsNewPages { get; set; } = true;

    /// <summary>Version of the log, which says what records there are.</summary>
    public LogVersion LogVersion { get; init; } = LogVersion.Newest;

    /// <summary>The records of the change that is being made.</summary>
    public LogRecordWriter Records { get; } = new();

    /// <summary>The dbtime of the next change.</summary>
    public DbTime NextTime() => LastTime = new(LastTime.Value + 1);

    /// <summary>The id of the next new tree.</summary>
    public ObjectId NextObject() => LastObject = new(LastObject.Value + 1);

    /// <summary>A page as it stands; good until it is changed.</summary>
    /// <param name="page">Its number.</param>
    /// <exception cref="EseException">It is not usable.</exception>
    public PageView View(PageNumber page) => Cache.Require(page).View;

    /// <summary>Bytes that open transactions hold back on a page, so that rolling back finds room.</summary>
    /// <param name="page">The page.</param>
    public int HeldBack(PageView page) =>
        page.DbTime.CompareTo(OldestActive) < 0 || page.NodeCount == 0 ? 0 : page.UncommittedFreeBytes;

    /// <summary>Holds bytes of a page back that a change of an open transaction made free.</summary>
    /// <param name="page">The page.</param>
    /// <param name="before">What was held back before the change.</param>
    /// <param name="bytes">How many more.</param>
    public void HoldBack(PageNumber page, int before, int bytes) =>
        Cache.Require(page).Edit().SetUncommittedFree(before + bytes);

    /// <summary>What a record says of the page that it changes.</summary>
    /// <param name="origin">Who changes it.</param>
    /// <param name="tree">Its tree.</param>
    /// <param name="page">The page.</param>
    /// <param name="before">Its dbtime before; nil within a macro, where another record tells it.</param>
    /// <param name="time">Its dbtime after.</param>
    /// <param name="line">Line of the node.</param>
    /// <param name="isVersioned">Whether the change can be undone.</param>
    public PageChange Change(ChangeOrigin origin, EngineTree tree, PageNumber page, DbTime before, DbTime time,
        int line = 0, bool isVersioned = false)
    {
        var flags = tree.ChangeFlags | (isVersioned ? PageChangeFlags.Versioned : PageChangeFlags.None)
            | (origin.IsSystemTask ? PageChangeFlags.SystemTask : PageChangeFlags.None);
        var session = origin.Session;
        return new(session.Id, Slot, page, time, before, session.Transaction, (byte)session.Level, (ushort)line, flags);
    }

    /// <summary>What a record says of the node that it changes, taking a dbtime for it.</summary>
    /// <param name="origin">Who changes it.</param>
    /// <param name="tree">Its tree.</param>
    /// <param name="page">Its page.</param>
    /// <param name="line">Its line.</param>
    /// <param name="version">Number of the version; 0 for a change that is not undone.</param>
    public NodeChange Begin(ChangeOrigin origin, EngineTree tree, PageNumber page, int line, uint version = 0)
    {
        Records.Clear();
        var change = Change(origin, tree, page, View(page).DbTime, NextTime(), line, version != 0);
        return new(change, version, tree.RecordRoot, tree.ObjectId);
    }

    /// <summary>Logs the one record that was made, and makes the change.</summary>
    /// <param name="origin">Who makes it.</param>
    public void Commit(ChangeOrigin origin)
    {
        _log.Enter();
        try
        {
            var position = Log(origin);
            Apply(Context(origin), new LogRecordView(Records.Written, position, position));
        }
        finally
        {
            _log.Exit();
        }
    }

    /// <summary>Begins a macro.</summary>
    /// <param name="origin">Who makes it.</param>
    /// <param name="time">Its dbtime.</param>
    public void BeginMacro(ChangeOrigin origin, DbTime time)
    {
        Records.Clear();
        _members.Clear();
        Records.Add<MacroBracket>(LogRecordType.MacroBegin, new(origin.Session.Id, time));
        _members.Add(Records.Written.Length);
    }

    /// <summary>The record that was just made is one of the macro.</summary>
    public void Member() => _members.Add(Records.Written.Length);

    /// <summary>Ends a macro, logs it and makes its changes.</summary>
    /// <param name="origin">Who makes it.</param>
    /// <param name="time">Its dbtime.</param>
    /// <param name="pages">All its pages.</param>
    public void CommitMacro(ChangeOrigin origin, DbTime time, ReadOnlySpan<PageNumber> pages)
    {
        Records.Add<MacroBracket>(LogRecordType.MacroCommit, new(origin.Session.Id, time));
        if (Slot == 1)
            Records.MacroInfo(pages);
        else if (EngineFormat.LogsPagesOfMacros(LogVersion))
            Records.MacroInfo2(Slot, pages);
        _log.Enter();
        try
        {
            Apply(Context(origin), Log(origin));
        }
        finally
        {
            _log.Exit();
        }
    }

    /// <summary>Logs a record that changes no page by itself.</summary>
    public void Note() => _log.Append(Records.Written);

    // Replay looks at nothing that a session did before the begin of its transaction: it must begin there.
    private LogPosition Log(ChangeOrigin origin)
    {
        var position = _log.Append(Records.Written);
        var session = origin.Session;
        _database.Redo.ChangeStart = session.Level > 0 && session.Begin.IsSet ? session.Begin : position;
        return position;
    }

    private void Apply(RedoContext context, in LogRecordView record)
    {
        try
        {
            if (!Redo.Apply(context, record))
                throw new InvalidOperationException("a record that changes no page was applied");
        }
        catch (Exception e)
        {
            _log.Fail(e);
            throw;
        }
    }

    private void Apply(RedoContext context, LogPosition position)
    {
        try
        {
            var macro = new MacroRecords();
            for (int i = 1; i < _members.Count; i++)
            {
                var bytes = Records.Written[_members[i - 1].._members[i]];
                macro.Add(new LogRecordView(bytes, position, position));
            }

            RedoMacro.Apply(context, macro);
        }
        catch (Exception e)
        {
            _log.Fail(e);
            throw;
        }
    }

    private RedoContext Context(ChangeOrigin origin)
    {
        if (_context?.Session != origin.Session)
            _context = new(_database, origin.Session, _versions);
        return _context;
    }
}
