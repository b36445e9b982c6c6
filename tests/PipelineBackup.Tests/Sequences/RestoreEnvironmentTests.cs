using PipelineBackup.Engine;
using System.Text.Json;
using PipelineBackup.Sequences;

namespace PipelineBackup.Tests.Sequences;

/// <summary>What a restore saves for its recovery, and goes on with.</summary>
public sealed class RestoreEnvironmentTests
{
    [Fact]
    public async Task The_environment_has_the_parameters_of_the_documented_call()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await rig.Groups[0].AddAsync(100);
        var tape = await rig.TakeAsync(BackupKind.Full);
        await using var restore = await rig.OpenRestoreAsync("group1");
        await tape.RestoreAsync(restore);
        string target = Directory.CreateDirectory(rig.Scratch["target"]).FullName;
        var saved = await restore.SaveEnvironmentAsync(new() { LogDirectory = target, CheckpointDirectory = target });
        int[] logs = [.. tape.Names.Where(name => name.Token == FileToken.Log)
            .Select(name => Convert.ToInt32(name.FileName[3..^4], 16))];
        Assert.Equivalent(
            new RestoreEnvironment
            {
                CheckpointDirectory = rig.Groups[0].LogDirectory,
                LogDirectory = rig.Groups[0].LogDirectory,
                Map = [new(rig.Groups[0].Databases[0].Path, rig.Restored("group1", "group11.edb"))],
                BackupLogDirectory = restore.Directory,
                LowGeneration = logs.Min(),
                HighGeneration = logs.Max(),
                BaseName = "edb",
                TargetLogDirectory = target,
                TargetCheckpointDirectory = target,
            },
            saved, strict: true);
        Assert.Equivalent(saved, await restore.GetEnvironmentAsync(), strict: true);
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(restore.Directory, "restore.env")));
        Assert.Equal(
            ["checkpointDirectory", "logDirectory", "map", "backupLogDirectory", "lowGeneration", "highGeneration", "baseName",
                "targetInstance", "targetLogDirectory", "targetCheckpointDirectory"],
            document.RootElement.GetProperty("environment").EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public async Task A_target_is_an_instance_or_two_directories()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var tape = await rig.TakeAsync(BackupKind.Full);
        await using var restore = await rig.OpenRestoreAsync("group1");
        await tape.RestoreAsync(restore);
        string directory = rig.Scratch["restores"];
        foreach (var senseless in new RestoreTarget[]
        {
            new() { LogDirectory = directory }, new() { CheckpointDirectory = directory },
            new() { Instance = "group1", LogDirectory = directory, CheckpointDirectory = directory },
        })
            Assert.Equal(-1003, await SequenceRig.ErrorAsync(() => restore.SaveEnvironmentAsync(senseless)));
        Assert.Equal(-1023, await SequenceRig.ErrorAsync(
            () => restore.SaveEnvironmentAsync(new() { LogDirectory = "logs", CheckpointDirectory = "logs" })));
        await restore.SaveEnvironmentAsync(new() { Instance = "none" });
        Assert.Equal(-577, await SequenceRig.ErrorAsync(() => restore.CompleteAsync()));

        // Nothing was touched: with another target it goes well.
        await restore.SaveEnvironmentAsync();
        await restore.CompleteAsync();
        await restore.CloseAsync();
    }

    [Fact]
    public async Task A_running_target_is_told_to_the_recovery_by_its_name()
    {
        var told = new List<RecoveryRequest>();
        await using var rig = await SequenceRig.OpenAsync(change: options => options with { Recovery = new RecordingRecovery(told) });
        var tape = await rig.TakeAsync(BackupKind.Full);
        string logs = rig.Groups[0].LogDirectory;
        foreach (var target in new RestoreTarget[]
        {
            new() { Instance = "group1" }, new() { LogDirectory = logs, CheckpointDirectory = logs }, new(),
        })
        {
            await using var restore = await rig.OpenRestoreAsync("group1");
            await tape.RestoreAsync(restore);
            await restore.SaveEnvironmentAsync(target);
            Assert.Equal(578, (await restore.CompleteAsync(rollsForward: true)).Warning);
            await restore.CloseAsync();
            Assert.Equal(("group1", null), (told[^1].TargetInstance, told[^1].RollForwardDirectory));
            File.Delete(rig.Restored("group1", "group11.edb"));
        }

        Assert.Equal(3, told.Count);
    }

    [Fact]
    public async Task A_database_of_a_running_target_becomes_as_new_as_its_instance()
    {
        await using var rig = await SequenceRig.OpenAsync(databases: 2);
        var recovery = new HostRecovery(rig.Host, new ManagedRecovery());
        await using var other = new SequenceServer(rig.Options with { Recovery = recovery });
        var group = rig.Groups[0];
        await group.AddAsync(100);
        var full = await rig.TakeAsync(BackupKind.Full);
        await group.AddAsync(300);
        await using var restore = await ExchangeRestore.OpenAsync(
            Wire<IRestoreSequences>.To(other), SequenceRig.Name, SequenceRig.Service, "group1");
        await full.RestoreAsync(restore);
        await restore.SaveEnvironmentAsync(new() { Instance = "group1" });
        Assert.Equal(578, (await restore.CompleteAsync()).Warning);
        await restore.CloseAsync();
        Assert.Equal(group.Rows(), await StorageGroup.ReadAsync(rig.Restored("group1", "group11.edb")));
        await group.AddAsync(10, database: 1);

        var request = new RecoveryRequest
        {
            Databases = [], BaseName = "edb", LogDirectory = rig.Scratch["none"], TargetInstance = "none",
        };
        Assert.Equal(-577, await SequenceRig.ErrorAsync(() => recovery.RecoverAsync(request, default)));
        Assert.Equal(-1003, await SequenceRig.ErrorAsync(
            () => recovery.RecoverAsync(request with { TargetInstance = "group1", StopGeneration = 9 }, default)));
        await Assert.ThrowsAnyAsync<BackupException>(
            async () => await recovery.RecoverAsync(request with { TargetInstance = "" }, default));
    }

    [Fact]
    public async Task A_saved_restore_is_reopened_and_not_opened_over()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await rig.Groups[0].AddAsync(100);
        var full = await rig.TakeAsync(BackupKind.Full);
        await rig.Groups[0].AddAsync(200);
        var incremental = await rig.TakeAsync(BackupKind.Incremental);
        Assert.Equal(ExitCode.NotFound, (await Assert.ThrowsAsync<BackupException>(() => rig.ReopenRestoreAsync("group1").AsTask())).ExitCode);
        await using (var first = await rig.OpenRestoreAsync("group1"))
        {
            await full.RestoreAsync(first);
            await first.SaveEnvironmentAsync();
            await first.CloseAsync();
        }

        Assert.Equal(-504, await SequenceRig.ErrorAsync(() => rig.OpenRestoreAsync("group1")));

        // What comes and is not saved goes again.
        await using (var second = await rig.ReopenRestoreAsync("group1"))
            await incremental.RestoreAsync(second);
        await using var third = await rig.ReopenRestoreAsync("group1");
        var saved = await third.GetEnvironmentAsync();
        Assert.Equal(full.Names.Count(name => name.Token == FileToken.Log), Directory.GetFiles(third.Directory, "*.log").Length);
        await incremental.RestoreAsync(third);
        Assert.True((await third.SaveEnvironmentAsync()).HighGeneration > saved.HighGeneration);
        await third.CompleteAsync();
        await third.CloseAsync();
        Assert.Equal(rig.Groups[0].Rows(), await StorageGroup.ReadAsync(rig.Restored("group1", "group11.edb")));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("""{"format":"PipelineBackup restore environment","version":1,"environment":null}""")]
    [InlineData("""{"format":"PipelineBackup restore environment","version":2}""")]
    [InlineData("map")]
    [InlineData("directory")]
    [InlineData("null entry")]
    [InlineData("long")]
    public async Task A_changed_environment_is_refused_and_left_as_it_is(string change)
    {
        await using var rig = await SequenceRig.OpenAsync();
        var tape = await rig.TakeAsync(BackupKind.Full);
        await using (var restore = await rig.OpenRestoreAsync("group1"))
        {
            await tape.RestoreAsync(restore);
            await restore.SaveEnvironmentAsync();
            await restore.CloseAsync();
        }

        string path = rig.Scratch[Path.Combine("restores", "group1", "restore.env")], text = File.ReadAllText(path);
        string changed = change switch
        {
            "map" => text.Replace("restored-group1", "elsewhere", StringComparison.Ordinal),
            "directory" => text.Replace("restores", "elsewhere", StringComparison.Ordinal),
            "null entry" => text.Replace("\"map\": [", "\"map\": [ null,", StringComparison.Ordinal),
            "long" => text + new string(' ', 5 << 20),
            _ => change,
        };
        Assert.NotEqual(text, changed);
        File.WriteAllText(path, changed);
        Assert.Equal(-1003, await SequenceRig.ErrorAsync(() => rig.ReopenRestoreAsync("group1")));
        Assert.Equal(changed, File.ReadAllText(path));
        Assert.True(File.Exists(rig.Restored("group1", "group11.edb")));
        File.WriteAllText(path, text);
        await (await rig.ReopenRestoreAsync("group1")).CloseAsync(isSuccess: false);
        Assert.False(File.Exists(rig.Restored("group1", "group11.edb")));
    }
}
