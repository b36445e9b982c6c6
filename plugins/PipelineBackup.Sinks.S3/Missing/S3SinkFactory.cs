namespace PipelineBackup.Sinks.S3;

/// <summary>Stands where the sink for S3 would be in a build that could not restore its package.</summary>
public sealed class S3SinkFactory : IBackupSinkFactory
{
    /// <inheritdoc/>
    public string Scheme => "s3";

    /// <inheritdoc/>
    /// <exception cref="SinkException">Always.</exception>
    public IBackupSink Create(Uri address, bool create) =>
        throw new SinkException("this build has no sink for S3: the package AWSSDK.S3 could not be restored for it")
        {
            Hint = "build again where the package can be restored, or name another build of the plugin with --plugin",
        };
}
