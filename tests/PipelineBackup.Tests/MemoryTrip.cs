using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests;

/// <summary>Like <see cref="RoundTrip"/>, with the store in memory and the restores in a folder that goes with the trip.</summary>
internal sealed class MemoryTrip : IAsyncDisposable
{
    private int _targets;

    public MemorySink Store { get; init; } = new();

    public Scratch Scratch { get; } = new();

    /// <summary>A copy of a folder that may be written to.</summary>
    public string Copy(string folder, string name = "source") => Scratch.Copy(folder, name);

    public Task<BackupReport> BackupAsync(string path, BackupOptions? options = null, string? logs = null, string? baseName = null) =>
        BackupAsync(new FileSetSource(new() { Path = path, LogDirectory = logs, BaseName = baseName }), options);

    public Task<BackupReport> BackupAsync(IBackupSource source, BackupOptions? options = null) =>
        new BackupPipeline(source, [Store], Quick(options)).RunAsync(TestContext.Current.CancellationToken);

    /// <summary>A backup that must be refused, and leave nothing behind.</summary>
    public async Task<BackupException> RefusedAsync(ExitCode exit, int? error, string path, BackupOptions? options = null, string? logs = null, string? baseName = null) =>
        await RefusedAsync(exit, error, new FileSetSource(new() { Path = path, LogDirectory = logs, BaseName = baseName }), options);

    /// <summary>A backup that must be refused, and leave nothing behind.</summary>
    public async Task<BackupException> RefusedAsync(ExitCode exit, int? error, IBackupSource source, BackupOptions? options = null)
    {
        var before = await StoreProof.ObjectsAsync(Store);
        var refusal = await Assert.ThrowsAnyAsync<BackupException>(() => BackupAsync(source, options));
        Assert.True((refusal.ExitCode, refusal.Error?.Number) == (exit, error), $"{refusal.ExitCode}, {refusal.Error}: {refusal}");
        Assert.Equal(before.Keys.Append("format.json").Distinct().Order(StringComparer.Ordinal), (await StoreProof.ObjectsAsync(Store)).Keys);
        return refusal;
    }

    public Task<VerificationReport> VerifyAsync(string which = "latest") =>
        new VerificationPipeline(Store).RunAsync(which, TestContext.Current.CancellationToken);

    public Task<RestoreReport> RestoreAsync(string which = "latest", Func<RestoreOptions, RestoreOptions>? change = null)
    {
        var options = new RestoreOptions { Target = Scratch[$"target-{++_targets}"], SkipRecovery = true };
        return new RestorePipeline(Store, change?.Invoke(options) ?? options).RunAsync(which, TestContext.Current.CancellationToken);
    }

    /// <summary>Verifies and restores: both must end as said, and the files be those of a folder.</summary>
    public async Task<RestoreReport> ProveAsync(ExitCode exit, string original, string which = "latest")
    {
        var verified = await VerifyAsync(which);
        Assert.Equal((exit, ""), (verified.ExitCode, string.Join("; ", verified.Damage)));
        var restored = await RestoreAsync(which);
        Assert.Equal(exit, restored.ExitCode);
        RoundTrip.AssertSame(restored.Target, original);
        StoreProof.DemandClean(restored.Target, restored.Files.Count);
        return restored;
    }

    public ValueTask DisposeAsync()
    {
        Scratch.Dispose();
        return Store.DisposeAsync();
    }

    private static BackupOptions Quick(BackupOptions? options) =>
        options is null ? new() { Time = new HurriedTime() } : options.Time == TimeProvider.System ? options with { Time = new HurriedTime() } : options;
}
