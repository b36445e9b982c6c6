namespace PipelineBackup.Ese;

/// <summary>The page size of a database: 2048, 4096, 8192, 16384 or 32768 bytes.</summary>
public readonly record struct PageSize
{
    private readonly int _bytes;

    private PageSize(int bytes) => _bytes = bytes;

    /// <summary>The smallest size there is, 2048 bytes.</summary>
    public static PageSize Min => new(2048);

    /// <summary>The largest size there is, 32768 bytes.</summary>
    public static PageSize Max => new(32768);

    /// <summary>The size of databases that name none, 4096 bytes.</summary>
    public static PageSize Default => new(4096);

    /// <summary>All sizes, ascending: the order in which a reader tries them.</summary>
    public static ReadOnlySpan<int> All => [2048, 4096, 8192, 16384, 32768];

    /// <summary>The size in bytes; the default value of this type is 4096.</summary>
    public int Bytes => _bytes == 0 ? 4096 : _bytes;

    /// <summary>Pages of at most 8192 bytes have a 40-byte header and one checksum; larger ones 80 bytes and four.</summary>
    public bool IsSmall => Bytes <= 8192;

    /// <summary>Length of the page header in bytes, 40 or 80.</summary>
    public int HeaderBytes => IsSmall ? 40 : 80;

    /// <summary>Takes a stored page size; 0 is the 4096 of old files.</summary>
    /// <param name="bytes">The stored value.</param>
    /// <param name="size">The size, when the value is one.</param>
    public static bool TryCreate(long bytes, out PageSize size)
    {
        bool known = bytes is 0 or 2048 or 4096 or 8192 or 16384 or 32768;
        size = known ? new((int)bytes) : default;
        return known;
    }

    /// <summary>Takes a page size.</summary>
    /// <param name="bytes">2048, 4096, 8192, 16384 or 32768.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is none of these.</exception>
    public static PageSize Of(int bytes) => bytes != 0 && TryCreate(bytes, out var size)
        ? size
        : throw new ArgumentOutOfRangeException(nameof(bytes), bytes, "a page has 2048, 4096, 8192, 16384 or 32768 bytes");

    /// <summary>Same number of bytes.</summary>
    /// <param name="other">The other size.</param>
    public bool Equals(PageSize other) => Bytes == other.Bytes;

    /// <inheritdoc/>
    public override int GetHashCode() => Bytes;

    /// <summary>The bytes in decimal.</summary>
    public override string ToString() => Bytes.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
