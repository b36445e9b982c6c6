using PipelineBackup.StoreServers;

[assembly: AssemblyFixture(typeof(RunningServers))]

namespace PipelineBackup.Sinks.AzureBlob.Tests;

/// <summary>The Azurite of this run. Without one, tests that need it are skipped.</summary>
internal static class Azurite
{
    public const string Account = AzuriteEndpoint.Account;

    public const string Key = AzuriteEndpoint.Key;

    public static Uri Endpoint => RunningServers.Azurite.Address;

    /// <summary>The options to reach it as the owner of the account.</summary>
    public static AzureBlobSinkOptions Owner => new() { Endpoint = Endpoint, AccountKey = Key };

    /// <summary>A name for a container that nobody else has.</summary>
    public static string NewContainer() => "t" + Guid.NewGuid().ToString("N")[..20];

    /// <summary>Opens a store in a container.</summary>
    public static AzureBlobSink Open(string container, AzureBlobSinkOptions? options = null, string prefix = "") =>
        AzureBlobSink.Open(Account, container, prefix, create: true, options ?? Owner);
}
