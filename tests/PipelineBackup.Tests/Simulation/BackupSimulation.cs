namespace PipelineBackup.Tests.Simulation;

/// <summary>
/// Backups that meet faults at every step: of the source, of the store before and after its effect, passing ones under
/// retries, cancellations, and the death of the process. Whatever a store lists must verify and restore.
/// </summary>
public class BackupSimulation
{
    private static readonly Lazy<Task<GoldenBackup>> s_tiny = new(() => GoldenBackup.OfAsync(Path.Combine(GoldenSets.Small("dirty-empty-4096"), "files")));
    private static readonly Lazy<Task<GoldenBackup>> s_streamed = new(() => GoldenBackup.OfAsync(Path.Combine(GoldenSets.Small("jetbackup-4096"), "backup", "old")));

    [Fact]
    public Task Whatever_is_listed_verifies_and_restores_and_a_rerun_is_clean() => Seeds.EachAsync(300, async (_, random) =>
        await new BackupTrial(random, await (random.OneIn(8) ? s_streamed : s_tiny).Value).RunAsync());

    [Fact]
    public async Task A_store_that_gets_the_commit_before_the_packs_is_caught()
    {
        var golden = await s_tiny.Value;
        foreach (int seed in Enumerable.Range(1, 400))
        {
            try
            {
                await new BackupTrial(new Random(seed), golden) { Sabotage = sink => new CommitFirstSink(sink) }.RunAsync();
            }
            catch (Xunit.Sdk.XunitException caught)
            {
                Assert.Contains("is listed and damaged", caught.Message, StringComparison.Ordinal);
                return;
            }
        }

        Assert.Fail("the property catches nothing");
    }

    /// <summary>The canary: says that packs are stored, and stores them after the commit.</summary>
    private sealed class CommitFirstSink(IBackupSink inner) : IBackupSink
    {
        private readonly List<(ObjectName Name, ObjectBody Body)> _held = [];

        public SinkTraits Traits => inner.Traits;

        public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
        {
            if (name.ToString().EndsWith(".lz4", StringComparison.Ordinal))
            {
                lock (_held)
                    _held.Add((name, ObjectBody.Of(System.Buffers.BuffersExtensions.ToArray(body.Content))));
                return;
            }

            await inner.PutAsync(name, body, cancellationToken);
            if (!name.ToString().Contains("/backups/", StringComparison.Ordinal))
                return;
            foreach (var (held, content) in _held)
                await inner.PutAsync(held, content, cancellationToken);
        }

        public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) =>
            inner.OpenReadAsync(name, range, cancellationToken);

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

        public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) => inner.DeleteAsync(name, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
