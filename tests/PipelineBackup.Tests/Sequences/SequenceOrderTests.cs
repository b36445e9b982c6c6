using PipelineBackup.Sequences;

namespace PipelineBackup.Tests.Sequences;

/// <summary>Every call in every state: what is out of order is refused with the engine's number and changes nothing.</summary>
public sealed class SequenceOrderTests
{
    private static readonly string[] s_calls =
        ["setup", "names", "open database", "open log", "open nothing", "read", "close", "logs", "doomed", "truncate", "instance end"];

    public static TheoryData<string, int[]> Backups => new()
    {
        { "prepared", [0, -520, -520, -520, -520, -520, -520, -520, -520, -520, -520] },
        { "databases", [-505, 0, 0, -1203, -1003, -1003, -1003, 0, 0, -521, 0] },
        { "database open", [-505, 0, -1011, -1011, -1011, 0, 0, -521, -521, -521, 0] },
        { "logs", [-505, -521, -521, 0, -1003, -1003, -1003, 0, 0, -616, 0] },
        { "log open", [-505, -521, -1011, -1011, -1011, 0, 0, -521, -521, -521, 0] },
        { "copied", [-505, -521, -521, 0, -1003, -1003, -1003, 0, 0, 0, 0] },
        { "truncated", [-505, -521, -521, -521, -1003, -1003, -1003, -521, -521, -521, 0] },
        { "logs alone", [-505, -521, -521, 0, -1003, -1003, -1003, 0, 0, -616, 0] },
        { "instance ended", [0, -520, -520, -520, -520, -520, -520, -520, -520, -520, -520] },
        { "ended", [-520, -520, -520, -520, -520, -520, -520, -520, -520, -520, -520] },
    };

    [Theory]
    [MemberData(nameof(Backups))]
    public async Task Each_call_of_a_backup_comes_in_its_order(string state, int[] errors)
    {
        await using var rig = await SequenceRig.OpenAsync();
        await rig.Groups[0].AddAsync(100);
        await rig.TakeAsync(BackupKind.Full);
        await rig.Groups[0].AddAsync(100);
        for (int i = 0; i < s_calls.Length; i++)
        {
            await using var backup = await rig.PrepareAsync();
            var log = await ReachAsync(rig, backup, state);
            int error = await SequenceRig.ErrorAsync(() => CallAsync(rig, backup, s_calls[i], log));
            Assert.True(errors[i] == error, $"'{s_calls[i]}' in '{state}': {error}, not {errors[i]}");
        }
    }

    [Theory]
    [InlineData("databases")]
    [InlineData("database open")]
    [InlineData("logs")]
    [InlineData("log open")]
    public async Task A_backup_that_is_not_whole_is_given_up_though_it_is_called_a_success(string state)
    {
        await using var rig = await SequenceRig.OpenAsync();
        await rig.Groups[0].AddAsync(100);
        await using var backup = await rig.PrepareAsync();
        await ReachAsync(rig, backup, state);
        Assert.Equal(BackupEnding.Aborted, await backup.InstanceEndAsync());
        Assert.False(rig.Groups[0].HeaderOf().PreviousFull.LowGeneration.IsSet || rig.Groups[0].HeaderOf().PreviousCopy.LowGeneration.IsSet);
    }

    private static readonly string[] s_restoreCalls =
        ["add", "open", "write", "close file", "save", "environment", "complete", "close as success", "close as failure"];

    public static TheoryData<string, int[]> Restores => new()
    {
        { "opened", [0, -1203, -1003, -1003, -521, -521, -521, -521, 0] },
        { "added", [0, 0, -1003, -1003, -521, -521, -521, -521, 0] },
        { "file open", [0, -1011, 0, -1003, -521, -521, -521, -521, 0] },
        { "written", [0, -1201, -1003, -1003, 0, -521, -521, -521, 0] },
        { "saved", [0, -1201, -1003, -1003, 0, 0, 0, 0, 0] },
        { "completed", [-521, -521, -1003, -1003, -521, 0, -521, 0, 0] },
        { "closed", [-520, -520, -520, -520, -520, -520, -520, -520, -520] },
    };

