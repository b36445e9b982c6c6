using Microsoft.Extensions.Logging;
using PipelineBackup.Ese;

namespace PipelineBackup.Sequences;

/// <summary>
/// A file of a backup that is open for reading. Every page and log segment is verified before it is given away; pages
/// that do not verify are read again, then mended where one flipped bit explains them.
/// </summary>
/// <param name="handle">Its handle.</param>
/// <param name="source">The file as the session offers it.</param>
/// <param name="reader">Reads it; null for a patch file that the server makes up, which is empty.</param>
/// <param name="options">The clock, the bounds, the logger.</param>
internal sealed class CopiedFile(
    int handle, SourceFile source, ISourceFileReader? reader, SequenceServerOptions options) : IAsyncDisposable
{
    private const int LeastPagesOfDatabase = 3, LeastPagesOfLog = 2, RereadStep = 100;

    private readonly CopyProof _proof = new(
        TokenedName.Of(source).Token, source.Name, source.Length, LogScanPurpose.Backup);

    private byte[] _buffer = [];
    private long _offset;
    private bool _isAtEnd = source.Length == 0;

    /// <summary>Its handle.</summary>
    public int Handle => handle;

    /// <summary>The file as the session offers it.</summary>
    public SourceFile Source => source;

    /// <summary>Bytes that were read.</summary>
    public long Offset => _offset;

    /// <summary>Whether it was read to its end, and is as it should be.</summary>
    public bool IsComplete => _isAtEnd;

    private int LeastFirst => source.Kind switch
    {
        SourceFileKind.Database => LeastPagesOfDatabase * source.PageSize,
        SourceFileKind.Log => LeastPagesOfLog * source.PageSize,
        _ => 0,
    };

    /// <summary>Reads on.</summary>
    /// <param name="count">Bytes.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The bytes, valid until the next call; none at the end.</returns>
    /// <exception cref="BackupException">It cannot be read, or is damaged.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(int count, CancellationToken cancellationToken)
    {
        if (_isAtEnd || reader is null)
            return default;
        if (_buffer.Length < count)
            _buffer = GC.AllocateUninitializedArray<byte>(count);
        int read = await reader.ReadAsync(_buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
        if (_proof.Judge(_buffer.AsSpan(0, read), _offset) is { } bad)
            await MendAsync(bad, read, cancellationToken).ConfigureAwait(false);
        _offset += read;
        if (_offset < source.Length && read == count)
            return _buffer.AsMemory(0, read);
        if (_offset != source.Length)
        {
            throw SequenceRefusal.Damaged(source.Name,
                $"it has {_offset} bytes, {source.Length} were promised", EseError.FileIOBeyondEOF);
        }

        _proof.Finish();
        _isAtEnd = true;
        return _buffer.AsMemory(0, read);
    }

    /// <summary>A read of so many bytes makes sense.</summary>
    /// <param name="count">Bytes.</param>
    /// <exception cref="SourceException">−1003: it does not.</exception>
    public void RequireCount(int count)
    {
        int unit = Math.Max(1, source.PageSize);
        if (count <= 0 || count % unit != 0 || count > options.MostReadBytes || (_offset == 0 && count < LeastFirst))
        {
            throw SequenceRefusal.Senseless($"'{source.Name}' is not read {count} bytes at a time",
                $"read multiples of {unit} bytes, {LeastFirst} at least at first and {options.MostReadBytes} at most");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => reader?.DisposeAsync() ?? default;

    // In rounds with growing pauses: a page may have been caught in the middle of being written.
    private async ValueTask MendAsync(List<PageDamage> bad, int read, CancellationToken cancellationToken)
    {
        var again = reader as IRereadPages;
        for (int round = 1; round <= again?.MaxRereads && bad.Count > 0; round++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(RereadStep * round), options.Time, cancellationToken)
                .ConfigureAwait(false);
            for (int i = bad.Count - 1; i >= 0; i--)
            {
                var page = PageOf(bad[i].Page, read);
                await again.RereadAsync(bad[i].Page * _proof.PageSize, page, cancellationToken).ConfigureAwait(false);
                if (_proof.JudgePage(page.Span, bad[i].Page) is { } still)
                {
                    bad[i] = still;
                    continue;
                }

                options.Logger.PageReread(PageNumber.FromFileIndex(bad[i].Page).ToString(), source.Name, round);
                bad.RemoveAt(i);
            }
        }

        bad.RemoveAll(damage => !_proof.IsTrailer(damage.Page) && IsCorrected(damage.Page, PageOf(damage.Page, read)));
        if (bad.Count == 0)
            return;
        foreach (var damage in bad)
            options.Logger.PageBad(PageNumber.FromFileIndex(damage.Page).ToString(), source.Name, damage.Verdict);
        throw _proof.Refuse(bad);
    }

    private bool IsCorrected(long index, Memory<byte> page) => page.Length == _proof.PageSize
        && PageInspector.InspectAndRepair(page.Span, PageNumber.FromFileIndex(index)).Finding == PageFinding.Corrected;

    private Memory<byte> PageOf(long index, int read)
    {
        int start = (int)(index * _proof.PageSize - _offset);
        return _buffer.AsMemory(start, Math.Min(_proof.PageSize, read - start));
    }
}
