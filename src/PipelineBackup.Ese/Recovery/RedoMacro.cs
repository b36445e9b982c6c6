namespace PipelineBackup.Ese;

/// <summary>
/// Redo of the records that were logged as one: splits, merges and moves, which change several pages.
/// </summary>
/// <remarks>
/// Each page is redone or not by its own dbtime. All pages and before-images are at hand before the first page is
/// changed; what fails after that fails the recovery.
/// </remarks>
internal static class RedoMacro
{
    /// <summary>Redoes a macro that was committed.</summary>
    /// <param name="context">The database and session.</param>
    /// <param name="records">Its records, in their order.</param>
    /// <exception cref="EseException">
    /// −255: a page of the macro is newer than another that is made from it, and no before-image is logged. −501: it
    /// holds nothing. −514: it is of an engine that logged no before-images. −1206, −1852: records and pages
    /// contradict each other. Those of <see cref="RedoPages"/>.
    /// </exception>
    public static void Apply(RedoContext context, MacroRecords records)
    {
        if (records.Count == 0)
            throw new EseException(EseError.LogFileCorrupt, "a macro without records was committed");
        var first = records[0];
        switch (first.Type)
        {
            case LogRecordType.Split:
                new RedoSplit(context, records).Apply();
                break;
            case LogRecordType.Merge:
                new RedoMerge(context, records).Apply();
                break;
            case LogRecordType.RootPageMove:
                new RedoRootMove(context, records).Apply();
                break;
            case LogRecordType.SplitOld or LogRecordType.MergeOld:
                throw new EseException(EseError.BadLogVersion,
                    $"the {first.Type} record at {first.Position} is of an engine that logged no before-images",
                    "only that engine can replay the log");
            default:
                throw Contradiction(first, "begins a macro");
        }
    }

    /// <summary>Records of one macro that do not go together.</summary>
    /// <param name="record">One of them.</param>
    /// <param name="what">What is wrong with it.</param>
    internal static EseException Contradiction(in LogRecordView record, string what) =>
        new(EseError.LogCorrupted, $"the {record.Type} record at {record.Position} {what}");

    /// <summary>A page that a record does not go with.</summary>
    /// <param name="record">The record.</param>
    /// <param name="page">The page.</param>
    /// <param name="what">What is wrong with it.</param>
    internal static EseException Unfit(in LogRecordView record, PageNumber page, string what) =>
        new(EseError.DatabaseCorrupted, $"page {page} {what}, by the {record.Type} record at {record.Position}");
}
