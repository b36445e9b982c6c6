namespace PipelineBackup.Engine.Tests.Trees;

/// <summary>What kinds of changes a log holds, so that a run can be asked whether it met all there are.</summary>
internal static class LogKinds
{
    public static IEnumerable<string> Of(IEnumerable<byte[]> log)
    {
        var kinds = new SortedSet<string>(StringComparer.Ordinal);
        foreach (byte[] records in log)
        {
            var rest = records.AsSpan();
            while (rest.Length > 0)
            {
                int length = LogRecordCatalogue.Measure(rest);
                kinds.Add(Of(new LogRecordView(rest[..length], default, default)));
                rest = rest[length..];
            }
        }

        return kinds;
    }

    private static string Of(in LogRecordView record)
    {
        string space = record.IsPageChange && record.Page.Has(PageChangeFlags.SpaceTree) ? " of extents" : "";
        switch (record.Type)
        {
            case LogRecordType.Split:
                var split = record.AsSplit().Split;
                if (split.New == PageNumber.None)
                    return "split: parent" + space;
                string level = (split.NewFlags & (uint)PageFlags.Leaf) != 0 ? "leaf" : "inner";
                var flags = record.AsSplit().ImageFlags;
                string image = flags == BeforeImageFlags.None ? "" : $" {flags}";
                return $"split: {level} {(split.IsHotpoint ? "Hotpoint" : split.Type)} {split.Operation}{space}{image}";
            case LogRecordType.Merge:
                var merge = record.AsMerge().Merge;
                return merge.Type == MergeType.None ? $"merge: inner {merge.Flags}" : $"merge: leaf {merge.Type}";
            default:
                return record.Type + space;
        }
    }
}