    [Theory]
    [MemberData(nameof(Restores))]
    public async Task Each_call_of_a_restore_comes_in_its_order(string state, int[] errors)
    {
        await using var rig = await SequenceRig.OpenAsync();
        await rig.Groups[0].AddAsync(30);
        var tape = await rig.TakeAsync(BackupKind.Full);
        var database = tape.Names.First();
        for (int i = 0; i < s_restoreCalls.Length; i++)
        {
            await using (var restore = await rig.OpenRestoreAsync(rig.Groups[0].Name))
            {
                int handle = await ReachAsync(restore, tape, state);
                int error = await SequenceRig.ErrorAsync(() => CallAsync(restore, s_restoreCalls[i], database, handle));
                Assert.True(errors[i] == error, $"'{s_restoreCalls[i]}' in '{state}': {error}, not {errors[i]}");
            }

            // What was saved is thrown away, what was completed moved away.
            if (File.Exists(rig.Scratch[Path.Combine("restores", "group1", "restore.env")]))
                await (await rig.ReopenRestoreAsync("group1")).CloseAsync(isSuccess: false);
            if (File.Exists(rig.Restored("group1", "group11.edb")))
                File.Delete(rig.Restored("group1", "group11.edb"));
            Assert.False(Directory.Exists(rig.Scratch[Path.Combine("restores", "group1")]));
        }
    }

    private static async Task<TokenedName> ReachAsync(SequenceRig rig, ExchangeBackup backup, string state)
    {
        var nothing = new TokenedName(FileToken.Log, rig.Groups[0].Logs.First());
        if (state is "prepared")
            return nothing;
        var kind = state == "logs alone" ? BackupKind.Incremental : BackupKind.Full;
        var files = await backup.SetupAsync(rig.Groups[0].Engine.EngineId, kind);
        if (state is "databases")
            return nothing;
        if (state is "database open")
        {
            await backup.OpenFileAsync(files[0]);
            return nothing;
        }

        if (state is "copied" or "truncated")
            await new Tape().CopyAsync(backup, files);
        var logs = await backup.GetLogAndPatchFilesAsync();
        if (state is "log open")
            await backup.OpenFileAsync(logs[0]);
        if (state is "copied" or "truncated")
            await new Tape().CopyAsync(backup, logs);
        if (state is "truncated")
            await backup.TruncateLogAsync();
        if (state is "instance ended")
            await backup.InstanceEndAsync();
        if (state is "ended")
            await backup.EndAsync();
        return logs[0];
    }

    private static async ValueTask CallAsync(SequenceRig rig, ExchangeBackup backup, string call, TokenedName log)
    {
        var database = new TokenedName(FileToken.Database, rig.Groups[0].Databases[0].Path);
        var open = new OpenedFile(1, 0, 4096);
        switch (call)
        {
            case "setup":
                await backup.SetupAsync(rig.Groups[0].Engine.EngineId, BackupKind.Full);
                break;
            case "names":
                await rig.Backups.GetDatabaseNamesAsync(backup.Context, default);
                break;
            case "open database":
                await backup.OpenFileAsync(database);
                break;
            case "open log":
                await backup.OpenFileAsync(log);
                break;
            case "open nothing":
                await backup.OpenFileAsync(new(FileToken.Log, ""));
                break;
            case "read":
                await backup.ReadFileAsync(open, new byte[3 * 4096]);
                break;
            case "close":
                await backup.CloseFileAsync(open);
                break;
            case "logs":
                await backup.GetLogAndPatchFilesAsync();
                break;
            case "doomed":
                await backup.GetTruncateLogFilesAsync();
                break;
            case "truncate":
                await backup.TruncateLogAsync();
                break;
            default:
                await backup.InstanceEndAsync();
                break;
        }
    }

    private static async Task<int> ReachAsync(ExchangeRestore restore, Tape tape, string state)
    {
        if (state is "opened")
            return 1;
        if (state is "closed")
        {
            await restore.CloseAsync(isSuccess: false);
            return 1;
        }

        await restore.AddDatabaseAsync(tape.Names.First());
        if (state is "added")
            return 1;
        if (state is "file open")
            return await restore.OpenFileAsync(tape.Names.First(), 1 << 20);
        await tape.RestoreAsync(restore);
        if (state is "saved" or "completed")
            await restore.SaveEnvironmentAsync();
        if (state is "completed")
            await restore.CompleteAsync();
        return 1;
    }

    private static async ValueTask CallAsync(ExchangeRestore restore, string call, TokenedName database, int handle)
    {
        switch (call)
        {
            case "add":
                await restore.AddDatabaseAsync(database);
                break;
            case "open":
                await restore.OpenFileAsync(database, 4096);
                break;
            case "write":
                await restore.WriteFileAsync(handle, new byte[10]);
                break;
            case "close file":
                await restore.CloseFileAsync(handle);
                break;
            case "save":
                await restore.SaveEnvironmentAsync();
                break;
            case "environment":
                await restore.GetEnvironmentAsync();
                break;
            case "complete":
                await restore.CompleteAsync();
                break;
            default:
                await restore.CloseAsync(isSuccess: call == "close as success");
                break;
        }
    }

}
