using System.Globalization;
using System.Net;
using System.Text;

namespace PipelineBackup.Sinks.S3;

/// <summary>Takes an address <c>s3://bucket/prefix?key=value&amp;…</c> apart. No credential stands in one.</summary>
internal static class S3Address
{
    private static readonly string[] s_keys =
    [
        "endpoint", "region", "profile", "store", "path-style", "storage-class", "data-storage-class", "sse", "kms-key",
        "customer-key-file", "proxy", "ca-file", "retention", "object-lock", "concurrency",
    ];

    /// <summary>Takes an address apart.</summary>
    /// <param name="address">The address.</param>
    /// <exception cref="ArgumentException">It is malformed; the message tells all that is wrong.</exception>
    public static (string Bucket, string Prefix, S3SinkOptions Options) Parse(Uri address)
    {
        var faults = new List<string>();
        if (!address.IsAbsoluteUri || address.Scheme != "s3" || address.Host.Length == 0)
            throw new ArgumentException("expected s3://bucket/prefix", nameof(address));
        if (address.UserInfo.Length > 0)
            faults.Add("an address holds no credentials: they come from the environment or a profile");
        if (!address.IsDefaultPort)
            faults.Add("a bucket has no port: name the store with endpoint=");
        if (address.Fragment.Length > 0)
            faults.Add("an address has no fragment: write '#' as %23");
        string prefix = Uri.UnescapeDataString(address.AbsolutePath).Trim('/');
        if (prefix.Length > 0 && !ObjectName.TryParse(prefix, out _))
            faults.Add($"prefix '{prefix}' is none: segments of letters, digits, '.', '_', '-' between single '/'");
        var options = OptionsOf(address.Query, faults);
        if (faults.Count == 0)
        {
            try
            {
                options.Validate();
            }
            catch (ArgumentException failure)
            {
                faults.Add(failure.Message);
            }
        }

        return faults.Count == 0
            ? (address.Host, prefix, options)
            : throw new ArgumentException(string.Join("; ", faults), nameof(address));
    }

    private static S3SinkOptions OptionsOf(string query, List<string> faults)
    {
        var options = new S3SinkOptions();
        var tags = new Dictionary<string, string>();
        foreach (string pair in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            string key = Uri.UnescapeDataString(equals < 0 ? pair : pair[..equals]);
            string value = equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..]);
            if (value.Length == 0)
                faults.Add($"'{key}' has no value");
            else if (key.StartsWith("tag.", StringComparison.Ordinal))
                tags[key[4..]] = value;
            else if (s_keys.Contains(key, StringComparer.Ordinal))
                options = With(options, key, value, faults);
            else
                faults.Add($"'{key}' is unknown; known are tag.NAME, {string.Join(", ", s_keys)}");
        }

        return options with { Tags = tags };
    }

    private static S3SinkOptions With(
        S3SinkOptions options, string key, string value, List<string> faults) => key switch
    {
        "endpoint" => options with { Endpoint = AddressOf(key, value, faults) },
        "region" => options with { Region = value },
        "profile" => options with { Profile = value },
        "store" => options with { Store = StoreOf(value, faults) },
        "path-style" => options with { PathStyle = Truth(key, value, faults) },
        "storage-class" => options with
        {
            CatalogueStorageClass = value,
            DataStorageClass = options.DataStorageClass ?? value,
        },
        "data-storage-class" => options with { DataStorageClass = value },
        "sse" => options with { Encryption = OneOf(key, value, faults, "AES256", "aws:kms", "aws:kms:dsse") },
        "kms-key" => options with { KmsKey = value },
        "customer-key-file" => options with { CustomerKey = KeyOf(value, faults) },
        "proxy" => options with { Proxy = AddressOf(key, value, faults) is { } proxy ? new WebProxy(proxy) : null },
        "ca-file" => options with { AuthorityFile = value },
        "retention" => options with
        {
            Compliance = OneOf(key, value, faults, "governance", "compliance") == "compliance",
        },
        "object-lock" => options with { CreateWithObjectLock = Truth(key, value, faults) },
        _ => options with { Concurrency = Number(key, value, faults) },
    };

    private static Uri? AddressOf(string key, string value, List<string> faults)
    {
        if (Uri.TryCreate(value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            && address.UserInfo.Length == 0)
            return address;
        // Not the value: what is wrong with it may be the password in it.
        faults.Add($"'{key}' must be http://… or https://… without credentials");
        return null;
    }

    private static S3StoreProfile? StoreOf(string value, List<string> faults)
    {
        string name = OneOf("store", value, faults, [.. S3StoreProfile.All.Select(one => one.Name)]);
        return S3StoreProfile.All.FirstOrDefault(one => one.Name == name);
    }

    private static ReadOnlyMemory<byte> KeyOf(string file, List<string> faults)
    {
        try
        {
            byte[] bytes = File.ReadAllBytes(file);
            return bytes.Length == 32 ? bytes : Convert.FromBase64String(Encoding.ASCII.GetString(bytes).Trim());
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException)
        {
            faults.Add($"'{file}' holds no key: 32 bytes, or those in base64");
            return default;
        }
    }

    private static string OneOf(string key, string value, List<string> faults, params string[] values)
    {
        if (!values.Contains(value, StringComparer.Ordinal))
            faults.Add($"'{key}' is '{value}', and must be one of {string.Join(", ", values)}");
        return value;
    }

    private static bool Truth(string key, string value, List<string> faults) =>
        OneOf(key, value, faults, "true", "false") == "true";

    private static int Number(string key, string value, List<string> faults)
    {
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            return number;
        faults.Add($"'{key}' is '{value}', and must be a number");
        return 1;
    }
}
