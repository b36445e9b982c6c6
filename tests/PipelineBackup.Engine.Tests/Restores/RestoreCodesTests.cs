using PipelineBackup.Engine.Tests.Backup;
using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Restores;

/// <summary>What a restore refuses, with which documented code, and that it touches nothing then.</summary>
public sealed class RestoreCodesTests
{
    private readonly RestoreRig _rig = new();

    [Fact]
    public void Without_any_of_the_logs_of_the_target_nothing_is_rolled_forward()
    {
        var options = _rig.AsideOptions;
        _rig.PutCopies(options);
        var kept = _rig.Keep();
        var failure = Assert.Throws<EseException>(() => new HardRecovery(new()
        {
            BaseName = "edb",
            BackupLogDirectories = [RestoreRig.Set],
            LogDirectory = RestoreRig.Work,
            Map = options.Map,
            OnlyMapped = true,
            Running = new(RestoreRig.Aside, new(1000)),
            Disk = _rig.Disk,
        }).Run(TestContext.Current.CancellationToken));
        Assert.Equal(EseError.MissingCurrentLogFiles, failure.Error);
        _rig.RequireKept(kept, "none of the logs");
    }

    [Theory]
    [InlineData(-1003, "the target's directory of logs alone")]
    [InlineData(-1003, "the target's directory of the checkpoint alone")]
    [InlineData(-1003, "a target by name and by directories")]
    [InlineData(-1003, "a target whose checkpoint is elsewhere")]
    [InlineData(-1003, "a range upside down")]
    [InlineData(-1003, "a negative number")]
    [InlineData(-1003, "a map that is too long")]
    [InlineData(-1003, "a base name of two letters")]
    [InlineData(-1080, "a host for one instance")]
    [InlineData(-577, "no engine of that name")]
    [InlineData(-577, "directories that are nobody's")]
    [InlineData(-577, "directories of an engine that is not opened")]
    [InlineData(-577, "an engine that is not opened")]
    [InlineData(-577, "an engine whose service was stopped")]
    [InlineData(-577, "an engine that is closed")]
    [InlineData(-577, "an engine whose logs have other names")]
    [InlineData(-577, "an engine on another disk")]
    [InlineData(-506, "a target that another restore has")]
    [InlineData(-1214, "sixteen engines")]
    [InlineData(-1084, "the logs of the target as those of the restore")]
    [InlineData(-1083, "the checkpoint of the target as that of the restore")]
    [InlineData(-1202, "a database that is attached")]
    [InlineData(-1023, "no directory of the backup")]
    [InlineData(-1023, "no directory of the logs")]
    [InlineData(-1023, "no directory of the checkpoint")]
    [InlineData(-1023, "a directory that is none")]
    [InlineData(-1811, "no database")]
    [InlineData(-1811, "no log of the backup")]
    [InlineData(-1811, "a log of the backup missing")]
    [InlineData(-1811, "a range that goes on behind the logs")]
    [InlineData(-1206, "no database in the file")]
    [InlineData(-615, "a database that was copied by no backup")]
    [InlineData(-535, "a copy whose end is missing")]
    [InlineData(-554, "a log below the range")]
    [InlineData(-554, "a range that begins too late")]
    [InlineData(-553, "a log above the range")]
    [InlineData(-553, "logs that end too early")]
    [InlineData(-1011, "too little memory")]
    [InlineData(-573, "a damaged log of the backup")]
    [InlineData(-574, "a damaged log of the target")]
    [InlineData(-610, "a target of another stream")]
    [InlineData(-611, "a target whose stream began anew")]
    [InlineData(-565, "a log of the target missing")]
    [InlineData(-565, "all logs of the target behind the backup missing")]
    [InlineData(-1201, "two databases in one place")]
    public async Task What_is_refused_has_its_code_and_changes_nothing(int error, string why)
    {
        var options = _rig.AsideOptions;
        _rig.PutCopies(options);
        var (host, spoilt, undo) = Spoil(why, options);
        var kept = _rig.Keep();
        var instances = host.Instances;
        var failure = await Assert.ThrowsAsync<EseException>(
            async () => await host.RestoreExternalAsync(spoilt, TestContext.Current.CancellationToken));
        Assert.True(error == (int)failure.Error, $"{failure.Error} {failure.Message}");
        Assert.DoesNotContain("anew", failure.Hint, StringComparison.Ordinal);
        Assert.Equal(instances, host.Instances);
        _rig.RequireKept(kept, why);
        undo?.Invoke();
    }

    [Fact]
    public async Task Directories_that_are_missing_are_made_only_when_that_is_wanted()
    {
        string logs = Path.GetFullPath("/restore/new/logs"), checkpoint = Path.GetFullPath("/restore/new/checkpoint");
        var options = _rig.AsideOptions with { LogDirectory = logs, CheckpointDirectory = checkpoint };
        Assert.Equal(EseError.InvalidPath,
            (await Assert.ThrowsAsync<EseException>(() => _rig.RestoreAsync(options))).Error);
        Assert.False(_rig.Disk.DirectoryExists(logs));
        await _rig.RestoreAsync(options with { CreatePathIfNotExist = true });
        Assert.True(_rig.Disk.FileExists(Path.Combine(checkpoint, "edb.chk")));
    }

