using PipelineBackup.Compression;
using PipelineBackup.Ese;
using PipelineBackup.Format;

namespace PipelineBackup.Restore;

/// <summary>
/// The rooms that open a chunk's frame and prove its pages: CRC-32C of the plain bytes, then the same inspection as on the
/// way in. Bad are exactly the pages that the backup recorded as bad, and no others.
/// </summary>
internal sealed class ProvePages(StoredBackup backup, Lz4Codec codec)
{
    private long _recorded;

    /// <summary>Bad pages that were met as recorded.</summary>
    public long RecordedBadPages => Interlocked.Read(ref _recorded);

    /// <summary>Decompresses and proves a chunk.</summary>
    /// <returns>Null, or what is wrong.</returns>
    public string? Prove(ChunkRun run)
    {
        if (!Decompress(run))
            return "its LZ4 frame is damaged";
        if (Crc32C.Of(run.Plain.Span) != run.Chunk.Crc32C)
            return "its CRC-32C does not match";
        var file = backup.Index.Files[run.Chunk.File];
        return file.Kind == SourceFileKind.Database ? ProveDatabase(run, file) : null;
    }

    private bool Decompress(ChunkRun run)
    {
        if (run.Frame.IsSingleSegment)
            return Decompress(run.Frame.FirstSpan, run.Plain.Span);
        byte[] joined = System.Buffers.ArrayPool<byte>.Shared.Rent(run.Chunk.StoredLength);
        try
        {
            System.Buffers.BuffersExtensions.CopyTo(run.Frame, joined);
            return Decompress(joined.AsSpan(0, run.Chunk.StoredLength), run.Plain.Span);
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(joined);
        }
    }

    private bool Decompress(ReadOnlySpan<byte> frame, Span<byte> plain) =>
        Lz4FrameView.TryRead(frame, out var view) == Lz4FrameStatus.Done && view.Length == frame.Length && !view.Header.IsSkippable
        && view.TryDecompress(codec, plain, out int written) == Lz4FrameStatus.Done && written == plain.Length;

    private string? ProveDatabase(ChunkRun run, FileLine file)
    {
        var plain = run.Plain.Span;
        if (run.Chunk.FirstPage == 0 && !HeaderPair.Read(plain).IsReadable)
            return "both header pages of the database are damaged";
        for (int i = 0; i < run.Chunk.Pages; i++)
        {
            long index = run.Chunk.FirstPage + i;
            if (index < PageNumber.HeaderPages)
                continue;
            var page = plain[(i * file.PageSize)..Math.Min((i + 1) * file.PageSize, plain.Length)];
            var damage = PageProof.Judge(page, index, file.PageSize, file.Trailer && index == file.Pages - 1, out _);
            bool recorded = backup.BadPages.TryGetValue((file.File, index), out var bad);
            if (damage is { } found && !recorded)
                return $"page {PageNumber.FromFileIndex(index)} is bad and the backup does not say so: {found.Verdict}";
            if (damage is null && recorded && !IsBadOnlyAtItsSource(bad!))
                return $"page {PageNumber.FromFileIndex(index)} is good although the backup says it is bad";
            if (recorded)
                Interlocked.Increment(ref _recorded);
        }

        return null;
    }

    // A lost write shows only beside the flush map, a foreign trailer only beside the header.
    private static bool IsBadOnlyAtItsSource(BadPage page) =>
        page.Error is (int)EseError.ReadLostFlushVerifyFailure or (int)EseError.DatabasePatchFileMismatch;
}
