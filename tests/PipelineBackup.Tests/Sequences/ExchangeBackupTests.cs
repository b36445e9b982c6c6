using PipelineBackup.Ese;
using PipelineBackup.Sequences;

namespace PipelineBackup.Tests.Sequences;

/// <summary>The newer sequence, as its overview describes it.</summary>
public sealed class ExchangeBackupTests
{
    [Fact]
    public async Task Servers_and_their_services_are_listed()
    {
        await using var rig = await SequenceRig.OpenAsync(change: options => options with { OtherNodes = [new("mail2", "Second")] });
        var nodes = await ExchangeBackup.GetNodesAsync(rig.Backups);
        Assert.Equal(["mail1", "mail2"], nodes.Select(node => node.Name));
        var service = Assert.Single(await ExchangeBackup.GetRegisteredAsync(rig.Backups, "MAIL1"));
        Assert.Equal(new RegisteredService(SequenceRig.Service, "Mail", CanRestore: true), service);
        var refusal = await Assert.ThrowsAsync<BackupException>(() => ExchangeBackup.GetRegisteredAsync(rig.Backups, "mail2").AsTask());
        Assert.Equal(ExitCode.NotFound, refusal.ExitCode);
        refusal = await Assert.ThrowsAsync<BackupException>(() => ExchangeBackup.PrepareAsync(rig.Backups, SequenceRig.Name, "Fax").AsTask());
        Assert.Contains(SequenceRig.Service, refusal.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prepare_tells_number_name_databases_identities_and_icon_of_each_instance()
    {
        await using var rig = await SequenceRig.OpenAsync(groups: 2, databases: 2);
        await using var backup = await rig.PrepareAsync();
        Assert.Equal(rig.Groups.Select(group => (group.Engine.EngineId, group.Name, 2)),
            backup.Instances.Select(instance => (instance.Id, instance.Name, instance.DatabaseCount)));
        var databases = backup.Instances.SelectMany(instance => instance.Databases).ToList();
        Assert.Equal(rig.Groups.SelectMany(group => group.Databases).Select(database => database.Path),
            databases.Select(database => database.Path));
        Assert.Equal(4, databases.Select(database => database.Id).Distinct().Count());
        Assert.All(databases, database => Assert.Equal(InstanceDatabase.IdOf(database.Signature), database.Id));
        Assert.All(backup.Instances, instance => Assert.Equal([1, 2, 3], instance.Icon.ToArray()));

        // A database keeps its identity, as long as it is the same database.
        await rig.Groups[0].ReopenAsync();
        await using var later = await rig.PrepareAsync();
        var reopened = later.Instances.Single(instance => instance.Name == "group1");
        Assert.Equal(databases[0].Id, reopened.Databases[0].Id);
        Assert.NotEqual(backup.Instances[0].Id, reopened.Id);
    }

    [Theory]
    [InlineData(BackupKind.Full)]
    [InlineData(BackupKind.Copy)]
    [InlineData(BackupKind.Incremental)]
    [InlineData(BackupKind.Differential)]
    public async Task Setup_chooses_the_instance_and_the_type(BackupKind kind)
    {
        await using var rig = await SequenceRig.OpenAsync(groups: 2);
        await rig.TakeAsync(BackupKind.Full, group: 1);
        await using var backup = await rig.PrepareAsync();
        var files = await backup.SetupAsync(rig.Groups[1].Engine.EngineId, kind);
        Assert.Equal(kind is BackupKind.Full or BackupKind.Copy ? [rig.Groups[1].Databases[0].Path] : [], files.Select(file => file.Path));
        await new Tape().CopyAsync(backup, files);
        await new Tape().CopyAsync(backup, await backup.GetLogAndPatchFilesAsync());
        Assert.Equal(kind is BackupKind.Full or BackupKind.Incremental ? 0 : -521, await SequenceRig.ErrorAsync(() => backup.TruncateLogAsync()));
        Assert.Equal(BackupEnding.Completed, await backup.InstanceEndAsync());
        var header = rig.Groups[1].HeaderOf();
        Assert.True(kind switch
        {
            BackupKind.Full => header.PreviousFull,
            BackupKind.Copy => header.PreviousCopy,
            BackupKind.Incremental => header.PreviousIncremental,
            _ => header.PreviousDifferential,
        } is { LowGeneration.IsSet: true });
        Assert.False(rig.Groups[0].HeaderOf().PreviousFull.LowGeneration.IsSet);
    }

    [Fact]
    public async Task Setup_refuses_what_there_is_not()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await using var backup = await rig.PrepareAsync();
        int id = rig.Groups[0].Engine.EngineId;
        var refusal = await Assert.ThrowsAsync<BackupException>(() => backup.SetupAsync(id + 1, BackupKind.Full).AsTask());
        Assert.Equal(ExitCode.NotFound, refusal.ExitCode);
        Assert.Equal(-1003, await SequenceRig.ErrorAsync(() => backup.SetupAsync(id, (BackupKind)9)));
        Assert.Equal(-1203, await SequenceRig.ErrorAsync(() => backup.SetupAsync(id, BackupKind.Full, [Guid.NewGuid()])));
        Assert.Equal(-1003, await SequenceRig.ErrorAsync(
            () => backup.SetupAsync(id, BackupKind.Incremental, [backup.Instances[0].Databases[0].Id])));
        Assert.Equal(-560, await SequenceRig.ErrorAsync(() => backup.SetupAsync(id, BackupKind.Incremental)));

        // None of it has begun anything.
        await SequenceRig.TakeAsync(backup, BackupKind.Full, rig.Groups[0]);
    }

    [Fact]
    public async Task No_database_comes_or_goes_from_setup_to_the_end_of_the_instance()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var group = rig.Groups[0];
        await using var backup = await rig.PrepareAsync();
        await backup.SetupAsync(group.Engine.EngineId, BackupKind.Full);
        string other = Path.Combine(Path.GetDirectoryName(group.Databases[0].Path)!, "other.edb");
        EseError error = EseError.BackupInProgress;
        Assert.Equal(error, (await Assert.ThrowsAsync<EseException>(() => group.Engine.CreateDatabaseAsync(other).AsTask())).Error);
        Assert.Equal(error, (await Assert.ThrowsAsync<EseException>(() => group.Databases[0].DetachAsync().AsTask())).Error);
        Assert.Equal(error, (await Assert.ThrowsAsync<EseException>(() => group.Engine.AttachDatabaseAsync(other).AsTask())).Error);
        await backup.InstanceEndAsync(isSuccess: false);
        await group.Engine.CreateDatabaseAsync(other);
    }

