namespace PipelineBackup.Ese;

/// <summary>
/// Takes the logs out of the way that replay left out at its end, because undo goes on under their numbers. Nothing is
/// deleted: they stay beside the others under names that no engine reads.
/// </summary>
/// <remarks>
/// The highest goes first, so that a crash leaves a stream with its end missing, which the same recovery goes on with,
/// and never one with a hole. A log that was replayed in part keeps its name and loses its end; the whole of it stays
/// too.
/// </remarks>
internal static class LaterLogs
{
    /// <summary>What the names end with from then on.</summary>
    public const string Suffix = ".left-out";

    /// <summary>Takes them out of the way.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="last">The last log that was replayed.</param>
    /// <param name="setup">What was left out.</param>
    /// <param name="remarks">Is told.</param>
    /// <returns>The last log as it is now.</returns>
    public static LogFileEntry SetAside(
        IDisk disk, LogFileEntry last, RecoverySetup setup, ICollection<string> remarks)
    {
        foreach (var file in setup.Later.OrderByDescending(file => (file.IsCurrent, file.Generation)))
        {
            string aside = FreeName(disk, file.Path!);
            disk.Rename(file.Path!, aside);
            disk.FlushDirectory(setup.UndoLogDirectory);
            remarks.Add($"'{file.FileName}', generation {file.Generation}, is now '{Path.GetFileName(aside)}'");
        }

        // A log of a backup set is not ours to change, and undo does not write beside it.
        bool isHere = Path.GetDirectoryName(Path.GetFullPath(last.Path!)) 
            == Path.TrimEndingDirectorySeparator(Path.GetFullPath(setup.UndoLogDirectory));
        return isHere && setup.Stop.IsSet && setup.Stop.Generation == last.Generation
            ? Cut(disk, last, setup.Stop.Sector, remarks)
            : last;
    }

    private static LogFileEntry Cut(IDisk disk, LogFileEntry last, int segment, ICollection<string> remarks)
    {
        string path = last.Path!, aside = FreeName(disk, path), part = aside + ".part";
        using (var file = disk.Open(path, DiskAccess.ReadWrite))
        {
            disk.Delete(part);
            using (var copy = disk.Open(part, DiskAccess.CreateNew))
                CopyTo(file, copy);
            disk.Rename(part, aside);
            disk.FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            // From the end on, each by itself: whatever a crash leaves is a log that ends earlier.
            byte[] empty = new byte[SegmentScan.Size];
            for (int index = (int)(file.Length / SegmentScan.Size) - 1; index >= segment; index--)
            {
                file.Write(empty, (long)index * SegmentScan.Size);
                file.Flush();
            }
        }

        remarks.Add($"'{last.FileName}' ends with segment {segment - 1} now; the whole of it is "
            + $"'{Path.GetFileName(aside)}'");
        return LogFileEntry.Open(disk, path, last.Name);
    }

    private static void CopyTo(IDiskFile from, IDiskFile to)
    {
        byte[] buffer = new byte[1 << 18];
        for (long at = 0; at < from.Length; at += buffer.Length)
            to.Write(buffer.AsSpan(0, from.Read(buffer, at)), at);
        to.Flush();
    }

    private static string FreeName(IDisk disk, string path)
    {
        string name = path + Suffix;
        for (int i = 2; disk.FileExists(name); i++)
            name = $"{path}{Suffix}-{i}";
        return name;
    }
}
