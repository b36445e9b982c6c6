namespace PipelineBackup.StoreServers;

/// <summary>An image that a server can be started from.</summary>
internal sealed record ServerImage
{
    /// <summary>What the server is called in messages.</summary>
    public required string Server { get; init; }

    /// <summary>The script that starts such a server without a container.</summary>
    public required string Script { get; init; }

    /// <summary>The image, its tag included, so that every run has the same.</summary>
    public required string Name { get; init; }

    /// <summary>The port that it listens on inside the container.</summary>
    public required ushort Port { get; init; }

    /// <summary>Program and arguments.</summary>
    public required string[] Command { get; init; }

    /// <summary>A path that answers 2xx as soon as the server is ready; null to wait for its port only.</summary>
    public string? ReadyAt { get; init; }

    /// <summary>What the address of the store has behind the port.</summary>
    public string Path { get; init; } = "";

    /// <summary>Its environment.</summary>
    public Dictionary<string, string> Environment { get; init; } = [];

    /// <summary>Microsoft's Azurite, its blob service only.</summary>
    public static ServerImage Azurite { get; } = new()
    {
        Server = "Azurite",
        Script = "tests/servers/azurite-up.sh",
        Name = "mcr.microsoft.com/azure-storage/azurite:3.37.0",
        Port = 10000,
        Command = ["azurite-blob", "--blobHost", "0.0.0.0", "--skipApiVersionCheck", "--disableTelemetry"],
        Path = AzuriteEndpoint.Account,
    };

    /// <summary>MinIO, of the last release that has an image.</summary>
    public static ServerImage Minio { get; } = new()
    {
        Server = "S3 server",
        Script = "tests/servers/s3-up.sh",
        Name = "minio/minio:RELEASE.2025-09-07T16-13-09Z",
        Port = 9000,
        Command = ["minio", "server", "/data"],
        ReadyAt = "/minio/health/ready",
        Environment = { ["MINIO_ROOT_USER"] = S3Endpoint.AccessKey, ["MINIO_ROOT_PASSWORD"] = S3Endpoint.SecretKey },
    };
}
