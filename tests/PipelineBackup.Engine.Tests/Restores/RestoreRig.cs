using PipelineBackup.Engine.Tests.Backup;
using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Restores;

/// <summary>
/// An engine that runs, with two databases whose rows come and go, a backup of both, and restores of it beside the
/// engine.
/// </summary>
internal sealed class RestoreRig
{
    /// <summary>Where the logs of the backup are.</summary>
    public static string Set { get; } = Path.GetFullPath("/set");

    /// <summary>Where the restore has its logs.</summary>
    public static string Work { get; } = Path.GetFullPath("/restore/logs");

    /// <summary>Where the restore has its checkpoint.</summary>
    public static string Checkpoint { get; } = Path.GetFullPath("/restore/checkpoint");

    /// <summary>A place for databases that is not their own.</summary>
    public static string Aside { get; } = Path.GetFullPath("/restore/data");

    public static string PathA => LifeRig.Database;

    public static string PathB { get; } = Path.Combine(LifeRig.Data, "b.edb");

    /// <summary>Makes the engine, its databases, and the backup, in the middle of writing.</summary>
    /// <param name="seed">Of the rows.</param>
    /// <param name="with">Changes the options of the engine.</param>
    /// <param name="steps">How much is written before and behind the backup.</param>
    /// <param name="prepare">Prepares the disk.</param>
    public RestoreRig(int seed = 1, Func<EngineOptions, EngineOptions>? with = null, int steps = 600,
        Action<LifeRig>? prepare = null)
    {
        Disk.AddDirectory(Set).AddDirectory(Work).AddDirectory(Checkpoint).AddDirectory(Aside);
        prepare?.Invoke(Rig);
        var options = Rig.Options with { Host = Host, InstanceName = "target" };
        EngineOptions = with?.Invoke(options) ?? options;
        Engine = LifeRig.Open(EngineOptions);
        A = LifeRig.Now(Engine.CreateDatabaseAsync(PathA));
        B = LifeRig.Now(Engine.CreateDatabaseAsync(PathB));
        RowsA = new(Engine, A, new(seed), keys: 300);
        RowsB = new(Engine, B, new(seed + 1000), keys: 300);
        Write(steps);
        Full = BackupRig.Take(Engine, new(), between: _ => Write(40));
        PutLogs(Full, Set);
        Write(steps);
    }

    public LifeRig Rig { get; } = new();

    public SimulatedDisk Disk => Rig.Disk;

    public EngineHost Host { get; } = new();

    public EngineOptions EngineOptions { get; }

    public EmbeddedEngine Engine { get; set; }

    public EngineDatabase A { get; set; }

    public EngineDatabase B { get; set; }

    public WrittenRows RowsA { get; }

    public WrittenRows RowsB { get; }

    public TakenBackup Full { get; }

    /// <summary>Directories of engines, which go on with their logs.</summary>
    public HashSet<string> LogPlaces { get; } = [LifeRig.Logs];

    /// <summary>A restore of the first database to where it was, with the engine as its target.</summary>
    public ExternalRestoreOptions Options => new()
    {
        BackupLogDirectory = Set,
        LogDirectory = Work,
        CheckpointDirectory = Checkpoint,
        Map = [new(PathA, PathA)],
        TargetInstance = "target",
        MemoryBytes = 8 << 20,
        Disk = EngineOptions.Disk,
    };

    /// <summary>The same to another place.</summary>
    public ExternalRestoreOptions AsideOptions => Options with { Map = [new(PathA, AsidePath(PathA))] };

    public static string AsidePath(string path) => Path.Combine(Aside, Path.GetFileName(path));

    public void Write(int steps)
    {
        for (int i = 0; i < steps; i++)
            (i % 2 == 0 ? RowsA : RowsB).Step();
    }

    /// <summary>Ends all transactions, and takes the first database from the engine and from the disk.</summary>
    public void LoseA()
    {
        RowsA.Close();
        RowsB.Close();
        LifeRig.Now(Engine.DetachDatabaseAsync(A));
        RowsB.GoOn(Engine, B);
        Disk.Remove(PathA);
    }

