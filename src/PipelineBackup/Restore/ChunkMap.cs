using PipelineBackup.Format;

namespace PipelineBackup.Restore;

/// <summary>
/// Where the chunks of each pack belong. The pack's own tail index and the backup's index tell the same facts; a chunk counts
/// only when both agree.
/// </summary>
internal sealed class ChunkMap
{
    private readonly BackupIndex _index;
    private readonly ILookup<int, ExtentLine> _extents;

    public ChunkMap(BackupIndex index)
    {
        _index = index;
        _extents = index.Extents.Where(extent => !extent.Zero).OrderBy(extent => extent.Offset).ToLookup(extent => extent.Pack);
    }

    /// <summary>The extents that lie in a pack, by offset.</summary>
    public IEnumerable<ExtentLine> In(int pack) => _extents[pack];

    /// <summary>Checks a pack's chunks against the index.</summary>
    /// <returns>Null, or what is wrong.</returns>
    public string? Judge(PackLine pack, IReadOnlyList<PackChunk> chunks)
    {
        var extents = _extents[pack.Pack].ToList();
        long offset = 0, placed = 0;
        int at = 0;
        for (int i = 0; i < chunks.Count; offset += chunks[i++].PlainLength)
        {
            var chunk = chunks[i];
            while (at < extents.Count && End(extents[at]) <= offset)
                at++;
            if (chunk.File < _index.Files.Count && _index.Files[chunk.File].Dropped)
                continue;
            if (at == extents.Count || !Agrees(extents[at], chunk, offset))
                return $"chunk {i} of its tail index is not what the index of the backup says";
            placed += chunk.PlainLength;
        }

        // A dropped file's chunks may lie anywhere, but not where the index looks for others.
        return placed == extents.Sum(extent => IndexCoverage.BytesOf(_index.Files[extent.File], extent))
            ? null
            : "its tail index does not have all that the index of the backup says";
    }

    private bool Agrees(ExtentLine extent, PackChunk chunk, long offset)
    {
        int pageSize = _index.Files[extent.File].PageSize;
        long into = offset - extent.Offset;
        return extent.File == chunk.File && into >= 0 && offset + chunk.PlainLength <= End(extent) && into % pageSize == 0
            && extent.First + into / pageSize == chunk.FirstPage && chunk.Pages == (chunk.PlainLength + pageSize - 1) / pageSize
            // Only the end of a file is no whole page.
            && (chunk.PlainLength % pageSize == 0 || offset + chunk.PlainLength == End(extent));
    }

    private long End(ExtentLine extent) => extent.Offset + IndexCoverage.BytesOf(_index.Files[extent.File], extent);
}
