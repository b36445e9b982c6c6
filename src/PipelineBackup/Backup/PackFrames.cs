using System.Security.Cryptography;
using PipelineBackup.Flow;
using PipelineBackup.Format;

namespace PipelineBackup.Backup;

/// <summary>
/// The room that copies frames into packs, gives the page buffers back, and hashes each pack as it grows: nobody hashes the
/// same bytes again. One worker; the order of the runs is the order in the packs.
/// </summary>
/// <param name="slabs">Memory for packs.</param>
/// <param name="index">Takes what went where.</param>
/// <param name="id">The backup.</param>
/// <param name="prefix">Begin of the packs' names.</param>
/// <param name="threads">Where the work is done; null for wherever it is.</param>
internal sealed class PackFrames(
    SlabPool slabs, BackupIndex index, BackupId id, string prefix, TaskScheduler? threads = null) : IDisposable
{
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<PackChunk> _chunks = [];
    private List<Slab> _slabs = [];
    private long _length;
    private long _plain;
    private uint _crc;

    private int Number => index.Packs.Count + 1;

    /// <summary>Takes a run into the current pack, finishing the pack before when the run does not fit.</summary>
    public async ValueTask AddAsync(PageRun run, Func<Pack, ValueTask> emit)
    {
        using var own = run;
        if (run.Origin is DatabaseInFlight { IsDropped: true })
            return;
        if (run.IsZero)
        {
            index.Add(new ExtentLine(run.File, run.FirstPage, run.Pages, Zero: true, 0, 0));
            return;
        }

        int stored = run.Frame.Head.Length + run.Frame.Body.Length + run.Frame.Tail.Length;
        if (_chunks.Count == PackFormat.MaxChunks || _length + stored + TailBytes(_chunks.Count + 1) > PackFormat.TargetBytes)
            await FinishAsync(emit).ConfigureAwait(false);
        if (_length == 0)
            await BeginAsync().ConfigureAwait(false);

        await ReserveAsync(stored).ConfigureAwait(false);
        _chunks.Add(new PackChunk
        {
            File = run.File,
            FirstPage = run.FirstPage,
            Pages = run.Pages,
            PlainLength = run.Length,
            StoredLength = stored,
            Crc32C = run.Crc32C,
            Offset = _length,
            LowestDbTime = run.LowestDbTime,
            HighestDbTime = run.HighestDbTime,
        });
        if (threads is null || TaskScheduler.Current == threads)
            Append(run.Frame);
        else
            await Task.Factory.StartNew(() => Append(run.Frame), CancellationToken.None, TaskCreationOptions.None, threads).ConfigureAwait(false);
        index.Add(new ExtentLine(run.File, run.FirstPage, run.Pages, Zero: false, Number, _plain));
        _plain += run.Length;
    }

    /// <summary>Finishes the current pack, if there is one.</summary>
    public async ValueTask FinishAsync(Func<Pack, ValueTask> emit)
    {
        if (_length == 0)
            return;
        int entries = _chunks.Count * PackChunk.Size;
        await ReserveAsync(TailBytes(_chunks.Count)).ConfigureAwait(false);
        var pack = Seal(entries);
        await emit(pack).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sha256.Dispose();
        foreach (var slab in _slabs)
            slab.Return();
        _slabs.Clear();
    }

    private static int TailBytes(int chunks) =>
        PackFormat.SkippableBytes + chunks * PackChunk.Size + PackFormat.SkippableBytes + PackFormat.FooterBytes;

    private async ValueTask BeginAsync()
    {
        await ReserveAsync(PackFormat.SkippableBytes + PackFormat.HeaderBytes).ConfigureAwait(false);
        WriteHeader();

        void WriteHeader()
        {
            Span<byte> header = stackalloc byte[PackFormat.SkippableBytes + PackFormat.HeaderBytes];
            PackFormat.WriteSkippable(header, PackFormat.HeaderMagic, PackFormat.HeaderBytes);
            PackFormat.WriteHeader(header[PackFormat.SkippableBytes..], id, Number);
            Append(header);
        }
    }

    private Pack Seal(int entries)
    {
        long indexOffset = _length;
        Span<byte> part = stackalloc byte[PackChunk.Size];
        PackFormat.WriteSkippable(part, PackFormat.IndexMagic, entries);
        Append(part[..PackFormat.SkippableBytes]);
        uint indexCrc = 0;
        foreach (var chunk in _chunks)
        {
            chunk.Write(part);
            indexCrc = Crc32C.Append(indexCrc, part);
            Append(part);
        }

        PackFormat.WriteSkippable(part, PackFormat.FooterMagic, PackFormat.FooterBytes);
        PackFormat.WriteFooter(part[PackFormat.SkippableBytes..], indexOffset, _chunks.Count, Number, indexCrc);
        Append(part[..(PackFormat.SkippableBytes + PackFormat.FooterBytes)]);

        byte[] sha256 = _sha256.GetHashAndReset();
        var line = new PackLine(Number, $"{prefix}-{Number:000000}.lz4", _length, _plain, Convert.ToHexStringLower(sha256));
        var pack = new Pack(_slabs, line, sha256, _crc);
        index.Packs.Add(line);
        _slabs = [];
        _chunks.Clear();
        (_length, _plain, _crc) = (0, 0, 0);
        return pack;
    }

    private async ValueTask ReserveAsync(int bytes)
    {
        while ((long)_slabs.Count * Slab.Bytes < _length + bytes)
            _slabs.Add(await slabs.RentAsync(CancellationToken.None).ConfigureAwait(false));
    }

    private void Append((ReadOnlyMemory<byte> Head, ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Tail) frame)
    {
        Append(frame.Head.Span);
        Append(frame.Body.Span);
        Append(frame.Tail.Span);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _sha256.AppendData(bytes);
        _crc = Crc32C.Append(_crc, bytes);
        while (!bytes.IsEmpty)
        {
            var space = _slabs[(int)(_length / Slab.Bytes)].GetSpan()[(int)(_length % Slab.Bytes)..];
            int count = Math.Min(space.Length, bytes.Length);
            bytes[..count].CopyTo(space);
            bytes = bytes[count..];
            _length += count;
        }
    }
}
