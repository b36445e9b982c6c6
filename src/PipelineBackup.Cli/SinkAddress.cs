using System.Text.RegularExpressions;

namespace PipelineBackup.Cli;

/// <summary>The address of a store: <c>scheme://…</c>, or the path of a directory.</summary>
internal static partial class SinkAddress
{
    private const string Hint = "an address is a path, file:///path, s3://bucket/prefix, azblob://account/container/prefix, or scheme://… of a plugin";

    /// <summary>Takes an address.</summary>
    /// <param name="text">The text.</param>
    /// <returns>An absolute address; that of a path has the scheme <c>file</c>.</returns>
    /// <exception cref="UsageException">It is none.</exception>
    public static Uri Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw new UsageException("the address of the store is empty", Hint);
        if (text.Contains('\0', StringComparison.Ordinal))
            throw new UsageException("the address of the store holds a zero character", Hint);
        // One letter before a colon is a drive.
        if (!Scheme().IsMatch(text))
            return OfPath(Path.GetFullPath(text));
        if (!text.Contains("://", StringComparison.Ordinal) || !Uri.TryCreate(text, UriKind.Absolute, out var address))
            throw new UsageException($"'{text}' is no address of a store", Hint);
        return address;
    }

    // Built from its parts, so that '#', '?' and '%' in names stay what they are.
    private static Uri OfPath(string path)
    {
        if (path.StartsWith(@"\\", StringComparison.Ordinal))
            return new(path);
        string[] parts = path.Replace(Path.DirectorySeparatorChar, '/').Split('/');
        var escaped = parts.Select((part, i) => i == 0 && part.EndsWith(':') ? part : Uri.EscapeDataString(part));
        return new("file:///" + string.Join('/', escaped).TrimStart('/'));
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]+:/")]
    private static partial Regex Scheme();
}
