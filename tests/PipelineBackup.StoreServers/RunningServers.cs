namespace PipelineBackup.StoreServers;

/// <summary>
/// The servers that an assembly of tests runs against, each found when the first test asks for it: the one that the
/// environment names; otherwise a container of its own, stopped after the last test; otherwise the test is skipped and
/// told what is missing. An assembly that uses it says <c>[assembly: AssemblyFixture(typeof(RunningServers))]</c>.
/// </summary>
public sealed class RunningServers : IAsyncDisposable
{
    private static readonly Lazy<FoundServer> s_azurite = new(() => Find("PIPELINEBACKUP_AZURITE", ServerImage.Azurite));
    private static readonly Lazy<FoundServer> s_s3 = new(() => Find("PIPELINEBACKUP_S3_ENDPOINT", ServerImage.Minio));

    /// <summary>The Azurite of this run.</summary>
    public static AzuriteEndpoint Azurite => new(RequireFound(s_azurite));

    /// <summary>The S3 server of this run.</summary>
    public static S3Endpoint S3 => new(RequireFound(s_s3));

    /// <summary>Stops the containers that were started.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var server in new[] { s_azurite, s_s3 })
        {
            if (server is { IsValueCreated: true, Value.Container: { } container })
                await container.DisposeAsync();
        }
    }

    private static Uri RequireFound(Lazy<FoundServer> server)
    {
        if (server.Value.Missing is { } missing)
            Assert.Skip(missing);
        return server.Value.Address!;
    }

    // Tests ask for an address where nobody can wait; a container comes up once for all of them.
    private static FoundServer Find(string variable, ServerImage image)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named)
            return new() { Address = new(named) };
        var found = Task.Run(() => ServerContainer.StartAsync(image)).GetAwaiter().GetResult();
        return found.Missing is null ? found
            : new() { Missing = $"no {image.Server}: {variable} is not set ({image.Script} starts one), and {found.Missing}" };
    }
}
