namespace PipelineBackup.Ese;

/// <summary>A growing heap of byte strings: pieces are added at the end and forgotten all at once.</summary>
internal sealed class ByteHeap
{
    private byte[] _bytes = new byte[256];

    /// <summary>Bytes in use.</summary>
    public int Used { get; private set; }

    /// <summary>Forgets all pieces.</summary>
    public void Clear() => Used = 0;

    /// <summary>Adds a piece; the source may be a piece of this heap.</summary>
    public Piece Add(ReadOnlySpan<byte> bytes)
    {
        var piece = Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(piece.Start));
        return piece;
    }

    /// <summary>Adds a piece of zero bytes.</summary>
    public Piece Add(int length)
    {
        var piece = Reserve(length);
        _bytes.AsSpan(piece.Start, length).Clear();
        return piece;
    }

    /// <summary>The bytes of a piece; good until the next one is added.</summary>
    public Span<byte> this[Piece piece] => _bytes.AsSpan(piece.Start, piece.Length);

    private Piece Reserve(int length)
    {
        if (_bytes.Length - Used < length)
            Array.Resize(ref _bytes, Math.Max(Used + length, 2 * _bytes.Length));
        var piece = new Piece(Used, length);
        Used += length;
        return piece;
    }

    /// <summary>Where a piece is.</summary>
    public readonly record struct Piece(int Start, int Length);
}
