namespace PipelineBackup;

/// <summary>A range of an object's bytes.</summary>
/// <param name="Offset">First byte, from 0.</param>
/// <param name="Length">Number of bytes; null for everything to the end.</param>
public readonly record struct ByteRange(long Offset, long? Length = null)
{
    /// <summary>The whole object.</summary>
    public static ByteRange All => default;

    /// <summary>Whether the range lies inside an object: both ends at most its length.</summary>
    /// <param name="objectLength">Length of the object in bytes.</param>
    public bool Fits(long objectLength) =>
        Offset >= 0 && Offset <= objectLength && (Length is not { } length || (length >= 0 && length <= objectLength - Offset));
}
