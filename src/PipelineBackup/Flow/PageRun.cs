namespace PipelineBackup.Flow;

/// <summary>
/// Up to 1 MiB of consecutive pages of one file, on its way through a corridor. It owns two slabs from the first room to
/// the one that copies its frame into a pack: one for the plain pages, one for their compressed form. So no room ever waits
/// for a buffer that a later run holds.
/// </summary>
internal sealed class PageRun(RunBuffer buffer) : IDisposable
{
    private int _verified;

    /// <summary>The file that the run was read from.</summary>
    public required FileInFlight Origin { get; init; }

    /// <summary>Number of the file in the index.</summary>
    public int File => Origin.Number;

    /// <summary>Index of the first page in the file, the header being 0.</summary>
    public required long FirstPage { get; init; }

    /// <summary>Page size of the file in bytes.</summary>
    public int PageSize => Origin.PageSize;

    /// <summary>Bytes in the run; the last page may be cut short by the end of the file.</summary>
    public int Length => buffer.Length;

    /// <summary>Number of pages, one that is cut short included.</summary>
    public int Pages => (Length + PageSize - 1) / PageSize;

    /// <summary>The plain pages.</summary>
    public Memory<byte> Plain => buffer.Plain.Memory[..Length];

    /// <summary>Room for the frame, 1 MiB.</summary>
    public Memory<byte> FrameSpace => buffer.Frame.Memory;

    /// <summary>Whether every byte is zero: such a run is an extent without bytes.</summary>
    public bool IsZero { get; set; }

    /// <summary>CRC-32C of the plain pages.</summary>
    public uint Crc32C { get; set; }

    /// <summary>Lowest dbtime of the pages; all ones when there is none.</summary>
    public ulong LowestDbTime { get; set; } = ulong.MaxValue;

    /// <summary>Highest dbtime of the pages; 0 when there is none.</summary>
    public ulong HighestDbTime { get; set; }

    /// <summary>The LZ4 frame: one piece, or, when the pages are stored as they are, what stands around them.</summary>
    public (ReadOnlyMemory<byte> Head, ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Tail) Frame { get; set; }

    /// <summary>Notes that the run needs its file no more. True the first time.</summary>
    public bool TryLeaveFile() => Interlocked.Exchange(ref _verified, 1) == 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        buffer.Dispose();
        Origin.Verified(this);
    }
}

/// <summary>The two slabs of a run, and how much of the first one was filled.</summary>
internal sealed class RunBuffer(Slab plain, Slab frame) : IDisposable
{
    private int _disposed;

    /// <summary>For the plain pages.</summary>
    public Slab Plain => plain;

    /// <summary>For their frame.</summary>
    public Slab Frame => frame;

    /// <summary>Bytes of plain pages.</summary>
    public int Length { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        plain.Return();
        frame.Return();
    }
}
