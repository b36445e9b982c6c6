namespace PipelineBackup.StoreServers;

/// <summary>Stands where servers would be started in containers, in a build that could not restore Testcontainers.</summary>
internal static class ServerContainer
{
    /// <summary>Says why there is none.</summary>
    public static Task<FoundServer> StartAsync(ServerImage image) => Task.FromResult(new FoundServer
    {
        Missing = $"none can be started from {image.Name}: this build could not restore the package Testcontainers",
    });
}
