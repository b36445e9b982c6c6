namespace PipelineBackup.Ese;

/// <summary>
/// A database of a backup set before its logs are replayed: judged by header and trailer page, then prepared, which
/// merges the trailer into the header.
/// </summary>
/// <remarks>
/// <code>
///   copy (genHigh 0, trailer) ──Prepare──► prepared (genHigh set, trailer zero) ──replay──► clean
/// </code>
/// A prepared one may be prepared again: whoever was interrupted starts anew with the same databases.
/// </remarks>
internal sealed class BackupImage
{
    private readonly DatabaseHeader _header;
    private readonly PatchTrailer? _trailer;

    private BackupImage(string path, HeaderPair headers, PatchTrailer? trailer) =>
        (Path, PageSize, Copies, _header, _trailer) = (path, headers.PageSize, headers.Copies, headers.Header!, trailer);

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Its page size.</summary>
    public PageSize PageSize { get; }

    /// <summary>Which copies of its header are whole.</summary>
    public HeaderCopies Copies { get; }

    /// <summary>Its identity.</summary>
    public Signature Signature => _header.Signature;

    /// <summary>Identity of its log stream.</summary>
    public Signature LogSignature => _header.LogSignature;

    /// <summary>Whether an earlier recovery made it clean.</summary>
    public bool IsClean => !_header.IsUnrestoredCopy && _header.State == DatabaseState.CleanShutdown;

    /// <summary>Where it was made clean.</summary>
    public LogPosition Consistent => _header.Consistent;

    /// <summary>The first log that it needs.</summary>
    public LogGeneration Low => Least(_header.CurrentFull.LowGeneration, _header.MinRequired, TrailerMin);

    /// <summary>The last log of the set that it needs.</summary>
    /// <remarks>
    /// Of a prepared one the header may name later logs: those that an interrupted replay reached, or its undo wrote.
    /// They are no part of the set, and replay finds them, or their lack, where it found them before.
    /// </remarks>
    public LogGeneration High => IsPrepared ? _header.CurrentFull.HighGeneration : Most(_header.MaxRequired,
        _trailer is null ? default : Most(_trailer.MaxRequired, _trailer.Backup.HighGeneration));

    private bool IsPrepared => _header.IsUnrestoredCopy && !_header.NeedsTrailer;

    /// <summary>What it needs of the logs, for the judge of the logs.</summary>
    public RequiredLogs Required
    {
        get
        {
            if (IsClean)
                return default;
            bool fromTrailer = _trailer is not null && _trailer.MaxRequired >= _header.MaxRequired;
            var named = fromTrailer ? _trailer!.MaxRequired : _header.MaxRequired;
            var time = fromTrailer ? _trailer!.MaxRequiredTime : _header.MaxRequiredTime;
            // The trailer knows no time for the last log that the copy needs, unless pages were bound to it.
            return new(Low, High, Most(High, _header.MaxCommitted), High == named ? time : default);
        }
    }

    private LogGeneration TrailerMin => _trailer?.MinRequired ?? default;

    /// <summary>Reads and judges a database.</summary>
    /// <param name="disk">The disk it is on.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="EseException">
    /// −1811 there is no such file; −1206 it is no database, or damaged; −615 no copy of a backup; −535 its trailer page
    /// is missing or damaged; −552 the trailer is not its own; the errors of <see cref="DatabaseHeader.Judge"/> for
    /// states and versions that cannot be recovered.
    /// </exception>
    public static BackupImage Open(IDisk disk, string path)
    {
        if (!disk.FileExists(path))
        {
            throw new EseException(EseError.FileNotFound, $"the database '{path}' is missing",
                "copy it from the backup, or leave it out of the restore");
        }

        using var file = disk.Open(path, DiskAccess.Read);
        var headers = HeaderPair.Read(file);
        if (headers.Header is not { } header)
        {
            throw new EseException(EseError.DatabaseCorrupted,
                $"'{path}': both copies of the database header are damaged",
                "restore the file from another copy of the backup");
        }

        // Judged a success it is clean: then it may be the work of an earlier recovery.
        if (!header.IsUnrestoredCopy && header.Judge() == EseError.Success)
            return new(path, headers, null);
        DemandImage(path, header);
        var trailer = header.NeedsTrailer ? PatchTrailer.Read(file, headers.PageSize) : null;
        if (trailer is not null && trailer.Judge(header) is not EseError.Success and var fault)
            throw NoTrailer(path, fault);
        return new(path, headers, trailer);
    }

