namespace PipelineBackup.Sinks.AzureBlob;

/// <summary>
/// Makes sinks from addresses such as <c>azblob://account/container/prefix?tier=cool</c>. Credentials come from the
/// environment: <c>AZURE_STORAGE_CONNECTION_STRING</c>, <c>AZURE_STORAGE_SAS_TOKEN</c> or <c>AZURE_STORAGE_KEY</c>, and
/// without them from <c>DefaultAzureCredential</c>.
/// </summary>
public sealed class AzureBlobSinkFactory : IBackupSinkFactory
{
    internal const string SchemeName = "azblob";

    private readonly Func<string, string?> _environment;

    /// <summary>Makes sinks with the credentials of this process's environment.</summary>
    public AzureBlobSinkFactory()
        : this(Environment.GetEnvironmentVariable)
    {
    }

    internal AzureBlobSinkFactory(Func<string, string?> environment) => _environment = environment;

    /// <inheritdoc/>
    public string Scheme => SchemeName;

    /// <inheritdoc/>
    public IBackupSink Create(Uri address, bool create)
    {
        ArgumentNullException.ThrowIfNull(address);
        var store = AzureBlobAddress.Parse(address);
        var options = AzureEnvironment.Complete(store.Account, store.Options, _environment);
        return AzureBlobSink.Open(store.Account, store.Container, store.Prefix, create, options);
    }
}