    [Fact]
    public async Task Databases_and_logs_are_read_file_by_file_until_all_are()
    {
        await using var rig = await SequenceRig.OpenAsync(databases: 3);
        var group = rig.Groups[0];
        for (int i = 0; i < 3; i++)
            await group.AddAsync(60, i);
        var tape = await rig.TakeAsync(BackupKind.Full);
        await rig.RestoreAsync(group.Name, tape);
        for (int i = 0; i < 3; i++)
            Assert.Equal(group.Rows(i), await StorageGroup.ReadAsync(rig.Restored(group.Name, $"group1{i + 1}.edb")));
    }

    [Fact]
    public async Task A_database_of_two_files_is_read_in_two_rounds_and_restored_as_two()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var group = rig.Groups[0];
        string stream = Path.ChangeExtension(group.Databases[0].Path, ".stm");
        byte[] streamed = new byte[5 * 4096];
        new Random(1).NextBytes(streamed);
        rig.Trouble.Companions.Add(
            new() { Kind = SourceFileKind.StreamingCompanion, Name = "group11.stm", OriginalPath = stream, Length = streamed.Length, PageSize = 4096 },
            streamed);
        await using var backup = await rig.PrepareAsync();
        var files = await backup.SetupAsync(group.Engine.EngineId, BackupKind.Full);
        Assert.Equal([new(FileToken.Database, group.Databases[0].Path), new(FileToken.StreamingCompanion, stream)], files);
        var tape = new Tape();
        await tape.CopyAsync(backup, files);
        await tape.CopyAsync(backup, await backup.GetLogAndPatchFilesAsync());
        await backup.TruncateLogAsync();
        await backup.InstanceEndAsync();
        await rig.RestoreAsync(group.Name, tape);
        Assert.Equal(streamed, File.ReadAllBytes(rig.Restored(group.Name, "group11.stm")));
    }

    [Fact]
    public async Task What_truncation_would_delete_is_listed_and_then_deleted()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var group = rig.Groups[0];
        await group.AddAsync(400);
        await using var backup = await rig.PrepareAsync();
        var tape = new Tape();
        await tape.CopyAsync(backup, await backup.SetupAsync(group.Engine.EngineId, BackupKind.Full));
        await tape.CopyAsync(backup, await backup.GetLogAndPatchFilesAsync());
        var doomed = await backup.GetTruncateLogFilesAsync();
        Assert.NotEmpty(doomed);
        Assert.All(doomed, log => Assert.True(log.Token == FileToken.Log && File.Exists(log.Path)));
        string[] before = [.. group.Logs];
        await backup.TruncateLogAsync();
        Assert.Equal(before.Except(doomed.Select(log => log.Path)), group.Logs);
        Assert.Equal(BackupEnding.Completed, await backup.InstanceEndAsync());
        await rig.RestoreAsync(group.Name, tape);
        Assert.Equal(group.Rows(), await StorageGroup.ReadAsync(rig.Restored(group.Name, "group11.edb")));
    }

    [Fact]
    public async Task A_backup_that_is_not_called_a_success_truncates_nothing_and_is_not_remembered()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var group = rig.Groups[0];
        await group.AddAsync(300);
        await using var backup = await rig.PrepareAsync();
        await new Tape().CopyAsync(backup, await backup.SetupAsync(group.Engine.EngineId, BackupKind.Full));
        await new Tape().CopyAsync(backup, await backup.GetLogAndPatchFilesAsync());
        string[] before = [.. group.Logs];
        Assert.Equal(BackupEnding.Aborted, await backup.InstanceEndAsync(isSuccess: false));
        Assert.Equal(before, group.Logs);
        Assert.False(group.HeaderOf().PreviousFull.LowGeneration.IsSet);
    }

    [Fact]
    public async Task The_instance_is_ended_and_then_the_connection()
    {
        await using var rig = await SequenceRig.OpenAsync(groups: 2);
        await using var backup = await rig.PrepareAsync();
        await SequenceRig.TakeAsync(backup, BackupKind.Full, rig.Groups[0]);
        Assert.Equal(-520, await SequenceRig.ErrorAsync(() => backup.InstanceEndAsync()));
        Assert.Equal(-520, await SequenceRig.ErrorAsync(() => backup.GetLogAndPatchFilesAsync()));
        await SequenceRig.TakeAsync(backup, BackupKind.Full, rig.Groups[1]);
        await backup.EndAsync();
        Assert.Equal(-520, await SequenceRig.ErrorAsync(() => backup.SetupAsync(1, BackupKind.Full)));
        Assert.Equal(-520, await SequenceRig.ErrorAsync(() => backup.EndAsync()));
    }

    [Fact]
    public async Task The_end_of_the_connection_gives_up_what_goes_on()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var backup = await rig.PrepareAsync();
        var files = await backup.SetupAsync(rig.Groups[0].Engine.EngineId, BackupKind.Full);
        await backup.OpenFileAsync(files[0]);
        await backup.EndAsync();
        Assert.False(rig.Groups[0].HeaderOf().PreviousFull.LowGeneration.IsSet);
        await rig.TakeAsync(BackupKind.Full);
    }

    [Fact]
    public async Task An_instance_takes_one_backup_at_a_time_and_so_does_a_session()
    {
        await using var rig = await SequenceRig.OpenAsync(groups: 2);
        await using var one = await rig.PrepareAsync();
        await using var two = await rig.PrepareAsync();
        int first = rig.Groups[0].Engine.EngineId, second = rig.Groups[1].Engine.EngineId;
        await one.SetupAsync(first, BackupKind.Full);
        Assert.Equal(-505, await SequenceRig.ErrorAsync(() => two.SetupAsync(first, BackupKind.Full)));
        var refusal = await Assert.ThrowsAsync<BackupException>(() => one.SetupAsync(second, BackupKind.Full).AsTask());
        Assert.Equal((-505, ExitCode.InUse), (refusal.Error!.Value.Number, refusal.ExitCode));
        Assert.Contains("sessions of their own", refusal.Hint, StringComparison.Ordinal);

        // The engine itself knows too, whoever else backs it up.
        await one.InstanceEndAsync(isSuccess: false);
        await using (await rig.Groups[0].Engine.BeginBackupAsync(new()))
            Assert.Equal(-505, await SequenceRig.ErrorAsync(() => two.SetupAsync(first, BackupKind.Full)));
        await two.SetupAsync(first, BackupKind.Full);
    }

    [Fact]
    public async Task Sessions_back_up_instances_beside_each_other()
    {
        await using var rig = await SequenceRig.OpenAsync(groups: 2);
        await using var one = await rig.PrepareAsync();
        await using var two = await rig.PrepareAsync();
        var first = await one.SetupAsync(rig.Groups[0].Engine.EngineId, BackupKind.Full);
        var second = await two.SetupAsync(rig.Groups[1].Engine.EngineId, BackupKind.Full);
        var a = await one.OpenFileAsync(first[0]);
        var b = await two.OpenFileAsync(second[0]);
        byte[] left = new byte[3 * 4096], right = new byte[3 * 4096];
        Assert.Equal(left.Length, await one.ReadFileAsync(a, left));
        Assert.Equal(right.Length, await two.ReadFileAsync(b, right));
        Assert.False(left.AsSpan().SequenceEqual(right));
        Assert.Equal(-1203, await SequenceRig.ErrorAsync(async () =>
        {
            await two.CloseFileAsync(b);
            await two.OpenFileAsync(first[0]);
        }));
    }

    [Fact]
    public async Task Of_an_instance_one_database_is_read_at_a_time()
    {
        await using var rig = await SequenceRig.OpenAsync(databases: 2);
        await using var backup = await rig.PrepareAsync();
        var files = await backup.SetupAsync(rig.Groups[0].Engine.EngineId, BackupKind.Full);
        var open = await backup.OpenFileAsync(files[0]);
        Assert.Equal(-1011, await SequenceRig.ErrorAsync(() => backup.OpenFileAsync(files[1])));
        await backup.CloseFileAsync(open);
        await backup.OpenFileAsync(files[1]);
    }

    [Fact]
    public async Task Some_databases_of_an_instance_keep_the_logs_of_the_others()
    {
        await using var rig = await SequenceRig.OpenAsync(databases: 2);
        var group = rig.Groups[0];
        await group.AddAsync(300);
        await using var backup = await rig.PrepareAsync();
        var chosen = backup.Instances[0].Databases[0];
        var files = await backup.SetupAsync(backup.Instances[0].Id, BackupKind.Full, [chosen.Id]);
        Assert.Equal(chosen.Path, Assert.Single(files).Path);
        var tape = new Tape();
        await tape.CopyAsync(backup, files);
        await tape.CopyAsync(backup, await backup.GetLogAndPatchFilesAsync());
        Assert.Empty(await backup.GetTruncateLogFilesAsync());
        await backup.TruncateLogAsync();
        Assert.Equal(BackupEnding.Completed, await backup.InstanceEndAsync());
        Assert.True(group.HeaderOf(0).PreviousFull.LowGeneration.IsSet && !group.HeaderOf(1).PreviousFull.LowGeneration.IsSet);
        await rig.RestoreAsync(group.Name, tape);
        Assert.Equal(group.Rows(), await StorageGroup.ReadAsync(rig.Restored(group.Name, "group11.edb")));
        Assert.False(File.Exists(rig.Restored(group.Name, "group12.edb")));
    }
}