    /// <summary>Finds whether the logs that were given suffice.</summary>
    /// <param name="low">The lowest generation that was given.</param>
    /// <param name="high">The highest generation that was given.</param>
    /// <exception cref="EseException">
    /// −554 they begin too late; −543 they end before what the header names; −553 before what the trailer names.
    /// </exception>
    public void DemandRange(LogGeneration low, LogGeneration high)
    {
        if (low > Low)
        {
            throw new EseException(EseError.StartingRestoreLogTooHigh,
                $"the logs begin with generation {low}, '{Path}' needs them from generation {Low}",
                $"give the logs of the backup from generation {Low} on");
        }

        if (high >= High)
            return;
        // Below the header's own need the engine notices at the end; between that and the trailer's it never does.
        var error = high < _header.MaxRequired
            ? EseError.RequiredLogFilesMissing
            : EseError.EndingRestoreLogTooLow;
        throw new EseException(error,
            $"the logs of the backup end with generation {high}, '{Path}' needs them up to generation {High}",
            $"give the logs of the backup up to generation {High}; a directory of later logs may be one of them");
    }

    /// <summary>Makes both copies of the header the one that counts: a crash may have come between the two.</summary>
    /// <param name="disk">The disk it is on.</param>
    public void MatchCopies(IDisk disk)
    {
        if (Copies == HeaderCopies.Identical)
            return;
        using var file = disk.Open(Path, DiskAccess.ReadWrite);
        new DatabaseHeaderWriter(_header).Write(file);
    }

    /// <summary>Rewrites the header for the restore and fills the trailer page with zeros.</summary>
    /// <param name="disk">The disk it is on.</param>
    /// <param name="high">The last generation of the set, which is mandatory from now on.</param>
    public void Prepare(IDisk disk, LogGeneration high)
    {
        var header = new DatabaseHeaderWriter(_header);
        if (_trailer is not null)
            header.Merge(_trailer);
        header.PrepareRestore(high);
        using var file = disk.Open(Path, DiskAccess.ReadWrite);
        header.Write(file);
        // Only now: until the header carries what it says, a restore that starts again needs the trailer.
        var last = PatchTrailer.Read(file, PageSize);
        if (last.IsIntact && last.Signature == Signature && last.LogSignature == LogSignature)
            file.Write(new byte[PageSize.Bytes], file.Length - PageSize.Bytes);
        file.Flush();
    }

    private static void DemandImage(string path, DatabaseHeader header)
    {
        var error = header.Judge();
        if (error is EseError.InvalidDatabaseVersion or EseError.DatabaseIncompleteIncrementalReseed
            or EseError.DatabaseIncompleteRevert or EseError.DatabaseConversionInProgress)
        {
            throw new EseException(error,
                $"'{path}' cannot be recovered: its state is {header.State}, its version {header.Version}",
                "restore another backup");
        }

        if (!header.IsUnrestoredCopy)
        {
            throw new EseException(EseError.RestoreOfNonBackupDatabase, $"'{path}' is no copy of a streaming backup",
                "recover it with its own logs, without --hard");
        }
    }

    private static EseException NoTrailer(string path, EseError fault) => new(fault, fault == EseError.BadPatchPage
        ? $"'{path}': the trailer page, the last one of a streamed copy, is missing or damaged"
        : $"'{path}': the trailer page belongs to another backup or database",
        "the copy is not whole: take the file from the backup again, or restore another backup");

    private static LogGeneration Least(params ReadOnlySpan<LogGeneration> values)
    {
        var least = LogGeneration.None;
        foreach (var value in values)
        {
            if (value.IsSet && (!least.IsSet || value < least))
                least = value;
        }

        return least;
    }

    private static LogGeneration Most(params ReadOnlySpan<LogGeneration> values)
    {
        var most = LogGeneration.None;
        foreach (var value in values)
            most = value > most ? value : most;
        return most;
    }
}
