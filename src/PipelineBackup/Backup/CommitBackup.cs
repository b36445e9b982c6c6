using System.Security.Cryptography;
using System.Text.Json;
using PipelineBackup.Format;

namespace PipelineBackup.Backup;

/// <summary>
/// The last door: stores index and list of bad pages, claims the place in the chain, and then the commit, create-only. The
/// commit's appearance is the commit point; before it there is no backup, after it nothing can take it back.
/// </summary>
internal sealed class CommitBackup(SinkGroup sinks, BackupSet set, BackupId id)
{
    /// <summary>Stores the index.</summary>
    public async Task<ObjectDigest> StoreIndexAsync(BackupIndex index, CancellationToken cancellationToken) =>
        await StoreAsync(set.Index(id), index.Serialize(), cancellationToken).ConfigureAwait(false);

    /// <summary>Stores the list of bad pages, when there are any.</summary>
    public async Task<ObjectDigest?> StoreBadPagesAsync(IReadOnlyCollection<BadPage> pages, CancellationToken cancellationToken)
    {
        if (pages.Count == 0)
            return null;
        using var buffer = new MemoryStream();
        foreach (var page in pages)
        {
            JsonSerializer.Serialize(buffer, page, ArchiveJson.Default.BadPage);
            buffer.WriteByte((byte)'\n');
        }

        return await StoreAsync(set.BadPages(id), buffer.ToArray(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Says in the chain that there is a backup that is about to continue it: an incremental one takes the place that follows
    /// its parent, a differential one takes none.
    /// </summary>
    /// <exception cref="BackupException">Another backup has continued the chain meanwhile.</exception>
    public async Task AnnounceAsync(BackupParentage parentage, BackupKind kind, CancellationToken cancellationToken)
    {
        if (kind == BackupKind.Incremental)
        {
            await ClaimAsync(parentage, cancellationToken).ConfigureAwait(false);
            return;
        }

        byte[] claim = JsonSerializer.SerializeToUtf8Bytes(new ChainClaim(id.ToString()), ArchiveJson.Default.ChainClaim);
        var name = set.DifferentialClaim(BackupId.Parse(parentage.Full.Id), id);
        await sinks.PutAsync(name, ObjectBody.Of(claim), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Demands that no expiry is about to remove what the backup builds on, or what it has stored itself. Asked after the
    /// announcement: an expiry that does not see that has left its mark by now.
    /// </summary>
    /// <exception cref="SinkException">More stores have such a mark, or have not the parent, than the requirement allows.</exception>
    public Task DemandLastingAsync(BackupParentage? parentage, CancellationToken cancellationToken) =>
        sinks.AskEachAsync("the marks of removals", async (sink, token) =>
        {
            if (await IsThereAsync(sink, set.Expiring(id), token).ConfigureAwait(false))
                throw Removed($"an expiry takes {id} for a run that has died, and removes what it stored", "set the clocks right, and run the backup again");
            if (parentage is null)
                return true;
            var parent = BackupId.Parse(parentage.Parent.Id);
            if (await IsThereAsync(sink, set.Expiring(parent), token).ConfigureAwait(false) || !await HasCommitAsync(sink, parent, token).ConfigureAwait(false))
                throw Removed($"{parent}, which would be continued, has been removed meanwhile, or is about to be", "run the backup again; if there is nothing left to continue, make a full one");
            return true;
        }, cancellationToken);

    private async Task ClaimAsync(BackupParentage parentage, CancellationToken cancellationToken)
    {
        var full = BackupId.Parse(parentage.Full.Id);
        var chain = parentage.Chain.Select(member => member.Id).ToHashSet(StringComparer.Ordinal);
        byte[] claim = JsonSerializer.SerializeToUtf8Bytes(new ChainClaim(id.ToString()), ArchiveJson.Default.ChainClaim);
        var places = Enumerable.Range(chain.Count, int.MaxValue - chain.Count).Select(place => set.ChainClaim(full, place));
        await sinks.ClaimAsync(places, ObjectBody.Of(claim), PassOverAsync, cancellationToken).ConfigureAwait(false);

        // A claim without a commit was left by a backup that died: its place stays empty. So the places of the chain's own
        // members may be further on than their number says.
        async Task PassOverAsync(IBackupSink sink, ObjectName name, CancellationToken token)
        {
            byte[] content = await SmallObject.ReadAsync(sink, name, ChainClaim.MaxBytes, token).ConfigureAwait(false);
            string owner = SmallObject.Parse(content, name, ArchiveJson.Default.ChainClaim).Id;
            if (chain.Contains(owner) || !BackupId.TryParse(owner, out var other) || !await HasCommitAsync(sink, other, token).ConfigureAwait(false))
                return;
            throw new BackupException($"backup {other} has continued the chain meanwhile")
            {
                Hint = "run the backup again; it will continue that one",
                Error = JetError.BackupInProgress,
                ExitCode = ExitCode.InUse,
            };
        }
    }

    /// <summary>Stores the commit.</summary>
    public async Task CommitAsync(BackupManifest manifest, CancellationToken cancellationToken)
    {
        byte[] content = CommitDocument.Write(manifest);
        if (content.Length > BackupManifest.MaxBytes)
        {
            throw new BackupException($"the commit would have {content.Length} bytes, at most {BackupManifest.MaxBytes} are allowed")
            {
                Hint = "back up fewer databases at a time, each group into a set of its own",
            };
        }

        await sinks.PutAsync(set.Commit(id), ObjectBody.Of(content), cancellationToken).ConfigureAwait(false);
    }

    private async Task<ObjectDigest> StoreAsync(ObjectName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await sinks.PutAsync(name, ObjectBody.Of(content), cancellationToken).ConfigureAwait(false);
        return new(content.Length, Convert.ToHexStringLower(SHA256.HashData(content.Span)));
    }

    private static async Task<bool> IsThereAsync(IBackupSink sink, ObjectName name, CancellationToken cancellationToken) =>
        await SmallObject.TryReadAsync(sink, name, BackupMark.MaxBytes, cancellationToken).ConfigureAwait(false) is not null;

    private static SinkException Removed(string message, string hint) => new(message)
    {
        Failure = SinkFailure.NotFound,
        Error = JetError.MissingFullBackup,
        Hint = hint,
        ExitCode = ExitCode.Refused,
    };

    private async Task<bool> HasCommitAsync(IBackupSink sink, BackupId other, CancellationToken cancellationToken)
    {
        try
        {
            await new BackupCatalog(sink, set).ReadAsync(other, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (SinkException failure) when (failure.Failure == SinkFailure.NotFound)
        {
            return false;
        }
    }
}
