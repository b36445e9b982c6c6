using PipelineBackup.Ese;
using PipelineBackup.Format;

namespace PipelineBackup.Restore;

/// <summary>
/// Scans the logs of a backup while they come out of the store, in the order of their bytes. Runs of zeros are in no pack;
/// they are filled in here.
/// </summary>
/// <param name="backup">The backup.</param>
/// <param name="collects">Of which generations the scans list the segments.</param>
internal sealed class WitnessLogs(StoredBackup backup, Func<int, bool> collects)
{
    private static readonly byte[] s_zeros = new byte[64 * 1024];

    private readonly Dictionary<int, (LogScanner Scanner, long Seen)> _open = [];
    private readonly Dictionary<int, LogScanResult> _done = [];

    /// <summary>Takes the next chunk of a file.</summary>
    public void Take(PackChunk chunk, ReadOnlySpan<byte> plain)
    {
        var file = backup.Index.Files[chunk.File];
        if (file.Kind != SourceFileKind.Log || _done.ContainsKey(file.File))
            return;
        var (scanner, seen) = _open.TryGetValue(file.File, out var open) ? open : Begin(file);
        seen = Fill(scanner, seen, chunk.FirstPage * file.PageSize);
        scanner.Append(plain);
        _open[file.File] = (scanner, seen + plain.Length);
        if (seen + plain.Length == file.Length)
            Finish(file);
    }

    /// <summary>The scans of all logs of the backup.</summary>
    public IReadOnlyList<(FileLine File, LogScanResult Scan)> Complete()
    {
        var result = new List<(FileLine, LogScanResult)>();
        foreach (var file in backup.Index.Files.Where(file => file.Kind == SourceFileKind.Log))
        {
            if (!_done.ContainsKey(file.File))
                Finish(file);
            result.Add((file, _done[file.File]));
        }

        return result;
    }

    private (LogScanner Scanner, long Seen) Begin(FileLine file) => (new LogScanner(collects(file.Generation)), 0);

    private void Finish(FileLine file)
    {
        var (scanner, seen) = _open.TryGetValue(file.File, out var open) ? open : Begin(file);
        Fill(scanner, seen, file.Length);
        _open.Remove(file.File);
        _done.Add(file.File, scanner.Complete());
    }

    private static long Fill(LogScanner scanner, long seen, long until)
    {
        // A file may say that it is longer than any log: what cannot change the finding is not fed.
        for (; seen < until && !scanner.IsDecided; seen += Math.Min(s_zeros.Length, until - seen))
            scanner.Append(s_zeros.AsSpan(0, (int)Math.Min(s_zeros.Length, until - seen)));
        return until;
    }
}
