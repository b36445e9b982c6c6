using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>The root of a long value: the node in front of its chunks.</summary>
/// <remarks>
/// <code>
/// off size
///   0    4  references; 0 = about to be deleted, 0xFFFFFFFF = deleted in part
///   4    4  length of the whole value, not compressed
///   8    1  0x01 encrypted                                only in the longer form
/// </code>
/// </remarks>
/// <param name="References">How many columns of records refer to it.</param>
/// <param name="Length">Length of the whole value in bytes, not compressed.</param>
/// <param name="IsEncrypted">Whether its chunks are encrypted.</param>
public readonly record struct LongValueRoot(uint References, uint Length, bool IsEncrypted)
{
    /// <summary>The value of <see cref="References"/> that stands for a deletion begun.</summary>
    public const uint DeletedInPart = uint.MaxValue;

    /// <summary>The largest length a value may have.</summary>
    public const uint MaxLength = int.MaxValue;

    /// <summary>Whether nobody refers to it any more.</summary>
    public bool IsDeleted => References is 0 or DeletedInPart;

    /// <summary>Reads the data of a root's node.</summary>
    /// <param name="data">The data.</param>
    /// <param name="root">The root, when it is one.</param>
    /// <returns>False when it is not 8 or 9 bytes long or names an impossible length.</returns>
    public static bool TryRead(ReadOnlySpan<byte> data, out LongValueRoot root)
    {
        root = default;
        if (data.Length is not (8 or 9))
            return false;
        root = new(BinaryPrimitives.ReadUInt32LittleEndian(data), BinaryPrimitives.ReadUInt32LittleEndian(data[4..]),
            data.Length == 9 && (data[8] & 1) != 0);
        return root.Length <= MaxLength;
    }

    /// <summary>Bytes of the root's data that are written.</summary>
    public const int Size = 8;

    /// <summary>Writes the data of a root's node, in the short form.</summary>
    /// <param name="data">Room for <see cref="Size"/>.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="InvalidOperationException">The value is encrypted: such roots are only read.</exception>
    public int Write(Span<byte> data)
    {
        if (IsEncrypted)
            throw new InvalidOperationException("the root of an encrypted value has another form");
        BinaryPrimitives.WriteUInt32LittleEndian(data, References);
        BinaryPrimitives.WriteUInt32LittleEndian(data[4..], Length);
        return Size;
    }
}
