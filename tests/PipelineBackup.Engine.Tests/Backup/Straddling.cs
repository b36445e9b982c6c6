namespace PipelineBackup.Engine.Tests.Backup;

/// <summary>
/// Counts what befell pages on both sides of the place where a copy stood: nodes went from a page that was copied to
/// one that was not, or the other way.
/// </summary>
internal static class Straddling
{
    /// <summary>Counts it.</summary>
    /// <param name="taken">The backup.</param>
    /// <param name="slot">Number of the database whose pages its trail counts.</param>
    /// <param name="seen">Takes the counts.</param>
    public static void Count(TakenBackup taken, int slot, SortedDictionary<string, int> seen)
    {
        foreach (var (_, bytes) in taken.Logs.Values)
        {
            using var reader = LogRecordReader.Over(bytes);
            while (reader.TryRead(out var record))
                Count(taken, record, slot, seen);
        }
    }

    private static void Count(
        TakenBackup taken, in LogRecordView record, int slot, SortedDictionary<string, int> seen)
    {
        var position = record.Position;
        int next = taken.Trail.FindIndex(step => step.Tip > position);
        if (next < 1)
            return;
        long copied = taken.Trail[next - 1].Pages;
        if (record.Type == LogRecordType.Split && record.AsSplit().Split is { New.Value: > 0 } split)
        {
            if (split.Change.Database == slot)
                Note("split", split.Change.Page, split.New, copied, seen);
        }
        else if (record.Type == LogRecordType.Merge)
        {
            var merge = record.AsMerge().Merge;
            if (merge.Change.Database == slot)
                Note("merge", merge.Change.Page, Target(merge), copied, seen);
        }
        else if (record.Type == LogRecordType.ExtendDatabase && record.Body<DatabaseExtension>().Database == slot)
        {
            seen["grown"] = seen.GetValueOrDefault("grown") + 1;
        }
    }

    private static PageNumber Target(in MergeChange merge) => merge.Type switch
    {
        MergeType.FullRight or MergeType.PartialRight => merge.Right,
        MergeType.FullLeft or MergeType.PartialLeft => merge.Left,
        _ => PageNumber.None,
    };

    private static void Note(
        string what, PageNumber from, PageNumber to, long copied, SortedDictionary<string, int> seen)
    {
        bool isFrom = from.Value <= copied, isTo = to.Value <= copied;
        if (from == PageNumber.None || to == PageNumber.None || isFrom == isTo)
            return;
        string key = $"{what} {(isFrom ? "forwards" : "backwards")}";
        seen[key] = seen.GetValueOrDefault(key) + 1;
    }
}
