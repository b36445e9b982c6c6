using PipelineBackup.Sequences;

namespace PipelineBackup.Tests.Sequences;

/// <summary>The side of the restore: places, proofs, what is saved, and recovery.</summary>
public sealed class SequenceRestoreTests
{
    [Fact]
    public async Task Databases_go_to_their_places_and_logs_to_a_directory_of_the_restore()
    {
        await using var rig = await SequenceRig.OpenAsync(databases: 2);
        await rig.Groups[0].AddAsync(100);
        var tape = await rig.TakeAsync(BackupKind.Full);
        await using var restore = await rig.OpenRestoreAsync("group1");
        await tape.RestoreAsync(restore);
        Assert.Equal(rig.Scratch[Path.Combine("restores", "group1")], restore.Directory);
        Assert.Equal(tape.Names.Where(name => name.BelongsToLogs).Select(name => name.FileName).Order(StringComparer.Ordinal),
            Directory.GetFiles(restore.Directory).Select(Path.GetFileName).Where(name => name != "restore.lock").Order(StringComparer.Ordinal));
        Assert.All(tape.Names.Where(name => name.BelongsToDatabases), name => Assert.True(File.Exists(restore.Locations.Find(name))));
        await restore.SaveEnvironmentAsync();
        var outcome = await restore.CompleteAsync();
        Assert.Equal(0, outcome.Warning);
        Assert.Equal(tape.Names.Where(name => name.BelongsToDatabases).Select(name => restore.Locations.Find(name)), outcome.Databases);
        await restore.CloseAsync();
        Assert.False(Directory.Exists(restore.Directory));
        Assert.Equal(rig.Groups[0].Rows(), await StorageGroup.ReadAsync(rig.Restored("group1", "group11.edb")));
    }

