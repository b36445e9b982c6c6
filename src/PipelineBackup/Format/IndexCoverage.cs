using PipelineBackup.Ese;

namespace PipelineBackup.Format;

/// <summary>
/// Proves an index before anything is done by it: every number and name in it is usable, every page of every file lies in
/// exactly one extent, and every byte that a pack unpacks to belongs to at most one extent.
/// </summary>
internal static class IndexCoverage
{
    private const long MaxFileBytes = 1L << 46;
    private const int MaxNameLength = 255, MaxPackNameLength = 64;

    private static readonly System.Buffers.SearchValues<char> s_forbidden = System.Buffers.SearchValues.Create("/\\:*?\"<>|");

    // Windows knows them as devices, with any extension too.
    private static readonly HashSet<string> s_devices = new(
        ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", .. "123456789¹²³".SelectMany(digit => new[] { $"COM{digit}", $"LPT{digit}" })],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Checks an index.</summary>
    /// <param name="index">The index.</param>
    /// <param name="refuse">Called with the first thing that is wrong; throws.</param>
    public static void Demand(BackupIndex index, Action<string> refuse)
    {
        foreach (var file in index.Files)
        {
            if (!IsFileName(file.Name, file.Kind))
                refuse($"file {file.File} has the name '{file.Name}', which cannot be restored");
            if (file.Length is < 0 or > MaxFileBytes || !Enum.IsDefined(file.Kind) || !PageSize.TryCreate(file.PageSize, out _) || file.PageSize == 0)
                refuse($"file {file.File} has impossible figures");
        }

        if (index.Files.Sum(file => (decimal)file.Length) > MaxFileBytes)
            refuse("its files are longer than all disks together");
        foreach (var pack in index.Packs)
        {
            if (pack.Name.Length > MaxPackNameLength || !ObjectName.TryParse(pack.Name, out _) || pack.Name.Contains('/', StringComparison.Ordinal)
                || pack.Length is < PackFormat.MinBytes or > PackFormat.MaxBytes || pack.Plain < 0 || pack.Sha256 is not { Length: 64 })
                refuse($"pack {pack.Pack} has impossible figures");
        }

        DemandFiles(index, refuse);
        DemandPacks(index, refuse);
    }

    /// <summary>Whether a name is one that a file of a kind can have: a plain file name, for a log that of a log.</summary>
    public static bool IsFileName(string name, SourceFileKind kind) => IsFileName(name)
        && (kind != SourceFileKind.Log || (LogFileName.TryParse(name, out var log) && log.Kind is LogFileKind.Numbered or LogFileKind.Current));

    /// <summary>Whether a name is a plain file name on every system: no directory, no drive, no device, no control character.</summary>
    public static bool IsFileName(string name) =>
        name.Length is > 0 and <= MaxNameLength && name is not ("." or "..") && !name.AsSpan().ContainsAny(s_forbidden)
        && !name.Any(char.IsControl) && !name.EndsWith('.') && !name.EndsWith(' ') && !s_devices.Contains(name.Split('.')[0].TrimEnd())
        // A restore's own files.
        && !name.StartsWith(".pipelinebackup-", StringComparison.OrdinalIgnoreCase);

    private static void DemandFiles(BackupIndex index, Action<string> refuse)
    {
        var next = new long[index.Files.Count];
        foreach (var extent in index.Extents.OrderBy(extent => extent.File).ThenBy(extent => extent.First))
        {
            if (extent.File < 0 || extent.File >= next.Length || extent.Pages <= 0 || extent.First != next[extent.File]
                || extent.Pages > index.Files[extent.File].Pages - extent.First)
            {
                refuse($"the extents of file {extent.File} overlap, leave a gap or run past its end at page {extent.First}");
                return;
            }

            next[extent.File] += extent.Pages;
        }

        foreach (var file in index.Files)
        {
            if (next[file.File] != file.Pages)
                refuse($"'{file.Name}' has {file.Pages} pages, of which only {next[file.File]} are stored");
        }
    }

    private static void DemandPacks(BackupIndex index, Action<string> refuse)
    {
        (int Pack, long End) last = default;
        foreach (var extent in index.Extents.Where(extent => !extent.Zero).OrderBy(extent => extent.Pack).ThenBy(extent => extent.Offset))
        {
            long bytes = BytesOf(index.Files[extent.File], extent);
            if (extent.Pack < 1 || extent.Pack > index.Packs.Count || extent.Offset < 0
                || extent.Offset > index.Packs[extent.Pack - 1].Plain - bytes
                || (extent.Pack == last.Pack && extent.Offset < last.End))
            {
                refuse($"an extent of file {extent.File} lies outside pack {extent.Pack} or on another extent");
                return;
            }

            last = (extent.Pack, extent.Offset + bytes);
        }
    }

    /// <summary>Length of an extent in bytes: the last page of a file may be shorter than the others.</summary>
    public static long BytesOf(FileLine file, ExtentLine extent) =>
        Math.Min(extent.Pages * file.PageSize, file.Length - extent.First * file.PageSize);
}
