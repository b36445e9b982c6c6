using System.Buffers;
using PipelineBackup.Flow;
using PipelineBackup.Format;

namespace PipelineBackup.Restore;

/// <summary>
/// One user's hold on a pack as it came out of the store, its digest proved. The memory goes back when the last user has
/// let go.
/// </summary>
internal sealed class FetchedPack : IDisposable
{
    private readonly Holding _holding;
    private int _disposed;

    public FetchedPack(PackLine line, IReadOnlyList<Slab> slabs)
        : this(new Holding(line, slabs))
    {
    }

    private FetchedPack(Holding holding) => _holding = holding;

    /// <summary>What the index says of it.</summary>
    public PackLine Line => _holding.Line;

    /// <summary>Its bytes.</summary>
    public ReadOnlySequence<byte> Bytes => _holding.Bytes;

    /// <summary>A hold for one more user.</summary>
    public FetchedPack Share()
    {
        Interlocked.Increment(ref _holding.Users);
        return new(_holding);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0 && Interlocked.Decrement(ref _holding.Users) == 0)
            _holding.Return();
    }

    private sealed class Holding(PackLine line, IReadOnlyList<Slab> slabs)
    {
        public int Users = 1;

        public PackLine Line => line;

        public ReadOnlySequence<byte> Bytes { get; } = SlabSequence.Of(slabs, line.Length);

        public void Return()
        {
            foreach (var slab in slabs)
                slab.Return();
        }
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
