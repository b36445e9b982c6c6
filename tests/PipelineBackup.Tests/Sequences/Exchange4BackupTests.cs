using PipelineBackup.Ese;
using PipelineBackup.Sequences;

namespace PipelineBackup.Tests.Sequences;

/// <summary>The older sequence, as its procedure describes it.</summary>
public sealed class Exchange4BackupTests
{
    [Fact]
    public async Task Prepare_gives_a_context_for_databases_and_logs_or_for_logs_alone()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var group = rig.Groups[0];
        await group.AddAsync(300);
        var full = await TakeAsync(rig, BackupMethod.Full);
        Assert.Equal([FileToken.Database, FileToken.Log, FileToken.Patch], full.Names.Select(name => name.Token).Distinct());
        Assert.True(group.HeaderOf().PreviousFull.LowGeneration.IsSet);
        await group.AddAsync(200);
        var incremental = await TakeAsync(rig, BackupMethod.LogsOnly);
        Assert.Equal([FileToken.Log], incremental.Names.Select(name => name.Token).Distinct());
        Assert.True(group.HeaderOf().PreviousIncremental.LowGeneration.IsSet);
        await group.AddAsync(200);
        var differential = await TakeAsync(rig, BackupMethod.LogsOnly, truncates: false);
        Assert.True(group.HeaderOf().PreviousDifferential.LowGeneration.IsSet);
        await rig.RestoreAsync(group.Name, full, incremental, differential);
        Assert.Equal(group.Rows(), await StorageGroup.ReadAsync(rig.Restored(group.Name, "group11.edb")));
    }

    [Fact]
    public async Task Logs_alone_are_refused_until_there_is_a_full_backup_of_a_database_made_anew()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var group = rig.Groups[0];
        await RequireFullAsync(rig, -560);
        await TakeAsync(rig, BackupMethod.Full);
        await TakeAsync(rig, BackupMethod.LogsOnly);

        // A defragmentation that is made offline writes a new database in place of the old one.
        string path = group.Databases[0].Path;
        await group.Databases[0].DetachAsync();
        File.Delete(path);
        group.Databases.Clear();
        await group.CreateAsync(path);
        await RequireFullAsync(rig, -560);
        await TakeAsync(rig, BackupMethod.Full);
        await TakeAsync(rig, BackupMethod.LogsOnly);
    }

    [Fact]
    public async Task Logs_alone_are_refused_until_there_is_a_full_backup_of_a_database_that_migrated()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await rig.Groups[0].AddAsync(50);
        await TakeAsync(rig, BackupMethod.Full);
        string path = rig.Groups[0].Databases[0].Path;
        await rig.Groups[0].DisposeAsync();

        var other = await StorageGroup.OpenAsync(rig.Host, rig.Scratch, "other", databases: 0);
        rig.Groups.Add(other);
        other.Databases.Add(await other.Engine.AttachDatabaseAsync(path));
        await RequireFullAsync(rig, -560);
        await TakeAsync(rig, BackupMethod.Full);
        await TakeAsync(rig, BackupMethod.LogsOnly);
    }

    [Fact]
    public async Task Logs_alone_are_refused_when_logs_are_out_of_sequence()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var group = rig.Groups[0];
        await TakeAsync(rig, BackupMethod.Full);
        await group.AddAsync(400);
        string[] logs = [.. group.Logs];
        File.Delete(logs[logs.Length / 2]);
        await RequireFullAsync(rig, -528);
        foreach (string log in logs[..(logs.Length / 2)])
            File.Delete(log);
        await RequireFullAsync(rig, -569);
    }

    [Fact]
    public async Task Logs_alone_are_refused_with_circular_logging()
    {
        await using var rig = await SequenceRig.OpenAsync(isCircular: true);
        await TakeAsync(rig, BackupMethod.Full);
        await RequireFullAsync(rig, -526);
        await TakeAsync(rig, BackupMethod.Full);
    }

    [Fact]
    public async Task Files_are_read_through_the_interface_because_those_on_the_disk_are_in_use()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var group = rig.Groups[0];
        await group.AddAsync(100);
        var tape = await TakeAsync(rig, BackupMethod.Full);
        var (name, content) = Assert.Single(tape.Files, file => TokenedName.FromBytes(file.Name).Token == FileToken.Database);
        Assert.Equal(group.Databases[0].Path, TokenedName.FromBytes(name).Path);
        var copy = HeaderPair.Read(content.AsSpan(0, HeaderPair.StartBytes)).Header!;
        Assert.True(copy.IsUnrestoredCopy && copy.NeedsTrailer);
        Assert.False(group.HeaderOf().IsUnrestoredCopy, "the living database was marked as a copy");
        Assert.Equal(EseError.Success, new PatchTrailer(content.AsMemory(content.Length - 4096)).Judge(copy));
    }

    [Fact]
    public async Task A_token_of_one_byte_is_kept_with_each_file_and_finds_its_directory()
    {
        await using var rig = await SequenceRig.OpenAsync(databases: 2);
        rig.RestoresElsewhere = false;
        var group = rig.Groups[0];
        await group.AddAsync(100, database: 1);
        var tape = await TakeAsync(rig, BackupMethod.Full);
        Assert.Equal(2, tape.Names.Count(name => name.Token == FileToken.Database));
        var table = await ExchangeRestore.GetDatabaseLocationsAsync(rig.Restores, SequenceRig.Name, SequenceRig.Service, group.Name);
        foreach (var (bytes, _) in tape.Files)
        {
            var name = TokenedName.FromBytes(bytes);
            Assert.Equal((byte)name.Token, bytes[0]);
            Assert.Equal(name, TokenedName.FromBytes(name.ToBytes()));
            string expected = name.Token == FileToken.Patch ? Path.Combine(group.LogDirectory, name.FileName) : name.Path;
            Assert.Equal(expected, table.Find(name));
        }

        Assert.Null(table.Find(new TokenedName(FileToken.Database, "/elsewhere/none.edb")));
        Assert.Null(table.Find(new TokenedName(FileToken.Unknown, group.Databases[0].Path)));
        Assert.Equal(group.LogDirectory, table.Find(FileToken.CheckpointDirectory));
    }

    [Fact]
    public async Task Each_file_is_opened_read_and_closed()
    {
        await using var rig = await SequenceRig.OpenAsync(databases: 2);
        await rig.Groups[0].AddAsync(200);
        await using var backup = await rig.Prepare4Async(BackupMethod.Full);
        var names = await backup.GetDatabaseNamesAsync();
        Assert.Equal(rig.Groups[0].Databases.Select(database => database.Path), names.Select(name => name.Path));
        var first = await backup.OpenFileAsync(names[0]);
        Assert.Equal(-1011, await SequenceRig.ErrorAsync(() => backup.OpenFileAsync(names[1])));
        Assert.Equal(3 * 4096, await backup.ReadAsync(first, new byte[3 * 4096]));
        await backup.CloseAsync(first);
        Assert.Equal(-1003, await SequenceRig.ErrorAsync(() => backup.ReadAsync(first, new byte[4096])));
        Assert.Equal(-1003, await SequenceRig.ErrorAsync(() => backup.CloseAsync(first)));
        var tape = new Tape();
        await tape.CopyAsync(backup, names, pages: 3);
        var logs = await backup.GetBackupLogsAsync();
        await tape.CopyAsync(backup, logs, pages: 2);
        Assert.Equal(names.Concat(logs), tape.Names);
        Assert.Equal(BackupEnding.Completed, await backup.EndAsync());
    }

    [Fact]
    public async Task Lists_are_values_with_nothing_to_free()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await using var backup = await rig.Prepare4Async(BackupMethod.Full);
        var names = await backup.GetDatabaseNamesAsync();
        var before = names.ToList();
        Assert.Equal(before, await backup.GetDatabaseNamesAsync());
        var logs = await backup.GetBackupLogsAsync();
        Assert.Equal(logs, await backup.GetBackupLogsAsync());
        await backup.EndAsync(isSuccess: false);
        Assert.Equal(before, names);
    }

    [Fact]
    public async Task The_logs_are_those_of_the_current_directory()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await rig.Groups[0].AddAsync(300);
        await using var backup = await rig.Prepare4Async(BackupMethod.Full);
        var logs = (await backup.GetBackupLogsAsync()).Where(name => name.Token == FileToken.Log).ToList();
        Assert.NotEmpty(logs);
        Assert.All(logs, log => Assert.Equal(rig.Groups[0].LogDirectory, Path.GetDirectoryName(log.Path)));
        Assert.All(logs, log => Assert.True(File.Exists(log.Path)));
    }

    [Fact]
    public async Task A_full_backup_has_a_patch_file_for_each_database_and_one_of_logs_has_none()
    {
        await using var rig = await SequenceRig.OpenAsync(databases: 2);
        var tape = await TakeAsync(rig, BackupMethod.Full);
        var patches = tape.Files.Where(file => TokenedName.FromBytes(file.Name).Token == FileToken.Patch).ToList();
        Assert.Equal(["group11.pat", "group12.pat"], patches.Select(file => TokenedName.FromBytes(file.Name).FileName));
        Assert.All(patches, file => Assert.Empty(file.Content));
        Assert.DoesNotContain((await TakeAsync(rig, BackupMethod.LogsOnly)).Names, name => name.Token == FileToken.Patch);
    }

    [Fact]
    public async Task What_changes_while_databases_are_copied_comes_with_the_files_that_follow_them()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var group = rig.Groups[0];
        await group.AddAsync(200);
        int reads = 0;
        rig.Trouble.Reading = (file, _, _) =>
        {
            if (file.Kind == SourceFileKind.Database)
                group.AddAsync(++reads).GetAwaiter().GetResult();
        };
        var tape = await TakeAsync(rig, BackupMethod.Full, pages: 3);
        Assert.True(reads > 10, $"{reads}");
        await rig.RestoreAsync(group.Name, tape);
        Assert.Equal(group.Rows(), await StorageGroup.ReadAsync(rig.Restored(group.Name, "group11.edb")));
    }

    [Fact]
    public async Task Logs_are_truncated_by_full_and_incremental_backups_only()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var group = rig.Groups[0];
        await group.AddAsync(400);
        int before = group.Logs.Count();
        await TakeAsync(rig, BackupMethod.Full);
        Assert.True(group.Logs.Count() < before, "a full backup truncated nothing");
        await group.AddAsync(400);
        await using (var differential = await rig.Prepare4Async(BackupMethod.LogsOnly, keepsLogs: true))
        {
            await new Tape().CopyAsync(differential, await differential.GetBackupLogsAsync());
            string[] all = [.. group.Logs];
            Assert.Equal(-521, await SequenceRig.ErrorAsync(() => differential.TruncateLogsAsync()));
            Assert.Equal(BackupEnding.Completed, await differential.EndAsync());
            Assert.Equal(all, group.Logs);
        }

        before = group.Logs.Count();
        await TakeAsync(rig, BackupMethod.LogsOnly, truncates: false);
        Assert.True(group.Logs.Count() >= before, "a differential backup truncated logs");
        before = group.Logs.Count();
        await TakeAsync(rig, BackupMethod.LogsOnly);
        Assert.True(group.Logs.Count() < before, "an incremental backup truncated nothing");
    }

    [Fact]
    public async Task A_copy_truncates_nothing_either()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await rig.Groups[0].AddAsync(300);
        await using var copy = await rig.Prepare4Async(BackupMethod.Full, keepsLogs: true);
        var tape = new Tape();
        await tape.CopyAsync(copy, await copy.GetDatabaseNamesAsync());
        await tape.CopyAsync(copy, await copy.GetBackupLogsAsync());
        Assert.Equal(-521, await SequenceRig.ErrorAsync(() => copy.TruncateLogsAsync()));
        Assert.Equal(BackupEnding.Completed, await copy.EndAsync());
        Assert.False(rig.Groups[0].HeaderOf().PreviousFull.LowGeneration.IsSet);
    }

    [Fact]
    public async Task No_log_is_truncated_when_a_database_was_left_out()
    {
        await using var rig = await SequenceRig.OpenAsync(databases: 2);
        await rig.Groups[0].AddAsync(400);
        await using var backup = await rig.Prepare4Async(BackupMethod.Full);
        var tape = new Tape();
        await tape.CopyAsync(backup, [(await backup.GetDatabaseNamesAsync())[0]]);
        await tape.CopyAsync(backup, await backup.GetBackupLogsAsync());
        string[] before = [.. rig.Groups[0].Logs];
        Assert.Equal(-521, await SequenceRig.ErrorAsync(() => backup.TruncateLogsAsync()));
        Assert.Equal(BackupEnding.Aborted, await backup.EndAsync());
        Assert.Equal(before, rig.Groups[0].Logs.Take(before.Length));
    }

    [Fact]
    public async Task The_end_lets_the_context_go()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var backup = await rig.Prepare4Async(BackupMethod.Full);
        Assert.Equal(-505, await SequenceRig.ErrorAsync(() => rig.Prepare4Async(BackupMethod.Full)));
        await backup.EndAsync(isSuccess: false);
        Assert.Equal(-520, await SequenceRig.ErrorAsync(() => backup.GetDatabaseNamesAsync()));
        Assert.Equal(-520, await SequenceRig.ErrorAsync(() => backup.EndAsync()));
        await backup.DisposeAsync();
        await TakeAsync(rig, BackupMethod.Full);
    }

    [Fact]
    public async Task A_service_with_several_instances_needs_the_sequence_that_names_one()
    {
        await using var rig = await SequenceRig.OpenAsync(groups: 2);
        Assert.Equal(-1081, await SequenceRig.ErrorAsync(() => rig.Prepare4Async(BackupMethod.Full)));
        await using var none = await SequenceRig.OpenAsync(groups: 0);
        Assert.Equal(-1029, await SequenceRig.ErrorAsync(() => none.Prepare4Async(BackupMethod.Full)));
    }

    private static async Task<Tape> TakeAsync(SequenceRig rig, BackupMethod method, bool truncates = true, int pages = 16)
    {
        await using var backup = await rig.Prepare4Async(method);
        var tape = new Tape();
        if (method == BackupMethod.Full)
            await tape.CopyAsync(backup, await backup.GetDatabaseNamesAsync(), pages);
        await tape.CopyAsync(backup, await backup.GetBackupLogsAsync(), pages);
        if (truncates)
            await backup.TruncateLogsAsync();
        Assert.Equal(BackupEnding.Completed, await backup.EndAsync());
        return tape;
    }

    // Refused when it is prepared, with the words that help, and the engine is free again.
    private static async Task RequireFullAsync(SequenceRig rig, int error)
    {
        foreach (bool keepsLogs in new[] { false, true })
        {
            var refusal = await Assert.ThrowsAsync<BackupException>(() => rig.Prepare4Async(BackupMethod.LogsOnly, keepsLogs).AsTask());
            Assert.Equal((error, ExitCode.Refused), (refusal.Error!.Value.Number, refusal.ExitCode));
            Assert.StartsWith("a full backup is needed", refusal.Message, StringComparison.Ordinal);
            Assert.Contains("full backup", refusal.Hint, StringComparison.Ordinal);
        }

        await (await rig.Prepare4Async(BackupMethod.Full)).EndAsync(isSuccess: false);
    }
}