    private (EngineHost Host, ExternalRestoreOptions Options, Action? Undo) Spoil(string why, ExternalRestoreOptions options)
    {
        var byPlace = options with
        {
            TargetInstance = null, TargetLogDirectory = LifeRig.Logs, TargetCheckpointDirectory = LifeRig.Logs,
        };
        string nowhere = Path.GetFullPath("/nowhere");
        string aside = options.Map[0].Path;
        switch (why)
        {
            case "the target's directory of logs alone":
                return (_rig.Host, byPlace with { TargetCheckpointDirectory = null }, null);
            case "the target's directory of the checkpoint alone":
                return (_rig.Host, byPlace with { TargetLogDirectory = null }, null);
            case "a target by name and by directories":
                return (_rig.Host, byPlace with { TargetInstance = "target" }, null);
            case "a target whose checkpoint is elsewhere":
                return (_rig.Host, byPlace with { TargetCheckpointDirectory = RestoreRig.Checkpoint }, null);
            case "a range upside down":
                return (_rig.Host, options with { Low = new(9), High = new(8) }, null);
            case "a negative number":
                return (_rig.Host, options with { Low = new(-1) }, null);
            case "a map that is too long":
                return (_rig.Host, options with { Map = [.. Enumerable.Repeat(options.Map[0], ExternalRestoreOptions.MostMapped + 1)] }, null);
            case "a base name of two letters":
                return (_rig.Host, options with { BaseName = "eb" }, null);
            case "a host for one instance":
                return (new(EngineHostMode.OneInstance), options with { TargetInstance = null }, null);
            case "no engine of that name":
                return (_rig.Host, options with { TargetInstance = "targe" }, null);
            case "directories that are nobody's":
                return (_rig.Host, byPlace with { TargetLogDirectory = RestoreRig.Checkpoint }, null);
            case "directories of an engine that is not opened":
                AddEngine("other", RestoreRig.Aside);
                return (_rig.Host, byPlace with
                {
                    TargetLogDirectory = RestoreRig.Aside, TargetCheckpointDirectory = RestoreRig.Aside, TargetMayBeStopped = true,
                }, null);
            case "an engine that is not opened":
                AddEngine("other", RestoreRig.Aside);
                return (_rig.Host, options with { TargetInstance = "other" }, null);
            case "an engine whose service was stopped":
                _rig.Engine.StopService();
                return (_rig.Host, options, null);
            case "an engine that is closed":
                _rig.RowsA.Close();
                _rig.RowsB.Close();
                LifeRig.Now(_rig.Engine.CloseAsync());
                return (_rig.Host, byPlace, null);
            case "an engine whose logs have other names":
                return (_rig.Host, options with { BaseName = "abc" }, null);
            case "an engine on another disk":
                return (_rig.Host, options with { Disk = new HeldDisk(_rig.Disk, static _ => { }) }, null);
            case "a target that another restore has":
                var lent = _rig.Engine.LendLogs();
                return (_rig.Host, options, lent.Dispose);
            case "sixteen engines":
                for (int i = _rig.Host.Instances.Count; i < EngineHost.MostInstances; i++)
                    AddEngine($"other{i}", RestoreRig.Aside, $"x{i:00}");
                return (_rig.Host, options, null);
            case "the logs of the target as those of the restore":
                return (_rig.Host, options with { LogDirectory = LifeRig.Logs }, null);
            case "the checkpoint of the target as that of the restore":
                return (_rig.Host, options with { CheckpointDirectory = LifeRig.Logs }, null);
            case "a database that is attached":
                return (_rig.Host, options with { Map = [new(RestoreRig.PathA, RestoreRig.PathB)] }, null);
            case "no directory of the backup":
                return (_rig.Host, options with { BackupLogDirectory = nowhere }, null);
            case "no directory of the logs":
                return (_rig.Host, options with { LogDirectory = nowhere }, null);
            case "no directory of the checkpoint":
                return (_rig.Host, options with { CheckpointDirectory = nowhere }, null);
            case "a directory that is none":
                return (_rig.Host, options with { LogDirectory = "a\0b" }, null);
            case "no database":
                _rig.Disk.Remove(aside);
                return (_rig.Host, options, null);
            case "no log of the backup":
                return (_rig.Host, options with { BackupLogDirectory = RestoreRig.Aside }, null);
            case "a log of the backup missing":
                _rig.Disk.Remove(OfSet(1));
                return (_rig.Host, options, null);
            case "a range that goes on behind the logs":
                return (_rig.Host, options with { High = new(_rig.Full.Logs.Keys.Last() + 1) }, null);
            case "no database in the file":
                _rig.Disk.Put(aside, new byte[1 << 20]);
                return (_rig.Host, options, null);
            case "a database that was copied by no backup":
                _rig.Disk.Put(aside, CleanDatabase());
                return (_rig.Host, options, null);
            case "a copy whose end is missing":
                byte[] copy = _rig.Copy(RestoreRig.PathA);
                _rig.Disk.Put(aside, copy[..^4096]);
                return (_rig.Host, options, null);
            case "a log below the range":
                return (_rig.Host, options with { Low = new(_rig.Full.Logs.Keys.First() + 1) }, null);
            case "a range that begins too late":
                _rig.Disk.Remove(OfSet(0));
                return (_rig.Host, options, null);
            case "a log above the range":
                return (_rig.Host, options with { High = new(_rig.Full.Logs.Keys.Last() - 1) }, null);
            case "logs that end too early":
                var needed = BackupImage.Open(_rig.Disk, aside).High;
                foreach (var (file, _) in _rig.Full.Logs.Values.Where(log => log.File.Generation >= needed.Value))
                    _rig.Disk.Remove(Path.Combine(RestoreRig.Set, file.Name));
                return (_rig.Host, options, null);
            case "too little memory":
                return (_rig.Host, options with { MemoryBytes = 1000 }, null);
            case "a damaged log of the backup":
                Damage(OfSet(1));
                return (_rig.Host, options, null);
            case "a damaged log of the target":
                Damage(OfTarget(_rig.Full.Logs.Keys.Last() + 1));
                return (_rig.Host, options, null);
            case "a target of another stream":
                OpenOther([]);
                return (_rig.Host, options with { TargetInstance = "other" }, null);
            case "a target whose stream began anew":
                OpenOther([.. _rig.Full.Logs.Values.Select(log => log.File).SkipLast(2)]);
                return (_rig.Host, options with { TargetInstance = "other" }, null);
            case "a log of the target missing":
                _rig.Disk.Remove(OfTarget(_rig.Full.Logs.Keys.Last() + 1));
                return (_rig.Host, options, null);
            case "all logs of the target behind the backup missing":
                for (int i = _rig.Full.Logs.Keys.Last() + 1; i < _rig.Engine.Log.Header.Generation.Value; i++)
                    _rig.Disk.Remove(OfTarget(i));
                return (_rig.Host, options, null);
            case "two databases in one place":
                return (_rig.Host, options with { Map = [options.Map[0], new(RestoreRig.PathB, aside)] }, null);
            default:
                throw new ArgumentOutOfRangeException(nameof(why), why, null);
        }
    }

