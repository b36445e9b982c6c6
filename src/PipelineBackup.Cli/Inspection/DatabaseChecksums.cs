using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Inspection;

/// <summary>A page or a part of a file that is not as it should be.</summary>
/// <param name="Page">Number of the page; 0 for headers.</param>
/// <param name="Error">The engine's error; null for what was corrected.</param>
/// <param name="Verdict">What is wrong, in words.</param>
internal readonly record struct PageFault(long Page, JetError? Error, string Verdict);

/// <summary>
/// Judges every page of a database: checksum, number, every node, and the last write where a flush map is beside it.
/// Chunks of 1 MiB on all cores. The counts are those of the engine's own check: pages are all behind the two headers,
/// the trailer of a streamed copy included.
/// </summary>
internal sealed class DatabaseChecksums
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>How many faults are listed; all are counted.</summary>
    public const int MaxListed = 1000;

    private readonly SafeFileHandle _file;
    private readonly HeaderPair _headers;
    private readonly PatchTrailer? _trailer;
    private readonly FlushMap? _map;
    private readonly long _length;
    private readonly Lock _lock = new();
    private readonly List<PageFault> _faults = [];
    private long _zero, _corrected, _bad, _suspect, _ok;

    private DatabaseChecksums(SafeFileHandle file, string name, SafeFileHandle? map)
    {
        (_file, Name) = (file, name);
        _length = RandomAccess.GetLength(file);
        _headers = HeaderPair.Read(file);
        if (_headers.Header is not { } header)
            return;
        _trailer = header.NeedsTrailer ? PatchTrailer.Read(file, _headers.PageSize) : null;
        if (map is null)
            return;
        var opened = FlushMap.Open(map, header);
        if (opened.Acceptance.IsAccepted)
            _map = opened;
        else
            Notes.Add($"its flush map is not used: {opened.Acceptance.Reason} ({(int)opened.Acceptance.Error})");
    }

    /// <summary>Name of the file.</summary>
    public string Name { get; }

    /// <summary>Pages behind the headers; a page that is cut counts.</summary>
    public long Pages => _headers.IsReadable
        ? Math.Max(0, (_length + PageBytes - 1) / PageBytes - PageNumber.HeaderPages)
        : 0;

    /// <summary>Pages that hold something and are intact.</summary>
    public long Ok => _ok;

    /// <summary>Pages that were never written.</summary>
    public long Zero => _zero;

    /// <summary>
    /// Pages with flipped bits that their checksum corrects, and a damaged copy of the header beside a good one.
    /// </summary>
    public long Corrected => _corrected;

    /// <summary>Pages, and headers, that are damaged.</summary>
    public long Bad => _bad;

    /// <summary>Pages of a dirty database that lack a write which replay may bring back.</summary>
    public long Suspect => _suspect;

    /// <summary>The first faults, by page.</summary>
    public IReadOnlyList<PageFault> Faults => [.. _faults.OrderBy(fault => fault.Page).Take(MaxListed)];

    /// <summary>What else is worth telling, one sentence each.</summary>
    public List<string> Notes { get; } = [];

    private int PageBytes => _headers.PageSize.Bytes;

    /// <summary>Checks a database.</summary>
    /// <param name="path">The file.</param>
    /// <param name="done">Told how many bytes were read, by several threads.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static DatabaseChecksums Run(string path, Action<long> done, CancellationToken cancellationToken)
    {
        using var file = EseFile.Open(path, FileOptions.SequentialScan);
        string mapPath = Path.ChangeExtension(path, ".jfm");
        using var map = mapPath != path && File.Exists(mapPath) ? EseFile.Open(mapPath) : null;
        var check = new DatabaseChecksums(file, Path.GetFileName(path), map);
        check.JudgeHeaders();
        if (check._headers.IsReadable)
            check.JudgePages(done, cancellationToken);
        else
            done(check._length);
        return check;
    }

    private void JudgeHeaders()
    {
        switch (_headers.Copies)
        {
            case HeaderCopies.BothBad:
                Add(new(0, CommandFailure.Jet(_headers.Judge()),
                    "both copies of the header are damaged; without one no page can be judged"), ref _bad);
                break;
            case HeaderCopies.PrimaryBad or HeaderCopies.ShadowBad:
                string which = _headers.Copies == HeaderCopies.PrimaryBad ? "primary" : "shadow";
                Add(new(0, null, $"the {which} copy of the header is damaged; the other one counts"), ref _corrected);
                break;
            case HeaderCopies.Different:
                Notes.Add("the two copies of the header differ, as after a crash between their writes; "
                    + "the primary counts");
                break;
        }
    }

    private void JudgePages(Action<long> done, CancellationToken cancellationToken)
    {
        long chunks = (_length + ChunkBytes - 1) / ChunkBytes;
        var options = new ParallelOptions
        {
            CancellationToken = cancellationToken,
            MaxDegreeOfParallelism = Environment.ProcessorCount,
        };
        // One chunk at a time to each worker, in order: the disk sees one forward scan.
        var order = Partitioner.Create(Chunks(chunks), EnumerablePartitionerOptions.NoBuffering);
        Parallel.ForEach(order, options, () => new byte[ChunkBytes], (chunk, _, buffer) =>
        {
            long offset = chunk * ChunkBytes;
            var bytes = buffer.AsSpan(0, (int)Math.Min(ChunkBytes, _length - offset));
            JudgeChunk(bytes, offset);
            done(bytes.Length);
            return buffer;
        }, _ => { });
        JudgeTrailer();
        if (_suspect > 0)
            Notes.Add($"{Quantity.Count(_suspect, "page")} lack a write that the flush map remembers; "
                + "replay of the logs may bring it back");
    }

    private static IEnumerable<long> Chunks(long count)
    {
        for (long i = 0; i < count; i++)
            yield return i;
    }

    private void JudgeChunk(Span<byte> bytes, long offset)
    {
        int read;
        try
        {
            read = EseFile.Read(_file, bytes, offset);
        }
        catch (IOException)
        {
            JudgeUnreadable(bytes, offset);
            return;
        }

        JudgePages(bytes[..read], offset);
        long end = offset + bytes.Length;
        for (long index = (offset + read + PageBytes - 1) / PageBytes; index * PageBytes < end; index++)
            Add(new(index - 1, CommandFailure.Jet(EseError.FileIOBeyondEOF),
                "the file became shorter while it was read"), ref _bad);
    }

    // What else lies in a chunk that cannot be read still counts.
    private void JudgeUnreadable(Span<byte> bytes, long offset)
    {
        for (int at = 0; at < bytes.Length; at += PageBytes)
        {
            var page = bytes[at..Math.Min(at + PageBytes, bytes.Length)];
            try
            {
                JudgePages(page[..EseFile.Read(_file, page, offset + at)], offset + at);
            }
            catch (IOException failure)
            {
                Add(new((offset + at) / PageBytes - 1, JetError.DiskIO, $"cannot be read: {failure.Message}"),
                    ref _bad);
            }
        }
    }

    private void JudgePages(Span<byte> bytes, long offset)
    {
        long ok = 0, zero = 0, suspect = 0;
        for (int at = 0; at < bytes.Length; at += PageBytes)
        {
            long index = (offset + at) / PageBytes;
            var page = bytes[at..Math.Min(at + PageBytes, bytes.Length)];
            if (index < PageNumber.HeaderPages || (_trailer is not null && (index + 1) * PageBytes == _length))
                continue;
            var number = PageNumber.FromFileIndex(index);
            var verdict = PageInspector.InspectAndRepair(page, number, depth: InspectionDepth.Full);
            var flush = verdict.IsAcceptable ? JudgeFlush(number, page) : FlushVerdict.Unknown;
            if (!verdict.IsAcceptable)
                Add(new(number.Value, CommandFailure.Jet(verdict.Error), verdict.ToString()), ref _bad);
            else if (flush == FlushVerdict.Lost)
                Add(new(number.Value, CommandFailure.Jet(EseError.ReadLostFlushVerifyFailure),
                    "lost flush: an older image than the one last written"), ref _bad);
            else if (verdict.Finding == PageFinding.Corrected)
                Add(new(number.Value, null, verdict.ToString()), ref _corrected);
            else if (verdict.Finding == PageFinding.Uninitialized)
                zero++;
            else
                ok++;
            suspect += flush == FlushVerdict.Suspect ? 1 : 0;
        }

        Interlocked.Add(ref _ok, ok);
        Interlocked.Add(ref _zero, zero);
        Interlocked.Add(ref _suspect, suspect);
    }

    private FlushVerdict JudgeFlush(PageNumber number, ReadOnlySpan<byte> page)
    {
        try
        {
            return _map?.Judge(number, page) ?? FlushVerdict.Unknown;
        }
        catch (IOException)
        {
            return FlushVerdict.Unknown;
        }
    }

    // A streamed copy whose trailer is cut off ends with an ordinary page, which counts for itself.
    private void JudgeTrailer()
    {
        if (_trailer is null || _length % PageBytes != 0)
            return;
        long index = _length / PageBytes - 1;
        if (index < PageNumber.HeaderPages)
            return;
        var error = _trailer.Judge(_headers.Header!);
        if (error == EseError.Success)
        {
            _ok++;
            return;
        }

        byte[] page = new byte[PageBytes];
        EseFile.Read(_file, page, index * PageBytes);
        var verdict = PageInspector.Inspect(page, PageNumber.FromFileIndex(index));
        _ok += verdict.Finding == PageFinding.Ok ? 1 : 0;
        _zero += verdict.Finding == PageFinding.Uninitialized ? 1 : 0;
        string what = verdict.IsAcceptable ? "missing" : "damaged";
        Add(new(index - 1, CommandFailure.Jet(error), string.Create(CultureInfo.InvariantCulture,
            $"the trailer page of the streamed copy is {what} ({(int)error})")), ref _bad);
    }

    private void Add(PageFault fault, ref long counter)
    {
        lock (_lock)
        {
            counter++;
            _faults.Add(fault);
            if (_faults.Count < 4 * MaxListed)
                return;
            _faults.Sort((a, b) => a.Page.CompareTo(b.Page));
            _faults.RemoveRange(MaxListed, _faults.Count - MaxListed);
        }
    }
}
