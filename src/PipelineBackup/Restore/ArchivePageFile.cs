using System.Buffers;
using PipelineBackup.Compression;
using PipelineBackup.Ese;
using PipelineBackup.Format;

namespace PipelineBackup.Restore;

/// <summary>
/// The pages of a database as they lie in a backup, read out of the store without restoring anything: of each pack the
/// end, and the chunks that hold the pages asked for.
/// </summary>
/// <remarks>
/// <para>
/// What is read is proved: the index by the digest in the commit, a pack's tail index by its CRC and by the index, each
/// chunk by its CRC-32C, each page by the inspection that a restore makes. Only the SHA-256 of packs is not: it would need
/// the whole pack.
/// </para>
/// <para>
/// Memory is bounded: 16 chunks of at most 1 MiB and the tail indexes of 16 packs, whatever the size of the database,
/// beside the index of the backup. Reading waits for the store and is not for several threads at once.
/// </para>
/// <para>
/// A backup of a database in use is consistent only after recovery: <see cref="Header"/> tells. An incremental backup has
/// no pages of its own; those are in the full one it builds on.
/// </para>
/// </remarks>
public sealed class ArchivePageFile : IPageFile
{
    private const int KeptChunks = 16, KeptTails = 16, TailGuessBytes = 16 * 1024;

    private readonly IBackupArchive _archive;
    private readonly BackupSet _set;
    private readonly StoredBackup _backup;
    private readonly FileLine _file;
    private readonly ExtentLine[] _extents;
    private readonly ChunkMap _map;
    private readonly Lz4Codec _codec = Lz4Codec.Best;
    private readonly RecentlyUsed<int, PackChunk[]> _tails = new(KeptTails);
    private readonly RecentlyUsed<(int Pack, long Offset), Plain> _chunks = new(KeptChunks);
    private readonly CancellationToken _cancellation;
    private byte[] _stored = [];
    private Plain? _current;

    private ArchivePageFile(
        IBackupArchive archive, BackupSet set, StoredBackup backup, FileLine file, CancellationToken cancellationToken)
    {
        _archive = archive;
        _set = set;
        _backup = backup;
        _file = file;
        _cancellation = cancellationToken;
        _map = new(backup.Index);
        _extents = [.. backup.Index.Extents.Where(extent => extent.File == file.File).OrderBy(extent => extent.First)];
        PageSize = PageSize.Of(file.PageSize);
        LastPage = new((uint)Math.Clamp(
            file.Length / file.PageSize - PageNumber.HeaderPages - (file.Trailer ? 1 : 0), 0, PageNumber.Max.Value));
    }

    /// <summary>Name of the database.</summary>
    public string Name => _file.Name;

    /// <summary>The backup that holds the pages.</summary>
    public BackupManifest Backup => _backup.Manifest;

    /// <summary>The database's header.</summary>
    public DatabaseHeader Header { get; private set; } = null!;

    /// <summary>Bytes read from the store for pages: ends of packs and chunks; commit and index are not counted.</summary>
    public long FetchedBytes { get; private set; }

    /// <inheritdoc/>
    public PageSize PageSize { get; }

    /// <inheritdoc/>
    public PageNumber LastPage { get; }

