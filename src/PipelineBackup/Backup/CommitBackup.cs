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

    /// <summary>Takes the place in the chain that follows the parent.</summary>
    /// <exception cref="BackupException">Another backup has continued the chain meanwhile.</exception>
    public async Task ClaimAsync(BackupParentage parentage, CancellationToken cancellationToken)
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
            byte[] content = await SmallObject.ReadAsync(sink, name, 1024, token).ConfigureAwait(false);
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
