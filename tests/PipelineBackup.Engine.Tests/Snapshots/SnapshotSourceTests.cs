using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;
using PipelineBackup.Testing;

namespace PipelineBackup.Engine.Tests.Snapshots;

/// <summary>A snapshot as a source of backups.</summary>
public sealed class SnapshotSourceTests
{
    public static TheoryData<string> Laws => [.. SourceConformance.Laws.Select(law => law.Name)];

    [Theory]
    [MemberData(nameof(Laws))]
    public async Task A_snapshot_keeps_the_law(string law)
    {
        var outcome = await SourceConformance.Law(law).RunAsync(() =>
        {
            var rig = new SnapshotRig();
            LifeRig.Now(rig.Engine.CreateDatabaseAsync(Path.Combine(LifeRig.Data, "b.edb")));
            return SourceUnderTest.Of(new SnapshotSource(rig.Engine), isAtRest: false, rig.Engine.DisposeAsync);
        }, TestContext.Current.CancellationToken);
        Assert.SkipWhen(outcome.IsSkipped, outcome.Reason);
    }

    [Fact]
    public void The_files_recover_to_the_moment_of_the_freeze_and_logs_are_truncated()
    {
        var rig = new SnapshotRig();
        rig.Rows[0].Steps(3000);
        rig.Engine.WriteBackAll();
        var image = new SimulatedDisk().AddDirectory(LifeRig.Logs).AddDirectory(LifeRig.Data);
        var committed = rig.Rows[0].Committed;
        foreach (var kind in new[] { BackupKind.Full, BackupKind.Incremental, BackupKind.Differential })
        {
            committed = new(rig.Rows[0].Committed);
            var session = LifeRig.Now(new SnapshotSource(rig.Engine).BeginAsync(new() { Kind = kind }, default));
            Assert.Equal(kind == BackupKind.Full ? 1 : 0, session.Databases.Count);
            foreach (var file in session.Databases)
                image.Put(file.OriginalPath, Read(session, file));
            rig.Rows[0].IsLazy = true;
            rig.Rows[0].Steps(400);
            foreach (var file in LifeRig.Now(session.EndDatabasesAsync(default)))
                image.Put(file.OriginalPath, Read(session, file));
            LifeRig.Now(session.ValidateAsync(default));
            Assert.False(rig.Engine.IsFrozen);
            rig.Rows[0].Steps(400);
            rig.Rows[0].IsLazy = false;
            var logs = LifeRig.Now(session.TruncatableLogsAsync(default));
            LifeRig.Now(session.TruncateLogsAsync(default));
            Assert.True(kind == BackupKind.Full ? logs.Count > 0 : kind == BackupKind.Incremental || logs.Count == 0);
            Assert.All(logs, log => Assert.False(rig.Disk.FileExists(log.OriginalPath)));
            LifeRig.Now(session.CompleteAsync(default));
            LifeRig.Now(session.DisposeAsync());
        }

        Assert.True(rig.Database.Header.PreviousIncremental.IsSet && rig.Database.Header.PreviousDifferential.IsSet);

        // As what a restore lays down: there is no temporary log.
        var recovered = image.Copy();
        new SoftRecovery(new()
        {
            BaseName = "edb", LogDirectory = LifeRig.Logs, Disk = recovered, MemoryBytes = 8 << 20,
            AllowMissingCurrentLog = true,
        }).Run(TestContext.Current.CancellationToken);
        var opened = LifeRig.Open(new LifeRig(recovered).Options);
        Assert.Equal(committed,
            Engine.Tests.Backup.WrittenRows.Read(opened, LifeRig.Now(opened.AttachDatabaseAsync(LifeRig.Database))));
        LifeRig.Now(opened.CloseAsync());
        rig.Close();
    }

    [Fact]
    public void A_backup_that_takes_too_long_is_refused()
    {
        var rig = new SnapshotRig();
        var session = LifeRig.Now(new SnapshotSource(rig.Engine).BeginAsync(new(), default));
        LifeRig.Now(session.EndDatabasesAsync(default));
        rig.Time.Pass(rig.Engine.Options.SnapshotTimeout);
        Assert.Equal(-2402, Assert.Throws<SourceException>(() => LifeRig.Now(session.ValidateAsync(default)))
            .Error!.Value.Number);
        LifeRig.Now(session.DisposeAsync());
        Assert.False(rig.Database.Header.PreviousFull.IsSet);
        Assert.Null(rig.Host.Snapshot);
        rig.Close();
    }

    [Fact]
    public void What_a_snapshot_cannot_do_is_refused()
    {
        var rig = new SnapshotRig();
        int CodeOf(EmbeddedEngine engine, BackupRequest request) => Assert.Throws<SourceException>(
            () => LifeRig.Now(new SnapshotSource(engine).BeginAsync(request, default))).Error!.Value.Number;
        Assert.Equal(-1003, CodeOf(rig.Engine, new() { Databases = ["a.edb"] }));
        Assert.Equal(-560, CodeOf(rig.Engine, new() { Kind = BackupKind.Incremental }));
        var other = rig.Host.PrepareSnapshot();
        Assert.Equal(-505, CodeOf(rig.Engine, new()));
        LifeRig.Now(other.AbortAsync());
        var backup = LifeRig.Now(rig.Engine.BeginBackupAsync(new()));
        Assert.Equal(-2403, CodeOf(rig.Engine, new()));
        LifeRig.Now(backup.DisposeAsync());
        var alone = new LifeRig();
        var engine = alone.Open();
        Assert.Equal(-1003, CodeOf(engine, new()));
        LifeRig.Now(engine.CloseAsync());
        Assert.Null(rig.Host.Snapshot);
        rig.Close();
    }

    private static byte[] Read(IBackupSession session, SourceFile file) =>
        Engine.Tests.Backup.BackupRig.Read(session, file, 16, null);
}