    [Fact]
    public async Task Recovery_goes_on_with_the_logs_of_an_instance_that_was_closed()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var group = rig.Groups[0];
        await group.AddAsync(100);
        var tape = await rig.TakeAsync(BackupKind.Full);
        await group.AddAsync(300);
        rig.OtherPlaces.Add(group.Name, ["group11.edb"]);
        var rows = group.Rows();
        await group.DisposeAsync();
        await using var restore = await rig.OpenRestoreAsync("group1");
        await tape.RestoreAsync(restore);
        await restore.SaveEnvironmentAsync();
        var before = Directory.GetFiles(group.LogDirectory).ToDictionary(path => path, File.ReadAllBytes);
        Assert.Equal(0, (await restore.CompleteAsync(rollsForward: true)).Warning);
        await restore.CloseAsync();
        Assert.Equal(rows, await StorageGroup.ReadAsync(rig.Restored("group1", "group11.edb")));
        Assert.Equal(before, Directory.GetFiles(group.LogDirectory).ToDictionary(path => path, File.ReadAllBytes));
    }

    [Fact]
    public async Task What_is_there_is_never_overwritten()
    {
        await using var rig = await SequenceRig.OpenAsync();
        rig.RestoresElsewhere = false;
        var group = rig.Groups[0];
        var tape = await rig.TakeAsync(BackupKind.Full);
        await using var restore = await rig.OpenRestoreAsync("group1");
        Assert.Equal(group.Databases[0].Path, await restore.AddDatabaseAsync(tape.Names.First()));
        var refusal = await Assert.ThrowsAsync<BackupException>(() => restore.OpenFileAsync(tape.Names.First(), 1).AsTask());
        Assert.Equal(-1201, refusal.Error!.Value.Number);
        await group.AddAsync(10);

        // Nor is it removed with a restore that fails, whatever it is.
        rig.RestoresElsewhere = true;
        string path = rig.Restored("group1", "group11.edb");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, tape.Files[0].Content);
        await restore.CloseAsync(isSuccess: false);
        await using (var other = await rig.OpenRestoreAsync("group1"))
        {
            await other.AddDatabaseAsync(tape.Names.First());
            Assert.Equal(-1201, await SequenceRig.ErrorAsync(() => other.OpenFileAsync(tape.Names.First(), 1)));
        }

        Assert.Equal(tape.Files[0].Content, File.ReadAllBytes(path));
    }

    [Fact]
    public async Task Only_files_of_a_backup_come_in_and_none_leads_elsewhere()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await using var restore = await rig.OpenRestoreAsync("group1");
        foreach (var name in new TokenedName[]
        {
            new(FileToken.Log, "../../edb00001.log.sh"), new(FileToken.Log, "/x/.."), new(FileToken.Log, ""), new(FileToken.Log, "restore.env"),
            new(FileToken.Patch, "restore.env"), new(FileToken.Patch, @"X:\a\.."), new(FileToken.LogDirectory, "edb00001.log"),
            new(FileToken.Unknown, "a"), new((FileToken)0x4f, "a.edb"), new(FileToken.Log, "edb\0/00001.log"),
        })
            Assert.Equal(-1003, await SequenceRig.ErrorAsync(() => restore.OpenFileAsync(name, 10)));
        Assert.Equal(-1203, await SequenceRig.ErrorAsync(() => restore.AddDatabaseAsync(new(FileToken.Database, "/other.edb"))));
        Assert.Equal(-1003, await SequenceRig.ErrorAsync(() => restore.AddDatabaseAsync(new(FileToken.Log, "group11.edb"))));
        Assert.Equal(-1003, await SequenceRig.ErrorAsync(() => restore.OpenFileAsync(new(FileToken.Log, "edb00001.log"), -1)));
        foreach (string group in new[] { "..", "a/b", "" })
            Assert.Equal(-1003, await SequenceRig.ErrorAsync(() => rig.OpenRestoreAsync(group)));
        await Tape.WriteAsync(restore, new(FileToken.Patch, @"X:\deep\down\a.pat"), []);
        Assert.True(File.Exists(Path.Combine(restore.Directory, "a.pat")));
    }

    [Fact]
    public async Task A_copy_is_proved_where_it_arrives()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await rig.Groups[0].AddAsync(100);
        var tape = await rig.TakeAsync(BackupKind.Full);
        await using var restore = await rig.OpenRestoreAsync("group1");
        var (bytes, content) = tape.Files[0];
        var database = TokenedName.FromBytes(bytes);
        await restore.AddDatabaseAsync(database);
        int used = Enumerable.Range(8, 100).First(page => content.AsSpan(page * 4096, 8).ContainsAnyExcept((byte)0));
        foreach (var (at, error) in new[] { ((used * 4096) + 300, -1018), (content.Length - 100, -535), (-1, -1206) })
        {
            byte[] spoilt = [.. content];
            for (int i = at < 0 ? 0 : at; i < (at < 0 ? 2 * 4096 : at + 64); i++)
                spoilt[i] ^= (byte)(i % 251 + 1);
            Assert.Equal(error, await SequenceRig.ErrorAsync(async () => await Tape.WriteAsync(restore, database, spoilt)));
        }

        var (logBytes, log) = tape.Files.First(file => TokenedName.FromBytes(file.Name).Token == FileToken.Log);
        byte[] bad = [.. log];
        bad.AsSpan(9000, 100).Fill(0x77);
        Assert.Equal(-573, await SequenceRig.ErrorAsync(async () => await Tape.WriteAsync(restore, TokenedName.FromBytes(logBytes), bad)));
        Assert.Equal(["restore.lock"], Directory.GetFiles(restore.Directory).Select(Path.GetFileName));
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(rig.Restored("group1", "x"))!));

        // The good ones come in after it.
        await tape.RestoreAsync(restore);
        await restore.SaveEnvironmentAsync();
        await restore.CompleteAsync();
        await restore.CloseAsync();
    }

    [Fact]
    public async Task A_file_has_the_length_that_was_announced()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await using var restore = await rig.OpenRestoreAsync("group1");
        var log = new TokenedName(FileToken.Log, "edb00001.log");
        int handle = await restore.OpenFileAsync(log, 100);
        Assert.Equal(-4001, await SequenceRig.ErrorAsync(() => restore.WriteFileAsync(handle, new byte[101])));
        handle = await restore.OpenFileAsync(log, 100);
        await restore.WriteFileAsync(handle, new byte[99]);
        Assert.Equal(-1003, await SequenceRig.ErrorAsync(() => restore.CloseFileAsync(handle)));
        handle = await restore.OpenFileAsync(log, 100);
        Assert.Equal(-1011, await SequenceRig.ErrorAsync(() => restore.OpenFileAsync(log, 100)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => restore.WriteFileAsync(handle, new byte[9], new(canceled: true)).AsTask());
        Assert.Equal(-1003, await SequenceRig.ErrorAsync(() => restore.CloseFileAsync(handle)));
        Assert.Equal(["restore.lock"], Directory.GetFiles(restore.Directory).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_log_may_come_twice_when_it_is_the_same()
    {
        await using var rig = await SequenceRig.OpenAsync(groups: 2);
        await rig.Groups[0].AddAsync(100);
        await rig.Groups[1].AddAsync(100);
        var tape = await rig.TakeAsync(BackupKind.Full);
        var foreign = await rig.TakeAsync(BackupKind.Full, group: 1);
        await using var restore = await rig.OpenRestoreAsync("group1");
        var logs = tape.Files.Where(file => TokenedName.FromBytes(file.Name).Token == FileToken.Log).ToList();
        var name = TokenedName.FromBytes(logs[0].Name);
        await Tape.WriteAsync(restore, name, logs[0].Content);
        await Tape.WriteAsync(restore, name, logs[0].Content);
        byte[] other = foreign.Files.First(file => TokenedName.FromBytes(file.Name).FileName == name.FileName).Content;
        Assert.Equal(-515, await SequenceRig.ErrorAsync(async () => await Tape.WriteAsync(restore, name, other)));
        Assert.Equal(logs[0].Content, File.ReadAllBytes(Path.Combine(restore.Directory, name.FileName)));
    }

    [Fact]
    public async Task An_instance_is_restored_once_at_a_time()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await using var restore = await rig.OpenRestoreAsync("group1");
        Assert.Equal(-506, await SequenceRig.ErrorAsync(() => rig.OpenRestoreAsync("group1")));
        Assert.Equal(-506, await SequenceRig.ErrorAsync(() => rig.ReopenRestoreAsync("group1")));

        // Another server with the same directory is held off too.
        await using var other = new SequenceServer(rig.Options);
        Assert.Equal(-506, await SequenceRig.ErrorAsync(
            () => ExchangeRestore.OpenAsync(other, SequenceRig.Name, SequenceRig.Service, "group1")));
        await restore.CloseAsync(isSuccess: false);
        await (await rig.OpenRestoreAsync("group1")).DisposeAsync();
    }

    [Fact]
    public async Task After_a_failed_recovery_everything_is_restored_anew()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var full = await rig.TakeAsync(BackupKind.Full);
        await rig.Groups[0].AddAsync(300);
        var incremental = await rig.TakeAsync(BackupKind.Incremental);
        string database = rig.Restored("group1", "group11.edb");
        await using (var restore = await rig.OpenRestoreAsync("group1"))
        {
            await full.RestoreAsync(restore);
            await incremental.RestoreAsync(restore);
            await restore.SaveEnvironmentAsync();
            string[] logs = Directory.GetFiles(restore.Directory, "*.log");
            Assert.True(logs.Length > 2);
            File.Delete(logs.Order(StringComparer.Ordinal).ElementAt(1));
            Assert.Equal(-1811, await SequenceRig.ErrorAsync(() => restore.CompleteAsync()));
            Assert.Equal(-521, await SequenceRig.ErrorAsync(() => restore.CompleteAsync()));
            Assert.Equal(-521, await SequenceRig.ErrorAsync(() => restore.CloseAsync()));
        }

        Assert.False(File.Exists(database) || Directory.Exists(rig.Scratch[Path.Combine("restores", "group1")]));
        await rig.RestoreAsync("group1", full, incremental);
        Assert.Equal(rig.Groups[0].Rows(), await StorageGroup.ReadAsync(database));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_recovery_that_leaves_a_database_dirty_or_is_cancelled_is_none(bool isCancelled)
    {
        var recovery = new RecordingRecovery([]) { IsCancelled = isCancelled, DoesNothing = true };
        await using var rig = await SequenceRig.OpenAsync(change: options => options with { Recovery = recovery });
        var tape = await rig.TakeAsync(BackupKind.Full);
        await using var restore = await rig.OpenRestoreAsync("group1");
        await tape.RestoreAsync(restore);
        await restore.SaveEnvironmentAsync();
        if (isCancelled)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => restore.CompleteAsync().AsTask());
        else
            Assert.Equal(-550, await SequenceRig.ErrorAsync(() => restore.CompleteAsync()));
        await restore.DisposeAsync();
        Assert.False(File.Exists(rig.Restored("group1", "group11.edb")));
    }

    [Fact]
    public async Task A_server_without_a_directory_for_it_takes_no_restores()
    {
        await using var rig = await SequenceRig.OpenAsync(change: options => options with { RestoreDirectory = null });
        Assert.False(Assert.Single(await ExchangeBackup.GetRegisteredAsync(rig.Backups, SequenceRig.Name)).CanRestore);
        Assert.Equal(ExitCode.NotFound, (await Assert.ThrowsAsync<BackupException>(() => rig.OpenRestoreAsync("group1").AsTask())).ExitCode);
    }
}
