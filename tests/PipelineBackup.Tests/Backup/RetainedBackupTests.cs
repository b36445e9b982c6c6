using System.Collections.Concurrent;

namespace PipelineBackup.Tests.Backup;

/// <summary>A backup that is to be retained: all that it stores is, until one date, or it does not begin.</summary>
public class RetainedBackupTests
{
    private static readonly string s_files = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");

    [Fact]
    public async Task Every_object_of_the_backup_is_retained_until_one_date()
    {
        var store = new RetainingSink { Traits = new() { SupportsRetention = true } };
        var before = DateTimeOffset.UtcNow;
        var report = await BackupAsync(store, TimeSpan.FromDays(3));
        var retained = store.Retained.Where(item => item.Key != "format.json").ToList();
        Assert.Contains(retained, item => item.Key.EndsWith($"{report.Manifest.Id}.json", StringComparison.Ordinal));
        Assert.Contains(retained, item => item.Key.Contains("/pages-", StringComparison.Ordinal));
        var date = Assert.Single(retained.Select(item => item.Value).Distinct())!.Value;
        Assert.InRange(date, before.AddDays(3), DateTimeOffset.UtcNow.AddDays(3));
        Assert.Null(store.Retained["format.json"]);
    }

    [Fact]
    public async Task Without_being_asked_nothing_is_retained()
    {
        var store = new RetainingSink { Traits = new() { SupportsRetention = true } };
        await BackupAsync(store, null);
        Assert.All(store.Retained.Values, Assert.Null);
    }

    [Fact]
    public async Task A_store_that_cannot_retain_is_refused_before_anything_is_stored()
    {
        var store = new RetainingSink();
        var refused = await Assert.ThrowsAsync<SinkException>(() => BackupAsync(store, TimeSpan.FromDays(1)));
        Assert.Contains("cannot retain", refused.Message, StringComparison.Ordinal);
        Assert.Empty(store.Retained);
    }

    private static Task<BackupReport> BackupAsync(IBackupSink store, TimeSpan? retain) =>
        new BackupPipeline(new FileSetSource(new() { Path = s_files }), [store], new() { RetainFor = retain })
            .RunAsync(TestContext.Current.CancellationToken);

    private sealed class RetainingSink : IBackupSink
    {
        private readonly MemorySink _store = new();

        public ConcurrentDictionary<string, DateTimeOffset?> Retained { get; } = new(StringComparer.Ordinal);

        public SinkTraits Traits { get; init; } = new();

        public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
        {
            await _store.PutAsync(name, body, cancellationToken);
            Retained[name.ToString()] = body.RetainUntil;
        }

        public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) =>
            _store.OpenReadAsync(name, range, cancellationToken);

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
            _store.ListAsync(prefix, cancellationToken);

        public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) => _store.DeleteAsync(name, cancellationToken);

        public ValueTask DisposeAsync() => _store.DisposeAsync();
    }
}
