using PipelineBackup.Engine.Tests.Tables;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Life;

/// <summary>An engine that logs nothing, and directories that are made when they are missing.</summary>
public sealed class UnloggedEngineTests
{
    [Fact]
    public void Nothing_is_written_but_databases_and_what_was_closed_is_whole()
    {
        var moment = Unlogged(circular: false);
        Fill(moment, 300);
        using (var transaction = moment.Session!.BeginTransaction())
        {
            moment.Insert(5000);
            transaction.Rollback();
        }

        Assert.All(moment.Rig.Disk.Changed, path => Assert.StartsWith(LifeRig.Data, path));
        moment.Session.Dispose();
        LifeRig.Now(moment.Engine.CloseAsync());
        Assert.All(moment.Rig.Disk.Files, path => Assert.StartsWith(LifeRig.Data, path));
        moment.Rig.RequireSoundDatabase(LifeRig.Database, "closed");

        // Any engine goes on with it.
        var engine = moment.Rig.Open();
        Assert.Null(engine.Recovery);
        var database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
        using var session = engine.CreateSession();
        Assert.Equal(Enumerable.Range(0, 300), TableRig.Ids(session.OpenTable(database, "things")));
        session.Dispose();
        LifeRig.Now(engine.CloseAsync());
    }

    [Fact]
    public void A_database_that_was_not_closed_is_lost()
    {
        var moment = Unlogged(circular: false);
        Fill(moment, 50);
        moment.Engine.WriteBackAll();
        moment.Rig.Disk.Crash(CrashKind.Kill, new(1));
        foreach (bool isUnlogged in new[] { true, false })
        {
            var engine = LifeRig.Open(moment.Rig.Options with { LoggingDisabled = isUnlogged });
            Assert.Equal(EseError.DatabaseDirtyShutdown, LifeRig.ErrorOf(() => engine.AttachDatabaseAsync(LifeRig.Database)));
            LifeRig.Now(engine.CloseAsync());
        }
    }

    [Fact]
    public void Logs_that_are_there_are_left_alone()
    {
        var logged = LifeMoment.Running();
        Fill(logged, 300);
        logged.Session!.Dispose();
        LifeRig.Now(logged.Engine.CloseAsync());
        var rig = logged.Rig;
        var before = Contents(rig, LifeRig.Logs);
        Assert.True(before.Count > 4, "too few logs to tell");
        var engine = LifeRig.Open(rig.Options with { LoggingDisabled = true, CircularLogging = true });
        var database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
        using (var session = engine.CreateSession())
        using (var transaction = session.BeginTransaction())
        {
            var table = session.OpenTable(database, "things");
            table.Insert(table.NewRow().Set("id", 1000).Set("note", new byte[100_000]));
            LifeRig.Now(transaction.CommitAsync());
        }

        LifeRig.Now(engine.CloseAsync());
        Assert.Equal(before, Contents(rig, LifeRig.Logs));

        // The logs lead to what the database was, and it is something else now: recovery leaves it as it is.
        engine = rig.Open();
        using (var session = engine.CreateSession())
        {
            database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
            Assert.Equal(301, TableRig.Ids(session.OpenTable(database, "things")).Length);
        }

        LifeRig.Now(engine.CloseAsync());
        rig.RequireSound(LifeRig.Database, "logged again");
    }

    [Fact]
    public void Changes_without_a_log_need_a_full_backup_before_the_next_incremental_one()
    {
        var logged = LifeMoment.Running();
        Backup.BackupRig.Take(logged.Engine, new());
        logged.Session!.Dispose();
        LifeRig.Now(logged.Engine.CloseAsync());
        var engine = LifeRig.Open(logged.Rig.Options with { LoggingDisabled = true });
        LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
        LifeRig.Now(engine.CloseAsync());
        engine = logged.Rig.Open();
        LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
        var refusal = Assert.Throws<SourceException>(
            () => LifeRig.Now(engine.BeginBackupAsync(new() { Kind = BackupKind.Incremental })));
        Assert.Equal(-560, refusal.Error!.Value.Number);
        LifeRig.Now(engine.CloseAsync());
    }

    [Fact]
    public void Directories_that_are_missing_are_made_only_when_that_is_wanted()
    {
        var rig = new LifeRig();
        string logs = Path.Combine(LifeRig.Logs, "x", "y"), checkpoint = Path.Combine(LifeRig.Logs, "c"),
            path = Path.Combine(LifeRig.Data, "z", "a.edb");
        var options = rig.Options with { LogDirectory = logs, CheckpointDirectory = checkpoint };
        Assert.Equal(EseError.InvalidPath, LifeRig.ErrorOf(() => EmbeddedEngine.OpenAsync(options)));
        Assert.Equal(EseError.InvalidPath, LifeRig.ErrorOf(() => EmbeddedEngine.OpenAsync(options with { LogDirectory = LifeRig.Logs })));
        var engine = LifeRig.Open(options with { CreatePathIfNotExist = true });
        LifeRig.Now(engine.CreateDatabaseAsync(path));
        LifeRig.Now(engine.CloseAsync());
        Assert.Contains(path, rig.Disk.Files);
        Assert.Contains(Path.Combine(checkpoint, "edb.chk"), rig.Disk.Files);
        Assert.Contains(Path.Combine(logs, "edb.log"), rig.Disk.Files);
        engine = LifeRig.Open(options);
        Assert.Equal(EseError.InvalidPath,
            LifeRig.ErrorOf(() => engine.CreateDatabaseAsync(Path.Combine(LifeRig.Data, "none", "a.edb"))));
        LifeRig.Now(engine.CloseAsync());

        // A file of that name is no directory.
        var inFile = options with { CreatePathIfNotExist = true, LogDirectory = Path.Combine(path, "logs") };
        Assert.Equal(EseError.InvalidPath, LifeRig.ErrorOf(() => EmbeddedEngine.OpenAsync(inFile)));
    }

    private static LifeMoment Unlogged(bool circular) =>
        LifeMoment.Running(options => options with { LoggingDisabled = true, CircularLogging = circular });

    private static void Fill(LifeMoment moment, int count)
    {
        for (int id = 0; id < count; id++)
        {
            using var transaction = moment.Session!.BeginTransaction();
            var table = moment.Session.OpenTable(moment.Database!, "things");
            table.Insert(table.NewRow().Set("id", id).Set("note", new byte[3000]));
            LifeRig.Now(transaction.CommitAsync());
        }
    }

    private static SortedDictionary<string, string> Contents(LifeRig rig, string directory) => new(rig.Disk.Files
        .Where(path => path.StartsWith(directory, StringComparison.Ordinal))
        .ToDictionary(path => path, path => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(rig.Disk.ReadAll(path)))),
        StringComparer.Ordinal);
}
