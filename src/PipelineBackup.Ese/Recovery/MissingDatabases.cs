namespace PipelineBackup.Ese;

/// <summary>
/// Finds a database that is missing and will be missing at the end of the logs, before any other database is touched:
/// it is attached where redo starts and in the list of the last log, and no record of that log detaches it.
/// </summary>
internal sealed class MissingDatabases(RecoveryOptions options, DatabaseMap map, LogChain chain)
{
    /// <summary>Finds one; null when there is none, or replay has to find out.</summary>
    /// <param name="start">Where redo starts.</param>
    /// <param name="last">The last generation that is replayed.</param>
    public LogFinding? Find(RecoveryStart start, LogGeneration last)
    {
        if (options.IgnoreMissingDatabases || chain.Find(last) is not { Fault: null, Header: { } header } log)
            return null;
        bool isOne = last == start.Position.Generation;
        var missing = (isOne ? start.Attached : header.Attached)
            .Where(entry => start.Attached.Any(first => first.Slot == entry.Slot && first.Attached == entry.Attached))
            .Select(entry => Look(DatabasePlace.From(entry, chain.Signature)))
            .OfType<DatabasePlace>().DistinctBy(place => place.Slot).ToDictionary(place => place.Slot);
        if (missing.Count > 0)
            LeaveOutChanged(log, missing);
        if (missing.Count == 0)
            return null;
        var one = missing.MinBy(pair => pair.Key).Value;
        var failure = AttachedDatabases.Missing(one);
        return new(failure.Error, default, Path.GetFileName(one.Path), failure.Message, failure.Hint);
    }

    private DatabasePlace? Look(DatabasePlace place)
    {
        if (map.Find(place.LoggedPath, place.Logged.Database) is not { } path)
            return null;
        var found = DatabaseHead.Read(options.Disk, path).Found;
        return found is FoundFile.Missing or FoundFile.NoPlace
            ? place with { Path = path, Verdict = AttachJudge.Judge(place.Logged, default, found, null) }
            : null;
    }

    private static void LeaveOutChanged(LogFileEntry log, Dictionary<byte, DatabasePlace> missing)
    {
        try
        {
            using var reader = log.OpenRecords();
            while (missing.Count > 0 && reader.TryRead(out var record))
            {
                if (record.IsClosing && record.Type != LogRecordType.RecoveryQuitKeepAttachments)
                    missing.Clear();
                else if (record.Type == LogRecordType.DetachDatabase)
                    missing.Remove(record.AsDetachDatabase().Database);
                else if (record.Type == LogRecordType.CreateDatabase)
                    missing.Remove(record.AsCreateDatabase().Creation.Database);
                else if (record.Type == LogRecordType.AttachDatabase)
                    missing.Remove(record.AsAttachDatabase().Attachment.Database);
            }
        }
        catch (EseException)
        {
            // Damage is for replay to tell.
            missing.Clear();
        }
    }
}
