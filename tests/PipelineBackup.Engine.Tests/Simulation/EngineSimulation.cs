using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>
/// Engines that live and die, one after the other, over one disk: each opens what the last one left, and several
/// sessions change rows in turn. Everything comes from one seed.
/// </summary>
/// <remarks>
/// <code>
///  life ──► open (recovers) ──► rows are as promised ──► steps of sessions … ──┬─► closed: sound files
///   ▲                                                                         ├─► killed at a step of the disk
///   └──── crash: unsynced writes are lost, torn, reordered ───────────────────┴─► the disk fails, then as above
/// </code>
/// </remarks>
internal sealed class EngineSimulation
{
    private const int Databases = 3, Sessions = 4;

    private readonly Random _random;
    private readonly SteppingTime _time = new();
    private readonly HashSet<int> _made = [];
    private readonly SimulatedDisk _disk;
    private readonly PageSize _pageSize;
    private readonly long _logBytes;
    private readonly SimulatedBackups? _backups;
    private readonly SimulatedSnapshots? _snapshots;
    private int? _making;
    private ulong _numbers;

    /// <summary>A simulation.</summary>
    /// <param name="random">All chance there is.</param>
    public EngineSimulation(Random random)
    {
        _random = random;
        _pageSize = PageSize.Of(random.OneIn(4) ? random.Pick(8192, 16384, 32768) : 4096);
        _logBytes = random.Pick(64, 64, 128, 256) << 10;
        _numbers = (ulong)random.NextInt64();

        // A page comes to the disk whole or not at all: with a torn one recovery needs a backup. All else is torn, the
        // two headers of a database too.
        int headers = 2 * _pageSize.Bytes;
        _disk = new()
        {
            Unit = _pageSize.Bytes,
            TornHead = path => Path.GetExtension(path) == ".edb" ? headers : long.MaxValue,
        };
        _disk.AddDirectory(Logs).AddDirectory(Data);
    }

    /// <summary>Where the logs are.</summary>
    public static string Logs { get; } = Path.GetFullPath("/disk/logs");

    /// <summary>Where the databases are.</summary>
    public static string Data { get; } = Path.GetFullPath("/disk/data");

    /// <summary>What was promised.</summary>
    public StoreModel Model { get; } = new();

    /// <summary>Rules that the engine leaves out.</summary>
    public OmittedRule Omits { get; init; }

    /// <summary>Whether sessions delete tables.</summary>
    public bool MayDrop { get; init; }

    /// <summary>What came of backups that are taken meanwhile; null when none are.</summary>
    public BackupTally? Backups => _backups?.Tally;

    /// <summary>Whether backups are taken meanwhile.</summary>
    public bool TakesBackups
    {
        init => _backups = !value ? null : new(_disk, Model, _pageSize, new(_random.Next()))
        {
            HasFailed = () => HasFailed, CountsStraddling = true,
        };
    }

    /// <summary>What came of snapshots; null when none are taken.</summary>
    public SortedDictionary<string, int>? Snapshots => _snapshots?.Counts;

    /// <summary>Whether snapshots are taken meanwhile.</summary>
    public bool TakesSnapshots
    {
        init => _snapshots = value ? new(_disk, Model, new(_random.Next())) : null;
    }

    /// <summary>How many lives ended by a crash while sessions were at work, while recovery was, by a failing disk.</summary>
    public (int AtWork, int InRecovery, int Failed) Ends { get; private set; }

    /// <summary>Lives, and a last one that judges.</summary>
    /// <param name="lives">How many.</param>
    public void Run(int lives)
    {
        for (int life = 0; life < lives; life++)
        {
            KillPoint.Choose(_disk, _random, 2 * _pageSize.Bytes);
            if (_random.OneIn(8))
                (_disk.FailAtStep, _disk.FailsOn) = (_random.Next(1, 500), _random.OneIn(2));
            bool isOpen = false;
            try
            {
                Live(ref isOpen);
            }
            catch (Exception e) when (e is SimulatedCrashException
                || (_disk.KillAtStep > 0 && _disk.Steps >= _disk.KillAtStep))
            {
                // Handlers that meet a dead disk may fail in their own way.
                Ends = (Ends.AtWork + (isOpen ? 1 : 0), Ends.InRecovery + (isOpen ? 0 : 1), Ends.Failed);
            }
            catch (Exception e) when (e is EseException or IOException or SourceException && HasFailed)
            {
                Ends = Ends with { Failed = Ends.Failed + 1 };
            }

            _backups?.Died();
            _disk.Crash(
                _random.Pick(CrashKind.Kill, CrashKind.PowerLoss, CrashKind.PowerLoss, CrashKind.AllLost), _random);
        }

        _disk.Watch = null;
        var engine = Open();
        Settle(engine);
        _backups?.Opened(engine);
        Close(engine);
    }

    private bool HasFailed => _disk.FailAtStep > 0 && _disk.Steps >= _disk.FailAtStep;

    private static string PathOf(int database) => Path.Combine(Data, $"{(char)('a' + database)}.edb");

    private EmbeddedEngine Open() => LifeRig.Now(EmbeddedEngine.OpenAsync(new()
    {
        Host = _snapshots is null ? null : new EngineHost(),
        LogDirectory = Logs,
        PageSize = _pageSize,
        LogFileBytes = _logBytes,
        CacheBytes = 1 << 20,
        CheckpointDepthBytes = _random.Pick(32, 128, 512, 4096) << 10,
        CircularLogging = IsCircular(),
        HasBackgroundWork = false,
        Disk = _disk,
        Time = _time,
        Random = () => _numbers += 0x9E3779B97F4A7C15,
        Omits = Omits,
    }));

