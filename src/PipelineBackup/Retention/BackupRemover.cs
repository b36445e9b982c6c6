using Microsoft.Extensions.Logging;

namespace PipelineBackup.Retention;

/// <summary>
/// Deletes what is to be removed: of a backup first its commit, so that nothing is listed that does not restore, then its
/// data, then its claims and marks, and last the mark that says that it is being removed.
/// </summary>
internal sealed class BackupRemover(IBackupSink sink, BackupSet set, ObjectLocks locks, ILogger logger)
{
    private readonly List<string> _removed = [], _remarks = [];
    private int _objects;
    private long _bytes;

    /// <summary>Ids of what is gone, in the order in which it went.</summary>
    public IReadOnlyList<string> Removed => _removed;

    /// <summary>Marks and claims that could not be deleted.</summary>
    public IReadOnlyList<string> Remarks => _remarks;

    /// <summary>Objects deleted so far.</summary>
    public int Objects => _objects;

    /// <summary>Bytes of data deleted so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Removes a backup.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="claim">Its claim; null without one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="BackupException">The store failed. If the commit is gone, the next expiry removes the rest.</exception>
    public async Task RemoveAsync(BackupId id, ObjectName? claim, CancellationToken cancellationToken)
    {
        await DeleteAsync(set.Commit(id), cancellationToken).ConfigureAwait(false);
        _removed.Add($"{id}");
        logger.LogInformation("backup {Id} is removed", id);
        await RemoveDataAsync(id, cancellationToken).ConfigureAwait(false);
        if (claim is { } own)
            await DeleteSmallAsync([own], cancellationToken).ConfigureAwait(false);
        await RemoveMarksAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes what a run without a commit left.</summary>
    /// <exception cref="BackupException">The store failed.</exception>
    public async Task RemoveAsync(BackupId leftover, CancellationToken cancellationToken)
    {
        await RemoveDataAsync(leftover, cancellationToken).ConfigureAwait(false);
        _removed.Add($"{leftover}");
        logger.LogInformation("what the run {Id} left is removed", leftover);
        await RemoveMarksAsync(leftover, cancellationToken).ConfigureAwait(false);
    }

    private async Task RemoveDataAsync(BackupId id, CancellationToken cancellationToken)
    {
        var data = await ListAsync(set.DataPrefix(id), cancellationToken).ConfigureAwait(false);
        var limit = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, sink.Traits.PutConcurrency), CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(data, limit, async (stored, token) =>
        {
            await DeleteAsync(stored.Name, token).ConfigureAwait(false);
            Interlocked.Add(ref _bytes, stored.Length);
        }).ConfigureAwait(false);
    }

    // The mark of the removal goes last: as long as it is there, whoever finds anything of the backup knows that it may go.
    private async Task RemoveMarksAsync(BackupId id, CancellationToken cancellationToken)
    {
        var expiring = set.Expiring(id);
        await DeleteSmallAsync((await ListAsync(set.ClaimPrefix(id), cancellationToken).ConfigureAwait(false)).Select(claim => claim.Name), cancellationToken).ConfigureAwait(false);
        var marks = await ListAsync(set.MarkPrefix(id), cancellationToken).ConfigureAwait(false);
        await DeleteSmallAsync(marks.Select(mark => mark.Name).Where(name => name != expiring).Append(expiring), cancellationToken).ConfigureAwait(false);
    }

    // Nothing depends on marks and claims of a backup that is gone; the store may keep some for a time of its own.
    private async Task DeleteSmallAsync(IEnumerable<ObjectName> names, CancellationToken cancellationToken)
    {
        foreach (var name in names)
        {
            if (await locks.OfAsync(name, cancellationToken).ConfigureAwait(false) is { } reason)
            {
                _remarks.Add($"{name} stays: {reason}");
                continue;
            }

            try
            {
                await DeleteAsync(name, cancellationToken).ConfigureAwait(false);
            }
            catch (SinkException refused) when (refused.Failure == SinkFailure.AccessDenied)
            {
                _remarks.Add($"{name} stays: {refused.Message}");
            }
        }
    }

    private async Task<List<StoredObject>> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        var found = new List<StoredObject>();
        await foreach (var stored in sink.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
            found.Add(stored);
        return found;
    }

    private async Task DeleteAsync(ObjectName name, CancellationToken cancellationToken)
    {
        await sink.DeleteAsync(name, cancellationToken).ConfigureAwait(false);
        Interlocked.Increment(ref _objects);
    }
}
