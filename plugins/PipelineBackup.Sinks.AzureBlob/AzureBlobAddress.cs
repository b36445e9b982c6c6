using System.Globalization;
using System.Text.RegularExpressions;

namespace PipelineBackup.Sinks.AzureBlob;

/// <summary>
/// An address such as <c>azblob://account/container/prefix?tier=cool</c>: where a store is, and how it is kept. It never
/// holds a credential, and no message repeats what stands where one might.
/// </summary>
/// <param name="Account">Name of the account.</param>
/// <param name="Container">Name of the container.</param>
/// <param name="Prefix">What the names of all blobs of the store begin with; ends in a slash unless it is empty.</param>
/// <param name="Options">What the query says.</param>
internal sealed partial record AzureBlobAddress(
    string Account, string Container, string Prefix, AzureBlobSinkOptions Options)
{
    // A blob's name has at most 1024 characters, and an object's at most 512 of them.
    private const int LongestPrefix = 1024 - ObjectName.MaxLength;

    private const string Known =
        "endpoint, proxy, ca-file, tier, catalogue-tier, scope, retention, checksum, concurrency and tag.NAME";

    /// <summary>Takes an address.</summary>
    /// <param name="address">The address.</param>
    /// <exception cref="ArgumentException">It is malformed.</exception>
    public static AzureBlobAddress Parse(Uri address)
    {
        if (!address.IsAbsoluteUri || address.Scheme != AzureBlobSinkFactory.SchemeName)
            throw Malformed("expected azblob://account/container/prefix");
        if (address.UserInfo.Length > 0)
            throw Malformed("an address holds no credential: give it by environment");
        if (address.Fragment.Length > 0 || !address.IsDefaultPort)
            throw Malformed("an address has no port and no fragment; give a server of your own as ?endpoint=");
        string account = address.Host;
        if (!AccountName().IsMatch(account))
            throw Malformed("the name of an account has 3 to 24 lower-case letters and digits");
        string[] path = address.AbsolutePath.Trim('/').Split('/', 2);
        string container = path[0];
        if (!ContainerName().IsMatch(container))
            throw Malformed("behind the account stands the container: 3 to 63 lower-case letters, digits and hyphens");
        string prefix = path.Length < 2 ? "" : Uri.UnescapeDataString(path[1]) + "/";
        if (prefix.Length > LongestPrefix)
            throw Malformed($"the prefix has more than {LongestPrefix - 1} characters");
        if (prefix.Length > 0 && prefix[..^1].Split('/').Any(part => part is "" or "." or ".." || part.EndsWith('.')))
            throw Malformed("a part of the prefix is empty or ends in a dot");
        return new(account, container, prefix, Query(address.Query));
    }

    private static AzureBlobSinkOptions Query(string query)
    {
        var options = new AzureBlobSinkOptions();
        var tags = new Dictionary<string, string>();
        foreach (string pair in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            string key = Uri.UnescapeDataString(parts[0]);
            string value = parts.Length < 2 ? "" : Uri.UnescapeDataString(parts[1]);
            if (key is "sig" or "se" or "sp" or "sv" or "sr")
                throw Malformed("an address holds no SAS: give it by environment, as AZURE_STORAGE_SAS_TOKEN");
            if (value.Length == 0)
                throw Malformed($"option '{key}' has no value");
            if (key.StartsWith("tag.", StringComparison.Ordinal))
                tags[key[4..]] = value;
            else
                options = With(options, key, value);
        }

        return options with { Tags = tags };
    }

    private static AzureBlobSinkOptions With(AzureBlobSinkOptions options, string key, string value) => key switch
    {
        "endpoint" => options with { Endpoint = Absolute(key, value) },
        "proxy" => options with { Proxy = Absolute(key, value) },
        "ca-file" => options with { AuthorityFile = value },
        "tier" => options with { DataTier = value },
        "catalogue-tier" => options with { CatalogueTier = value },
        "scope" => options with { EncryptionScope = value },
        "retention" => options with { Retention = OneOf<RetentionMode>(key, value) },
        "checksum" => options with { Checksum = OneOf<TransferChecksum>(key, value) },
        "concurrency" => options with
        {
            Concurrency = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
                ? count : throw Malformed("'concurrency' is no number"),
        },
        _ => throw Malformed($"there is no option '{key}': known are {Known}"),
    };

    private static Uri Absolute(string key, string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var address) && address.UserInfo.Length == 0
            ? address : throw Malformed($"'{key}' is no address, or holds a credential");

    private static T OneOf<T>(string key, string value)
        where T : struct, Enum =>
        Enum.TryParse<T>(value, ignoreCase: true, out var one) && Enum.IsDefined(one) && !char.IsAsciiDigit(value[0])
            ? one
            : throw Malformed($"'{key}' is one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}");

    private static ArgumentException Malformed(string why) => new($"the address of the store is malformed: {why}");

    [GeneratedRegex(@"^[a-z0-9]{3,24}\z")]
    private static partial Regex AccountName();

    [GeneratedRegex(@"^(?=.{3,63}\z)([a-z0-9](-?[a-z0-9])*|\$root)\z")]
    private static partial Regex ContainerName();
}
