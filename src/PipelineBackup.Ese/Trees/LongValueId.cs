using System.Buffers.Binary;
using System.Globalization;

namespace PipelineBackup.Ese;

/// <summary>The id of a long value in the tree of its table ("LID"): 32 bits, or 64 with the highest bit set.</summary>
/// <remarks>
/// <code>
/// in a record       4 or 8    the id, little endian
/// key of the root   4 or 8    the id, big endian
/// key of a chunk    4 or 8    the id, big endian
///                   .    4    offset of the chunk in the value, big endian
/// </code>
/// A key of 8 bytes is a wide root or a narrow chunk: the highest bit of its first byte tells.
/// </remarks>
/// <param name="Value">The id.</param>
public readonly record struct LongValueId(ulong Value) : IComparable<LongValueId>
{
    /// <summary>Length of the longest key of a long value's tree.</summary>
    public const int MaxKeyBytes = 12;

    /// <summary>The first id of 64 bits that a table gives.</summary>
    public static LongValueId FirstWide => new(0x8000000080000001);

    /// <summary>The first id of 32 bits that a table gives.</summary>
    public static LongValueId FirstNarrow => new(1);

    // Ids beyond these are never given.
    private const ulong LastWide = 0x80FFFFFFFFFFFFFE, LastNarrow = int.MaxValue - 1;

    /// <summary>The id that follows this one.</summary>
    /// <exception cref="EseException">There is none: the ids of the table are used up (-1526).</exception>
    public LongValueId Next => Value < (IsWide ? LastWide : LastNarrow)
        ? new(Value + 1)
        : throw new EseException(EseError.LVCorrupted, $"there is no id for a long value behind {this}");

    /// <summary>Whether the id has 64 bits.</summary>
    public bool IsWide => (Value & 1ul << 63) != 0;

    /// <summary>Bytes of the id, in records and in keys: 4 or 8.</summary>
    public int Bytes => Value > uint.MaxValue ? 8 : 4;

    /// <summary>Reads the id as a record holds it.</summary>
    /// <param name="reference">The stored reference.</param>
    /// <param name="id">The id, when it is one.</param>
    /// <returns>False when the length is neither 4 nor 8 or the highest bit says otherwise.</returns>
    public static bool TryReadReference(ReadOnlySpan<byte> reference, out LongValueId id)
    {
        id = reference.Length switch
        {
            4 => new(BinaryPrimitives.ReadUInt32LittleEndian(reference)),
            8 => new(BinaryPrimitives.ReadUInt64LittleEndian(reference)),
            _ => default,
        };
        return reference.Length == 8 ? id.IsWide : reference.Length == 4 && id.Value <= int.MaxValue;
    }

    /// <summary>Reads a key of a long value's tree.</summary>
    /// <param name="key">The key.</param>
    /// <param name="id">The id in it.</param>
    /// <param name="offset">Offset of the chunk; -1 of the value's root.</param>
    /// <returns>False when it is no such key.</returns>
    public static bool TryReadKey(ReadOnlySpan<byte> key, out LongValueId id, out long offset)
    {
        id = default;
        offset = -1;
        bool isWide = key.Length > 0 && key[0] >= 0x80;
        int bytes = isWide ? 8 : 4;
        if (key.Length != bytes && key.Length != bytes + 4)
            return false;
        id = new(isWide ? BinaryPrimitives.ReadUInt64BigEndian(key) : BinaryPrimitives.ReadUInt32BigEndian(key));
        if (key.Length > bytes)
            offset = BinaryPrimitives.ReadUInt32BigEndian(key[bytes..]);
        return true;
    }

    /// <summary>Writes the key of the value's root.</summary>
    /// <param name="key">Room for <see cref="Bytes"/>.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">The buffer is too short.</exception>
    public int WriteRootKey(Span<byte> key)
    {
        if (key.Length < Bytes)
            throw new ArgumentException($"the key has {Bytes} bytes", nameof(key));
        if (Bytes == 8)
            BinaryPrimitives.WriteUInt64BigEndian(key, Value);
        else
            BinaryPrimitives.WriteUInt32BigEndian(key, (uint)Value);
        return Bytes;
    }

    /// <summary>Writes the key of a chunk.</summary>
    /// <param name="key">Room for <see cref="Bytes"/> and four more.</param>
    /// <param name="offset">Offset of the chunk in the value.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">The buffer is too short.</exception>
    public int WriteChunkKey(Span<byte> key, uint offset)
    {
        if (key.Length < Bytes + sizeof(uint))
            throw new ArgumentException($"the key has {Bytes + sizeof(uint)} bytes", nameof(key));
        int written = WriteRootKey(key);
        BinaryPrimitives.WriteUInt32BigEndian(key[written..], offset);
        return written + sizeof(uint);
    }

    /// <summary>Writes the id as a record holds it.</summary>
    /// <param name="reference">Room for <see cref="Bytes"/>.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">The buffer is too short.</exception>
    public int WriteReference(Span<byte> reference)
    {
        if (reference.Length < Bytes)
            throw new ArgumentException($"the reference has {Bytes} bytes", nameof(reference));
        if (Bytes == 8)
            BinaryPrimitives.WriteUInt64LittleEndian(reference, Value);
        else
            BinaryPrimitives.WriteUInt32LittleEndian(reference, (uint)Value);
        return Bytes;
    }

    /// <inheritdoc/>
    public int CompareTo(LongValueId other) => Value.CompareTo(other.Value);

    /// <summary>The id in hexadecimal.</summary>
    public override string ToString() => Value.ToString(IsWide ? "x16" : "x", CultureInfo.InvariantCulture);
}
