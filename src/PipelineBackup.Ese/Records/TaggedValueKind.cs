namespace PipelineBackup.Ese;

/// <summary>How one value of a tagged column stands in its record.</summary>
public enum TaggedValueKind : byte
{
    /// <summary>The bytes are the value.</summary>
    Plain,

    /// <summary>The bytes are what <see cref="ValueCompression"/> takes. Only the first value of a column.</summary>
    Compressed,

    /// <summary>The bytes are the id of a long value.</summary>
    Separated,

    /// <summary>The bytes are encrypted. Only the first value of a column.</summary>
    Encrypted,

    /// <summary>Both compressed and encrypted. Only the first value of a column.</summary>
    CompressedAndEncrypted,
}
