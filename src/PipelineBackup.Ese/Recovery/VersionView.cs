namespace PipelineBackup.Ese;

/// <summary>
/// A change of an open transaction. Good until the <see cref="VersionStore"/> that told it is next used.
/// </summary>
internal readonly ref struct VersionView
{
    private readonly VersionEntry _entry;
    private readonly ReadOnlySpan<byte> _parts;

    /// <summary>A change.</summary>
    /// <param name="entry">What its list has.</param>
    /// <param name="body">The fixed part of its body.</param>
    /// <param name="parts">The other parts.</param>
    public VersionView(VersionEntry entry, VersionBody body, ReadOnlySpan<byte> parts)
    {
        _entry = entry;
        Body = body;
        _parts = parts;
    }

    /// <summary>Number of the version.</summary>
    public uint Version => _entry.Version;

    /// <summary>Number of the database.</summary>
    public byte Database => _entry.Database;

    /// <summary>Whether a log record has to tell the old data before the page may be written.</summary>
    public bool IsUnlogged => _entry.Held != PageNumber.None;

    /// <summary>The fixed part of its body.</summary>
    public VersionBody Body { get; }

    /// <summary>Key of the node.</summary>
    public ReadOnlySpan<byte> Key => _parts[..Body.KeyLength];

    /// <summary>Data of the node where keys repeat; else empty.</summary>
    public ReadOnlySpan<byte> BookmarkData => _parts.Slice(Body.KeyLength, Body.BookmarkLength);

    /// <summary>What the node held before it was replaced.</summary>
    public ReadOnlySpan<byte> OldData => _parts.Slice(Body.KeyLength + Body.BookmarkLength, Body.OldLength);

    /// <summary>What takes it back.</summary>
    public InverseOperation Inverse => new()
    {
        Operation = Body.Operation, OldData = OldData, Offset = Body.Offset, Delta = Body.Delta,
    };
}
