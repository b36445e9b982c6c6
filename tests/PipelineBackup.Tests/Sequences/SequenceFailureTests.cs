using PipelineBackup.Sequences;

namespace PipelineBackup.Tests.Sequences;

/// <summary>What fails on the way, is cancelled, or is left alone.</summary>
public sealed class SequenceFailureTests
{
    private static readonly TimeSpan s_patience = new SequenceServerOptions { Services = [] }.AbandonAfter;

    [Fact]
    public async Task After_a_bad_page_no_log_is_truncated_and_nothing_is_remembered()
    {
        await using var rig = await SequenceRig.OpenAsync(change: options => options with { Time = TimeProvider.System });
        await rig.Groups[0].AddAsync(300);
        rig.Trouble.Reading = rig.Trouble.Rereading = new SpoiltPage("group11.edb", bytes: 64).Spoil;
        await RequireFailureAsync(rig, -1018, async (backup, files) =>
        {
            await new Tape().CopyAsync(backup, files);
        });
        Assert.Single(rig.Events.Of(218));
        Assert.Single(rig.Events.Of(214));
    }

    [Fact]
    public async Task A_page_that_was_caught_in_a_write_is_read_again()
    {
        await using var rig = await SequenceRig.OpenAsync(change: options => options with { Time = TimeProvider.System });
        await rig.Groups[0].AddAsync(100);
        rig.Trouble.Reading = new SpoiltPage("group11.edb", bytes: 64).Spoil;
        var tape = await rig.TakeAsync(BackupKind.Full);
        Assert.Single(rig.Events.Of(493));
        await rig.RestoreAsync("group1", tape);
        Assert.Equal(rig.Groups[0].Rows(), await StorageGroup.ReadAsync(rig.Restored("group1", "group11.edb")));
    }

    [Fact]
    public async Task A_flipped_bit_is_corrected_in_the_copy()
    {
        await using var rig = await SequenceRig.OpenAsync(change: options => options with { Time = TimeProvider.System });
        await rig.Groups[0].AddAsync(100);
        var spoilt = new SpoiltPage("group11.edb", bytes: 1);
        rig.Trouble.Reading = rig.Trouble.Rereading = spoilt.Spoil;
        await rig.RestoreAsync("group1", await rig.TakeAsync(BackupKind.Full));
        Assert.Equal(3, spoilt.Times);
        Assert.Equal(rig.Groups[0].Rows(), await StorageGroup.ReadAsync(rig.Restored("group1", "group11.edb")));
    }

