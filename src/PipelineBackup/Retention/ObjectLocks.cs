using System.Globalization;

namespace PipelineBackup.Retention;

/// <summary>Asks a store which of its objects it refuses to delete, before anything is deleted.</summary>
internal sealed class ObjectLocks(IBackupSink sink, BackupSet set, DateTimeOffset now)
{
    private readonly IObjectLocks? _locks = sink.Traits.SupportsRetention ? sink as IObjectLocks : null;
    private readonly Dictionary<BackupId, string?> _known = [];

    /// <summary>What keeps a backup, or what a run left, from being deleted: its commit, or any object of its data.</summary>
    /// <returns>A reason for people; null when nothing does. Asked once; it is not expected to change while one expiry works.</returns>
    public async Task<string?> OfAsync(BackupId id, CancellationToken cancellationToken)
    {
        if (_locks is null)
            return null;
        if (_known.TryGetValue(id, out string? known))
            return known;
        var names = new List<ObjectName> { set.Commit(id) };
        await foreach (var stored in sink.ListAsync(set.DataPrefix(id), cancellationToken).ConfigureAwait(false))
            names.Add(stored.Name);
        string?[] reasons = new string?[names.Count];
        var limit = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, sink.Traits.ReadConcurrency), CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, names.Count, limit, async (i, token) => reasons[i] = await OfAsync(names[i], token).ConfigureAwait(false)).ConfigureAwait(false);

        // The last one to be released says when it can go.
        return _known[id] = reasons.Max(StringComparer.Ordinal);
    }

    /// <summary>What keeps an object from being deleted.</summary>
    /// <returns>A reason for people; null when nothing does.</returns>
    public async Task<string?> OfAsync(ObjectName name, CancellationToken cancellationToken)
    {
        if (_locks is null || await _locks.GetLockAsync(name, cancellationToken).ConfigureAwait(false) is var found && !found.HoldsAt(now))
            return null;
        return found.IsHeld ? "locked until someone releases it"
            : string.Create(CultureInfo.InvariantCulture, $"locked until {found.RetainUntil!.Value.UtcDateTime:yyyy-MM-dd HH:mm:ss'Z'}");
    }
}
