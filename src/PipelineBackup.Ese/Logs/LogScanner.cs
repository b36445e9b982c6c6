using System.Buffers;

namespace PipelineBackup.Ese;

/// <summary>
/// Judges a log file while it streams by: feed it the file from its first byte, in pieces of any length, then ask for
/// the result. It throws on no bytes whatsoever.
/// </summary>
/// <remarks>
/// A log of version 8 takes a few segments of memory, whatever its size. One of version 7 is kept until the result is
/// asked for, at most the length its header names and never more than was fed: its chain cannot be judged piece by
/// piece.
/// Pieces whose lengths are multiples of 4096 are not copied.
/// </remarks>
public sealed class LogScanner
{
    private readonly bool _collectSegments;
    private readonly byte[] _piece = new byte[SegmentScan.Size];
    private int _pieceLength;
    private long _length;
    private bool _headerSeen, _completed, _unreadable;
    private EseException? _headerFault;
    private SegmentScan? _segments;
    private byte[] _legacy = [];
    private int _legacyLength;

    /// <summary>A scan of one file.</summary>
    /// <param name="collectSegments">Whether the result lists the valid segments.</param>
    public LogScanner(bool collectSegments = false) => _collectSegments = collectSegments;

    /// <summary>The header, once the first 4096 bytes were fed and can be read.</summary>
    public LogHeader? Header { get; private set; }

    /// <summary>
    /// Whether the result cannot change any more: the header cannot be read, or the file is too long.
    /// </summary>
    public bool IsDecided => _headerFault is not null || Header is { } header && _length > header.FileLength;

    /// <summary>Takes the next bytes of the file.</summary>
    /// <param name="chunk">Any number of bytes.</param>
    /// <exception cref="InvalidOperationException">The result was asked for already.</exception>
    public void Append(ReadOnlySpan<byte> chunk)
    {
        Count(chunk.Length);
        while (!chunk.IsEmpty)
        {
            int whole = _pieceLength == 0 ? chunk.Length / SegmentScan.Size * SegmentScan.Size : 0;
            if (whole > 0)
            {
                Take(chunk[..whole]);
                chunk = chunk[whole..];
                continue;
            }

            int part = Math.Min(SegmentScan.Size - _pieceLength, chunk.Length);
            chunk[..part].CopyTo(_piece.AsSpan(_pieceLength));
            chunk = chunk[part..];
            _pieceLength += part;
            if (_pieceLength == SegmentScan.Size)
            {
                _pieceLength = 0;
                Take(_piece);
            }
        }
    }

    /// <summary>Takes note of bytes that the disk did not give, in their place in the file.</summary>
    /// <param name="length">How many; segments that lie in them at least in part count as unreadable.</param>
    /// <exception cref="InvalidOperationException">The result was asked for already.</exception>
    public void AppendUnreadable(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Count(length);
        for (long left = length; left > 0;)
        {
            int part = (int)Math.Min(SegmentScan.Size - _pieceLength, left);
            left -= part;
            _pieceLength = (_pieceLength + part) % SegmentScan.Size;
            TakeUnreadable();
        }

        // The rest of a segment that begins unreadable is of no use: it fails its checksum.
        _piece.AsSpan(0, _pieceLength).Clear();
    }

    /// <summary>Takes note of bytes that need not be read because <see cref="IsDecided"/>.</summary>
    /// <param name="length">How many.</param>
    internal void Skip(long length) => Count(length);

    /// <summary>The result, when the whole file was fed.</summary>
    /// <exception cref="InvalidOperationException">It was asked for already.</exception>
    public LogScanResult Complete()
    {
        Count(0);
        _completed = true;
        if (!_headerSeen)
            JudgeHeader(_piece.AsSpan(0, _pieceLength));
        if (Header is null)
        {
            return new()
            {
                Verdict = _headerFault!.Error == EseError.LogFileCorrupt
                    ? LogScanVerdict.CorruptHeader
                    : LogScanVerdict.UnsupportedHeader,
                HeaderFault = _headerFault,
                Length = _length,
            };
        }

        bool fits = _length == Header.FileLength;
        var result = Header.Version.IsLegacy ? CompleteLegacy(fits) : _segments!.Complete();
        return result with
        {
            Length = _length,
            Verdict = fits ? result.Verdict : LogScanVerdict.FileSizeMismatch,
            FailedSegment = fits ? result.FailedSegment : 0,
            CleanShutdown = fits ? result.CleanShutdown : default,
        };
    }

    private void Count(long length)
    {
        if (_completed)
            throw new InvalidOperationException("this scan is complete");
        _length += length;
    }

    // Whole segments; in a legacy log a segment is just 4096 bytes.
    private void Take(ReadOnlySpan<byte> segments)
    {
        if (!_headerSeen)
        {
            JudgeHeader(segments[..SegmentScan.Size]);
            segments = segments[SegmentScan.Size..];
        }

        if (_segments is not null)
            _segments.Append(segments);
        else if (Header is not null)
            AppendLegacy(segments);
    }

    private void TakeUnreadable()
    {
        if (!_headerSeen)
        {
            _headerSeen = true;
            _headerFault = new(EseError.LogFileCorrupt, "the log header cannot be read from the disk");
        }
        else if (_pieceLength == 0)
        {
            _segments?.AppendUnreadable();
            _unreadable = true;
        }
    }

    private void JudgeHeader(ReadOnlySpan<byte> block)
    {
        _headerSeen = true;
        if (!LogHeader.TryRead(block, out var header, out _headerFault))
            return;
        Header = header;
        if (!header.Version.IsLegacy)
            _segments = new(header, _collectSegments);
        else
            AppendLegacy(block);
    }

    private void AppendLegacy(ReadOnlySpan<byte> chunk)
    {
        int room = (int)Math.Min(chunk.Length, Header!.FileLength - _legacyLength);
        if (_legacyLength + room > _legacy.Length)
        {
            long wanted = Math.Min(Math.Max(_legacyLength * 2L, _legacyLength + room), Header.FileLength);
            byte[] larger = ArrayPool<byte>.Shared.Rent((int)wanted);
            _legacy.AsSpan(0, _legacyLength).CopyTo(larger);
            ReturnLegacy();
            _legacy = larger;
        }

        chunk[..room].CopyTo(_legacy.AsSpan(_legacyLength));
        _legacyLength += room;
    }

    private LogScanResult CompleteLegacy(bool fits)
    {
        // Sectors are 512 to 4096 bytes, so the file may end inside a piece.
        AppendLegacy(_piece.AsSpan(0, _pieceLength));
        fits &= !_unreadable && _legacyLength == Header!.FileLength;
        var result = fits
            ? new LegacyScan(_legacy.AsMemory(0, _legacyLength), Header!).Run()
            : new() { Verdict = LogScanVerdict.IOError, Header = Header };
        ReturnLegacy();
        return result;
    }

    private void ReturnLegacy()
    {
        if (_legacy.Length > 0)
            ArrayPool<byte>.Shared.Return(_legacy);
        _legacy = [];
    }
}
