namespace PipelineBackup.Ese;

/// <summary>
/// Reads the plain bytes of values that stand apart from their rows, chunk by chunk and without allocating.
/// </summary>
/// <remarks>
/// A value that is missing, or a chunk that is missing, too long or of the wrong plain length: -1526. A chunk that
/// cannot be decompressed: -1620 or -431. An encrypted value: -1622. Else as <see cref="TreeCursor"/> throws.
/// </remarks>
public sealed class LongValueReader
{
    private readonly LongValueTree? _tree;
    private readonly TableDefinition _table;
    private byte[] _plain = [];

    /// <summary>A reader for the long values of a table.</summary>
    /// <param name="file">The pages.</param>
    /// <param name="table">The table; one without a tree of long values has none to read.</param>
    public LongValueReader(IPageFile file, TableDefinition table)
    {
        ArgumentNullException.ThrowIfNull(table);
        _table = table;
        if (table.LongValueRoot != PageNumber.None)
            _tree = new(file, table.LongValueRoot, table.LongValueObjectId, table.LongValueChunkBytes);
    }

    /// <summary>Plain bytes of the value.</summary>
    public int Length { get; private set; }

    /// <summary>Plain bytes of the chunk read last; good until the next move.</summary>
    public ReadOnlySpan<byte> Chunk => _tree is not { ChunkLength: > 0 } tree ? []
        : tree.IsChunkCompressed ? _plain.AsSpan(0, tree.ChunkLength)
        : tree.Chunk;

    /// <summary>Goes to a value, before its first chunk.</summary>
    /// <param name="reference">The value's id as the record holds it: 4 or 8 bytes, little endian.</param>
    /// <exception cref="EseException">There is no such value, or it is damaged or encrypted.</exception>
    public void Open(ReadOnlySpan<byte> reference)
    {
        Length = 0;
        if (!LongValueId.TryReadReference(reference, out var id))
            throw Damaged(Convert.ToHexStringLower(reference), "a record names it so, which no value can be named");
        if (_tree is null || !_tree.Open(id))
            throw Damaged(id.ToString(), "it is missing");
        if (_tree.Value.IsEncrypted)
            throw Encrypted($"the long value {id} of the table {_table.Name} is encrypted");
        Length = (int)_tree.Value.Length;
    }

    /// <summary>Reads the next chunk.</summary>
    /// <returns>False when the value has been read to its end.</returns>
    /// <exception cref="EseException">The chunk is missing or damaged.</exception>
    /// <exception cref="InvalidOperationException">No value is open.</exception>
    public bool MoveNext()
    {
        if (_tree is null)
            throw new InvalidOperationException("no long value is open");
        if (!_tree.MoveNextChunk())
            return false;
        if (_tree.IsChunkCompressed)
            Decompress(_tree.Chunk, _tree.ChunkLength);
        return true;
    }

    /// <summary>What is thrown at an encrypted value.</summary>
    internal static EseException Encrypted(string message) => new(EseError.DecryptionFailed, message,
        "The key is with the application that wrote the value, never in the database.");

    private void Decompress(ReadOnlySpan<byte> stored, int expected)
    {
        int length = ValueCompression.PlainLength(stored);
        if (length != expected)
        {
            throw Damaged(_tree!.Id.ToString(),
                $"its chunk at {_tree.ChunkOffset} decompresses to {length} bytes, not {expected}");
        }

        if (_plain.Length < length)
            _plain = new byte[Math.Max(length, _table.LongValueChunkBytes)];
        ValueCompression.Decompress(stored, _plain);
    }

    private EseException Damaged(string name, string what) =>
        new(EseError.LVCorrupted, $"long value {name} of the table {_table.Name}: {what}");
}