    /// <summary>Puts the logs of a backup into a directory.</summary>
    public void PutLogs(TakenBackup backup, string directory)
    {
        foreach (var (file, bytes) in backup.Logs.Values)
            Disk.Put(Path.Combine(directory, file.Name), bytes);
    }

    /// <summary>Puts the copies of databases where they are to be restored.</summary>
    public void PutCopies(ExternalRestoreOptions options)
    {
        foreach (var entry in options.Map)
            Disk.Put(entry.Path, Copy(entry.Logged));
    }

    /// <summary>What the backup took of a database.</summary>
    public byte[] Copy(string logged) =>
        (byte[])Full.Databases.Single(file => file.Key.OriginalPath == logged).Value.Clone();

    /// <summary>Puts the copies there, and restores.</summary>
    public async Task<RecoveryReport> RestoreAsync(ExternalRestoreOptions? options = null, bool putsCopies = true)
    {
        options ??= Options;
        if (putsCopies)
            PutCopies(options);
        return await Host.RestoreExternalAsync(options, TestContext.Current.CancellationToken);
    }

    /// <summary>What is in the directories of restores.</summary>
    public string[] OfRestores() =>
        [.. Disk.Files.Where(path => path.StartsWith(Path.GetFullPath("/restore"), StringComparison.Ordinal))];

    /// <summary>Takes away what restores left.</summary>
    public void CleanUp()
    {
        foreach (string path in OfRestores())
            Disk.Remove(path);
    }

    /// <summary>The rows of a database that was restored to another place, which is sound in every tree.</summary>
    public SortedDictionary<int, string> ReadAside(string path)
    {
        var disk = new SimulatedDisk();
        disk.Put(path, Disk.ReadAll(path));
        var rig = new LifeRig(disk);
        rig.RequireSoundDatabase(path, "restored", mayLeak: true);
        return WrittenRows.Read(rig, path, 4096);
    }

    /// <summary>All files but the newest logs of the engine, with their bytes: what no restore may change.</summary>
    public Dictionary<string, byte[]> Keep() => Disk.Files
        .Where(path => !IsLogPlace(path)
            || (LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name) && name.Kind == LogFileKind.Numbered))
        .ToDictionary(path => path, Disk.ReadAll);

    /// <summary>What was kept is there as it was, and nothing came but logs of the engine.</summary>
    public void RequireKept(Dictionary<string, byte[]> kept, string what, params string[] but)
    {
        foreach (var (path, bytes) in kept.Where(file => !but.Contains(file.Key)))
        {
            Assert.True(Rig.Disk.Files.Contains(path), $"{what}: {path} is gone");
            Assert.True(bytes.AsSpan().SequenceEqual(Disk.ReadAll(path)), $"{what}: {path} was changed");
        }

        var come = Disk.Files.Except(kept.Keys).Where(path => !IsLogPlace(path) && !but.Contains(path));
        Assert.True(!come.Any(), $"{what}: {string.Join(", ", come)} came");
        Assert.All(Disk.Files.Where(IsLogPlace), path =>
            Assert.True(LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out _) || path.EndsWith("-versions.tmp", StringComparison.Ordinal), path));
    }

    private bool IsLogPlace(string path) => LogPlaces.Contains(Path.GetDirectoryName(path)!);

    /// <summary>Nothing of a restore is left in the host, and the engine runs, writes, and is sound when it is closed.</summary>
    public void RequireRunning()
    {
        Assert.Equal([Engine], Host.Instances);
        Assert.Equal(EngineState.Running, Engine.State);
        using (Engine.LendLogs())
            Assert.Null(Engine.Failure);
        RowsB.Steps(50);
        Engine.Log.Flush();
    }

    /// <summary>Closes the engine, and checks what it leaves.</summary>
    public void Close(params string[] databases)
    {
        RowsA.Close();
        RowsB.Close();
        LifeRig.Now(Engine.CloseAsync());
        Rig.RequireSoundLogs("at the end");
        foreach (string path in databases)
            Rig.RequireSoundDatabase(path, path, mayLeak: true);
    }
}
