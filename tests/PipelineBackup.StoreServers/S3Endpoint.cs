namespace PipelineBackup.StoreServers;

/// <summary>An S3 server that answers.</summary>
/// <param name="Address">Where it is.</param>
public sealed record S3Endpoint(Uri Address)
{
    /// <summary>The key of its owner: the environment's, or that of a server that is yet to be started.</summary>
    public static string AccessKey { get; } = Variable("PIPELINEBACKUP_S3_ACCESS_KEY");

    /// <summary>What belongs to it.</summary>
    public static string SecretKey { get; } = Variable("PIPELINEBACKUP_S3_SECRET_KEY");

    private static string Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : Guid.NewGuid().ToString("N");
}
