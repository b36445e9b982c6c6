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
    private readonly List<ObjectName> _stored = [];
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

    /// <summary>The store that is read from: the first that has everything.</summary>
    public IBackupSink First => sinks[Array.FindIndex(_dropped, failure => failure is null)];

    private IEnumerable<int> Live => Enumerable.Range(0, sinks.Count).Where(i => Volatile.Read(ref _dropped[i]) is null);

    /// <summary>Makes every store ours, or proves that it already is.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        foreach (int i in Live)
        {
            try
            {
                await StoreFormat.EnsureAsync(sinks[i], cancellationToken).ConfigureAwait(false);
            }
            catch (SinkException failure)
            {
                Drop(i, failure);
            }
        }
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
        // Before the first attempt: an attempt that fails may have stored the object all the same.
        lock (_stored)
            _stored.Add(name);
        try
        {
            await Task.WhenAll(Live.ToArray().Select(i => PutAsync(i, name, body, cancellationToken))).ConfigureAwait(false);
        }
        catch (SinkException failure) when (failure.Failure == SinkFailure.AlreadyExists)
        {
            // It is another's, and not ours to remove.
            lock (_stored)
                _stored.Remove(name);
            throw;
        }

        Interlocked.Increment(ref _puts);
    }

    /// <summary>
    /// Deletes what was stored, as far as that goes; for a backup that failed before its commit. The last object first: a
    /// commit whose storing failed may be there all the same, and must be gone before anything that it promises is.
    /// </summary>
    public async Task RemoveStoredAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), options.Time);
        foreach (var sink in sinks)
        {
            foreach (var name in _stored.AsEnumerable().Reverse())
            {
                try
                {
                    await sink.DeleteAsync(name, limit.Token).ConfigureAwait(false);
                }
                catch (Exception failure) when (failure is SinkException or OperationCanceledException)
                {
                    options.Logger.LogWarning("{Object} of the failed backup could not be deleted: {Reason}", name, failure.Message);
                    break;
                }
            }
        }
    }

    private async Task PutAsync(int i, ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.StoreTimeLimit, options.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await sinks[i].PutAsync(name, body, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            Drop(i, new SinkException($"the store took longer than {options.StoreTimeLimit} for {name}")
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

    private void Drop(int i, SinkException failure)
    {
        Volatile.Write(ref _dropped[i], failure);
        if (options.Require == StoreRequirement.All || !Live.Any())
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        options.Logger.LogWarning("store {Number} of {Count} is dropped: {Reason}", i + 1, sinks.Count, failure.Message);
    }
}
