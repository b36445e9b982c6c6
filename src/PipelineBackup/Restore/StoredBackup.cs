using System.Security.Cryptography;
using System.Text.Json;
using PipelineBackup.Format;

namespace PipelineBackup.Restore;

/// <summary>A backup as it lies in a store: its commit, its index, and the pages that it says are bad.</summary>
internal sealed class StoredBackup
{
    private readonly Dictionary<(int File, long Page), BadPage> _bad = [];

    private StoredBackup(BackupManifest manifest, BackupIndex index)
    {
        Manifest = manifest;
        Index = index;
        Id = BackupId.Parse(manifest.Id);
    }

    public BackupManifest Manifest { get; }

    public BackupIndex Index { get; }

    public BackupId Id { get; }

    /// <summary>The bad pages that the backup recorded.</summary>
    public IReadOnlyDictionary<(int File, long Page), BadPage> BadPages => _bad;

    /// <summary>Reads index and list of bad pages, and proves both.</summary>
    /// <exception cref="BackupException">One of them is missing or damaged.</exception>
    public static async Task<StoredBackup> OpenAsync(
        IBackupArchive archive, BackupSet set, BackupManifest manifest, CancellationToken cancellationToken)
    {
        var id = BackupId.Parse(manifest.Id);
        var stream = await OpenAsync(archive, set.Index(id), cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var index = await BackupIndex.ReadAsync(stream, manifest.Index, set.Index(id), cancellationToken).ConfigureAwait(false);
            var backup = new StoredBackup(manifest, index);
            if (manifest.BadPages is { } digest)
                await backup.ReadBadPagesAsync(archive, set.BadPages(id), digest, cancellationToken).ConfigureAwait(false);
            return backup;
        }
    }

    private static async Task<Stream> OpenAsync(IBackupArchive archive, ObjectName name, CancellationToken cancellationToken)
    {
        try
        {
            return await archive.OpenReadAsync(name, ByteRange.All, cancellationToken).ConfigureAwait(false);
        }
        catch (SinkException failure) when (failure.Failure == SinkFailure.NotFound)
        {
            throw Damaged(name, "it is missing", failure);
        }
    }

    private static BackupException Damaged(ObjectName name, string reason, Exception? inner = null) => new($"{name} is damaged: {reason}", inner)
    {
        Hint = "copy this object again from a second store, or use another backup",
        ExitCode = ExitCode.Refused,
    };

    private async Task ReadBadPagesAsync(IBackupArchive archive, ObjectName name, ObjectDigest digest, CancellationToken cancellationToken)
    {
        var stream = await OpenAsync(archive, name, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await BackupIndex.ReadLinesAsync(stream, digest.Length, name, hash, line =>
            {
                var reader = new Utf8JsonReader(line);
                var page = JsonSerializer.Deserialize(ref reader, ArchiveJson.Default.BadPage) ?? throw new JsonException("an empty line");
                if (page.File < 0 || page.File >= Index.Files.Count || page.Page < 0 || page.Page >= Index.Files[page.File].Pages)
                    throw Damaged(name, "it lists a page that is not in the backup");
                _bad[(page.File, page.Page)] = page;
            }, cancellationToken).ConfigureAwait(false);
            if (Convert.ToHexStringLower(hash.GetHashAndReset()) != digest.Sha256)
                throw Damaged(name, "its SHA-256 is not the one in the commit");
        }
    }
}
