using System.Globalization;
using Npgsql;

namespace PipelineBackup.Sinks.Postgres;

/// <summary>
/// Takes addresses apart: <c>postgres://user@host:port/database/schema?key=value&amp;…</c>, of which only the database
/// must be there.
/// </summary>
internal static class PostgresAddress
{
    /// <summary>The scheme.</summary>
    public const string Scheme = "postgres";

    private static readonly Dictionary<string, SslMode> s_encryptions = new()
    {
        ["disable"] = SslMode.Disable,
        ["allow"] = SslMode.Allow,
        ["prefer"] = SslMode.Prefer,
        ["require"] = SslMode.Require,
        ["verify-ca"] = SslMode.VerifyCA,
        ["verify-full"] = SslMode.VerifyFull,
    };

    /// <summary>The options in an address.</summary>
    /// <param name="address">The address.</param>
    /// <exception cref="ArgumentException">It is malformed; the message tells all that is wrong with it.</exception>
    public static PostgresSinkOptions Parse(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.IsAbsoluteUri || address.Scheme != Scheme)
            throw new ArgumentException($"expected {Scheme}://host/database/schema", nameof(address));
        var faults = new List<string>();
        string[] path = address.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (path.Length is 0 or > 2)
            faults.Add("behind the host it has a database and perhaps a schema");
        string[] user = address.UserInfo.Split(':');
        // Named without being shown: an address stands in histories and logs.
        if (user.Length > 1)
            faults.Add("a password does not belong into an address: set PGPASSWORD, or write it into ~/.pgpass");
        if (address.Fragment.Length > 0)
            faults.Add("it has a fragment: write '#' as %23");
        var options = new PostgresSinkOptions { Database = path.Length > 0 ? Uri.UnescapeDataString(path[0]) : "" };
        options = options with
        {
            Host = address.Host.Length > 0 ? address.DnsSafeHost : options.Host,
            Port = address.Port > 0 ? address.Port : options.Port,
            User = user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : null,
            Schema = path.Length > 1 ? Uri.UnescapeDataString(path[1]) : options.Schema,
        };
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string pair in address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            string key = Uri.UnescapeDataString(parts[0]);
            string value = Uri.UnescapeDataString(parts.Length > 1 ? parts[1] : "");
            if (!seen.Add(key))
                faults.Add($"'{key}' stands there twice");
            options = With(options, key, value, faults);
        }

        return faults.Count == 0
            ? options
            : throw new ArgumentException(
                $"the address of the store is malformed: {string.Join("; ", faults)}", nameof(address));
    }

    private static PostgresSinkOptions With(PostgresSinkOptions options, string key, string value, List<string> faults)
    {
        switch (key)
        {
            case "socket":
                return options with { Host = value };
            case "encryption" when s_encryptions.TryGetValue(value, out var mode):
                return options with { Encryption = mode };
            case "root-certificate":
                return options with { RootCertificate = value };
            case "concurrency" when Number(value) is { } number:
                return options with { Concurrency = number };
            case "connect-timeout" when Number(value) is { } seconds:
                return options with { ConnectTimeout = TimeSpan.FromSeconds(seconds) };
            case "answer-timeout" when Number(value) is { } seconds:
                return options with { AnswerTimeout = TimeSpan.FromSeconds(seconds) };
            case "encryption":
                faults.Add($"'encryption' is one of {string.Join(", ", s_encryptions.Keys)}");
                return options;
            case "concurrency" or "connect-timeout" or "answer-timeout":
                faults.Add($"'{key}' is a whole number");
                return options;
            default:
                // Without its value, which may be the password under another name.
                faults.Add($"'{key}' is not known");
                return options;
        }
    }

    private static int? Number(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
