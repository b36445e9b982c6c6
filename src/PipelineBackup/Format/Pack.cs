using System.Buffers;
using PipelineBackup.Flow;

namespace PipelineBackup.Format;

/// <summary>A finished pack in memory: a list of slabs and what the index must say of it.</summary>
internal sealed class Pack(IReadOnlyList<Slab> slabs, PackLine line, byte[] sha256, uint crc32C) : IDisposable
{
    private int _disposed;

    /// <summary>What the index says of it.</summary>
    public PackLine Line => line;

    /// <summary>Its bytes as an object to store.</summary>
    public ObjectBody ToBody() => new(SlabSequence.Of(slabs, line.Length), sha256, crc32C) { Class = ObjectClass.Data };

    /// <inheritdoc/>
    public void Dispose()
    {
        // A slab that is given back may be someone else's a moment later.
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        foreach (var slab in slabs)
            slab.Return();
    }
}

/// <summary>A list of slabs seen as one sequence of bytes.</summary>
internal sealed class SlabSequence : ReadOnlySequenceSegment<byte>
{
    private SlabSequence(ReadOnlyMemory<byte> memory, long runningIndex) => (Memory, RunningIndex) = (memory, runningIndex);

    /// <summary>The first bytes of some slabs.</summary>
    public static ReadOnlySequence<byte> Of(IReadOnlyList<Slab> slabs, long length)
    {
        if (length == 0)
            return default;
        var first = new SlabSequence(slabs[0].Memory[..(int)Math.Min(length, Slab.Bytes)], 0);
        var last = first;
        for (int i = 1; (long)i * Slab.Bytes < length; i++)
        {
            long start = (long)i * Slab.Bytes;
            var next = new SlabSequence(slabs[i].Memory[..(int)Math.Min(length - start, Slab.Bytes)], start);
            last.Next = next;
            last = next;
        }

        return new(first, 0, last, last.Memory.Length);
    }
}
