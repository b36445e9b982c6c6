using PipelineBackup.Engine;
using PipelineBackup.Sequences;
using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Sequences;

/// <summary>A mail server: storage groups of living engines, and the server half at the other end of a wire.</summary>
internal sealed class SequenceRig : IAsyncDisposable
{
    public const string Name = "mail1", Service = "Microsoft Information Store";

    private readonly SequenceServer _server;

    private SequenceRig(Func<SequenceServerOptions, SequenceServerOptions>? change)
    {
        Trouble = new(Host);
        var options = new SequenceServerOptions
        {
            Name = Name,
            Time = Clock,
            Logger = Events,
            RestoreDirectory = Scratch["restores"],
            Services =
            [
                new() { Name = Service, DisplayName = "Mail", Icon = new byte[] { 1, 2, 3 }, Instances = Trouble, Locations = Locate },
            ],
        };
        Options = change?.Invoke(options) ?? options;
        _server = new(Options);
        Backups = Wire<IBackupSequences>.To(_server);
        Restores = Wire<IRestoreSequences>.To(_server);
    }

    public Scratch Scratch { get; } = new();

    public EngineHost Host { get; } = new();

    public ManualTime Clock { get; } = new();

    public SeenEvents Events { get; } = new();

    public TroubledInstances Trouble { get; }

    public SequenceServerOptions Options { get; }

    public IBackupSequences Backups { get; }

    public IRestoreSequences Restores { get; }

    public List<StorageGroup> Groups { get; } = [];

    /// <summary>Whether restores go beside the living databases; else where those are.</summary>
    public bool RestoresElsewhere { get; set; } = true;

    /// <summary>Databases of places that no running instance has.</summary>
    public Dictionary<string, string[]> OtherPlaces { get; } = [];

    public static async Task<SequenceRig> OpenAsync(int groups = 1, int databases = 1, bool isCircular = false,
        bool hasBackgroundWork = false, Func<SequenceServerOptions, SequenceServerOptions>? change = null)
    {
        var rig = new SequenceRig(change);
        for (int i = 1; i <= groups; i++)
        {
            rig.Groups.Add(await StorageGroup.OpenAsync(
                rig.Host, rig.Scratch, $"group{i}", databases, isCircular, hasBackgroundWork));
        }

        return rig;
    }

    /// <summary>Where a database is restored to.</summary>
    public string Restored(string group, string file) => Scratch[Path.Combine($"restored-{group}", file)];

    public ValueTask<ExchangeBackup> PrepareAsync() => ExchangeBackup.PrepareAsync(Backups, Name, Service);

    public ValueTask<Exchange4Backup> Prepare4Async(BackupMethod method, bool keepsLogs = false) =>
        Exchange4Backup.PrepareAsync(Backups, Name, Service, method, keepsLogs);

    public ValueTask<ExchangeRestore> OpenRestoreAsync(string group) =>
        ExchangeRestore.OpenAsync(Restores, Name, Service, group);

    public ValueTask<ExchangeRestore> ReopenRestoreAsync(string group) =>
        ExchangeRestore.ReopenAsync(Restores, Name, Service, group);

    /// <summary>Takes a whole backup of an instance.</summary>
    public async Task<Tape> TakeAsync(BackupKind kind, int group = 0)
    {
        await using var backup = await PrepareAsync();
        var tape = await TakeAsync(backup, kind, Groups[group]);
        await backup.EndAsync();
        return tape;
    }

    /// <summary>Takes a whole backup of an instance in a session.</summary>
    public static async Task<Tape> TakeAsync(ExchangeBackup backup, BackupKind kind, StorageGroup group)
    {
        var tape = new Tape();
        await tape.CopyAsync(backup, await backup.SetupAsync(group.Engine.EngineId, kind));
        await tape.CopyAsync(backup, await backup.GetLogAndPatchFilesAsync());
        if (kind is BackupKind.Full or BackupKind.Incremental)
            await backup.TruncateLogAsync();
        Assert.Equal(BackupEnding.Completed, await backup.InstanceEndAsync());
        return tape;
    }

    /// <summary>Restores backups of an instance, and recovers them.</summary>
    public async Task<RestoreOutcome> RestoreAsync(string group, params Tape[] chain)
    {
        await using var restore = await OpenRestoreAsync(group);
        foreach (var tape in chain)
            await tape.RestoreAsync(restore);
        await restore.SaveEnvironmentAsync();
        var outcome = await restore.CompleteAsync();
        await restore.CloseAsync();
        return outcome;
    }

    /// <summary>The engine's number of what something throws; 0 when it does not.</summary>
    public static async Task<int> ErrorAsync(Func<ValueTask> call)
    {
        try
        {
            await call();
            return 0;
        }
        catch (BackupException failure)
        {
            Assert.NotEmpty(failure.Message);
            return failure.Error!.Value.Number;
        }
    }

    public static Task<int> ErrorAsync<T>(Func<ValueTask<T>> call) => ErrorAsync(async () =>
    {
        await call();
    });

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        foreach (var group in Groups)
            await group.DisposeAsync();
        Scratch.Dispose();
    }

    private IReadOnlyList<TokenedName>? Locate(string group)
    {
        if (!RestoresElsewhere)
            return null;
        var names = OtherPlaces.TryGetValue(group, out string[]? others) ? others
            : [.. Groups.Where(one => one.Name == group).SelectMany(one => one.Databases).Select(one => Path.GetFileName(one.Path))];
        return names.Length == 0 ? null :
        [
            .. names.Select(name => new TokenedName(FileToken.Database, Restored(group, name))),
            new(FileToken.LogDirectory, Scratch[$"{group}-logs"]), new(FileToken.CheckpointDirectory, Scratch[$"{group}-logs"]),
        ];
    }
}