    /// <summary>Opens a database of a backup.</summary>
    /// <param name="archive">The store; not disposed.</param>
    /// <param name="set">The set.</param>
    /// <param name="backup">The backup; of an incremental one, the pages are those of the full one it builds on.</param>
    /// <param name="database">File name of the database, whatever the case.</param>
    /// <param name="cancellationToken">Ends this call and every later one.</param>
    /// <exception cref="BackupException">
    /// The backup has no such database, is damaged or lacks objects, or the store failed.
    /// </exception>
    /// <exception cref="EseException">The stored header is none of a database that can be read.</exception>
    public static async Task<ArchivePageFile> OpenAsync(IBackupArchive archive, BackupSet set, BackupManifest backup,
        string database, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(archive);
        ArgumentNullException.ThrowIfNull(backup);
        ArgumentException.ThrowIfNullOrEmpty(database);
        var chain = await new BackupCatalog(archive, set).ChainAsync(backup, cancellationToken).ConfigureAwait(false);
        var stored = await StoredBackup.OpenAsync(archive, set, chain[0], cancellationToken).ConfigureAwait(false);
        var file = Find(stored, database);
        return await Task.Run(() =>
        {
            var pages = new ArchivePageFile(archive, set, stored, file, cancellationToken);
            pages.Header = HeaderPair.Read(pages.ReadStart()).Require(file.Name);
            return pages;
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The buffer is not one page long.</exception>
    /// <exception cref="BackupException">The store failed, or what it gave is damaged.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public PageVerdict Read(PageNumber number, Span<byte> page)
    {
        if (page.Length != PageSize.Bytes)
            throw new ArgumentException($"the buffer of a page has {PageSize} bytes", nameof(page));
        bool isThere = number != PageNumber.None && number.CompareTo(LastPage) <= 0 && Copy(number.FileIndex, page);
        return PageInspector.InspectAndRepair(isThere ? page : [], number);
    }

    private static FileLine Find(StoredBackup backup, string database)
    {
        var all = backup.Index.Files.Where(file => file.Kind == SourceFileKind.Database && !file.Dropped).ToList();
        return all.Find(file => file.Name.Equals(database, StringComparison.OrdinalIgnoreCase))
            ?? throw new BackupException($"the backup has no database '{database}'")
            {
                Hint = $"it has: {string.Join(", ", all.Select(file => file.Name))}",
                ExitCode = ExitCode.NotFound,
            };
    }

    private byte[] ReadStart()
    {
        byte[] start = new byte[Math.Min(HeaderPair.StartBytes, _file.Length / _file.PageSize * _file.PageSize)];
        for (int at = 0; at < start.Length; at += _file.PageSize)
            Copy(at / _file.PageSize, start.AsSpan(at, _file.PageSize));
        return start;
    }

    // A page by its index in the file. Zero pages are stored nowhere.
    private bool Copy(long index, Span<byte> page)
    {
        if (_current?.TryCopy(index, page) == true)
            return true;
        if (FindExtent(index) is not { } extent)
            return false;
        if (extent.Zero)
        {
            page.Clear();
            return true;
        }

        var pack = _backup.Index.Packs[extent.Pack - 1];
        foreach (var chunk in Tail(pack))
        {
            if (chunk.File == _file.File && index >= chunk.FirstPage && index < chunk.FirstPage + chunk.Pages)
            {
                _current = Open(pack, chunk);
                return _current.TryCopy(index, page);
            }
        }

        throw Damaged(pack, $"page {PageNumber.FromFileIndex(index)} of '{_file.Name}' is not where the index says");
    }

    private ExtentLine? FindExtent(long index)
    {
        int low = 0, high = _extents.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            var extent = _extents[middle];
            if (index < extent.First)
                high = middle - 1;
            else if (index >= extent.First + extent.Pages)
                low = middle + 1;
            else
                return extent;
        }

        return null;
    }

    private PackChunk[] Tail(PackLine pack)
    {
        if (_tails.Find(pack.Pack) is { } known)
            return known;
        _tails.MakeRoom();
        int length = (int)Math.Min(TailGuessBytes, pack.Length);
        byte[] end = Fetch(pack, pack.Length - length, length).ToArray();
        var footer = new ReadOnlySequence<byte>(end.AsMemory(length - PackReader.FooterFrame));
        if (PackReader.ReadFooter(footer, pack.Length, pack, out var tail) is { } broken)
            throw Damaged(pack, broken);
        long at = tail.Offset - (pack.Length - length);
        var index = at >= 0 ? end.AsMemory((int)at, tail.Length) : Fetch(pack, tail.Offset, tail.Length);
        string? reason = PackReader.ReadChunks(new(index), pack, tail, out var chunks) ?? _map.Judge(pack, chunks);
        if (reason is not null)
            throw Damaged(pack, reason);
        _tails.Add(pack.Pack, chunks);
        return chunks;
    }

    private Plain Open(PackLine pack, PackChunk chunk)
    {
        if (_chunks.Find((pack.Pack, chunk.Offset)) is { } known)
            return known;
        _current = null;
        var plain = _chunks.MakeRoom() ?? new Plain();
        plain.Take(chunk, _file.PageSize);
        var frame = Fetch(pack, chunk.Offset, chunk.StoredLength).Span;
        bool isWhole = Lz4FrameView.TryRead(frame, out var view) == Lz4FrameStatus.Done && view.Length == frame.Length
            && !view.Header.IsSkippable && view.TryDecompress(_codec, plain.Bytes, out int written) == Lz4FrameStatus.Done
            && written == chunk.PlainLength;
        if (!isWhole)
            throw Damaged(pack, $"the LZ4 frame at {chunk.Offset} is damaged");
        if (Crc32C.Of(plain.Bytes) != chunk.Crc32C)
            throw Damaged(pack, $"the CRC-32C of the chunk at {chunk.Offset} does not match");
        _chunks.Add((pack.Pack, chunk.Offset), plain);
        return plain;
    }

    // The memory is good until the next call. Trees are walked synchronously, so this waits for the store.
    private Memory<byte> Fetch(PackLine pack, long offset, int length)
    {
        if (_stored.Length < length)
            _stored = new byte[Math.Max(length, TailGuessBytes)];
        var target = _stored.AsMemory(0, length);
        int read = Task.Run(() => FetchAsync(pack, offset, target), _cancellation).GetAwaiter().GetResult();
        FetchedBytes += read;
        return read == length ? target : throw Damaged(pack, $"it ends after {offset + read} of its {pack.Length} bytes");
    }

    private async Task<int> FetchAsync(PackLine pack, long offset, Memory<byte> target)
    {
        var name = _set.Data(_backup.Id, pack.Name);
        var stream = await _archive.OpenReadAsync(name, new(offset, target.Length), _cancellation).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
            return await stream.ReadAtLeastAsync(target, target.Length, throwOnEndOfStream: false, _cancellation).ConfigureAwait(false);
    }

    private static BackupException Damaged(PackLine pack, string reason) => new($"{pack.Name} is damaged: {reason}")
    {
        Hint = "'verify' tells what else is damaged; use another backup, or copy this object again from a second store",
        ExitCode = ExitCode.Refused,
    };

    private sealed class Plain
    {
        private byte[] _bytes = [];
        private long _first;
        private int _pageSize, _length;

        public Span<byte> Bytes => _bytes.AsSpan(0, _length);

        public void Take(PackChunk chunk, int pageSize)
        {
            if (_bytes.Length < chunk.PlainLength)
                _bytes = new byte[chunk.PlainLength];
            (_first, _pageSize, _length) = (chunk.FirstPage, pageSize, chunk.PlainLength);
        }

        public bool TryCopy(long index, Span<byte> page)
        {
            long at = (index - _first) * _pageSize;
            if (at < 0 || at > _length - page.Length)
                return false;
            _bytes.AsSpan((int)at, page.Length).CopyTo(page);
            return true;
        }
    }
}
