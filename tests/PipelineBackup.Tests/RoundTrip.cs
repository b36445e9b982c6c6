using PipelineBackup.Sinks.FileSystem;

namespace PipelineBackup.Tests;

/// <summary>Backs a directory up into a store, verifies the backup and restores it, as a user of the SDK would.</summary>
internal sealed class RoundTrip : IAsyncDisposable
{
    private readonly FileSystemSink _sink;

    public RoundTrip(string? store = null)
    {
        Store = store ?? GoldenSets.NewFolder("store");
        _sink = FileSystemSink.Open(Store, create: true);
    }

    public string Store { get; }

    public IBackupSink Sink => _sink;

    public Task<BackupReport> BackupAsync(string path, BackupOptions? options = null, string? logs = null) =>
        new BackupPipeline(new FileSetSource(new() { Path = path, LogDirectory = logs }), [_sink], options).RunAsync(TestContext.Current.CancellationToken);

    public Task<VerificationReport> VerifyAsync(string which = "latest") =>
        new VerificationPipeline(_sink).RunAsync(which, TestContext.Current.CancellationToken);

    public async Task<RestoreReport> RestoreAsync(string which = "latest", Func<RestoreOptions, RestoreOptions>? change = null)
    {
        var options = new RestoreOptions { Target = Path.Combine(GoldenSets.NewFolder("restore"), "target") };
        return await new RestorePipeline(_sink, change?.Invoke(options) ?? options).RunAsync(which, TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => _sink.DisposeAsync();

    /// <summary>Asserts that every file of a directory equals its namesake in another.</summary>
    public static void AssertSame(string restored, string original)
    {
        string[] names = [.. Directory.EnumerateFiles(restored).Select(Path.GetFileName).Order(StringComparer.Ordinal)!];
        Assert.NotEmpty(names);
        foreach (string name in names)
            Assert.True(File.ReadAllBytes(Path.Combine(restored, name)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(original, name))), name);
    }
}
