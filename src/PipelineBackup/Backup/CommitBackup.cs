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
        byte[] claim = JsonSerializer.SerializeToUtf8Bytes(new ChainClaim(id.ToString()), ArchiveJson.Default.ChainClaim);
        for (int member = parentage.Member; ; member++)
        {
            var name = set.ChainClaim(full, member);
            try
            {
                await sinks.PutAsync(name, ObjectBody.Of(claim), cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (SinkException failure) when (failure.Failure == SinkFailure.AlreadyExists)
            {
                // A claim without a commit was left by a backup that died: its place stays empty, the next one is taken.
                if (await HasCommittedAsync(name, cancellationToken).ConfigureAwait(false) is { } other)
                {
                    throw new BackupException($"backup {other} has continued the chain meanwhile")
                    {
                        Hint = "run the backup again; it will continue that one",
                        Error = JetError.BackupInProgress,
                        ExitCode = ExitCode.InUse,
                    };
                }
            }
        }
    }

    /// <summary>Stores the commit.</summary>
    public async Task CommitAsync(BackupManifest manifest, CancellationToken cancellationToken)
    {
        byte[] content = JsonSerializer.SerializeToUtf8Bytes(manifest, ArchiveJson.Default.BackupManifest);
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

    private async Task<string?> HasCommittedAsync(ObjectName claim, CancellationToken cancellationToken)
    {
        byte[] content = await SmallObject.ReadAsync(sinks.First, claim, 1024, cancellationToken).ConfigureAwait(false);
        string owner = SmallObject.Parse(content, claim, ArchiveJson.Default.ChainClaim).Id;
        if (!BackupId.TryParse(owner, out var other))
            return null;
        try
        {
            await new BackupCatalog(sinks.First, set).ReadAsync(other, cancellationToken).ConfigureAwait(false);
            return owner;
        }
        catch (SinkException failure) when (failure.Failure == SinkFailure.NotFound)
        {
            return null;
        }
    }
}