    private void AddEngine(string name, string directory, string baseName = "edb") => EmbeddedEngine.Create(
        _rig.EngineOptions with { InstanceName = name, LogDirectory = directory, BaseName = baseName });

    // An engine that goes on with some logs of the backup, or begins a stream of its own.
    private void OpenOther(SourceFile[] logs)
    {
        string directory = Path.GetFullPath("/other"), gone = Path.Combine(directory, "gone");
        _rig.Disk.AddDirectory(directory);
        _rig.LogPlaces.Add(directory);
        foreach (var log in logs)
        {
            _rig.Disk.Put(Path.Combine(directory, log == logs[^1] ? "edb.log" : log.Name),
                (byte[])_rig.Full.Logs[log.Generation].Bytes.Clone());
        }

        var engine = LifeRig.Open(_rig.EngineOptions with
        {
            InstanceName = "other",
            LogDirectory = directory,
            Map = [new(RestoreRig.PathA, gone + "-a"), new(RestoreRig.PathB, gone + "-b")],
            IgnoreMissingDatabases = true,
            Time = new FixedTime(DateTimeOffset.UnixEpoch.AddYears(60)),
        });
        for (int i = 0; i < 4; i++)
            engine.CloseLog("");
    }

    private string OfSet(int index)
    {
        Assert.True(_rig.Full.Logs.Count > 2, "the backup has few logs");
        return Path.Combine(RestoreRig.Set, _rig.Full.Logs.Values.ElementAt(index).File.Name);
    }

    private string OfTarget(int generation)
    {
        Assert.True(_rig.Engine.Log.Header.Generation.Value > _rig.Full.Logs.Keys.Last() + 2, "the target has few logs");
        return Path.Combine(LifeRig.Logs, LogFileName.Numbered("edb", new(generation)).ToString());
    }

    private void Damage(string path)
    {
        byte[] bytes = (byte[])_rig.Disk.ReadAll(path).Clone();
        // Not the same bytes over and over: where the text repeats itself, too, their checksum would not tell.
        new Random(1).NextBytes(bytes.AsSpan(3 * 4096 + 100, 40));
        _rig.Disk.Put(path, bytes);
    }

    private static byte[] CleanDatabase()
    {
        var rig = new LifeRig();
        var engine = rig.Open();
        LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        LifeRig.Now(engine.CloseAsync());
        return rig.Disk.ReadAll(LifeRig.Database);
    }
}
