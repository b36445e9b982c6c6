namespace PipelineBackup.Sinks.AzureBlob;

/// <summary>Credentials and endpoint from the variables that Azure's own tools read.</summary>
/// <remarks>
/// In this order: <c>AZURE_STORAGE_CONNECTION_STRING</c>, <c>AZURE_STORAGE_SAS_TOKEN</c>, <c>AZURE_STORAGE_KEY</c>. Where
/// <c>AZURE_STORAGE_ACCOUNT</c> names another account than the address, they are that one's and not used.
/// <c>AZURE_STORAGE_SERVICE_ENDPOINT</c> is the endpoint, and <c>PIPELINEBACKUP_AZURE_CUSTOMER_KEY</c> a customer's key,
/// base64.
/// </remarks>
internal static class AzureEnvironment
{
    private const string CustomerKey = "PIPELINEBACKUP_AZURE_CUSTOMER_KEY";

    /// <summary>Completes what an address says.</summary>
    /// <param name="account">Name of the account.</param>
    /// <param name="options">What the address says.</param>
    /// <param name="environment">Gives the value of a variable, null where it is not set.</param>
    /// <exception cref="ArgumentException">A variable is malformed.</exception>
    public static AzureBlobSinkOptions Complete(
        string account, AzureBlobSinkOptions options, Func<string, string?> environment)
    {
        if (Variable(CustomerKey) is { } customerKey)
            options = options with { CustomerKey = Decode(customerKey) };
        if (Variable("AZURE_STORAGE_ACCOUNT") is { } other && other != account)
            return options;
        // An endpoint in the address is nearer than a connection string's.
        if (Variable("AZURE_STORAGE_CONNECTION_STRING") is { } connection && options.Endpoint is null)
            return options with { ConnectionString = connection };
        if (options.Endpoint is null && Variable("AZURE_STORAGE_SERVICE_ENDPOINT") is { } endpoint)
        {
            options = options with
            {
                Endpoint = Uri.TryCreate(endpoint, UriKind.Absolute, out var address) ? address
                    : throw new ArgumentException("AZURE_STORAGE_SERVICE_ENDPOINT is no address"),
            };
        }

        if (Variable("AZURE_STORAGE_SAS_TOKEN") is { } signature)
            return options with { SasToken = signature };
        return Variable("AZURE_STORAGE_KEY") is { } key ? options with { AccountKey = key } : options;

        string? Variable(string name) => environment(name) is { Length: > 0 } value ? value : null;
    }

    private static byte[] Decode(string key)
    {
        try
        {
            return Convert.FromBase64String(key);
        }
        catch (FormatException)
        {
            throw new ArgumentException($"{CustomerKey} is not base64");
        }
    }
}
