using System.Buffers;
using PipelineBackup.Flow;
using PipelineBackup.Format;

namespace PipelineBackup.Restore;

/// <summary>A pack as it came out of the store, its digest proved. Its memory goes back when the last chunk is done with it.</summary>
internal sealed class FetchedPack(PackLine line, IReadOnlyList<Slab> slabs) : IDisposable
{
    private int _users = 1;

    /// <summary>What the index says of it.</summary>
    public PackLine Line => line;

    /// <summary>Its bytes.</summary>
    public ReadOnlySequence<byte> Bytes { get; } = SlabSequence.Of(slabs, line.Length);

    /// <summary>One more user; each one disposes.</summary>
    public FetchedPack Share()
    {
        Interlocked.Increment(ref _users);
        return this;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) != 0)
            return;
        foreach (var slab in slabs)
            slab.Return();
    }
}

/// <summary>A chunk on its way out of a pack: first a place in the pack, then plain pages in a slab of its own.</summary>
internal sealed class ChunkRun(FetchedPack pack, PackChunk chunk, Slab plain) : IDisposable
{
    private int _disposed;

    /// <summary>The facts from the pack's tail index.</summary>
    public PackChunk Chunk => chunk;

    /// <summary>Number of the pack.</summary>
    public PackLine Pack => pack.Line;

    /// <summary>The chunk's LZ4 frame.</summary>
    public ReadOnlySequence<byte> Frame => pack.Bytes.Slice(chunk.Offset, chunk.StoredLength);

    /// <summary>The plain pages, once decompressed.</summary>
    public Memory<byte> Plain => plain.Memory[..chunk.PlainLength];

    /// <summary>Whether the chunk is to go no further: it is damaged, and the damage is noted.</summary>
    public bool Rejected { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        plain.Return();
        pack.Dispose();
    }
}
