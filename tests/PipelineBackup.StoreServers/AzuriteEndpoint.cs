namespace PipelineBackup.StoreServers;

/// <summary>An Azurite that answers.</summary>
/// <param name="Address">Where its one account is.</param>
public sealed record AzuriteEndpoint(Uri Address)
{
    /// <summary>The account that every Azurite has.</summary>
    public const string Account = "devstoreaccount1";

    /// <summary>Its key, which Microsoft's documentation tells everybody.</summary>
    public const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
}
