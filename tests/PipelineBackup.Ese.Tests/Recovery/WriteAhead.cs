using PipelineBackup.Ese.Tests.Simulation;
using PipelineBackup.Ese.Tests.Trees;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>
/// The order in which things must become safe, judged by what is safe: no page on disk is newer than the logs on disk
/// know, or than the header of its database admits.
/// </summary>
internal static class WriteAhead
{
    /// <summary>What contradicts the order; empty when nothing does.</summary>
    /// <param name="recovery">What is recovered.</param>
    /// <param name="disk">The disk after a crash that lost all that was not safe.</param>
    public static string Judge(RecoveryCase recovery, SimulatedDisk disk)
    {
        var times = Times(recovery, disk);
        foreach (var (path, _) in recovery.Databases)
        {
            if (!disk.FileExists(path))
                continue;
            byte[] file = disk.ReadAll(path);
            var headers = HeaderPair.Read(file.AsSpan(0, Math.Min(file.Length, HeaderPair.StartBytes)));
            if (headers.Copies == HeaderCopies.BothBad)
                return $"{path}: both headers are damaged";
            string fault = JudgePages(headers.Require(path), new(headers.PageSize, file), times, path);
            if (fault.Length > 0)
                return fault;
        }

        return "";
    }

    private static string JudgePages(
        DatabaseHeader header, MemoryPages pages, Dictionary<(uint, int), ulong> times, string path)
    {
        var own = times.Where(each => each.Key.Item1 == header.DatabaseId).ToList();
        ulong newest = own.Select(each => each.Value).DefaultIfEmpty().Max();
        // What the header of a database that is dirty admits; a clean one has all that its logs have.
        int admitted = header.State == DatabaseState.CleanShutdown ? int.MaxValue : header.MaxRequired.Value;
        ulong most = own.Where(each => each.Key.Item2 <= admitted).Select(each => each.Value).DefaultIfEmpty().Max();
        for (uint number = 1; number <= pages.LastPage.Value; number++)
        {
            var page = new PageNumber(number);
            ulong time = pages.View(page).DbTime.Value;
            if (time > newest)
                return $"{path}: page {page} is of dbtime {time}, the logs end with {newest}";
            if (time > most)
                return $"{path}: page {page} is of dbtime {time}, the header admits generation {admitted} with {most}";
        }

        return "";
    }

    // The greatest dbtime of each database in each generation.
    private static Dictionary<(uint Database, int Generation), ulong> Times(RecoveryCase recovery, SimulatedDisk disk)
    {
        var times = new Dictionary<(uint, int), ulong>();
        foreach (string path in disk.Files.Where(path => Path.GetExtension(path) == ".log"))
        {
            if (!LogFileName.TryParse(Path.GetFileName(path), out var name) || name.Kind is LogFileKind.Temporary)
                continue;
            foreach (var (key, time) in s_known.GetOrAdd(Hash(disk, path), _ => Read(disk, path)))
                times[key] = Math.Max(times.GetValueOrDefault(key), time);
        }

        return times;
    }

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, Dictionary<(uint, int), ulong>> s_known = new();

    private static string Hash(SimulatedDisk disk, string path) =>
        Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(disk.ReadAll(path)));

    private static Dictionary<(uint, int), ulong> Read(SimulatedDisk disk, string path)
    {
        var times = new Dictionary<(uint, int), ulong>();
        byte[] bytes = disk.ReadAll(path);
        var scanner = new LogScanner();
        scanner.Append(bytes);
        var scan = scanner.Complete();
        if (scan.Header is null)
            return times;
        using var reader = LogRecordReader.Over(bytes, scan);
        try
        {
            while (reader.TryRead(out var record))
            {
                if (!record.IsPageChange)
                    continue;
                var key = ((uint)record.Page.Database, reader.Header.Generation.Value);
                times[key] = Math.Max(times.GetValueOrDefault(key), record.Page.Time.Value);
            }
        }
        catch (EseException)
        {
            // A log that was being written when it happened: what is before the damage counts.
        }

        return times;
    }
}
