namespace PipelineBackup.Ese;

/// <summary>Makes the rows of a long value: its root, then its chunks. Reuses its buffers.</summary>
/// <remarks><see cref="LongValueTree"/> draws the rows.</remarks>
/// <param name="chunkBytes">The table's chunk size: <see cref="TableDefinition.LongValueChunkBytes"/>.</param>
public sealed class LongValueBuilder(int chunkBytes)
{
    private readonly byte[] _key = new byte[LongValueId.MaxKeyBytes];
    private readonly byte[] _root = new byte[LongValueRoot.Size];
    private byte[] _stored = [];
    private LongValueId _id;
    private LongValueRoot _value;
    private bool _mayCompress, _isAtRoot, _isStarted;
    private int _keyBytes, _storedBytes, _at;

    // The value, and of it the chunk.
    private ReadOnlyMemory<byte> _whole, _plain;

    /// <summary>The row's key.</summary>
    public ReadOnlySpan<byte> Key => _key.AsSpan(0, _keyBytes);

    /// <summary>The row's data.</summary>
    public ReadOnlySpan<byte> Data => _isAtRoot ? _root
        : _storedBytes > 0 ? _stored.AsSpan(0, _storedBytes)
        : _plain.Span;

    /// <summary>Starts a value, before its root.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="value">Its plain bytes, read until the last row is made.</param>
    /// <param name="mayCompress">Whether chunks that compression makes shorter are stored so.</param>
    /// <param name="references">How many columns of records refer to it.</param>
    public void Start(LongValueId id, ReadOnlyMemory<byte> value, bool mayCompress, uint references = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(chunkBytes);
        _id = id;
        _value = new(references, (uint)value.Length, false);
        _mayCompress = mayCompress;
        (_isAtRoot, _isStarted, _keyBytes, _storedBytes, _at) = (false, true, 0, 0, 0);
        _whole = value;
        _plain = default;
    }

    /// <summary>Makes the next row.</summary>
    /// <returns>False when there is none.</returns>
    /// <exception cref="InvalidOperationException">No value was started.</exception>
    public bool MoveNext()
    {
        if (!_isStarted)
            throw new InvalidOperationException("no long value was started");
        if (_keyBytes == 0)
        {
            _isAtRoot = true;
            _keyBytes = _id.WriteRootKey(_key);
            _value.Write(_root);
            return true;
        }

        _isAtRoot = false;
        if (_at >= _whole.Length)
            return false;
        _plain = _whole.Slice(_at, Math.Min(chunkBytes, _whole.Length - _at));
        _storedBytes = _mayCompress ? Compress(_plain.Span) : 0;
        _keyBytes = _id.WriteChunkKey(_key, (uint)_at);
        _at += _plain.Length;
        return true;
    }

    /// <summary>Makes the data of one chunk.</summary>
    /// <param name="plain">The plain bytes: a whole chunk, or what is left for the last one.</param>
    /// <param name="mayCompress">Whether it is stored compressed when that makes it shorter.</param>
    /// <returns>The data: compressed, or the plain bytes themselves. Good until the next is made.</returns>
    public ReadOnlySpan<byte> Chunk(ReadOnlySpan<byte> plain, bool mayCompress)
    {
        int stored = mayCompress ? Compress(plain) : 0;
        return stored > 0 ? _stored.AsSpan(0, stored) : plain;
    }

    private int Compress(ReadOnlySpan<byte> plain)
    {
        if (_stored.Length < plain.Length)
            _stored = new byte[Math.Max(plain.Length, chunkBytes)];
        return ValueCompression.Compress(plain, _stored);
    }
}
