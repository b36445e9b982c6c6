namespace PipelineBackup.Ese;

/// <summary>One value of a column as a record holds it.</summary>
public readonly ref struct RecordValue
{
    internal RecordValue(ReadOnlySpan<byte> stored, bool isSeparated = false, bool isCompressed = false,
        bool isEncrypted = false)
    {
        Stored = stored;
        IsSeparated = isSeparated;
        IsCompressed = isCompressed;
        IsEncrypted = isEncrypted;
    }

    /// <summary>
    /// The bytes in the record: the value itself; compressed, what <see cref="ValueCompression"/> takes; separated, the
    /// number of the long value, 4 or 8 bytes, little endian.
    /// </summary>
    public ReadOnlySpan<byte> Stored { get; }

    /// <summary>Whether the value stands in the table's tree of long values.</summary>
    public bool IsSeparated { get; }

    /// <summary>Whether the bytes are compressed.</summary>
    public bool IsCompressed { get; }

    /// <summary>Whether the bytes are encrypted; the key is never in the file.</summary>
    public bool IsEncrypted { get; }

    /// <summary>Whether the bytes are the value.</summary>
    public bool IsPlain => !IsSeparated && !IsCompressed && !IsEncrypted;

    /// <summary>How the value stands in its record.</summary>
    public TaggedValueKind Kind =>
        IsSeparated ? TaggedValueKind.Separated
        : IsEncrypted ? IsCompressed ? TaggedValueKind.CompressedAndEncrypted : TaggedValueKind.Encrypted
        : IsCompressed ? TaggedValueKind.Compressed
        : TaggedValueKind.Plain;
}
