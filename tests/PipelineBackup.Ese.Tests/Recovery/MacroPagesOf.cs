namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>What kind a macro is and which pages it is about.</summary>
internal static class MacroPagesOf
{
    /// <summary>Its records in short: macros that say the same are redone the same way.</summary>
    public static string Kind(MacroRecords records)
    {
        string kind = "";
        for (int i = 0; i < records.Count; i++)
        {
            var record = records[i];
            kind += record.Type switch
            {
                LogRecordType.Split => $" {record.AsSplit().Split.Type} {record.AsSplit().Split.Operation} {record.AsSplit().Split.Right != PageNumber.None}",
                LogRecordType.Merge => $" {record.AsMerge().Merge.Type} {record.AsMerge().Merge.Flags}",
                _ => $" {record.Type}",
            };
        }

        return kind;
    }

    /// <summary>Its pages, each once.</summary>
    public static List<PageNumber> All(MacroRecords records)
    {
        HashSet<PageNumber> pages = [];
        for (int i = 0; i < records.Count; i++)
        {
            var record = records[i];
            switch (record.Type)
            {
                case LogRecordType.RootPageMove:
                    continue;
                case LogRecordType.Split:
                    pages.UnionWith([record.AsSplit().Split.New, record.AsSplit().Split.Right]);
                    break;
                case LogRecordType.Merge:
                    pages.UnionWith([record.AsMerge().Merge.Left, record.AsMerge().Merge.Right]);
                    break;
                case LogRecordType.PageMove:
                    var move = record.AsPageMove().Move;
                    pages.UnionWith([move.Target, move.Left, move.Right, move.Parent]);
                    break;
            }

            pages.Add(record.Page.Page);
        }

        pages.Remove(PageNumber.None);
        return [.. pages];
    }

    /// <summary>A page as it stands; zeros where there is none yet.</summary>
    public static byte[] Bytes(RedoRig rig, PageNumber page) =>
        (rig.Pages.AsItStands(page) ?? rig.Cache.Create(page)).View.Bytes.ToArray();
}
