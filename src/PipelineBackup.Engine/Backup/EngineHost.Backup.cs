namespace PipelineBackup.Engine;

// The engines of a host as instances that are backed up each by itself.
public sealed partial class EngineHost : IBackupInstances
{
    /// <inheritdoc/>
    IAsyncEnumerable<InstanceInfo> IBackupInstances.ListAsync(CancellationToken cancellationToken) =>
        Instances.Where(IsOpen).Select(Describe).ToAsyncEnumerable();

    /// <inheritdoc/>
    ValueTask<IBackupSource> IBackupInstances.OpenAsync(int id, CancellationToken cancellationToken) =>
        Find(id) is { } engine && IsOpen(engine) ? new(engine) : throw BackupRefusal.NoInstance(id);

    // One that stopped is listed too: it would not do to leave it out without a word, its backup tells why.
    private static bool IsOpen(EmbeddedEngine engine) =>
        engine.State is EngineState.Running or EngineState.StoppingService or EngineState.Unavailable;

    private static InstanceInfo Describe(EmbeddedEngine engine) => new()
    {
        Id = engine.EngineId,
        Name = engine.InstanceName,
        BaseName = engine.Options.BaseName,
        LogDirectory = Path.GetFullPath(engine.Options.LogDirectory),
        CheckpointDirectory = Path.GetFullPath(engine.Options.CheckpointPlace),
        Databases =
        [
            .. engine.Databases.Select(database => new InstanceDatabase
            {
                Id = InstanceDatabase.IdOf(database.Signature.ToHex()),
                Signature = database.Signature.ToHex(),
                Path = database.Path,
            }),
        ],
    };
}
