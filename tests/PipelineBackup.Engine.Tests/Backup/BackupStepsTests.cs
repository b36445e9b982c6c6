using PipelineBackup.Engine.Tests.Life;

namespace PipelineBackup.Engine.Tests.Backup;

/// <summary>What a backup leaves in headers and log, what it deletes, and what is refused.</summary>
public sealed class BackupStepsTests
{
    private static readonly string s_second = Path.Combine(LifeRig.Data, "b.edb");

    private readonly LifeRig _rig = new();
    private readonly List<EngineEvent> _events = [];
    private readonly EmbeddedEngine _engine;
    private readonly EngineDatabase _database;
    private readonly WrittenRows _rows;

    public BackupStepsTests()
    {
        _engine = LifeRig.Open(Options);
        _database = LifeRig.Now(_engine.CreateDatabaseAsync(LifeRig.Database));
        _rows = new(_engine, _database, new(7)) { Middle = 1000 };
    }

    private EngineOptions Options => _rig.Options with { Events = new Heard(_events) };

    private DatabaseHeader Header => HeaderOf(LifeRig.Database);

    [Fact]
    public void The_copy_has_the_headers_and_the_trailer_that_the_engine_of_windows_gives_it()
    {
        _rows.Steps(3000);
        _engine.WriteBackAll();
        var tip = _engine.Log.Tip;
        var checkpoint = _engine.CheckpointGeneration;
        var taken = BackupRig.Take(_engine, new());
        var (file, bytes) = Assert.Single(taken.Databases);
        Assert.Equal(bytes[..4096], bytes[4096..8192]);
        var header = HeaderPair.Read(bytes.AsSpan(0, HeaderPair.StartBytes)).Require("copy");
        Assert.Equal(DatabaseState.DirtyShutdown, header.State);
        Assert.Equal((tip, checkpoint, LogGeneration.None),
            (header.CurrentFull.Mark, header.CurrentFull.LowGeneration, header.CurrentFull.HighGeneration));
        Assert.True(header.CurrentFull.MarkTime.IsSet);
        var trailer = new PatchTrailer(bytes.AsMemory(bytes.Length - 4096));
        Assert.Equal(EseError.Success, trailer.Judge(header));
        Assert.True(trailer.Backup.HighGeneration >= tip.Generation
            && trailer.Backup.HighGeneration.Value == taken.Logs.Keys.Last());
        Assert.Equal(Enumerable.Range(checkpoint.Value, taken.Logs.Count), taken.Logs.Keys);
        Assert.Equal(checkpoint.Value, taken.Stamp.Databases[0].MinRequired);
        Assert.False(Header.CurrentFull.IsSet, "the database itself was marked as a copy");
    }

