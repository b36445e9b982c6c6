namespace PipelineBackup.Ese;

/// <summary>What the records of one log say of its databases: which are attached at its end.</summary>
internal static class AttachTrail
{
    /// <summary>Whether a log holds the mark with which undo begins.</summary>
    /// <param name="log">The log, scanned and sound.</param>
    public static bool HasUndo(LogFileEntry log)
    {
        using var reader = log.OpenRecords();
        while (reader.TryRead(out var record))
        {
            if (record.Type is LogRecordType.RecoveryUndo or LogRecordType.RecoveryUndo2)
                return true;
        }

        return false;
    }

    /// <summary>Paths of the databases that are attached behind the last record of a log, as it was logged.</summary>
    /// <param name="log">The log, scanned.</param>
    /// <exception cref="EseException">−501: its records cannot be read.</exception>
    public static IReadOnlyList<string> AtEnd(LogFileEntry log)
    {
        using var reader = log.OpenRecords();
        var attached = reader.Header.Attached.ToDictionary(database => database.Slot, database => database.Path);
        while (reader.TryRead(out var record))
        {
            switch (record.Type)
            {
                case LogRecordType.CreateDatabase:
                    var created = record.AsCreateDatabase();
                    attached[created.Creation.Database] = created.Path;
                    break;
                case LogRecordType.AttachDatabase:
                    var attachment = record.AsAttachDatabase();
                    attached[attachment.Attachment.Database] = attachment.Path;
                    break;
                case LogRecordType.DetachDatabase:
                    attached.Remove(record.AsDetachDatabase().Database);
                    break;
                case LogRecordType.Init or LogRecordType.Init2:
                    attached.Clear();
                    break;
                default:
                    if (record.IsClosing && record.Type != LogRecordType.RecoveryQuitKeepAttachments)
                        attached.Clear();
                    break;
            }
        }

        return [.. attached.Values];
    }
}
