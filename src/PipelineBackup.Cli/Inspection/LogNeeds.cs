using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Inspection;

/// <summary>A database as far as the logs beside it are concerned.</summary>
/// <param name="Name">Name of the file.</param>
/// <param name="Header">The header that counts; null when none can be read.</param>
/// <param name="Required">Which logs it needs; nothing for a clean database.</param>
/// <param name="Fault">Why it cannot be recovered whatever the logs; null when it can.</param>
internal sealed record LogNeeds(string Name, DatabaseHeader? Header, RequiredLogs Required, LogFinding? Fault)
{
    /// <summary>Whether it is a streamed copy that must be restored, not recovered.</summary>
    public bool IsStreamedCopy => Header is { IsUnrestoredCopy: true };

    /// <summary>Reads what a database needs.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static LogNeeds Read(string path)
    {
        string name = Path.GetFileName(path);
        using var file = EseFile.Open(path);
        var headers = HeaderPair.Read(file);
        if (headers.Header is not { } header)
        {
            var unreadable = new LogFinding(headers.Judge(), default, name,
                "both copies of the database header are damaged", "restore the file from a backup");
            return new(name, null, default, unreadable);
        }

        if (!header.NeedsRecovery)
            return new(name, header, default, null);
        if (!header.IsUnrestoredCopy)
        {
            var required = new RequiredLogs(header.MinRequired, header.MaxRequired, header.MaxCommitted,
                header.MaxRequiredTime, header.MaxCommittedTime);
            return new(name, header, required, null);
        }

        var trailer = header.NeedsTrailer ? PatchTrailer.Read(file, headers.PageSize) : null;
        var error = trailer?.Judge(header) ?? EseError.Success;
        if (error == EseError.Success)
            return new(name, header, OfCopy(header, trailer), null);
        var fault = new LogFinding(error, default, name,
            "the trailer page of the streamed copy is missing or damaged", "restore from another backup");
        return new(name, header, OfCopy(header, null), fault);
    }

    // What header and trailer say together; the time of a log counts only for the log that was chosen.
    private static RequiredLogs OfCopy(DatabaseHeader header, PatchTrailer? trailer)
    {
        var max = header.MaxRequired;
        var maxTime = header.MaxRequiredTime;
        if (trailer is not null && trailer.MaxRequired >= max)
            (max, maxTime) = (trailer.MaxRequired, trailer.MaxRequiredTime);
        if (trailer is not null && trailer.Backup.HighGeneration > max)
            (max, maxTime) = (trailer.Backup.HighGeneration, default);
        var committed = header.MaxCommitted;
        var committedTime = header.MaxCommittedTime;
        if (trailer is not null && trailer.MaxCommitted >= committed)
            (committed, committedTime) = (trailer.MaxCommitted, trailer.MaxCommittedTime);
        return new(header.CurrentFull.LowGeneration, max, committed, maxTime, committedTime);
    }
}
