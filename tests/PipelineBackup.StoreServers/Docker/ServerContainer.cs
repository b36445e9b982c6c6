using Docker.DotNet;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;

namespace PipelineBackup.StoreServers;

/// <summary>Starts servers in containers.</summary>
internal static class ServerContainer
{
    // Long enough to fetch an image, and no run of the tests hangs on a registry that does not answer.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    /// <summary>Starts one, and returns once it answers; without a Docker engine it says so.</summary>
    public static async Task<FoundServer> StartAsync(ServerImage image)
    {
        IContainer container;
        try
        {
            var ready = Wait.ForUnixContainer();
            container = new ContainerBuilder(image.Name)
                .WithPortBinding(image.Port, assignRandomHostPort: true)
                .WithEnvironment(image.Environment)
                .WithEntrypoint(image.Command[0])
                .WithCommand(image.Command[1..])
                .WithWaitStrategy(image.ReadyAt is { } path
                    ? ready.UntilHttpRequestIsSucceeded(request => request.ForPort(image.Port).ForPath(path))
                    : ready.UntilExternalTcpPortIsAvailable(image.Port))
                .Build();
        }
        catch (DockerUnavailableException absent)
        {
            return new() { Missing = $"no Docker engine answers to start one from {image.Name}: {FirstLine(absent)}" };
        }

        using var limit = new CancellationTokenSource(s_patience);
        try
        {
            await container.StartAsync(limit.Token);
        }
        catch (DockerApiException refused)
        {
            // For instance an engine that may not fetch images.
            return new() { Missing = $"the Docker engine cannot start {image.Name}: {FirstLine(refused)}" };
        }

        // By number, as the scripts tell it: of a name the store would think that the account or bucket stands in it.
        string host = container.Hostname == "localhost" ? "127.0.0.1" : container.Hostname;
        return new()
        {
            Address = new UriBuilder("http", host, container.GetMappedPublicPort(image.Port), image.Path).Uri,
            Container = container,
        };
    }

    private static string FirstLine(Exception failure) => failure.Message.Split('\n')[0].Trim();
}
