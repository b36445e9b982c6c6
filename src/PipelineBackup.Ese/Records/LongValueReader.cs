using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Reads values that stand in a table's tree of long values, chunk by chunk and without allocating.</summary>
/// <remarks>
/// The tree holds a node for each value and behind it one for each chunk:
/// <code>
/// key                                     data
/// number, 4 or 8 bytes, big endian        u32 references, u32 plain length, [u8 marks: 01 encrypted]
/// number, u32 offset, big endian          the chunk: compressed exactly when it is shorter than it should be
/// </code>
/// Records hold the number little endian. What comes of a chunk that is missing, too long or of the wrong plain length
/// is -1526; of one that cannot be decompressed -1620 or -431, of an encrypted value -1622.
/// </remarks>
public sealed class LongValueReader
{
    private const int RootBytes = 8, MostNumberBytes = 8, EncryptedMark = 1;

    private readonly TreeCursor? _cursor;
    private readonly TableDefinition _table;
    private readonly byte[] _key = new byte[MostNumberBytes + 4];
    private byte[] _plain = [];
    private int _numberBytes, _chunkBytes;
    private bool _isPlain;

    /// <summary>A reader for the long values of a table.</summary>
    /// <param name="file">The pages.</param>
    /// <param name="table">The table; one without a tree of long values has none to read.</param>
    public LongValueReader(IPageFile file, TableDefinition table)
    {
        ArgumentNullException.ThrowIfNull(table);
        _table = table;
        if (table.LongValueRoot != PageNumber.None)
            _cursor = new(file, table.LongValueRoot, table.LongValueObjectId);
    }

    /// <summary>Plain bytes of the value.</summary>
    public int Length { get; private set; }

    /// <summary>Offset of the next chunk in the value; <see cref="Length"/> when all were read.</summary>
    public int Position { get; private set; }

    /// <summary>How many records hold the value; 0 is one about to be deleted.</summary>
    public uint References { get; private set; }

    /// <summary>Plain bytes of the chunk read last; good until the next move.</summary>
    public ReadOnlySpan<byte> Chunk =>
        _chunkBytes == 0 ? [] : _isPlain ? _cursor!.Data : _plain.AsSpan(0, _chunkBytes);

    /// <summary>Goes to a value, before its first chunk.</summary>
    /// <param name="number">The value's number as the record holds it: 4 or 8 bytes, little endian.</param>
    /// <exception cref="EseException">There is no such value, or it is damaged or encrypted.</exception>
    public void Open(ReadOnlySpan<byte> number)
    {
        Position = Length = _chunkBytes = 0;
        if (number.Length is not (4 or 8))
            throw Damaged($"a record holds a number of {number.Length} bytes");
        _numberBytes = number.Length;
        number.CopyTo(_key);
        _key.AsSpan(0, _numberBytes).Reverse();
        if (_cursor is null || !_cursor.Seek(_key.AsSpan(0, _numberBytes)))
            throw Damaged("it is missing");
        var root = _cursor.Data;
        if (root.Length is not (RootBytes or RootBytes + 1))
            throw Damaged($"its root has {root.Length} bytes");
        if (root.Length > RootBytes && (root[RootBytes] & EncryptedMark) != 0)
            throw Encrypted($"the long value {Name} of the table {_table.Name} is encrypted");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(root[4..]);
        if (length > int.MaxValue)
            throw Damaged($"it claims {length} bytes");
        References = BinaryPrimitives.ReadUInt32LittleEndian(root);
        Length = (int)length;
    }

    /// <summary>Reads the next chunk.</summary>
    /// <returns>False when the value has been read to its end.</returns>
    /// <exception cref="EseException">The chunk is missing or damaged.</exception>
    public bool MoveNext()
    {
        _chunkBytes = 0;
        if (Position == Length)
            return false;
        BinaryPrimitives.WriteInt32BigEndian(_key.AsSpan(_numberBytes), Position);
        if (!_cursor!.MoveNext() || !_cursor.Key.SequenceEqual(_key.AsSpan(0, _numberBytes + 4)))
            throw Damaged($"its chunk at {Position} is missing");
        var stored = _cursor.Data;
        int expected = (int)Math.Min(_table.LongValueChunkBytes, (uint)(Length - Position));
        _isPlain = stored.Length == expected;
        if (stored.Length > expected)
            throw Damaged($"its chunk at {Position} has {stored.Length} bytes, not {expected}");
        if (!_isPlain)
            Decompress(stored, expected);
        _chunkBytes = expected;
        Position += expected;
        return true;
    }

    /// <summary>What is thrown at an encrypted value.</summary>
    internal static EseException Encrypted(string message) => new(EseError.DecryptionFailed, message,
        "The key is with the application that wrote the value, never in the database.");

    private string Name => Convert.ToHexStringLower(_key.AsSpan(0, _numberBytes));

    private void Decompress(ReadOnlySpan<byte> stored, int expected)
    {
        int length = ValueCompression.PlainLength(stored);
        if (length != expected)
            throw Damaged($"its chunk at {Position} decompresses to {length} bytes, not {expected}");
        if (_plain.Length < length)
            _plain = new byte[Math.Max(length, (int)_table.LongValueChunkBytes)];
        ValueCompression.Decompress(stored, _plain);
    }

    private EseException Damaged(string what) =>
        new(EseError.LVCorrupted, $"the long value {Name} of the table {_table.Name}: {what}");
}
