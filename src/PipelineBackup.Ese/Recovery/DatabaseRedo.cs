namespace PipelineBackup.Ese;

/// <summary>Replays records about a database as a whole: its size, its format, what backups left in its header.</summary>
internal static class DatabaseRedo
{
    /// <summary>The database of a record about a whole database; null when it is no such record.</summary>
    /// <param name="record">The record.</param>
    public static byte? SlotOf(in LogRecordView record) => record.Type switch
    {
        LogRecordType.ExtendDatabase => record.Body<DatabaseExtension>().Database,
        LogRecordType.ShrinkDatabase or LogRecordType.ShrinkDatabase2 => record.Body<DatabaseShrinkage>().Database,
        LogRecordType.ShrinkDatabase3 => record.Body<TimedDatabaseShrinkage>().Shrinkage.Database,
        LogRecordType.TrimDatabase => record.Body<DatabaseTrim>().Database,
        LogRecordType.ExtentFreed => record.Body<ExtentRelease>().Database,
        LogRecordType.ExtentFreed2 => record.Body<TimedExtentRelease>().Release.Database,
        LogRecordType.SetDatabaseVersion => record.Body<DatabaseVersionChange>().Database,
        LogRecordType.CreateDatabaseFinish => record.Body<DatabaseCreationEnd>().Database,
        LogRecordType.ReattachDatabase => record.Body<DatabaseReattachment>().Database,
        LogRecordType.Backup2 => record.AsBackup().Step.Database,
        LogRecordType.FreeTree => record.Body<TreeRelease>().Database,
        LogRecordType.ScanCheck => record.Body<PageScan>().Database,
        LogRecordType.ScanCheck2 => record.Body<PageScan2>().Database,
        LogRecordType.PagePatchRequest => record.Body<PagePatch>().Database,
        LogRecordType.SignalAttachDatabase => record.Body<AttachSignal>().Database,
        _ => null,
    };

    /// <summary>Replays a record.</summary>
    /// <param name="record">A record that <see cref="SlotOf"/> knows.</param>
    /// <param name="database">Its database.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="EseException">−501: it names pages that there cannot be.</exception>
    public static void Apply(in LogRecordView record, RecoveringFile database, LogTime now)
    {
        RedoSize.Apply(database.Redo, record);
        switch (record.Type)
        {
            case LogRecordType.ShrinkDatabase3:
                database.Saw(record.Body<TimedDatabaseShrinkage>().Time, default);
                break;
            case LogRecordType.ExtentFreed2:
                database.Saw(record.Body<TimedExtentRelease>().Time, default);
                break;
            case LogRecordType.SetDatabaseVersion:
                SetVersion(database, record.Body<DatabaseVersionChange>());
                break;
            case LogRecordType.CreateDatabaseFinish:
                if (database.Header.State == DatabaseState.JustCreated)
                    database.FinishCreation();
                break;
            case LogRecordType.ReattachDatabase:
                database.HeaderWriter.Reattach = record.Position;
                database.HeaderWriter.ReattachTime = now;
                break;
            case LogRecordType.Backup2:
                database.HeaderWriter.MarkBackup(record.AsBackup().Step);
                break;
        }
    }

    // Never a format that this library does not know, whatever the record says.
    private static void SetVersion(RecoveringFile database, in DatabaseVersionChange change)
    {
        var version = new FormatVersion(change.Major, change.UpdateMajor, change.UpdateMinor);
        if (change.Major != FormatVersion.CurrentMain || !version.IsReadableBy(FormatVersion.Newest))
        {
            throw new EseException(EseError.InvalidDatabaseVersion,
                $"'{database.Path}' becomes one of format {version}, which is not known");
        }

        if (version > database.Header.Version)
            database.HeaderWriter.Version = version;
        database.FollowVersion();
    }
}
