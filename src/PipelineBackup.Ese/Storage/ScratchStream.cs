namespace PipelineBackup.Ese;

/// <summary>Bytes that grow and shrink at their end, in blocks of a <see cref="ScratchMemory"/>.</summary>
/// <param name="memory">Where the blocks come from.</param>
internal sealed class ScratchStream(ScratchMemory memory)
{
    private readonly List<int> _blocks = [];

    /// <summary>Length in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Puts bytes at the end.</summary>
    /// <param name="bytes">The bytes.</param>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int within = (int)(Length % memory.BlockBytes);
            if (within == 0)
                _blocks.Add(memory.Take());
            int length = Math.Min(bytes.Length, memory.BlockBytes - within);
            bytes[..length].CopyTo(memory.Use(_blocks[^1], forWriting: true)[within..]);
            Length += length;
            bytes = bytes[length..];
        }
    }

    /// <summary>Reads bytes.</summary>
    /// <param name="at">Where they begin.</param>
    /// <param name="bytes">Takes them; all must be there.</param>
    public void Read(long at, Span<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(at + bytes.Length, Length, nameof(at));
        while (!bytes.IsEmpty)
        {
            var part = Part(at, bytes.Length, forWriting: false);
            part.CopyTo(bytes);
            at += part.Length;
            bytes = bytes[part.Length..];
        }
    }

    /// <summary>Overwrites bytes.</summary>
    /// <param name="at">Where they begin.</param>
    /// <param name="bytes">The bytes; those they replace must be there.</param>
    public void Write(long at, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(at + bytes.Length, Length, nameof(at));
        while (!bytes.IsEmpty)
        {
            var part = Part(at, bytes.Length, forWriting: true);
            bytes[..part.Length].CopyTo(part);
            at += part.Length;
            bytes = bytes[part.Length..];
        }
    }

    /// <summary>Cuts the end off.</summary>
    /// <param name="length">The length from now on.</param>
    public void Truncate(long length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
        int blocks = (int)((length + memory.BlockBytes - 1) / memory.BlockBytes);
        for (int i = _blocks.Count - 1; i >= blocks; i--)
            memory.Give(_blocks[i]);
        _blocks.RemoveRange(blocks, _blocks.Count - blocks);
    }

    private Span<byte> Part(long at, int most, bool forWriting)
    {
        int within = (int)(at % memory.BlockBytes);
        var block = memory.Use(_blocks[(int)(at / memory.BlockBytes)], forWriting)[within..];
        return block[..Math.Min(most, block.Length)];
    }
}
