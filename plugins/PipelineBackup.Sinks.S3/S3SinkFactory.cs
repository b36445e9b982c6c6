namespace PipelineBackup.Sinks.S3;

/// <summary>Makes sinks from addresses such as <c>s3://bucket/prefix?region=eu-central-1</c>.</summary>
public sealed class S3SinkFactory : IBackupSinkFactory
{
    // For what is found out about a bucket at the start: three small requests.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public string Scheme => "s3";

    /// <inheritdoc/>
    public IBackupSink Create(Uri address, bool create)
    {
        ArgumentNullException.ThrowIfNull(address);
        var (bucket, prefix, options) = S3Address.Parse(address);
        using var limit = new CancellationTokenSource(s_patience);
        try
        {
            return Task.Run(() => S3Sink.OpenAsync(bucket, prefix, create, options, limit.Token), limit.Token)
                .GetAwaiter().GetResult();
        }
        catch (OperationCanceledException late)
        {
            throw new SinkException($"cannot open bucket '{bucket}': no answer within {s_patience}", late)
            {
                Error = JetError.DiskIO,
                Transient = true,
                Hint = "check the endpoint, the network and the proxy",
            };
        }
    }
}
