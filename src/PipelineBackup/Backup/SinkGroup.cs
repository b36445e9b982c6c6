using Microsoft.Extensions.Logging;
using PipelineBackup.Format;

namespace PipelineBackup.Backup;

/// <summary>
/// The stores of one backup. Every object goes to all of them at the same time, out of the same memory. A store that fails
/// or takes longer than its limit fails the backup, or is dropped, as required.
/// </summary>
internal sealed class SinkGroup(IReadOnlyList<IBackupSink> sinks, BackupOptions options)
{
    private readonly SinkException?[] _dropped = new SinkException?[sinks.Count];
    private readonly List<ObjectName>[] _stored = [.. sinks.Select(_ => new List<ObjectName>())];
    // One date for all objects, or the first packs could go before the commit.
    private readonly DateTimeOffset? _retainUntil = options.Time.GetUtcNow() + options.RetainFor;
    private long _storedBytes;
    private long _puts;

    /// <summary>Bytes stored in each of the stores.</summary>
    public long StoredBytes => Interlocked.Read(ref _storedBytes);

    /// <summary>Objects stored in each of the stores.</summary>
    public long Puts => Interlocked.Read(ref _puts);

    /// <summary>How many packs can be on their way at a time.</summary>
    public int PutConcurrency => sinks.Max(sink => Math.Max(1, sink.Traits.PutConcurrency));

    /// <summary>What became of each store: null while it has everything, else why it was dropped.</summary>
    public IReadOnlyList<SinkException?> Dropped => _dropped;

    private IEnumerable<int> Live => Enumerable.Range(0, sinks.Count).Where(i => Volatile.Read(ref _dropped[i]) is null);

    /// <summary>Makes every store ours, or proves that it already is; one that cannot retain as is asked counts as failed.</summary>
    public Task OpenAsync(CancellationToken cancellationToken) => OnEachAsync("the format", async (sink, token) =>
    {
        if (_retainUntil is not null && !sink.Traits.SupportsRetention)
        {
            throw new SinkException("a store cannot retain objects until a date")
            {
                Hint = "take a store with object lock or immutability, or ask for no retention",
            };
        }

        await StoreFormat.EnsureAsync(sink, token).ConfigureAwait(false);
    }, cancellationToken);

    /// <summary>Asks every store something.</summary>
    /// <param name="what">What it is about, for messages.</param>
    /// <param name="ask">The question; a store where it fails is dropped, or fails the backup.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The answers, by store; the default where there is none.</returns>
    public async Task<T?[]> AskEachAsync<T>(string what, Func<IBackupSink, CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        var answers = new T?[sinks.Count];
        await Task.WhenAll(Live.ToArray().Select(i => OnAsync(i, what, async token =>
            answers[i] = await ask(sinks[i], token).ConfigureAwait(false), cancellationToken))).ConfigureAwait(false);
        return answers;
    }

    /// <summary>Stores a pack and gives its memory back.</summary>
    public async ValueTask StoreAsync(BackupSet set, BackupId id, Pack pack, CancellationToken cancellationToken)
    {
        using var own = pack;
        await PutAsync(set.Data(id, pack.Line.Name), pack.ToBody(), cancellationToken).ConfigureAwait(false);
        Interlocked.Add(ref _storedBytes, pack.Line.Length);
    }

    /// <summary>Stores an object everywhere.</summary>
    /// <exception cref="SinkException">As many stores failed as the requirement does not allow.</exception>
    public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        await Task.WhenAll(Live.ToArray().Select(i => OnAsync(
            i, name.ToString(), token => PutAsync(i, name, body, token), cancellationToken))).ConfigureAwait(false);
        Interlocked.Increment(ref _puts);
    }

    /// <summary>Takes, in every store, the first of some names that nobody has.</summary>
    /// <param name="names">The names, in order.</param>
    /// <param name="body">The content.</param>
    /// <param name="passOver">Asked about a name that someone has; throws when it must not be passed over.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task ClaimAsync(
        IEnumerable<ObjectName> names, ObjectBody body, Func<IBackupSink, ObjectName, CancellationToken, Task> passOver, CancellationToken cancellationToken) =>
        Task.WhenAll(Live.ToArray().Select(i => OnAsync(i, "a claim", async token =>
        {
            foreach (var name in names)
            {
                try
                {
                    await PutAsync(i, name, body, token).ConfigureAwait(false);
                    return;
                }
                catch (SinkException failure) when (failure.Failure == SinkFailure.AlreadyExists)
                {
                    await passOver(sinks[i], name, token).ConfigureAwait(false);
                }
            }
        }, cancellationToken)));

    /// <summary>
    /// Deletes what was stored, as far as that goes; for a backup that failed. The newest first: a commit that did appear
    /// although its store said otherwise must go before anything it needs does.
    /// </summary>
    public async Task RemoveStoredAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), options.Time);
        await Task.WhenAll(sinks.Select((sink, i) => RemoveStoredAsync(sink, _stored[i], limit.Token))).ConfigureAwait(false);
    }

    /// <summary>Leaves a store out from here on.</summary>
    /// <exception cref="SinkException">It cannot be left out.</exception>
    public void Drop(int i, SinkException failure)
    {
        // Several objects are on their way at a time, and the store may fail for each of them.
        bool isFirst = Interlocked.CompareExchange(ref _dropped[i], failure, null) is null;
        if (options.Require == StoreRequirement.All || !Live.Any())
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        if (!isFirst)
            return;
        options.Logger.LogWarning("store {Number} of {Count} is dropped: {Reason}", i + 1, sinks.Count, failure.Message);
    }

    private async Task RemoveStoredAsync(IBackupSink sink, List<ObjectName> stored, CancellationToken cancellationToken)
    {
        foreach (var name in stored.AsEnumerable().Reverse())
        {
            try
            {
                await sink.DeleteAsync(name, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is SinkException or OperationCanceledException)
            {
                options.Logger.LogWarning("{Object} of the failed backup could not be deleted: {Reason}", name, failure.Message);
                break;
            }
        }
    }

    private Task OnEachAsync(string what, Func<IBackupSink, CancellationToken, ValueTask> act, CancellationToken cancellationToken) =>
        Task.WhenAll(Live.ToArray().Select(i => OnAsync(i, what, token => act(sinks[i], token), cancellationToken)));

    private async ValueTask PutAsync(int i, ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        // Before the attempt: one that fails may have stored the object all the same.
        lock (_stored)
            _stored[i].Add(name);
        try
        {
            await sinks[i].PutAsync(name, Retained(body), cancellationToken).ConfigureAwait(false);
        }
        catch (SinkException failure) when (failure.Failure == SinkFailure.AlreadyExists)
        {
            // Someone else's, and not ours to delete.
            lock (_stored)
                _stored[i].Remove(name);
            throw;
        }
    }

    private ObjectBody Retained(ObjectBody body) => _retainUntil is null ? body
        : new(body.Content, body.Sha256, body.Crc32C) { Class = body.Class, RetainUntil = _retainUntil };

    private async Task OnAsync(int i, string what, Func<CancellationToken, ValueTask> act, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.StoreTimeLimit, options.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await act(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            Drop(i, new SinkException($"the store took longer than {options.StoreTimeLimit} for {what}")
            {
                Transient = true,
                Hint = "raise the time limit of the store, or look why it is slow",
            });
        }
        catch (SinkException failure)
        {
            Drop(i, failure);
        }
    }
}
