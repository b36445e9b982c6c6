namespace PipelineBackup.Sinks.AzureBlob;

/// <summary>Stands in where Azure.Storage.Blobs could not be restored: it says so at its address.</summary>
public sealed class AzureBlobSinkFactory : IBackupSinkFactory
{
    /// <inheritdoc/>
    public string Scheme => "azblob";

    /// <inheritdoc/>
    public IBackupSink Create(Uri address, bool create)
    {
        ArgumentNullException.ThrowIfNull(address);
        throw new SinkException("this program was built without Azure.Storage.Blobs")
        {
            Hint = "build it where the package can be restored, or name a plugin that brings 'azblob' with --plugin",
        };
    }
}
