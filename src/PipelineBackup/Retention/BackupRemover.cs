using Microsoft.Extensions.Logging;
using PipelineBackup.Format;

namespace PipelineBackup.Retention;

/// <summary>
/// Deletes what is to be removed: of a backup first its commit, so that nothing is listed that does not restore, then its
/// claim and its data, then its marks, and last the mark that says that it is being removed.
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
        await RemoveRestAsync(id, claim, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes what a run without a commit left.</summary>
    /// <exception cref="BackupException">The store failed.</exception>
    public async Task RemoveAsync(BackupId leftover, CancellationToken cancellationToken)
    {
        var claim = await ClaimInMarkAsync(leftover, cancellationToken).ConfigureAwait(false);
        await RemoveRestAsync(leftover, claim, cancellationToken).ConfigureAwait(false);
        _removed.Add($"{leftover}");
        logger.LogInformation("what the run {Id} left is removed", leftover);
    }

    /// <summary>Takes the mark of a removal away from what stays.</summary>
    public Task UnmarkAsync(BackupId id, CancellationToken cancellationToken) => DeleteSmallAsync(set.Expiring(id), cancellationToken);

    // The mark of the removal goes last: as long as it is there, whoever finds anything of the backup knows that it may go.
    private async Task RemoveRestAsync(BackupId id, ObjectName? claim, CancellationToken cancellationToken)
    {
        var expiring = set.Expiring(id);
        int remarks = _remarks.Count;
        if (claim is { } own)
            await DeleteSmallAsync(own, cancellationToken).ConfigureAwait(false);
        await RemoveDataAsync(id, cancellationToken).ConfigureAwait(false);
        foreach (var stored in await ListAsync(set.ClaimPrefix(id), cancellationToken).ConfigureAwait(false))
            await DeleteSmallAsync(stored.Name, cancellationToken).ConfigureAwait(false);
        foreach (var stored in await ListAsync(set.MarkPrefix(id), cancellationToken).ConfigureAwait(false))
        {
            if (stored.Name != expiring)
                await DeleteSmallAsync(stored.Name, cancellationToken).ConfigureAwait(false);
        }

        if (_remarks.Count == remarks)
            await DeleteSmallAsync(expiring, cancellationToken).ConfigureAwait(false);
    }

    // Of a backup whose removal was interrupted; its place may have been taken by another one since.
    private async Task<ObjectName?> ClaimInMarkAsync(BackupId id, CancellationToken cancellationToken)
    {
        try
        {
            var mark = await BackupMark.TryReadAsync(sink, set.Expiring(id), cancellationToken).ConfigureAwait(false);
            return mark?.Claim is { } text && text.StartsWith(set.AllClaims, StringComparison.Ordinal) && ObjectName.TryParse(text, out var name)
                && await SmallObject.TryReadAsync(sink, name, ChainClaim.MaxBytes, cancellationToken).ConfigureAwait(false) is { } content
                && SmallObject.Parse(content, name, ArchiveJson.Default.ChainClaim).Id == $"{id}" ? name : null;
        }
        catch (BackupException damaged) when (damaged is not SinkException)
        {
            return null;
        }
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

    // Nothing depends on marks and claims of a backup that is gone; the store may keep some for a time of its own.
    private async Task DeleteSmallAsync(ObjectName name, CancellationToken cancellationToken)
    {
        if (await locks.OfAsync(name, cancellationToken).ConfigureAwait(false) is { } reason)
        {
            _remarks.Add($"{name} stays: {reason}");
            return;
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
