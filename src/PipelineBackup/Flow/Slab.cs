using System.Buffers;
using System.Runtime.InteropServices;

namespace PipelineBackup.Flow;

/// <summary>1 MiB of native memory out of a <see cref="SlabPool"/>, aligned to 4096 bytes. Disposing it gives it back.</summary>
internal sealed unsafe class Slab : MemoryManager<byte>
{
    /// <summary>Length in bytes.</summary>
    public const int Bytes = 1 << 20;

    private readonly SlabPool _pool;
    private byte* _memory;
    private int _rented;

    internal Slab(SlabPool pool)
    {
        _pool = pool;
        _memory = (byte*)NativeMemory.AlignedAlloc(Bytes, 4096);
        GC.AddMemoryPressure(Bytes);
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _rented) == 0, this);
        return new(_memory, Bytes);
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _rented) == 0, this);
        return new(_memory + elementIndex);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
        // Native memory never moves.
    }

    /// <summary>Gives the slab back; a second time does nothing.</summary>
    public void Return() => ((IDisposable)this).Dispose();

    internal void Rented() => Volatile.Write(ref _rented, 1);

    internal void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
        GC.RemoveMemoryPressure(Bytes);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _rented, 0) == 1)
            _pool.Return(this);
    }
}
