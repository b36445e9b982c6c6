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
    private int? _making;
    private EmbeddedEngine? LastEngine;
    private ulong _numbers;

    /// <summary>A simulation.</summary>
    /// <param name="random">All chance there is.</param>
    public EngineSimulation(Random random)
    {
        _random = random;
        _pageSize = PageSize.Of(random.OneIn(4) ? random.Pick(8192, 16384, 32768) : 4096);
        _logBytes = random.Pick(64, 64, 128, 256) << 10;
        _numbers = (ulong)random.NextInt64();

        // Pages come to the disk whole, or recovery would need a backup; logs in sectors of any size.
        _disk = new() { Unit = _pageSize.Bytes };
        _disk.AddDirectory(Logs).AddDirectory(Data);
    }

    public static string Logs { get; } = Path.GetFullPath("/disk/logs");

    public static string Data { get; } = Path.GetFullPath("/disk/data");

    /// <summary>What was promised.</summary>
    public StoreModel Model { get; } = new();

    /// <summary>How many lives ended by a crash.</summary>
    public int Crashes { get; private set; }

    /// <summary>How many of them while recovery was at work.</summary>
    public int CrashesInRecovery { get; private set; }

    /// <summary>Lives, and a last one that judges.</summary>
    /// <param name="lives">How many.</param>
    public void Run(int lives)
    {
        for (int life = 0; life < lives; life++)
        {
            _disk.KillAtStep = _random.OneIn(6) ? 0 : _random.Next(1, _random.OneIn(3) ? 80 : 900);
            if (_random.OneIn(8))
                (_disk.FailAtStep, _disk.FailsOn) = (_random.Next(1, 600), _random.OneIn(2));
            if (Environment.GetEnvironmentVariable("SIMSTEPS") is not null)
                _disk.Watch = step => Trace(() => $"     {step}" + (step.Number is 368 ? Environment.StackTrace + $"{LastEngine?.Versions.HeldPages} {string.Join(' ', LastEngine!.Transactions.Sessions.Select(x => $"{x.Id}:{x.Level}:{x.Versions?.HoldsPages}"))}" : ""));
            bool isOpen = false;
            try
            {
                Live(ref isOpen);
            }
            catch (SimulatedCrashException)
            {
                Crashes++;
                Trace(() => $"killed at {_disk.KillAtStep}, open {isOpen}");
                CrashesInRecovery += isOpen ? 0 : 1;
            }
            catch (EseException) when (_disk.FailAtStep > 0 && _disk.Steps >= _disk.FailAtStep)
            {
                // The disk failed, and the engine said so.
            }
            catch (IOException) when (_disk.FailAtStep > 0 && _disk.Steps >= _disk.FailAtStep)
            {
                // The same, said by recovery.
            }

            var kind = _random.Pick(CrashKind.Kill, CrashKind.PowerLoss, CrashKind.PowerLoss, CrashKind.AllLost);
            Trace(() => $"crash {kind}; fail {_disk.FailAtStep} kill {_disk.KillAtStep} step {_disk.Steps}; later {Model.Open}");
            _disk.Crash(kind, _random);
        }

        var engine = Open();
        Settle(engine);
        Close(engine);
    }

    private string PathOf(int database) => Path.Combine(Data, $"{(char)('a' + database)}.edb");

    private EngineOptions Options() => new()
    {
        LogDirectory = Logs,
        PageSize = _pageSize,
        LogFileBytes = _logBytes,
        CacheBytes = 1 << 20,
        CheckpointDepthBytes = _random.Pick(32, 128, 512, 4096) << 10,
        CircularLogging = _random.OneIn(3),
        HasBackgroundWork = false,
        Disk = _disk,
        Time = _time,
        Random = () => _numbers += 0x9E3779B97F4A7C15,
    };

    private EmbeddedEngine Open()
    {
        Trace(() => "open: " + string.Join(", ", _disk.Files.Select(f => $"{Path.GetFileName(f)} {_disk.ReadAll(f).Length}")));
        Trace(() => string.Join('\n', _made.Where(d => _disk.FileExists(PathOf(d))).Select(d => { using var f = _disk.Open(PathOf(d), DiskAccess.Read); var h = HeaderPair.Read(f).Header!; return $"   {d}: {h.State} attach {h.Attach} consistent {h.Consistent} {h.MinRequired}-{h.MaxRequired} {h.Recovering}"; })));
        if (Environment.GetEnvironmentVariable("SIMLOGS") is { } dir)
        {
            Directory.CreateDirectory(dir);
            foreach (string f in Directory.GetFiles(dir)) File.Delete(f);
            foreach (string f in _disk.Files)
                File.WriteAllBytes(Path.Combine(dir, Path.GetFileName(f)), _disk.ReadAll(f));
        }
        var engine = LifeRig.Now(EmbeddedEngine.OpenAsync(Options()));
        Trace(() => string.Join('\n', _made.Where(d => _disk.FileExists(PathOf(d))).Select(d => { using var f = _disk.Open(PathOf(d), DiskAccess.Read); var h = HeaderPair.Read(f).Header!; return $"   {d}: {h.State} attach {h.Attach} consistent {h.Consistent} {h.MinRequired}-{h.MaxRequired} {h.Recovering}"; })));
        LastEngine = engine;
        Trace(() => "recovered: " + string.Join(", ", engine.Recovery?.Databases.Select(d => $"{d}") ?? []));
        return engine;
    }

    private static void Trace(Func<string> what)
    {
        if (Environment.GetEnvironmentVariable("SIMTRACE") is not null)
            Console.WriteLine(what());
    }

    private void Live(ref bool isOpen)
    {
        var engine = Open();
        isOpen = true;
        Settle(engine);
        var deleted = new HashSet<(byte, string)>();
        var sessions = Enumerable.Range(0, Sessions).Select(_ => new RawSession(engine, deleted)).ToList();
        for (int step = _random.Next(1, 500); step > 0; step--)
        {
            _time.Pass(_random.Next(40));
            if (_random.OneIn(60))
                Manage(engine, sessions);
            else if (_random.OneIn(40))
                Maintain(engine, deleted);
            else if (engine.Databases.Count > 0)
                Work(engine, _random.Pick([.. sessions]), sessions);
        }

        if (_random.OneIn(2))
        {
            foreach (var session in sessions.Where(session => session.IsOpen))
                Commit(engine, session);
            Close(engine);
        }
        else if (_random.OneIn(2))
        {
            Trace(() => $"close, open {sessions.Count(s => s.IsOpen)}");
            LifeRig.Now(engine.CloseAsync());
        }
    }

    // After an engine was opened: all databases are there with rows that were promised.
    private void Settle(EmbeddedEngine engine)
    {
        bool isCutOff = _making is not null && !IsThere(engine, _making.Value);
        int[] all = [.. _made];
        _random.Shuffle(all);
        var found = new Dictionary<RowName, int>();
        foreach (int database in all)
        {
            var attached = LifeRig.Now(engine.AttachDatabaseAsync(PathOf(database)));
            foreach (var (key, value) in LocaleRows.Read(attached.Cache))
                found.Add(new(database, key), value);
        }

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
        Trace(() => $"make {database} at step {_disk.Steps}");
        LifeRig.Now(engine.CreateDatabaseAsync(PathOf(database)));
        _making = null;
        _made.Add(database);
        Model.Kept();
    }

    private void Manage(EmbeddedEngine engine, List<RawSession> sessions)
    {
        int database = _random.Next(Databases);
        Trace(() => $"manage {database} at step {_disk.Steps}");
        var attached = engine.Databases.FirstOrDefault(other => other.Path == PathOf(database));
        if (!_made.Contains(database))
            Make(engine, database);
        else if (attached is null)
        {
            Trace(() => $"attach {database}, open {sessions.Count(s => s.IsOpen)}");
            LifeRig.Now(engine.AttachDatabaseAsync(PathOf(database)));
            Model.Kept();
        }
        else if (!sessions.Exists(session => session.IsOpen) && _random.OneIn(2))
        {
            Trace(() => $"detach {database}");
            LifeRig.Now(attached.DetachAsync());
            Model.Kept();
        }
    }

    private void Maintain(EmbeddedEngine engine, HashSet<(byte, string)> deleted)
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
                engine.Log.Roll();
                break;
            case 3 when engine.Databases.Count > 0:
                // Memory of 64 pages, the least there is: whatever else is changed pushes pages out.
                _random.Pick([.. engine.Databases]).Cache.SetMemory(0);
                break;
            default:
                CleanUp(engine, deleted);
                break;
        }
    }

    private void CleanUp(EmbeddedEngine engine, HashSet<(byte, string)> deleted)
    {
        if (engine.Databases.Count == 0)
            return;
        var session = new RawSession(engine, deleted);
        session.Begin();
        for (int i = _random.Next(1, 30); i > 0; i--)
        {
            var database = _random.Pick([.. engine.Databases]);
            session.CleanUp(database, Row(database));
        }

        Model.Committing(session.Changes);
        session.Commit();
        session.End();
    }

    private void Work(EmbeddedEngine engine, RawSession session, List<RawSession> sessions)
    {
        if (!session.IsOpen)
            session.Begin();
        for (int i = _random.Next(1, 12); i > 0; i--)
            Change(_random.Pick([.. engine.Databases]), session, sessions);
        if (_random.OneIn(3))
            Commit(engine, session);
    }

    private void Change(EngineDatabase database, RawSession session, List<RawSession> sessions)
    {
        var row = Row(database);
        if (sessions.Exists(other => other != session && other.Changes.ContainsKey(row)))
            return;
        bool isThere = session.Changes.TryGetValue(row, out var own) ? own is not null : Model.Now.ContainsKey(row);
        if (!isThere)
            session.Insert(database, row, _random.Next());
        else if (_random.OneIn(2))
            session.Delete(database, row);
        else
            session.Replace(database, row, _random.Next());
    }

    private RowName Row(EngineDatabase database)
    {
        int number = _random.Next(500);
        return new(database.Path[^5] - 'a', $"{number:D4} {new string('k', number * 37 % 95)}");
    }

    private void Commit(EmbeddedEngine engine, RawSession session)
    {
        Model.Committing(session.Changes);
        var position = session.Commit();
        if (_random.OneIn(2))
            return;
        LifeRig.Now(engine.Log.FlushAsync(position, CancellationToken.None));
        Model.Kept();
    }

    private void Close(EmbeddedEngine engine)
    {
        LifeRig.Now(engine.CloseAsync());
        Model.Kept();
        Assert.True(_disk.OpenFiles == 0, $"open: {_disk.OpenPaths}");
        FileJudge.RequireSoundLogs(_disk, Logs);
        foreach (int database in _made)
            FileJudge.RequireSound(_disk, PathOf(database));
    }
}
