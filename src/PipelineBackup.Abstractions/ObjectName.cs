using System.Buffers;

namespace PipelineBackup;

/// <summary>
/// The name of an object in a store: segments of ASCII letters, digits, <c>.</c>, <c>_</c> and <c>-</c>, separated by
/// <c>/</c>, at most 512 characters. No segment is empty or starts with a dot, so that a name is also a safe relative
/// path on every file system and a key on every object store. Names compare by ordinal.
/// </summary>
public readonly record struct ObjectName : IComparable<ObjectName>
{
    /// <summary>The longest name there is, in characters.</summary>
    public const int MaxLength = 512;

    private static readonly SearchValues<char> s_allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    private readonly string? _value;

    private ObjectName(string value) => _value = value;

    /// <summary>Takes a name.</summary>
    /// <param name="value">The name.</param>
    /// <exception cref="ArgumentException">It breaks the rules above.</exception>
    public static ObjectName Of(string value) => TryParse(value, out var name)
        ? name
        : throw new ArgumentException($"'{value}' is no object name: segments of letters, digits, '.', '_', '-' between single '/'", nameof(value));

    /// <summary>Takes a name, if it is one.</summary>
    /// <param name="value">The name.</param>
    /// <param name="name">The name, when it keeps the rules above.</param>
    public static bool TryParse(string? value, out ObjectName name)
    {
        name = default;
        if (string.IsNullOrEmpty(value) || value.Length > MaxLength)
            return false;
        foreach (var range in value.AsSpan().Split('/'))
        {
            var segment = value.AsSpan()[range];
            if (segment.IsEmpty || segment[0] == '.' || segment.ContainsAnyExcept(s_allowed))
                return false;
        }

        name = new(value);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(ObjectName other) => string.CompareOrdinal(ToString(), other.ToString());

    /// <summary>The name; empty for the default value, which names nothing.</summary>
    public override string ToString() => _value ?? "";
}
