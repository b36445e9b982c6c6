using System.Collections.Concurrent;
using PipelineBackup.Engine;
using PipelineBackup.Sequences;

namespace PipelineBackup.Tests.Sequences;

/// <summary>Several instances at once: beside each other, each by itself, and no more than there can be.</summary>
public sealed class ManyInstancesTests
{
    private const int Groups = 8, Bad = 3, Lost = 5;

    [Fact]
    public async Task Eight_instances_are_backed_up_and_restored_in_parallel_under_load_and_one_fails_alone()
    {
        var recovery = new Watching();
        await using var rig = await SequenceRig.OpenAsync(Groups, databases: 2, hasBackgroundWork: true,
            change: options => options with { Recovery = recovery, Time = TimeProvider.System });
        foreach (var group in rig.Groups)
            await group.AddAsync(60);
        rig.Trouble.Reading = rig.Trouble.Rereading = new SpoiltPage($"group{Bad + 1}1.edb", bytes: 50).Spoil;

        // Writers all the while; what was there before a backup began must come back.
        using var stop = new CancellationTokenSource();
        var writers = rig.Groups.Select(group => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await group.AddAsync(5, length: 300);
                await Task.Delay(5, CancellationToken.None);
            }
        })).ToList();
        var tapes = new ConcurrentDictionary<string, (Tape Tape, SortedDictionary<int, string> Rows)>();
        var failures = new ConcurrentDictionary<string, BackupException>();
        await Task.WhenAll(rig.Groups.Select(group => Task.Run(async () =>
        {
            var rows = group.Rows();
            try
            {
                tapes[group.Name] = (await rig.TakeAsync(BackupKind.Full, rig.Groups.IndexOf(group)), rows);
            }
            catch (BackupException failure)
            {
                failures[group.Name] = failure;
            }
        })));
        Assert.Equal(rig.Groups[Bad].Name, Assert.Single(failures).Key);
        Assert.Equal(-1018, failures[rig.Groups[Bad].Name].Error!.Value.Number);
        Assert.All(rig.Groups, group => Assert.Equal(group != rig.Groups[Bad], group.HeaderOf().PreviousFull.LowGeneration.IsSet));

        // And back, while they go on writing; of one set a log is lost.
        tapes[rig.Groups[Lost].Name].Tape.Files.RemoveAll(file =>
            TokenedName.FromBytes(file.Name) is { Token: FileToken.Log } name
            && name == tapes[rig.Groups[Lost].Name].Tape.Names.Last(log => log.Token == FileToken.Log));
        failures.Clear();
        await Task.WhenAll(tapes.Select(one => Task.Run(async () =>
        {
            try
            {
                await rig.RestoreAsync(one.Key, one.Value.Tape);
            }
            catch (BackupException failure)
            {
                failures[one.Key] = failure;
            }
        })));
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        Assert.Equal(rig.Groups[Lost].Name, Assert.Single(failures).Key);
        Assert.True(recovery.Most > 1 && recovery.Twice == 0, $"{recovery.Most} at once, {recovery.Twice} of one instance");
        foreach (var (name, (_, rows)) in tapes)
        {
            string path = rig.Restored(name, $"{name}1.edb");
            Assert.Equal(!failures.ContainsKey(name), File.Exists(path));
            if (failures.ContainsKey(name))
                continue;
            var restored = await StorageGroup.ReadAsync(path);
            Assert.Empty(rows.Except(restored));
            Assert.Empty(restored.Except(rig.Groups.Single(group => group.Name == name).Rows()));
        }

        // Nobody was hurt: the one whose backup failed is backed up now.
        (rig.Trouble.Reading, rig.Trouble.Rereading) = ((_, _, _) => { }, (_, _, _) => { });
        var last = await rig.TakeAsync(BackupKind.Full, Bad);
        await rig.RestoreAsync(rig.Groups[Bad].Name, last);
        Assert.Equal(rig.Groups[Bad].Rows(), await StorageGroup.ReadAsync(rig.Restored("group4", "group41.edb")));
    }

    [Fact]
    public async Task Four_instances_of_four_databases_are_restored_at_once_while_they_run()
    {
        var recovery = new Watching();
        await using var rig = await SequenceRig.OpenAsync(4, databases: 4, change: options => options with { Recovery = recovery });
        var tapes = new List<Tape>();
        foreach (var group in rig.Groups)
        {
            for (int i = 0; i < 4; i++)
                await group.AddAsync(10, i);
            tapes.Add(await rig.TakeAsync(BackupKind.Full, rig.Groups.IndexOf(group)));
        }

        // All files are in their places, then all are recovered, each instance by itself.
        var restores = new List<ExchangeRestore>();
        foreach (var (group, tape) in rig.Groups.Zip(tapes))
        {
            var restore = await rig.OpenRestoreAsync(group.Name);
            await tape.RestoreAsync(restore);
            await restore.SaveEnvironmentAsync();
            restores.Add(restore);
        }

        Assert.Equal(4, restores.Select(restore => restore.Directory).Distinct().Count());
        await Task.WhenAll(restores.Select(restore => Task.Run(async () => await restore.CompleteAsync())));
        Assert.Equal((4, 16, 0), (recovery.Calls, recovery.Databases, recovery.Twice));
        foreach (var restore in restores)
            await restore.CloseAsync();
        foreach (var group in rig.Groups)
        {
            for (int i = 0; i < 4; i++)
                Assert.Equal(group.Rows(i), await StorageGroup.ReadAsync(rig.Restored(group.Name, $"{group.Name}{i + 1}.edb")));
            await group.AddAsync(1);
        }
    }

    [Fact]
    public async Task There_are_sixteen_instances_at_most_those_of_restores_among_them()
    {
        await using var rig = await SequenceRig.OpenAsync(groups: 4);
        var restores = new List<ExchangeRestore>();
        for (int i = 1; i <= 12; i++)
        {
            rig.OtherPlaces.Add($"spare{i}", ["a.edb"]);
            restores.Add(await rig.OpenRestoreAsync($"spare{i}"));
        }

        rig.OtherPlaces.Add("spare13", ["a.edb"]);
        Assert.Equal(-1214, await SequenceRig.ErrorAsync(() => rig.OpenRestoreAsync("spare13")));
        await restores[0].DisposeAsync();
        await using var last = await rig.OpenRestoreAsync("spare13");
        Assert.Equal(-1214, await SequenceRig.ErrorAsync(() => rig.OpenRestoreAsync("spare1")));
        await (await rig.PrepareAsync()).EndAsync();
        foreach (var restore in restores)
            await restore.DisposeAsync();
    }

    [Fact]
    public async Task The_engines_of_a_process_are_instances()
    {
        await using var rig = await SequenceRig.OpenAsync(groups: 2);
        IBackupInstances host = rig.Host;
        var listed = await host.ListAsync(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(rig.Groups.Select(group => (group.Engine.EngineId, group.Name, "edb", group.LogDirectory)),
            listed.Select(one => (one.Id, one.Name, one.BaseName, one.LogDirectory)));
        Assert.Equal(rig.Groups[0].Databases[0].Signature.ToHex(), listed[0].Databases[0].Signature);
        var source = await host.OpenAsync(listed[1].Id, TestContext.Current.CancellationToken);
        await using (var session = await source.BeginAsync(new(), TestContext.Current.CancellationToken))
            Assert.Equal(rig.Groups[1].Databases[0].Path, session.Databases[0].OriginalPath);
        await rig.Groups[1].Engine.CloseAsync();
        Assert.Equal(-1115, (await Assert.ThrowsAsync<SourceException>(
            () => host.OpenAsync(listed[1].Id, TestContext.Current.CancellationToken).AsTask())).Error!.Value.Number);
        Assert.Single(await host.ListAsync(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken));
        using var created = new Unopened(rig.Host, rig.Groups[1].LogDirectory);
        Assert.Single(await host.ListAsync(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_engine_that_stopped_is_listed_and_its_backup_says_why()
    {
        await using var rig = await SequenceRig.OpenAsync();
        rig.Groups[0].Engine.StopService();
        await using var backup = await rig.PrepareAsync();
        Assert.Equal(-1329, await SequenceRig.ErrorAsync(() => backup.SetupAsync(Assert.Single(backup.Instances).Id, BackupKind.Full)));
    }

    private sealed class Unopened(EngineHost host, string directory) : IDisposable
    {
        private readonly EmbeddedEngine _engine = EmbeddedEngine.Create(
            new() { Host = host, InstanceName = "unopened", LogDirectory = directory });

        public void Dispose() => _engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    // Sees how many recoveries go on at once, and that none of them is of an instance that another one is of.
    private sealed class Watching : IDatabaseRecovery
    {
        private readonly HashSet<string> _going = [];
        private readonly TaskCompletionSource _second = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Most { get; private set; }

        public int Twice { get; private set; }

        public int Calls { get; private set; }

        public int Databases { get; private set; }

        public async ValueTask<RecoverySummary> RecoverAsync(RecoveryRequest request, CancellationToken cancellationToken)
        {
            lock (_going)
            {
                Calls++;
                Databases += request.Databases.Count;
                Twice += _going.Add(request.LogDirectory) ? 0 : 1;
                Most = Math.Max(Most, _going.Count);
                if (_going.Count > 1)
                    _second.TrySetResult();
            }

            // The first waits for a second one: they do go on beside each other.
            await Task.WhenAny(_second.Task, Task.Delay(TimeSpan.FromSeconds(20), cancellationToken));
            try
            {
                return await new ManagedRecovery().RecoverAsync(request, cancellationToken);
            }
            finally
            {
                lock (_going)
                    _going.Remove(request.LogDirectory);
            }
        }
    }
}
