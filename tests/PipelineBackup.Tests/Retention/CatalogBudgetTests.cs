namespace PipelineBackup.Tests.Retention;

/// <summary>What a store is asked: one listing, and one read a backup.</summary>
public class CatalogBudgetTests
{
    private static readonly RecordedCall s_format = new(SinkCall.Read, "format.json", -1), s_list = new(SinkCall.List, "default/backups/");

    private readonly BuiltSet _set = new();
    private readonly string[] _ids;

    public CatalogBudgetTests()
    {
        string full = _set.Add(BackupKind.Full, 0), one = _set.Add(BackupKind.Incremental, 1, full), two = _set.Add(BackupKind.Incremental, 2, one);
        _ids = [full, one, two, _set.Add(BackupKind.Copy, 3, position: 0)];
    }

    [Fact]
    public async Task A_list_takes_one_listing_and_one_read_a_backup() =>
        Assert.Equal([s_format, s_list, .. _ids.Select(Read)], await CallsAsync(catalog => catalog.ListAsync()));

    [Fact]
    public async Task The_latest_and_its_chain_take_no_more() =>
        Assert.Equal([s_format, s_list, .. _ids.Select(Read)],
            await CallsAsync(async catalog => await catalog.ChainAsync(await catalog.FindAsync("latest"))));

    [Fact]
    public async Task One_and_its_chain_take_a_read_each_and_no_listing() =>
        Assert.Equal([s_format, .. _ids[..3].Reverse().Select(Read)],
            await CallsAsync(async catalog => await catalog.ChainAsync(await catalog.FindAsync(_ids[2]))));

    [Fact]
    public async Task A_commit_that_goes_while_it_is_listed_is_not_listed()
    {
        var sink = new RecordingSink(new LosingSink(_set.Store, $"default/backups/{_ids[1]}.json"));
        var all = await new BackupCatalog(sink, BackupSet.Default).ListAsync();
        Assert.Equal(_ids.Where(id => id != _ids[1]), all.Select(backup => backup.Id));
        // An expiry takes that for another one at work, and not for litter.
        var inUse = await Assert.ThrowsAsync<BackupException>(() => _set.Expiry(new() { KeepLast = 1 }, 300, sink).RunAsync());
        Assert.Equal(ExitCode.InUse, inUse.ExitCode);
    }

    [Fact]
    public async Task A_plan_lists_each_folder_once_and_reads_each_commit_once()
    {
        var recording = new RecordingSink(_set.Store);
        var plan = await _set.Expiry(new() { KeepLast = 9 }, 9, recording).PlanAsync();
        Assert.DoesNotContain(plan.Backups, backup => backup.IsRemoved);
        Assert.Equal(
            [new(SinkCall.List, "default/chain/"), new(SinkCall.List, "default/marks/"), new(SinkCall.List, "default/data/"), s_format, s_list, .. _ids.Select(Read)],
            recording.Calls);
    }

    private static RecordedCall Read(string id) => new(SinkCall.Read, $"default/backups/{id}.json", -1);

    private async Task<IReadOnlyList<RecordedCall>> CallsAsync(Func<BackupCatalog, Task> ask)
    {
        var recording = new RecordingSink(_set.Store);
        await ask(new(recording, BackupSet.Default));
        return recording.Calls;
    }

    /// <summary>A store that lists an object that is gone when it is read.</summary>
    private sealed class LosingSink(IBackupSink inner, string lost) : IBackupSink
    {
        public SinkTraits Traits => inner.Traits;

        public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken) => inner.PutAsync(name, body, cancellationToken);

        public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) =>
            inner.OpenReadAsync($"{name}" == lost ? ObjectName.Of("nothing") : name, range, cancellationToken);

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

        public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) => inner.DeleteAsync(name, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