    [Fact]
    public void What_memory_held_is_in_the_pages_of_the_copy()
    {
        var rig = new LifeRig();
        var engine = LifeRig.Open(rig.Options with { CacheBytes = 64 << 20, CheckpointDepthBytes = 1 << 30 });
        var rows = new WrittenRows(engine, LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database)), new(3));
        rows.Steps(3000);
        rows.Close();
        int used = engine.Databases[0].Cache.ListDirty(default).Length;
        Assert.True(used > 20, $"{used}");
        byte[] copy = Assert.Single(BackupRig.Take(engine, new()).Databases).Value;
        int pages = Enumerable.Range(2, copy.Length / 4096 - 3)
            .Count(page => copy.AsSpan(page * 4096, 4096).ContainsAnyExcept((byte)0));
        Assert.True(pages >= used, $"{pages} of {used} pages");
    }

    [Fact]
    public void Headers_remember_each_kind_of_backup()
    {
        var full = Back(BackupKind.Full);
        var first = Header.PreviousFull;
        Assert.Equal((full.Logs.Keys.First(), full.Logs.Keys.Last()),
            (first.LowGeneration.Value, first.HighGeneration.Value));
        var incremental = Back(BackupKind.Incremental, full);
        var differential = Back(BackupKind.Differential, incremental);
        var copy = Back(BackupKind.Copy);
        var header = Header;
        Assert.Equal(incremental.Logs.Keys.Last(), header.PreviousIncremental.HighGeneration.Value);
        Assert.Equal(differential.Logs.Keys.Last(), header.PreviousDifferential.HighGeneration.Value);
        Assert.Equal(copy.Logs.Keys.Last(), header.PreviousCopy.HighGeneration.Value);
        Assert.Equal(first, header.PreviousFull);
        Assert.True(header.PreviousIncremental.Mark < header.PreviousDifferential.Mark);

        var untruncated = Back(BackupKind.Full, truncates: false);
        Assert.Equal(first, Header.PreviousFull);
        Assert.Equal(untruncated.Logs.Keys.Last(), Header.PreviousCopy.HighGeneration.Value);
        Back(BackupKind.Full);
        header = Header;
        Assert.True(header.PreviousFull.Mark > first.Mark);
        Assert.False(header.PreviousIncremental.IsSet || header.PreviousDifferential.IsSet);

        // What replay makes of the log is what the engine wrote into the header.
        _rig.Disk.Crash(Ese.Tests.Simulation.CrashKind.AllLost, new(1));
        var recovered = LifeRig.Open(Options);
        var again = Header;
        Assert.Equal((header.PreviousFull, header.PreviousIncremental, header.PreviousCopy,
            header.PreviousDifferential),
            (again.PreviousFull, again.PreviousIncremental, again.PreviousCopy, again.PreviousDifferential));
        LifeRig.Now(recovered.CloseAsync());
    }

    [Fact]
    public void The_log_tells_the_steps_as_that_of_windows_does()
    {
        Back(BackupKind.Full);
        LifeRig.Now(LifeRig.Now(_engine.BeginBackupAsync(new())).DisposeAsync());
        _engine.Log.Flush();
        string[] steps = [.. Steps().Select(step => $"{step.Phase} {step.Scope} {step.Database}")];
        Assert.Equal(
            [
                "Begin 1 0", "PrepareLogs 1 0", "Truncate 1 0", "Update 1 1", "Stop 1 0", "Begin 1 0", "Abort 1 0",
                "Stop 1 0",
            ],
            steps);
    }

    [Fact]
    public void Only_one_backup_goes_on_and_databases_neither_come_nor_go()
    {
        var session = LifeRig.Now(_engine.BeginBackupAsync(new()));
        var refused = Assert.Throws<SourceException>(() => LifeRig.Now(_engine.BeginBackupAsync(new())));
        Assert.Equal((JetError.BackupInProgress, ExitCode.InUse), (refused.Error, refused.ExitCode));
        Assert.Equal(EseError.BackupInProgress, LifeRig.ErrorOf(() => _engine.CreateDatabaseAsync(s_second)));
        Assert.Equal(EseError.BackupInProgress, LifeRig.ErrorOf(() => _engine.AttachDatabaseAsync(s_second)));
        Assert.Equal(EseError.BackupInProgress,
            Assert.Throws<EseException>(() => LifeRig.Now(_database.DetachAsync())).Error);
        LifeRig.Now(session.DisposeAsync());
        LifeRig.Now(_engine.CreateDatabaseAsync(s_second));
    }

    [Fact]
    public void Logs_alone_follow_only_a_full_backup()
    {
        Assert.Equal(-560, Refusal(new() { Kind = BackupKind.Incremental }));
        Back(BackupKind.Copy);
        Assert.Equal(-560, Refusal(new() { Kind = BackupKind.Differential }));
        var full = Back(BackupKind.Full);
        var request = ChangedPagesTests.Follows(full, BackupKind.Incremental);
        Assert.Equal(-530, Refusal(request with { Parent = request.Parent! with { LogSignature = new('0', 56) } }));
        Assert.Equal(-560,
            Refusal(request with { Parent = request.Parent! with { DatabaseSignatures = [new('0', 56)] } }));
        Assert.Equal(-515,
            Refusal(request with { Parent = request.Parent! with { LastCreated = "0000000000000001" } }));

        // Another full backup was taken meanwhile: the chain of the first one has a hole.
        var other = Back(BackupKind.Full);
        Assert.Equal(-560, Refusal(request));
        Back(BackupKind.Incremental, other);
        LifeRig.Now(_engine.CreateDatabaseAsync(s_second));
        Assert.Equal(-560, Refusal(new() { Kind = BackupKind.Incremental }));
    }

    [Fact]
    public void Circular_logging_admits_full_backups_only()
    {
        var rig = new LifeRig();
        var engine = LifeRig.Open(rig.Options with { CircularLogging = true });
        var rows = new WrittenRows(engine, LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database)), new(1));
        rows.Steps(3000);
        var full = BackupRig.Take(engine, new(), between: _ => rows.Steps(400));
        Assert.Equal(-526, Refusal(ChangedPagesTests.Follows(full, BackupKind.Incremental), engine));
        var (restored, _) = BackupRig.Restore(full);
        restored.RequireSoundDatabase(BackupRig.PathOf(full.Databases.Keys.First()), "restored");
    }

    [Fact]
    public void Logs_that_are_gone_are_told()
    {
        var full = Back(BackupKind.Full);
        _rows.Steps(6000);
        _engine.Log.Flush();
        var chain = LogChain.Open(_rig.Disk, LifeRig.Logs, "edb");
        var middle = new LogGeneration(full.Logs.Keys.Last() + 2);
        string path = Path.Combine(LifeRig.Logs, chain.Find(middle)!.FileName);
        byte[] bytes = _rig.Disk.ReadAll(path);
        _rig.Disk.Remove(path);
        Assert.Equal(-528, RefusalAtEnd(ChangedPagesTests.Follows(full, BackupKind.Incremental)));
        _rig.Disk.Put(path, bytes);
        for (var gone = chain.Lowest; gone <= middle; gone = gone.Next)
            _rig.Disk.Remove(Path.Combine(LifeRig.Logs, chain.Find(gone)!.FileName));
        Assert.Equal(-569, Refusal(ChangedPagesTests.Follows(full, BackupKind.Incremental)));
        Assert.Equal(-569, RefusalAtEnd(new() { Kind = BackupKind.Incremental }));
        Assert.Contains(_events, told => told.Id == EngineEvent.LogMissing);
    }

    [Fact]
    public void A_database_that_is_not_in_a_backup_keeps_the_logs_since_its_own()
    {
        var second = LifeRig.Now(_engine.CreateDatabaseAsync(s_second));
        Assert.Equal(0, Back(BackupKind.Full, databases: ["a.edb"]).Truncated);
        var both = Back(BackupKind.Full);
        Assert.True(both.Truncated > 0);
        int kept = HeaderOf(s_second).PreviousFull.HighGeneration.Value;
        _rows.Steps(6000);
        _engine.WriteBackAll();
        var one = Back(BackupKind.Full, databases: [LifeRig.Database]);
        Assert.True(one.Truncated >= 0);
        Assert.Equal(kept, LogChain.Open(_rig.Disk, LifeRig.Logs, "edb").Lowest.Value);
        Assert.Equal(-1203, Refusal(new() { Databases = ["c.edb"] }));
        Assert.Equal("b.edb", second.ToString());
    }

    [Fact]
    public void Logs_are_truncated_only_when_all_of_them_were_read()
    {
        _rows.Steps(2000);
        var session = LifeRig.Now(_engine.BeginBackupAsync(new()));
        foreach (var file in session.Databases)
            BackupRig.Read(session, file, 64, null);
        var logs = LifeRig.Now(session.EndDatabasesAsync(default));
        foreach (var log in logs.Skip(1))
            BackupRig.Read(session, log, 64, null);
        Assert.Equal(-616, Assert.Throws<SourceException>(
            () => LifeRig.Now(session.TruncateLogsAsync(default))).Error!.Value.Number);
        BackupRig.Read(session, logs[0], 64, null);
        LifeRig.Now(session.TruncateLogsAsync(default));
        LifeRig.Now(session.CompleteAsync(default));
    }

    [Fact]
    public void A_database_that_was_not_read_to_its_end_counts_as_left_out()
    {
        var session = LifeRig.Now(_engine.BeginBackupAsync(new()));
        var reader = LifeRig.Now(session.OpenAsync(session.Databases[0], default));
        Assert.Equal(-1003, Assert.Throws<SourceException>(
            () => LifeRig.Now(reader.ReadAsync(new byte[8192], default))).Error!.Value.Number);
        LifeRig.Now(reader.ReadAsync(new byte[3 * 4096], default));
        LifeRig.Now(reader.DisposeAsync());
        foreach (var log in LifeRig.Now(session.EndDatabasesAsync(default)))
            BackupRig.Read(session, log, 64, null);
        Assert.Empty(LifeRig.Now(session.TruncatableLogsAsync(default)));
        LifeRig.Now(session.TruncateLogsAsync(default));
        LifeRig.Now(session.CompleteAsync(default));
        Assert.False(Header.PreviousFull.IsSet);
        Assert.Contains(_events, told => told.Id == EngineEvent.FileCutShort);
    }

    [Fact]
    public void Closing_the_engine_ends_a_backup()
    {
        var session = LifeRig.Now(_engine.BeginBackupAsync(new()));
        var reader = LifeRig.Now(session.OpenAsync(session.Databases[0], default));
        _rows.Close();
        LifeRig.Now(_engine.CloseAsync());
        Assert.Equal(-801, Assert.Throws<SourceException>(
            () => LifeRig.Now(reader.ReadAsync(new byte[1 << 16], default))).Error!.Value.Number);
        LifeRig.Now(reader.DisposeAsync());
        Assert.Equal(-801, Assert.Throws<SourceException>(
            () => LifeRig.Now(session.EndDatabasesAsync(default))).Error!.Value.Number);
        LifeRig.Now(session.DisposeAsync());
        Assert.Equal(EngineEvent.BackupStopped, _events[^1].Id);
        Assert.Equal(0, _rig.Disk.OpenFiles);
        _rig.RequireSound(LifeRig.Database, "closed");
        Assert.Equal(-1029, Refusal(new()));
    }

    [Fact]
    public void A_backup_that_is_given_up_leaves_no_trace()
    {
        _rows.Steps(2000);
        var before = Header;
        int lowest = LogChain.Open(_rig.Disk, LifeRig.Logs, "edb").Lowest.Value;
        var session = LifeRig.Now(_engine.BeginBackupAsync(new()));
        var reader = LifeRig.Now(session.OpenAsync(session.Databases[0], default));
        LifeRig.Now(reader.ReadAsync(new byte[3 * 4096], default));
        LifeRig.Now(session.DisposeAsync());
        Assert.Equal(EngineEvent.BackupAborted, _events[^1].Id);
        Assert.Equal((before.PreviousFull, before.PreviousCopy), (Header.PreviousFull, Header.PreviousCopy));
        Assert.Equal(lowest, LogChain.Open(_rig.Disk, LifeRig.Logs, "edb").Lowest.Value);
        Assert.False(_engine.KeptFrom.IsSet);
        _rows.Close();
        LifeRig.Now(_engine.CloseAsync());
        Assert.Equal(0, _rig.Disk.OpenFiles);
    }

    [Fact]
    public void Every_step_is_told()
    {
        var full = Back(BackupKind.Full);
        int[] begin = [EngineEvent.FullBackupBegins, EngineEvent.FileBegins, EngineEvent.FileComplete,
            EngineEvent.LogsChosen];
        var ids = _events.Select(told => told.Id).ToList();
        Assert.Equal(begin, ids.Take(4));
        Assert.Equal([EngineEvent.LogsDeleted, EngineEvent.BackupComplete], ids.TakeLast(2));
        Assert.Equal(1 + full.Logs.Count, ids.Count(id => id == EngineEvent.FileComplete));
        _events.Clear();
        Back(BackupKind.Incremental, full);
        Assert.Equal(EngineEvent.LogBackupBegins, _events[0].Id);

        _events.Clear();
        _rig.Disk.Crash(Ese.Tests.Simulation.CrashKind.AllLost, new(1));
        LifeRig.Now(LifeRig.Open(Options).CloseAsync());
        Assert.Equal([EngineEvent.RecoveryBegins, EngineEvent.RecoveryComplete], _events.Select(told => told.Id));
    }

    private TakenBackup Back(
        BackupKind kind, TakenBackup? parent = null, bool truncates = true, IReadOnlyList<string>? databases = null)
    {
        _rows.Steps(2500);
        _engine.WriteBackAll();
        _rows.Steps(500);
        var request = parent is null ? new BackupRequest { Kind = kind } : ChangedPagesTests.Follows(parent, kind);
        if (parent is { Stamp.Databases.Count: 0 })
            request = request with
            {
                Parent = request.Parent! with { DatabaseSignatures = [_database.Signature.ToHex()] },
            };
        return BackupRig.Take(_engine, request with { Databases = databases ?? [] }, truncates: truncates);
    }

    private int Refusal(BackupRequest request, EmbeddedEngine? engine = null) => Assert.Throws<SourceException>(
        () => LifeRig.Now((engine ?? _engine).BeginBackupAsync(request))).Error!.Value.Number;

    private int RefusalAtEnd(BackupRequest request)
    {
        var session = LifeRig.Now(_engine.BeginBackupAsync(request));
        int error = Assert.Throws<SourceException>(
            () => LifeRig.Now(session.EndDatabasesAsync(default))).Error!.Value.Number;
        LifeRig.Now(session.DisposeAsync());
        return error;
    }

    private DatabaseHeader HeaderOf(string path)
    {
        using var file = _rig.Disk.Open(path, DiskAccess.Read);
        return HeaderPair.Read(file).Require(path);
    }

    private List<BackupStep> Steps()
    {
        var steps = new List<BackupStep>();
        foreach (var log in LogChain.Open(_rig.Disk, LifeRig.Logs, "edb").Generations)
        {
            string path = Path.Combine(LifeRig.Logs, log.FileName);
            using var scanned = _rig.Disk.Open(path, DiskAccess.Read);
            using var reader = LogRecordReader.Over(_rig.Disk.Open(path, DiskAccess.Read), LogFileReader.Scan(scanned));
            while (reader.TryRead(out var record))
            {
                if (record.Type == LogRecordType.Backup2)
                    steps.Add(record.AsBackup().Step);
            }
        }

        return steps;
    }
}
