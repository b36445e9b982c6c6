namespace PipelineBackup.Engine.Tests.Backup;

/// <summary>
/// Counts what befell pages on both sides of the place where a copy stood: nodes went from a page that was copied to one
/// that was not, or the other way.
/// </summary>
internal static class Straddling
{
    public static void Count(TakenBackup taken, SortedDictionary<string, int> seen)
    {
        string folder = GoldenSets.NewFolder("straddling");
        foreach (var (file, bytes) in taken.Logs.Values)
        {
            string path = Path.Combine(folder, file.Name);
            File.WriteAllBytes(path, bytes);
            using var reader = LogRecordReader.Open(path);
            while (reader.TryRead(out var record))
                Count(taken, record, seen);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static void Count(TakenBackup taken, in LogRecordView record, SortedDictionary<string, int> seen)
    {
        var position = record.Position;
        int next = taken.Trail.FindIndex(step => step.Tip > position);
        if (next < 1)
            return;
        long copied = taken.Trail[next - 1].Pages;
        if (record.Type == LogRecordType.Split && record.AsSplit().Split is { New.Value: > 0 } split)
            Note("split", split.Change.Page, split.New, copied, seen);
        else if (record.Type == LogRecordType.Merge)
            Note("merge", record.AsMerge().Merge.Change.Page, Target(record.AsMerge().Merge), copied, seen);
        else if (record.Type == LogRecordType.ExtendDatabase)
            seen["grown"] = seen.GetValueOrDefault("grown") + 1;
    }

    private static PageNumber Target(in MergeChange merge) => merge.Type switch
    {
        MergeType.FullRight or MergeType.PartialRight => merge.Right,
        MergeType.FullLeft or MergeType.PartialLeft => merge.Left,
        _ => PageNumber.None,
    };

    private static void Note(string what, PageNumber from, PageNumber to, long copied, SortedDictionary<string, int> seen)
    {
        bool isFrom = from.Value <= copied, isTo = to.Value <= copied;
        if (from == PageNumber.None || to == PageNumber.None || isFrom == isTo)
            return;
        string key = $"{what} {(isFrom ? "forwards" : "backwards")}";
        seen[key] = seen.GetValueOrDefault(key) + 1;
    }
}
