using System.Buffers;

namespace PipelineBackup.Ese;

/// <summary>
/// The valid segments of a scanned log, from a file or from memory, with what the scan found to mend mended: flipped
/// bits corrected, a torn segment taken from its shadow.
/// </summary>
internal sealed class SegmentSource : IDisposable
{
    private const int BufferSegments = 64;

    private readonly IDiskFile? _disk;
    private readonly ReadOnlyMemory<byte> _file;
    private byte[] _buffer = [];
    private readonly int _torn, _last;
    private readonly Dictionary<int, int>? _corrected;
    private byte[]? _mended;
    private int _bufferedFrom, _buffered;

    /// <summary>Segments of a file.</summary>
    /// <param name="file">The file, from now on owned.</param>
    /// <param name="scan">What the scan found.</param>
    public SegmentSource(IDiskFile file, LogScanResult scan)
        : this(scan)
    {
        _disk = file;
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Clamp(_last + 1, 1, BufferSegments) * SegmentScan.Size);
    }

    /// <summary>Segments of a file in memory.</summary>
    /// <param name="file">Its bytes.</param>
    /// <param name="scan">What the scan found.</param>
    public SegmentSource(ReadOnlyMemory<byte> file, LogScanResult scan)
        : this(scan) => _file = file;

    private SegmentSource(LogScanResult scan)
    {
        (_torn, _last) = (scan.TornSegment, scan.LastValidSegment);
        if (scan.Corrected.Count > 0)
            _corrected = scan.Corrected.ToDictionary(bit => bit.Segment, bit => bit.Bit);
    }

    /// <summary>A segment; valid until the next call.</summary>
    /// <param name="index">Its place in the file.</param>
    /// <exception cref="EseException">−501: the file has become shorter than it was at its scan.</exception>
    public ReadOnlyMemory<byte> Get(int index)
    {
        int place = index == _torn ? index + 1 : index;
        var segment = _disk is null ? Slice(place) : Buffered(place);
        if (_corrected is null || !_corrected.TryGetValue(place, out int bit))
            return segment;
        _mended ??= new byte[SegmentScan.Size];
        segment.CopyTo(_mended);
        _mended[bit >> 3] ^= (byte)(1 << (bit & 7));
        return _mended;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disk?.Dispose();
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _buffered) = ([], 0);
    }

    private ReadOnlyMemory<byte> Slice(int index)
    {
        long at = (long)index * SegmentScan.Size;
        return at + SegmentScan.Size <= _file.Length ? _file.Slice((int)at, SegmentScan.Size) : throw TooShort(index);
    }

    private ReadOnlyMemory<byte> Buffered(int index)
    {
        if (index < _bufferedFrom || index >= _bufferedFrom + _buffered)
        {
            // Not beyond the last valid segment and, perhaps, its shadow.
            int wanted = Math.Clamp(_last + 2 - index, 1, _buffer.Length / SegmentScan.Size);
            int read = _disk!.Read(_buffer.AsSpan(0, wanted * SegmentScan.Size), (long)index * SegmentScan.Size);
            (_bufferedFrom, _buffered) = (index, read / SegmentScan.Size);
            if (_buffered == 0)
                throw TooShort(index);
        }

        return _buffer.AsMemory((index - _bufferedFrom) * SegmentScan.Size, SegmentScan.Size);
    }

    private static EseException TooShort(int index) =>
        new(EseError.LogFileCorrupt, $"the file ends before segment {index}, which was there when it was scanned");
}
