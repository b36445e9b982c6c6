namespace PipelineBackup.Ese;

// What the life of a database does to several fields at once.
internal sealed partial class DatabaseHeaderWriter
{
    /// <summary>The header of a database that is being made: everything zero but its identity and format.</summary>
    /// <param name="pageSize">Page size.</param>
    /// <param name="version">Format.</param>
    /// <param name="signature">Its identity.</param>
    /// <param name="stream">Identity of its log stream.</param>
    /// <param name="slot">Its number in log records.</param>
    public static DatabaseHeaderWriter Create(
        PageSize pageSize, FormatVersion version, Signature signature, Signature stream, byte slot)
    {
        var made = new DatabaseHeaderWriter(new byte[pageSize.Bytes])
        {
            Version = version, State = DatabaseState.JustCreated, DatabaseId = slot, LogSignature = stream,
            DbTime = new(0x40),
        };
        made.Put(4, DatabaseHeader.ExpectedMagic);
        made.Put(236, (uint)pageSize.Bytes);
        signature.Write(made._page.AsSpan(24));
        // All formats that begin as 1568.20 name that as the one they were made with.
        made.Put(340, FormatVersion.CurrentMain);
        made.Put(344, 20);
        made.Put(667, (uint)FileType.Database);
        return made;
    }

    /// <summary>Sets the state and the logs that go with it.</summary>
    /// <param name="state">The state; any but dirty forgets what redo lowered.</param>
    /// <param name="min">First log needed; none for a clean database.</param>
    /// <param name="max">Last log needed.</param>
    /// <param name="maxCreated">When that was made; not set where nobody knows.</param>
    public void SetState(
        DatabaseState state, LogGeneration min = default, LogGeneration max = default, LogTime maxCreated = default)
    {
        if (state != DatabaseState.DirtyShutdown)
            MinRequiredBeforeRedo = MinConsistentBeforeRedo = default;
        State = state;
        MinRequired = MinConsistent = min;
        MaxRequired = MaxCommitted = max;
        MaxRequiredTime = MaxCommittedTime = max.IsSet ? maxCreated : default;
    }

    /// <summary>The header names the newest format that who attaches it knows, where the database's format has that.</summary>
    public void NameEngine()
    {
        if (Header.Version.UpdateMinor >= 20)
            Put(648, Math.Max(Header.NewestAttachingEngineFormat, FormatVersion.NewestEngineFormat));
    }

    /// <summary>
    /// The database is attached at a log record. The state stays as it is: a clean or new database is made dirty by
    /// <see cref="SetState"/>.
    /// </summary>
    /// <param name="position">Position of the record.</param>
    /// <param name="stream">Identity of the log stream.</param>
    /// <param name="slot">Its number in log records.</param>
    /// <param name="now">The time.</param>
    /// <param name="keepBackups">Whether it keeps what it knows of its backups.</param>
    public void AttachAt(LogPosition position, Signature stream, byte slot, LogTime now, bool keepBackups)
    {
        bool isForeign = LogSignature != stream;
        if (!keepBackups)
        {
            if (isForeign)
                ForgetPreviousBackups();
            CurrentFull = CurrentSnapshot = default;
        }

        if (isForeign)
        {
            MinRequiredBeforeRedo = MinConsistentBeforeRedo = default;
            Consistent = LastResize = default;
            LogSignature = stream;
        }

        (Recovering, Attach, AttachTime, DatabaseId) = (position.Generation, position, now, slot);
        (Reattach, ReattachTime, Detach, DetachTime) = (default, default, default, default);
        if (KnowsLastResize && position > LastResize)
            LastResize = position;
    }

