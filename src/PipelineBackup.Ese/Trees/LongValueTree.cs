namespace PipelineBackup.Ese;

/// <summary>
/// The long values of one table: column values too long for their rows, cut into chunks. Finds a value and hands out
/// its chunks as they are stored.
/// </summary>
/// <remarks>
/// <code>
/// node      key                          data
/// root      id                           <see cref="LongValueRoot"/>
/// chunk     id, offset in the value      the chunk: raw, or compressed when it is shorter than it should be
/// </code>
/// Chunks begin at multiples of the table's chunk size and leave no gap; only the last may be shorter. Nothing says that
/// a chunk is compressed but its length: see <see cref="IsChunkCompressed"/>. Reading along allocates nothing.
/// </remarks>
public sealed class LongValueTree
{
    private readonly TreeCursor _cursor;
    private readonly uint _chunkBytes;
    private uint _next;
    private bool _isOpen;

    /// <summary>The long values of a table.</summary>
    /// <param name="file">Where the pages come from.</param>
    /// <param name="root">Root of the table's tree of long values.</param>
    /// <param name="objectId">Its id.</param>
    /// <param name="chunkBytes">
    /// The table's chunk size by the catalog, or <see cref="DefaultChunkBytes"/> where the catalog has none.
    /// </param>
    public LongValueTree(IPageFile file, PageNumber root, ObjectId objectId, int chunkBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(chunkBytes);
        _cursor = new(file, root, objectId);
        _chunkBytes = (uint)chunkBytes;
    }

    /// <summary>The value being read.</summary>
    public LongValueId Id { get; private set; }

    /// <summary>Its root.</summary>
    public LongValueRoot Value { get; private set; }

    /// <summary>Offset of the chunk in the value.</summary>
    public uint ChunkOffset { get; private set; }

    /// <summary>Length of the chunk when it is neither compressed nor encrypted.</summary>
    public int ChunkLength { get; private set; }

    /// <summary>The chunk as stored. Good until the next move.</summary>
    public ReadOnlySpan<byte> Chunk => ChunkLength > 0 ? _cursor.Data : [];

    /// <summary>
    /// Whether the chunk is compressed: it is shorter than it should be. Of an encrypted value that can be told only
    /// after decrypting.
    /// </summary>
    public bool IsChunkCompressed => !Value.IsEncrypted && Chunk.Length < ChunkLength;

    /// <summary>The chunk size of tables whose catalog row names none.</summary>
    /// <param name="pageSize">Page size of the database.</param>
    public static int DefaultChunkBytes(PageSize pageSize) => pageSize.Bytes switch
    {
        2048 => 1966,
        4096 => 4014,
        8192 => 8110,
        16384 => 4050,
        _ => 8150,
    };

    /// <summary>Finds a value; its first chunk comes with <see cref="MoveNextChunk"/>.</summary>
    /// <param name="id">Its id.</param>
    /// <returns>False when there is none.</returns>
    /// <exception cref="EseException">-1526: its root is broken; else as a <see cref="TreeCursor"/> throws.</exception>
    public bool Open(LongValueId id)
    {
        _isOpen = false;
        ChunkLength = 0;
        _next = 0;
        Id = id;
        Value = default;
        Span<byte> key = stackalloc byte[LongValueId.MaxKeyBytes];
        if (!_cursor.Seek(key[..id.WriteRootKey(key)]))
            return false;
        if (!LongValueRoot.TryRead(_cursor.Data, out var root))
            throw Broken("its root is broken");
        Value = root;
        _isOpen = true;
        return true;
    }

    /// <summary>Moves to the next chunk of the value.</summary>
    /// <returns>False behind the last.</returns>
    /// <exception cref="InvalidOperationException">No value is open.</exception>
    /// <exception cref="EseException">
    /// -1526: a chunk is missing, stands at a wrong offset or is too long; else as a <see cref="TreeCursor"/> throws.
    /// </exception>
    public bool MoveNextChunk()
    {
        if (!_isOpen)
            throw new InvalidOperationException("no long value is open");
        ChunkLength = 0;
        if (_next >= Value.Length)
            return false;
        if (!_cursor.MoveNext() || !LongValueId.TryReadKey(_cursor.Key, out var id, out long offset) || id != Id
            || offset != _next)
            throw Broken($"the chunk at {_next} of {Value.Length} bytes is missing");

        int length = (int)Math.Min(_chunkBytes, Value.Length - _next), stored = _cursor.Data.Length;
        if (stored > length && !Value.IsEncrypted)
            throw Broken($"the chunk at {_next} has {stored} bytes, more than {length}");
        ChunkOffset = _next;
        ChunkLength = length;
        _next += (uint)length;
        return true;
    }

    private EseException Broken(string what)
    {
        _isOpen = false;
        return new(EseError.LVCorrupted, $"long value {Id} of the tree {_cursor.Root}: {what}");
    }
}
