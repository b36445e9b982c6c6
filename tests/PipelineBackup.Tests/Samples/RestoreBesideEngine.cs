using PipelineBackup.Engine;
using PipelineBackup.Ese;

namespace PipelineBackup.Tests.Samples;

/// <summary>The restore beside a running engine in the page of the backup interfaces, on the disk of the machine.</summary>
public class RestoreBesideEngine
{
    private const string Table = "letters";

    [Fact]
    public async Task A_database_is_restored_while_its_engine_runs()
    {
        string logs = GoldenSets.NewFolder("logs"), data = GoldenSets.NewFolder("data"), empty = GoldenSets.NewFolder("empty");
        string logsOfTheBackup = GoldenSets.NewFolder("set"), copy = Path.Combine(logsOfTheBackup, "mail.edb");
        var host = new EngineHost();
        await using var engine = await EmbeddedEngine.OpenAsync(
            new() { Host = host, LogDirectory = logs, LogFileBytes = 64 << 10 });
        var mail = await MakeAsync(engine, Path.Combine(data, "mail.edb"));
        var other = await MakeAsync(engine, Path.Combine(data, "other.edb"));
        await InsertAsync(engine, mail, 0, 50);
        await BackUpAsync(engine, logsOfTheBackup);
        await InsertAsync(engine, mail, 50, 150);
        await InsertAsync(engine, other, 0, 150);
        await engine.DetachDatabaseAsync(mail);
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            int last = 150;
            for (; !stop.IsCancellationRequested; last++)
                await InsertAsync(engine, other, last, 1);
            return last;
        });

        // It was detached, or lost; the others are written all the time. The copy of the backup comes to its place.
        File.Copy(copy, mail.Path, overwrite: true);
        var report = await host.RestoreExternalAsync(new()
        {
            BackupLogDirectory = logsOfTheBackup,
            LogDirectory = empty,
            Map = [new(mail.Path, mail.Path)],
            TargetInstance = engine.InstanceName,
        });
        mail = await engine.AttachDatabaseAsync(mail.Path);

        await stop.CancelAsync();
        int written = await writing;
        Assert.Equal(EseError.TargetInstanceRunning, report.Result);
        Assert.Equal(Enumerable.Range(0, 200), Read(engine, mail));
        Assert.Equal(Enumerable.Range(0, written), Read(engine, other));
        Assert.True(File.Exists(Path.Combine(empty, "edb.chk")));
    }

    private static async Task<EngineDatabase> MakeAsync(EmbeddedEngine engine, string path)
    {
        var database = await engine.CreateDatabaseAsync(path);
        using var session = engine.CreateSession();
        session.CreateTable(database, new(Table)
        {
            Columns = [new("id", ColumnType.Long) { IsNotNull = true }, new("text", ColumnType.LongText)],
            Indexes = [new("primary", "id") { IsPrimary = true }],
        });
        return database;
    }

    private static async Task InsertAsync(EmbeddedEngine engine, EngineDatabase database, int first, int count)
    {
        using var session = engine.CreateSession();
        using var table = session.OpenTable(database, Table);
        await using var transaction = session.BeginTransaction();
        for (int id = first; id < first + count; id++)
            table.Insert(table.NewRow().Set("id", id).Set("text", new string('x', 900)));
        await transaction.CommitAsync();
    }

    private static List<int> Read(EmbeddedEngine engine, EngineDatabase database)
    {
        using var session = engine.CreateSession();
        using var table = session.OpenTable(database, Table);
        var ids = new List<int>();
        var cursor = table.OpenCursor();
        while (cursor.MoveNext())
            ids.Add((int)cursor.GetInt64("id")!.Value);
        return ids;
    }

    private static async Task BackUpAsync(EmbeddedEngine engine, string directory)
    {
        await using var session = await engine.BeginBackupAsync(new() { Kind = BackupKind.Copy });
        foreach (var file in session.Databases)
            await CopyAsync(session, file, directory);
        foreach (var file in await session.EndDatabasesAsync(default))
            await CopyAsync(session, file, directory);
        await session.CompleteAsync(default);
    }

    private static async Task CopyAsync(IBackupSession session, SourceFile file, string directory)
    {
        await using var reader = await session.OpenAsync(file, default);
        await using var target = File.Create(Path.Combine(directory, file.Name));
        byte[] buffer = new byte[1 << 20];
        for (int read; (read = await reader.ReadAsync(buffer, default)) > 0;)
            await target.WriteAsync(buffer.AsMemory(0, read));
    }
}
