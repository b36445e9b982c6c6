using System.Text.Json;

namespace PipelineBackup.Format;

/// <summary>Reads and writes the object that makes a store one of ours.</summary>
internal static class StoreFormat
{
    /// <summary>Makes a store ours, or proves that it already is.</summary>
    /// <exception cref="BackupException">The store is another's, or newer.</exception>
    public static async Task EnsureAsync(IBackupSink sink, CancellationToken cancellationToken)
    {
        if (await TryReadAsync(sink, cancellationToken).ConfigureAwait(false) is null)
        {
            byte[] content = JsonSerializer.SerializeToUtf8Bytes(FormatDocument.Current, ArchiveJson.Default.FormatDocument);
            try
            {
                await sink.PutAsync(BackupSet.FormatObject, ObjectBody.Of(content), cancellationToken).ConfigureAwait(false);
            }
            catch (SinkException failure) when (failure.Failure == SinkFailure.AlreadyExists)
            {
                // Another writer was first; it must have written what we can read.
                await DemandAsync(sink, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Proves that a store is ours.</summary>
    /// <exception cref="BackupException">It is not, or newer.</exception>
    public static async Task DemandAsync(IBackupArchive archive, CancellationToken cancellationToken)
    {
        if (await TryReadAsync(archive, cancellationToken).ConfigureAwait(false) is null)
        {
            throw new BackupException($"there is no backup store at this address: it has no {BackupSet.FormatObject}")
            {
                Hint = "check the address; a store is made by the first backup into it",
                ExitCode = ExitCode.NotFound,
            };
        }
    }

    private static async Task<FormatDocument?> TryReadAsync(IBackupArchive archive, CancellationToken cancellationToken)
    {
        try
        {
            var content = await SmallObject.ReadAsync(archive, BackupSet.FormatObject, 16 * 1024, cancellationToken).ConfigureAwait(false);
            var document = SmallObject.Parse(content, BackupSet.FormatObject, ArchiveJson.Default.FormatDocument);
            document.Demand();
            return document;
        }
        catch (SinkException failure) when (failure.Failure == SinkFailure.NotFound)
        {
            return null;
        }
    }
}
