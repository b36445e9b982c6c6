using System.Globalization;

namespace Company.SinkProject;

/// <summary>Where a store is, and how it is used.</summary>
public sealed record StoreNameSinkOptions
{
    /// <summary>The scheme of its addresses.</summary>
    public const string Scheme = "store-scheme";

    /// <summary>The folder of the store.</summary>
    public required string Folder { get; init; }

    /// <summary>How many objects are put or read at a time for full speed. Default: 2.</summary>
    public int Concurrency { get; init; } = 2;

    /// <summary>The options in an address: <c>store-scheme:///folder?concurrency=4</c>.</summary>
    /// <param name="address">The address.</param>
    /// <exception cref="ArgumentException">It is malformed; the message tells all that is wrong with it.</exception>
    public static StoreNameSinkOptions Of(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var faults = new List<string>();
        int? concurrency = null;
        if (!address.IsAbsoluteUri || address.Scheme != Scheme)
            throw new ArgumentException($"expected {Scheme}:///folder", nameof(address));
        if (address.Host.Length > 0 || address.AbsolutePath.Length < 2)
            faults.Add("a folder stands behind three slashes");
        if (address.Fragment.Length > 0)
            faults.Add("it has a fragment: write '#' as %23");
        foreach (string pair in address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            if (parts[0] != "concurrency")
                faults.Add($"'{parts[0]}' is not known");
            else if (int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                concurrency = number;
            else
                faults.Add("'concurrency' is a whole number");
        }

        if (concurrency is < 1 or > 64)
            faults.Add("'concurrency' is in 1 to 64");
        if (faults.Count > 0)
        {
            throw new ArgumentException(
                $"the address of the store is malformed: {string.Join("; ", faults)}", nameof(address));
        }

        string path = Uri.UnescapeDataString(address.AbsolutePath);
        return new()
        {
            // Before a drive the slash belongs to the address.
            Folder = OperatingSystem.IsWindows() ? path.TrimStart('/') : path,
            Concurrency = concurrency ?? 2,
        };
    }
}
