using System.Globalization;
using System.Text;

namespace PipelineBackup.Stores.Tests.Proxy;

/// <summary>First line and header fields of a request or an answer, and the bytes they came in.</summary>
internal sealed class HttpHead
{
    private readonly Dictionary<string, string> _fields = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="bytes">All bytes up to and with the empty line.</param>
    public HttpHead(byte[] bytes)
    {
        Bytes = bytes;
        string[] lines = Encoding.Latin1.GetString(bytes).Split("\r\n");
        Words = lines[0].Split(' ', 3);
        foreach (string line in lines[1..^2])
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            _fields[line[..colon]] = line[(colon + 1)..].Trim();
        }
    }

    /// <summary>As it came.</summary>
    public byte[] Bytes { get; }

    /// <summary>The words of the first line: method, target, version; or version, status, reason.</summary>
    public string[] Words { get; }

    /// <summary>Status of an answer.</summary>
    public int Status => int.Parse(Words[1], CultureInfo.InvariantCulture);

    /// <summary>Whether the body comes in chunks.</summary>
    public bool IsChunked => this["Transfer-Encoding"]?.EndsWith("chunked", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Length of the body; null where nothing says so.</summary>
    public long? Length =>
        this["Content-Length"] is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    /// <summary>Whether the connection ends with it.</summary>
    public bool Closes => this["Connection"]?.Contains("close", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Whether the client wants to be asked for the body.</summary>
    public bool Waits => this["Expect"]?.Equals("100-continue", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>A header field; null where it is not there.</summary>
    public string? this[string name] => _fields.GetValueOrDefault(name);
}
