using System.Collections.Concurrent;
using PipelineBackup.Format;

namespace PipelineBackup;

/// <summary>Reads what backups a set has. The listing of the commits is the whole catalogue: nothing else has to agree with it.</summary>
/// <remarks>
/// A commit never changes, so each is read once: a catalogue remembers what it has read. Whether a backup is still there
/// only a listing, or a catalogue of its own, can tell.
/// </remarks>
/// <param name="archive">The store.</param>
/// <param name="set">The set.</param>
public sealed class BackupCatalog(IBackupArchive archive, BackupSet set)
{
    private readonly ConcurrentDictionary<BackupId, BackupManifest> _read = new();
    private volatile bool _isStore;

    /// <summary>All backups of the set, oldest first.</summary>
    /// <param name="unreadable">
    /// Told of each backup whose commit cannot be read, and why; the others are still listed. Without it such a commit fails
    /// the call.
    /// </param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="BackupException">The store is none, a commit is damaged, or the store failed.</exception>
    public Task<IReadOnlyList<BackupManifest>> ListAsync(
        Action<BackupId, BackupException>? unreadable = null, CancellationToken cancellationToken = default) =>
        ListAsync(unreadable, vanished: null, cancellationToken);

    /// <summary>All backups of the set, oldest first.</summary>
    /// <param name="unreadable">As above.</param>
    /// <param name="vanished">Told of each backup that was listed and not there any more when it was to be read.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    internal async Task<IReadOnlyList<BackupManifest>> ListAsync(
        Action<BackupId, BackupException>? unreadable, Action<BackupId>? vanished, CancellationToken cancellationToken)
    {
        await DemandStoreAsync(cancellationToken).ConfigureAwait(false);
        var manifests = new List<BackupManifest>();
        await foreach (var stored in archive.ListAsync(set.CommitPrefix, cancellationToken).ConfigureAwait(false))
        {
            string name = stored.Name.ToString()[set.CommitPrefix.Length..];
            if (!name.EndsWith(".json", StringComparison.Ordinal) || !BackupId.TryParse(name[..^5], out var id))
                continue;
            try
            {
                manifests.Add(await ReadAsync(id, cancellationToken).ConfigureAwait(false));
            }
            catch (SinkException failure) when (failure.Failure == SinkFailure.NotFound)
            {
                // It has been removed since it was listed.
                vanished?.Invoke(id);
            }
            catch (BackupException failure) when (unreadable is not null && failure is not SinkException { Transient: true })
            {
                unreadable(id, failure);
            }
        }

        return manifests;
    }

    /// <summary>One backup.</summary>
    /// <param name="which">Its id, or <c>latest</c>: the one that reaches the greatest log position of the newest log stream.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="BackupException">There is no such backup, its commit is damaged, or the store failed.</exception>
    public async Task<BackupManifest> FindAsync(string which, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(which);
        await DemandStoreAsync(cancellationToken).ConfigureAwait(false);
        if (which == "latest")
        {
            BackupException? newer = null;
            string newest = "";
            var all = await ListAsync((id, failure) => (newest, newer) = ($"{id}", failure), cancellationToken).ConfigureAwait(false);
            // What cannot be read may be the latest; the newest that can be read is one only if it is younger.
            if (newer is not null && (all.Count == 0 || string.CompareOrdinal(newest, all[^1].Id) > 0))
                throw newer;
            return Latest(all) ?? throw NotFound($"the set '{set}' has no backup", "name another set, or make a backup");
        }

        if (!BackupId.TryParse(which, out var id))
            throw NotFound($"'{which}' is no id of a backup", "an id looks like 20261120T120000Z-F-1a2b3c4d; 'latest' is the newest; 'list' shows all");
        try
        {
            return await ReadAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (SinkException failure) when (failure.Failure == SinkFailure.NotFound)
        {
            throw NotFound($"the set '{set}' has no backup {id}", "'list' shows all backups of the set");
        }
    }

    /// <summary>A backup and all that it builds on, the full one first.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="BackupException">A backup of the chain is missing or damaged.</exception>
    public async Task<IReadOnlyList<BackupManifest>> ChainAsync(BackupManifest backup, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(backup);
        var chain = new List<BackupManifest> { backup };
        while (chain[^1].Parent is { } parent)
        {
            // A parent is always older than its child; a commit that says otherwise would make this run in circles.
            if (!BackupId.TryParse(parent, out var id) || string.CompareOrdinal(parent, chain[^1].Id) >= 0)
                throw Broken($"the commit of {chain[^1].Id} names '{parent}' as its parent");
            try
            {
                chain.Add(await ReadAsync(id, cancellationToken).ConfigureAwait(false));
            }
            catch (SinkException failure) when (failure.Failure == SinkFailure.NotFound)
            {
                throw Broken($"{chain[^1].Id} builds on {parent}, which is not in the store");
            }
        }

        if (chain[^1].Kind is not (BackupKind.Full or BackupKind.Copy))
            throw Broken($"{chain[^1].Id} starts the chain and is no full backup");
        chain.Reverse();
        return chain;
    }

    internal static BackupManifest? Latest(IReadOnlyList<BackupManifest> all) => all.Count == 0
        ? null
        : all.Where(backup => backup.LogSignature == all[^1].LogSignature)
            .OrderBy(backup => backup.Position, StringComparer.Ordinal).ThenBy(backup => backup.Id, StringComparer.Ordinal).Last();

    internal async Task<BackupManifest> ReadAsync(BackupId id, CancellationToken cancellationToken)
    {
        if (_read.TryGetValue(id, out var known))
            return known;
        var name = set.Commit(id);
        byte[] content = await SmallObject.ReadAsync(archive, name, BackupManifest.MaxBytes, cancellationToken).ConfigureAwait(false);
        var manifest = CommitDocument.Read(content, name);
        if (manifest.Id != id.ToString())
            throw Broken($"{name} is the commit of {manifest.Id}");
        return manifest.Version == FormatDocument.CurrentVersion
            ? _read.GetOrAdd(id, manifest)
            : throw new BackupException($"{name} has format version {manifest.Version}, this program reads version {FormatDocument.CurrentVersion}")
            {
                Hint = "use the version of this program that wrote the backup, or a newer one",
                ExitCode = ExitCode.Refused,
            };
    }

    private async Task DemandStoreAsync(CancellationToken cancellationToken)
    {
        if (_isStore)
            return;
        await StoreFormat.DemandAsync(archive, cancellationToken).ConfigureAwait(false);
        _isStore = true;
    }

    private static BackupException NotFound(string message, string hint) => new(message) { Hint = hint, ExitCode = ExitCode.NotFound };

    private static BackupException Broken(string message) => new($"the chain of backups is broken: {message}")
    {
        Hint = "restore an earlier backup of the chain, or take the missing objects from a second store",
        ExitCode = ExitCode.Refused,
    };
}