    private bool IsCircular()
    {
        // Then there are no backups of logs alone.
        bool isCircular = _random.OneIn(_backups is null ? 3 : 8);
        _backups?.Opening(isCircular);
        return isCircular;
    }

    private void Live(ref bool isOpen)
    {
        var engine = Open();
        isOpen = true;
        Settle(engine);
        _backups?.Opened(engine);
        var sessions = NewSessions(engine);
        for (int step = _random.Next(1, 250); step > 0; step--)
        {
            _time.Pass(_random.Next(40));
            _backups?.Step();
            var databases = Attached(engine);
            if (databases.Count == 0 || _random.OneIn(60))
                sessions = Manage(engine, sessions);
            else if (_snapshots is not null && _random.OneIn(20))
                _snapshots.Take(engine, sessions, databases);
            else if (_random.OneIn(30))
                Maintain(engine);
            else
                _random.Pick([.. sessions]).Step(databases);
        }

        if (_random.OneIn(2))
        {
            sessions.ForEach(session => session.Close(_random.OneIn(2)));
            Close(engine);
        }
        else if (_random.OneIn(2))
        {
            // Transactions stay open: the next one that opens the engine rolls them back.
            LifeRig.Now(engine.CloseAsync());
            _backups?.Closed();
            Model.Kept();
        }
    }

    private static List<(int Number, EngineDatabase Database)> Attached(EmbeddedEngine engine) =>
        [.. engine.Databases.Select(database => (database.Path[^5] - 'a', database))];

    private List<SimulatedSession> NewSessions(EmbeddedEngine engine) =>
        [.. Enumerable.Range(0, Sessions).Select(_ => new SimulatedSession(engine, Model, _random, MayDrop))];

    // After an engine was opened: all databases are there, with rows that were promised.
    private void Settle(EmbeddedEngine engine)
    {
        bool isCutOff = _making is not null && !IsThere(engine, _making.Value);
        int[] all = [.. _made.Order()];
        _random.Shuffle(all);
        var found = new Dictionary<RowName, int>();
        foreach (int database in all)
            SimulatedTables.Read(engine, LifeRig.Now(engine.AttachDatabaseAsync(PathOf(database))), database, found);
        Model.Settle(found);
        if (isCutOff)
            Make(engine, _making!.Value);
        foreach (var database in engine.Databases.Where(_ => _random.OneIn(4)).ToList())
            LifeRig.Now(database.DetachAsync());
    }

    // Whether a database is there that was being made when all ended; else it can be made again.
    private bool IsThere(EmbeddedEngine engine, int database)
    {
        try
        {
            LifeRig.Now(engine.AttachDatabaseAsync(PathOf(database)));
            _made.Add(database);
            _making = null;
            return true;
        }
        catch (EseException e) when (engine.Failure is null)
        {
            Assert.True(e.Error is EseError.DatabaseNotFound or EseError.DatabaseDirtyShutdown
                or EseError.DatabaseCorrupted or EseError.ReadVerifyFailure, $"{e.Error}: {e.Message}");
            return false;
        }
    }

    private void Make(EmbeddedEngine engine, int database)
    {
        _making = database;
        LifeRig.Now(engine.CreateDatabaseAsync(PathOf(database)));
        _making = null;
        _made.Add(database);
        Model.Kept();
    }

    private List<SimulatedSession> Manage(EmbeddedEngine engine, List<SimulatedSession> sessions)
    {
        int database = _random.Next(Databases);
        if (_backups is { IsUnderWay: true })
        {
            string path = PathOf(database);
            Assert.Equal(EseError.BackupInProgress, LifeRig.ErrorOf(() => engine.AttachDatabaseAsync(path)));
            return sessions;
        }

        var attached = engine.Databases.FirstOrDefault(other => other.Path == PathOf(database));
        if (!_made.Contains(database))
            Make(engine, database);
        else if (attached is null)
        {
            LifeRig.Now(engine.AttachDatabaseAsync(PathOf(database)));
            Model.Kept();
        }
        else
        {
            sessions.ForEach(session => session.Close(_random.OneIn(2)));
            LifeRig.Now(attached.DetachAsync());
            Model.Kept();
            FileJudge.RequireSound(_disk, PathOf(database));
            return NewSessions(engine);
        }

        return sessions;
    }

    private void Maintain(EmbeddedEngine engine)
    {
        switch (_random.Next(5))
        {
            case 0:
                lock (engine.Latch)
                    engine.WriteBackAll();
                break;
            case 1:
                engine.WorkNow();
                break;
            case 2:
                lock (engine.Latch)
                    engine.Log.Roll();
                break;
            case 3:
                // Memory of 64 pages, the least there is: whatever else is changed pushes pages out.
                _random.Pick([.. engine.Databases]).Cache.SetMemory(0);
                break;
            default:
                engine.CleanUp();
                break;
        }
    }

    private void Close(EmbeddedEngine engine)
    {
        LifeRig.Now(engine.CloseAsync());
        _backups?.Closed();
        Model.Kept();
        Assert.True(_disk.OpenFiles == 0, $"open: {_disk.OpenPaths}");
        FileJudge.RequireSoundLogs(_disk, Logs);
        foreach (int database in _made)
            FileJudge.RequireSound(_disk, PathOf(database));
    }
}