    [Fact]
    public async Task After_a_damaged_log_no_log_is_truncated()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await rig.Groups[0].AddAsync(300);
        rig.Trouble.Reading = (file, offset, bytes) =>
        {
            if (file.Kind == SourceFileKind.Log && offset == 0)
                bytes.Span[(2 * 4096)..].Slice(100, 200).Fill(0x5a);
        };
        await RequireFailureAsync(rig, -612, async (backup, files) =>
        {
            await new Tape().CopyAsync(backup, files);
            await new Tape().CopyAsync(backup, await backup.GetLogAndPatchFilesAsync());
        });
    }

    [Theory]
    [InlineData("open")]
    [InlineData("end databases")]
    [InlineData("validate")]
    [InlineData("truncate")]
    public async Task After_a_failed_step_no_log_is_truncated(string step)
    {
        await using var rig = await SequenceRig.OpenAsync();
        await rig.Groups[0].AddAsync(300);
        int times = 0;
        rig.Trouble.Stepping = now =>
        {
            if (now == step && ++times == 1)
                throw new SourceException("the disk is gone") { Error = JetError.DiskIO };
        };
        await RequireFailureAsync(rig, -1022, async (backup, files) =>
        {
            await new Tape().CopyAsync(backup, files);
            await new Tape().CopyAsync(backup, await backup.GetLogAndPatchFilesAsync());
            await backup.TruncateLogAsync();
        });
    }

    [Fact]
    public async Task A_backup_that_cannot_be_completed_lets_its_instance_go()
    {
        await using var rig = await SequenceRig.OpenAsync();
        rig.Trouble.Stepping = step =>
        {
            if (step == "complete")
                throw new SourceException("the disk is gone") { Error = JetError.DiskIO };
        };
        await using var backup = await rig.PrepareAsync();
        await new Tape().CopyAsync(backup, await backup.SetupAsync(rig.Groups[0].Engine.EngineId, BackupKind.Full));
        await new Tape().CopyAsync(backup, await backup.GetLogAndPatchFilesAsync());
        Assert.Equal(-1022, await SequenceRig.ErrorAsync(() => backup.InstanceEndAsync()));
        rig.Trouble.Stepping = _ => { };
        await SequenceRig.TakeAsync(backup, BackupKind.Full, rig.Groups[0]);
    }

    [Fact]
    public async Task An_engine_that_is_closed_ends_its_backup()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var group = rig.Groups[0];
        await using var backup = await rig.PrepareAsync();
        var files = await backup.SetupAsync(group.Engine.EngineId, BackupKind.Full);
        var file = await backup.OpenFileAsync(files[0]);
        await group.ReopenAsync();
        Assert.Equal(-801, await SequenceRig.ErrorAsync(() => backup.ReadFileAsync(file, new byte[3 * 4096])));
        await backup.CloseFileAsync(file);
        Assert.Equal(-801, await SequenceRig.ErrorAsync(() => backup.GetLogAndPatchFilesAsync()));
        Assert.Equal(BackupEnding.Aborted, await backup.InstanceEndAsync());
        await rig.TakeAsync(BackupKind.Full);
    }

    [Fact]
    public async Task Reads_have_their_measure()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await using var backup = await rig.PrepareAsync();
        var files = await backup.SetupAsync(rig.Groups[0].Engine.EngineId, BackupKind.Full);
        var file = await backup.OpenFileAsync(files[0]);
        foreach (int count in new[] { 0, 100, 2 * 4096, (3 * 4096) + 1, rig.Options.MostReadBytes + 4096 })
            Assert.Equal(-1003, await SequenceRig.ErrorAsync(() => backup.ReadFileAsync(file, new byte[count])));
        Assert.Equal(-1003, await SequenceRig.ErrorAsync(() => rig.Backups.ReadFileAsync(backup.Context, file.Handle, -4096, default)));
        Assert.Equal(3 * 4096, await backup.ReadFileAsync(file, new byte[3 * 4096]));
        Assert.Equal(4096, await backup.ReadFileAsync(file, new byte[4096]));
    }

    [Fact]
    public async Task A_cancelled_read_means_that_the_file_is_read_again()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await rig.Groups[0].AddAsync(300);
        using var cancelled = new CancellationTokenSource();
        await using var backup = await rig.PrepareAsync();
        var files = await backup.SetupAsync(rig.Groups[0].Engine.EngineId, BackupKind.Full);
        var file = await backup.OpenFileAsync(files[0]);
        await backup.ReadFileAsync(file, new byte[3 * 4096]);
        rig.Trouble.Reading = (_, _, _) =>
        {
            cancelled.Cancel();
            cancelled.Token.ThrowIfCancellationRequested();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => backup.ReadFileAsync(file, new byte[4096], cancelled.Token).AsTask());
        rig.Trouble.Reading = (_, _, _) => { };
        Assert.Equal(-1003, await SequenceRig.ErrorAsync(() => backup.ReadFileAsync(file, new byte[4096])));
        var tape = new Tape();
        await tape.CopyAsync(backup, await backup.GetLogAndPatchFilesAsync());
        Assert.Equal(-521, await SequenceRig.ErrorAsync(() => backup.TruncateLogAsync()));
        Assert.Equal(BackupEnding.Aborted, await backup.InstanceEndAsync());
        await SequenceRig.TakeAsync(backup, BackupKind.Full, rig.Groups[0]);
    }

    [Fact]
    public async Task A_call_that_was_cancelled_beforehand_changes_nothing()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var done = new CancellationToken(canceled: true);
        int id = rig.Groups[0].Engine.EngineId;
        await using var backup = await rig.PrepareAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => backup.SetupAsync(id, BackupKind.Full, null, done).AsTask());
        var files = await backup.SetupAsync(id, BackupKind.Full);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => backup.OpenFileAsync(files[0], done).AsTask());
        await new Tape().CopyAsync(backup, files);
        var logs = await backup.GetLogAndPatchFilesAsync();
        await new Tape().CopyAsync(backup, logs);
        await backup.TruncateLogAsync();
        Assert.Equal(BackupEnding.Completed, await backup.InstanceEndAsync());
    }

    [Fact]
    public async Task A_client_that_goes_away_is_waited_for_and_then_its_backup_is_aborted()
    {
        await using var rig = await SequenceRig.OpenAsync();
        var gone = await rig.PrepareAsync();
        var files = await gone.SetupAsync(rig.Groups[0].Engine.EngineId, BackupKind.Full);
        var file = await gone.OpenFileAsync(files[0]);

        // As long as it asks for something now and then it is there.
        for (int i = 0; i < 3; i++)
        {
            rig.Clock.GoOn(s_patience * 0.9);
            await gone.ReadFileAsync(file, new byte[3 * 4096]);
        }

        rig.Clock.GoOn(s_patience * 0.9);
        Assert.Equal(-505, await SequenceRig.ErrorAsync(() => rig.Prepare4Async(BackupMethod.Full)));
        rig.Clock.GoOn(s_patience * 0.5);
        Assert.Equal(-520, await SequenceRig.ErrorAsync(() => gone.ReadFileAsync(file, new byte[4096])));
        Assert.Equal(["the backup of 'group1' was left alone by its client and is aborted"], rig.Events.Of(207));
        Assert.False(rig.Groups[0].HeaderOf().PreviousFull.LowGeneration.IsSet);
        await rig.TakeAsync(BackupKind.Full);
        await gone.DisposeAsync();
    }

    [Fact]
    public async Task A_client_in_the_middle_of_a_call_is_not_gone()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await using var backup = await rig.PrepareAsync();
        var files = await backup.SetupAsync(rig.Groups[0].Engine.EngineId, BackupKind.Full);
        var file = await backup.OpenFileAsync(files[0]);
        rig.Trouble.Reading = (_, _, _) =>
        {
            rig.Clock.GoOn(s_patience * 3);

            // Nor does it do two things at once.
            Assert.Equal(-1910, SequenceRig.ErrorAsync(() => backup.GetLogAndPatchFilesAsync()).GetAwaiter().GetResult());
        };
        await backup.ReadFileAsync(file, new byte[3 * 4096]);
        rig.Trouble.Reading = (_, _, _) => { };
        await backup.CloseFileAsync(file);
        await new Tape().CopyAsync(backup, files);
    }

    [Fact]
    public async Task A_restore_that_is_left_alone_is_removed_unless_it_was_saved()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await rig.Groups[0].AddAsync(30);
        var tape = await rig.TakeAsync(BackupKind.Full);
        string directory = rig.Scratch[Path.Combine("restores", "group1")], database = rig.Restored("group1", "group11.edb");
        var gone = await rig.OpenRestoreAsync("group1");
        await tape.RestoreAsync(gone);
        Assert.True(File.Exists(database));
        rig.Clock.GoOn(s_patience * 2);
        Assert.False(File.Exists(database) || Directory.Exists(directory));
        Assert.Equal(-520, await SequenceRig.ErrorAsync(() => gone.SaveEnvironmentAsync()));

        var saved = await rig.OpenRestoreAsync("group1");
        await tape.RestoreAsync(saved);
        await saved.SaveEnvironmentAsync();
        rig.Clock.GoOn(s_patience * 2);
        await using var again = await rig.ReopenRestoreAsync("group1");
        await again.CompleteAsync();
        await again.CloseAsync();
        Assert.Equal(rig.Groups[0].Rows(), await StorageGroup.ReadAsync(database));
        Assert.False(Directory.Exists(directory));
    }

    [Fact]
    public async Task A_server_that_ends_aborts_its_sessions_and_takes_no_more()
    {
        await using var rig = await SequenceRig.OpenAsync();
        await using var server = new SequenceServer(rig.Options);
        var backup = await ExchangeBackup.PrepareAsync(server, SequenceRig.Name, SequenceRig.Service);
        await backup.SetupAsync(rig.Groups[0].Engine.EngineId, BackupKind.Full);
        await server.DisposeAsync();
        await rig.TakeAsync(BackupKind.Full);
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => ExchangeBackup.PrepareAsync(server, SequenceRig.Name, SequenceRig.Service).AsTask());
    }

    [Fact]
    public async Task There_are_as_many_sessions_as_are_allowed()
    {
        await using var rig = await SequenceRig.OpenAsync(change: options => options with { MostSessions = 2 });
        await using var one = await rig.PrepareAsync();
        await using var two = await rig.OpenRestoreAsync("group1");
        Assert.Equal(-1101, await SequenceRig.ErrorAsync(() => rig.PrepareAsync()));
        Assert.Equal(-1101, await SequenceRig.ErrorAsync(() => rig.OpenRestoreAsync("group1")));
        await one.EndAsync();
        await (await rig.PrepareAsync()).EndAsync();
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused()
    {
        var sense = new SequenceServerOptions { Services = [] };
        foreach (var senseless in new[]
        {
            sense with { AbandonAfter = TimeSpan.Zero }, sense with { MostSessions = 0 }, sense with { MostReadBytes = 4096 },
        })
            Assert.Equal(-1003, Assert.Throws<SourceException>(() => new SequenceServer(senseless)).Error!.Value.Number);
    }

    // Whatever fails, all logs are kept, no header changes, and the next backup is not hindered.
    private static async Task RequireFailureAsync(
        SequenceRig rig, int error, Func<ExchangeBackup, IReadOnlyList<TokenedName>, Task> act)
    {
        var group = rig.Groups[0];
        await using var backup = await rig.PrepareAsync();
        var files = await backup.SetupAsync(group.Engine.EngineId, BackupKind.Full);
        string[] before = [.. group.Logs];
        var failure = await Assert.ThrowsAsync<BackupException>(() => act(backup, files));
        Assert.Equal(error, failure.Error!.Value.Number);
        if ((await rig.Backups.GetTruncateLogFilesAsync(backup.Context, default).AsTask().ContinueWith(task => task.IsFaulted)) is false)
            Assert.Equal(-521, await SequenceRig.ErrorAsync(() => backup.TruncateLogAsync()));
        Assert.Equal(before, group.Logs.Take(before.Length));
        Assert.Equal(BackupEnding.Aborted, await backup.InstanceEndAsync());
        Assert.False(group.HeaderOf().PreviousFull.LowGeneration.IsSet || group.HeaderOf().PreviousCopy.LowGeneration.IsSet);
        (rig.Trouble.Reading, rig.Trouble.Rereading, rig.Trouble.Stepping) = ((_, _, _) => { }, (_, _, _) => { }, _ => { });
        await SequenceRig.TakeAsync(backup, BackupKind.Full, group);
    }
}
