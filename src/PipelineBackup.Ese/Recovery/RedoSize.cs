namespace PipelineBackup.Ese;

/// <summary>Redo of records about the file of a database: it grows, shrinks, gives pages back.</summary>
internal static class RedoSize
{
    /// <summary>Replays a record about the size of a database; they belong to no session.</summary>
    /// <param name="pages">The pages of the database that it names.</param>
    /// <param name="record">The record.</param>
    /// <returns>False when it is none of these records, and nothing was done.</returns>
    /// <exception cref="EseException">−501: it names no page that there can be.</exception>
    public static bool Apply(RedoPages pages, in LogRecordView record)
    {
        switch (record.Type)
        {
            case LogRecordType.ExtendDatabase:
                pages.Extend(record.Body<DatabaseExtension>().LastPage, record.Position);
                return true;
            case LogRecordType.ShrinkDatabase or LogRecordType.ShrinkDatabase2:
                Shrink(pages, record.Body<DatabaseShrinkage>(), default, record.Position);
                return true;
            case LogRecordType.ShrinkDatabase3:
                ref readonly var timed = ref record.Body<TimedDatabaseShrinkage>();
                Shrink(pages, timed.Shrinkage, timed.Time, record.Position);
                return true;
            case LogRecordType.TrimDatabase:
                // Room given back in the middle of the file is only forgotten: holes are for the disk, not for replay.
                ref readonly var trim = ref record.Body<DatabaseTrim>();
                pages.Release(trim.First, trim.Pages);
                return true;
            case LogRecordType.ExtentFreed:
                ref readonly var release = ref record.Body<ExtentRelease>();
                pages.Release(release.First, release.Pages);
                return true;
            case LogRecordType.ExtentFreed2:
                ref readonly var released = ref record.Body<TimedExtentRelease>();
                pages.Release(released.Release.First, released.Release.Pages);
                return true;
            default:
                return false;
        }
    }

    private static void Shrink(RedoPages pages, in DatabaseShrinkage shrinkage, DbTime time, LogPosition position) =>
        pages.Shrink(shrinkage.LastPage, shrinkage.Pages, time, position);
}
