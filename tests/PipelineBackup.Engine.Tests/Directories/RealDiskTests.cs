namespace PipelineBackup.Engine.Tests.Directories;

/// <summary>Backups to a directory on the disk of the machine, while threads write.</summary>
public sealed class RealDiskTests
{
    [Fact]
    public async Task Backups_made_while_threads_write_restore_to_a_moment_of_them()
    {
        var stop = TestContext.Current.CancellationToken;
        string folder = GoldenSets.NewFolder("directories");
        string In(string name) => Path.Combine(folder, name);
        var options = new EngineOptions
        {
            LogDirectory = In("logs"), LogFileBytes = 64 << 10, CheckpointDepthBytes = 512 << 10,
            CreatePathIfNotExist = true,
        };
        int last = 0, least;
        await using (var engine = await EmbeddedEngine.OpenAsync(options, stop))
        {
            var database = await engine.CreateDatabaseAsync(In("data/a.edb"), cancellationToken: stop);
            using (var session = engine.CreateSession())
            {
                session.CreateTable(database, new("rows")
                {
                    Columns = [new("id", ColumnType.Long) { IsNotNull = true }, new("text", ColumnType.LongText)],
                    Indexes = [new("primary", "id") { IsPrimary = true }],
                });
            }

            using var done = new CancellationTokenSource();
            var writer = Task.Run(async () =>
            {
                using var session = engine.CreateSession();
                using var table = session.OpenTable(database, "rows");
                while (!done.IsCancellationRequested)
                {
                    using var transaction = session.BeginTransaction();
                    table.Insert(table.NewRow().Set("id", last + 1).Set("text", new string('x', 500)));
                    await transaction.CommitAsync(CommitMode.Lazy);
                    if (Interlocked.Increment(ref last) % 20 == 0)
                        await Task.Delay(5, CancellationToken.None);
                }
            }, stop);
            while (Volatile.Read(ref last) < 200)
                await Task.Yield();
            await engine.BackupToDirectoryAsync(In("backup"), DirectoryBackupOptions.Atomic, cancellationToken: stop);
            await engine.BackupToDirectoryAsync(In("backup"), DirectoryBackupOptions.Atomic, cancellationToken: stop);
            least = Volatile.Read(ref last);
            var report = await engine.BackupToDirectoryAsync(In("backup"),
                DirectoryBackupOptions.Atomic | DirectoryBackupOptions.Incremental, cancellationToken: stop);
            Assert.Empty(report.Remarks);
            await done.CancelAsync();
            await writer;
        }

        Assert.Equal([In("backup/new")], Directory.GetDirectories(In("backup")));
        await using var restored = EmbeddedEngine.Create(options with { LogDirectory = In("restored/logs") });
        await restored.RestoreDirectoryAsync(In("backup"), In("restored/data"), cancellationToken: stop);
        await restored.InitializeAsync(stop);
        var found = await restored.AttachDatabaseAsync(In("restored/data/a.edb"), stop);
        Assert.InRange(DirectoryRig.Count(restored, found), least, last);
    }
}
