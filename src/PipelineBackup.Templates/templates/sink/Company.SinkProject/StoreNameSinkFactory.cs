using PipelineBackup;

namespace Company.SinkProject;

/// <summary>
/// Makes sinks from addresses such as <c>store-scheme:///var/backups</c>; by it the command line finds the plugin.
/// </summary>
public sealed class StoreNameSinkFactory : IBackupSinkFactory
{
    /// <inheritdoc/>
    public string Scheme => StoreNameSinkOptions.Scheme;

    /// <inheritdoc/>
    public IBackupSink Create(Uri address, bool create) => StoreNameSink.Open(StoreNameSinkOptions.Of(address), create);
}
