namespace PipelineBackup.Sinks.AzureBlob.Tests;

/// <summary>The Azurite of this run; <c>tests/servers/azurite-up.sh</c> starts one and tells where it is.</summary>
internal static class Azurite
{
    /// <summary>The account that every Azurite has.</summary>
    public const string Account = "devstoreaccount1";

    /// <summary>Its key, which Microsoft's documentation tells everybody.</summary>
    public const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private const string Variable = "PIPELINEBACKUP_AZURITE";

    /// <summary>Where it is. Skips the test where there is none.</summary>
    public static Uri Endpoint
    {
        get
        {
            string? text = Environment.GetEnvironmentVariable(Variable);
            Assert.SkipWhen(string.IsNullOrEmpty(text), $"{Variable} names no Azurite: see tests/servers/azurite-up.sh");
            return new(text!);
        }
    }

    /// <summary>The options to reach it as the owner of the account.</summary>
    public static AzureBlobSinkOptions Owner => new() { Endpoint = Endpoint, AccountKey = Key };

    /// <summary>A name for a container that nobody else has.</summary>
    public static string NewContainer() => "t" + Guid.NewGuid().ToString("N")[..20];

    /// <summary>Opens a store in a container.</summary>
    public static AzureBlobSink Open(string container, AzureBlobSinkOptions? options = null, string prefix = "") =>
        AzureBlobSink.Open(Account, container, prefix, create: true, options ?? Owner);
}