    /// <summary>The database holds all its data by itself.</summary>
    /// <param name="position">Position of the record that closed it.</param>
    /// <param name="dbTime">The last dbtime.</param>
    /// <param name="lastObject">The last object id.</param>
    /// <param name="now">The time.</param>
    /// <param name="isRestored">Whether a backup set was restored, whose earlier backups are forgotten.</param>
    /// <param name="hadTruncated">Whether the backup that this is a copy of had deleted logs.</param>
    public void Close(
        LogPosition position, DbTime dbTime, ObjectId lastObject, LogTime now, bool isRestored = false,
        bool hadTruncated = false)
    {
        (DbTime, LastObject, Recovering) = (dbTime, lastObject, default);
        if (CurrentFull.LowGeneration != LogGeneration.None)
        {
            if (hadTruncated)
                SetPreviousFull(CurrentFull, BackupInfoType.Streaming);
            CurrentFull = default;
            SetPreviousIncremental(default, default);
        }

        CurrentSnapshot = default;
        if (isRestored)
            ForgetPreviousBackups();
        if (State == DatabaseState.DirtyAndPatchedShutdown)
            MinRequiredBeforeRedo = MinConsistentBeforeRedo = default;
        else
            SetState(DatabaseState.CleanShutdown);
        (Consistent, Detach, ConsistentTime, DetachTime) = (position, position, now, now);
        if (KnowsLastResize)
            LastResize = position;
    }

    /// <summary>
    /// A backup of the database is complete: the header gets its mark, unless it has a later one of the kind. Nothing
    /// when the step is another.
    /// </summary>
    /// <param name="step">What the log says.</param>
    public void MarkBackup(in BackupStep step)
    {
        if (step.Phase != BackupPhase.Update)
            return;
        var type = (BackupInfoType)step.Type;
        switch (step.Scope)
        {
            case BackupStep.Full when Header.PreviousFull.Mark <= step.Info.Mark:
                SetPreviousFull(step.Info, type);
                SetPreviousIncremental(default, default);
                SetPreviousDifferential(default, default);
                break;
            case BackupStep.Incremental when Header.PreviousIncremental.Mark <= step.Info.Mark:
                SetPreviousIncremental(step.Info, type);
                break;
            case BackupStep.Copy when Header.PreviousCopy.Mark <= step.Info.Mark:
                SetPreviousCopy(step.Info, type);
                break;
            case BackupStep.Differential when Header.PreviousDifferential.Mark <= step.Info.Mark:
                SetPreviousDifferential(step.Info, type);
                break;
        }
    }

    /// <summary>The streamed copy is restored with the logs of its set.</summary>
    /// <param name="high">The highest log of the set.</param>
    public void PrepareRestore(LogGeneration high)
    {
        CurrentFull = CurrentFull with { HighGeneration = high };
        // When that log was made is not known as long as only its number is.
        if (high > MaxCommitted)
            (MaxCommitted, MaxCommittedTime) = (high, default);
        if (high > MaxRequired)
            (MaxRequired, MaxRequiredTime) = (high, default);
    }

    /// <summary>The streamed copy takes over what its trailer knows.</summary>
    /// <param name="trailer">The trailer.</param>
    /// <exception cref="EseException">−535, −552: it is no trailer, or not of this copy.</exception>
    public void Merge(PatchTrailer trailer)
    {
        if (trailer.Judge(Header) is not EseError.Success and var error)
            throw new EseException(error, "the trailer of the database copy is damaged or of another copy");
        var high = trailer.Backup.HighGeneration;
        CurrentFull = CurrentFull with { HighGeneration = high };
        if (trailer.MinRequired.IsSet && trailer.MinRequired < MinRequired)
            MinRequired = trailer.MinRequired;
        var (required, requiredTime) = trailer.MaxRequired.IsSet ? (trailer.MaxRequired, trailer.MaxRequiredTime)
            : (high, default);
        var (committed, committedTime) = trailer.MaxCommitted.IsSet ? (trailer.MaxCommitted, trailer.MaxCommittedTime)
            : (high, default);
        if (required > MaxRequired)
            (MaxRequired, MaxRequiredTime) = (required, requiredTime);
        if (committed > MaxCommitted)
            (MaxCommitted, MaxCommittedTime) = (committed, committedTime);
        MinConsistent = MinRequired;
        MinRequiredBeforeRedo = MinConsistentBeforeRedo = default;
    }

    private void ForgetPreviousBackups()
    {
        SetPreviousFull(default, default);
        SetPreviousIncremental(default, default);
        SetPreviousCopy(default, default);
        SetPreviousDifferential(default, default);
    }
}
