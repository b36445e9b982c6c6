namespace PipelineBackup.Ese;

/// <summary>
/// Decides whether the file at the path of a database is the one that the logs mean, and is at the place in its life
/// that replay has come to.
/// </summary>
/// <remarks>
/// <code>
///                      the file at the path
///   missing, unfinished ─► defer (a creating record: create it; but never over a file that is no database)
///   of another stream ─► the one that this attaching took over: now; else defer
///   of this stream
///     consistent where the logs say, or never  ─► by the position of its last attaching:
///          the same: now    older: now, if a record attaches it, else −1216    newer: defer, it comes later
///     consistent later than the logs are yet    ─► defer, it comes later
///     consistent elsewhere                      ─► −551, or defer when it is another database
///   now, but replay began behind what it needs  ─► −543
///   now, but a streamed copy, not restored      ─► −544, or merge its trailer page
/// </code>
/// A deferred database that no later record attaches is missing at the end: −1216, unless it comes later.
/// </remarks>
internal static class AttachJudge
{
    /// <summary>Judges.</summary>
    /// <param name="logged">What the logs say.</param>
    /// <param name="scene">Where replay is.</param>
    /// <param name="found">What is at the path.</param>
    /// <param name="pair">The headers, when they can be read.</param>
    public static AttachVerdict Judge(in LoggedAttach logged, in AttachScene scene, FoundFile found, HeaderPair? pair)
    {
        if (JudgeFile(logged, found) is { } early)
            return early;
        if (pair?.Header is not { } header)
            return JudgeFile(logged, FoundFile.Damaged)!.Value;
        var verdict = JudgeState(logged, scene, header, pair.PageSize)
            ?? (logged.Origin == AttachOrigin.Created
                ? JudgeCreated(logged, scene, header)
                : JudgeAttached(logged, scene, header));
        return verdict.Decision is AttachDecision.Now or AttachDecision.NowAnew
            ? JudgeReadiness(verdict, scene, header)
            : verdict;
    }

    private static AttachVerdict? JudgeFile(in LoggedAttach logged, FoundFile found)
    {
        bool created = logged.Origin == AttachOrigin.Created;
        return found switch
        {
            FoundFile.Missing when created => new(AttachDecision.Recreate, "the file is missing"),
            FoundFile.Missing => Defer("the file is missing"),
            FoundFile.NoPlace => Defer("there is no such folder"),
            FoundFile.Denied => Defer("the file may not be opened") with { IsDenied = true },
            FoundFile.Damaged when created => new(AttachDecision.Recreate, "both headers are damaged"),
            FoundFile.Damaged => Fail(EseError.ReadVerifyFailure, "both copies of the database header are damaged"),
            // Whoever wrote the log must not have us overwrite whatever they like.
            FoundFile.Alien => Fail(EseError.ReadVerifyFailure, "the file is no database"),
            FoundFile.Taken => Fail(EseError.DatabaseDuplicate, "another database of the logs is at the same path"),
            _ => null,
        };
    }

    private static AttachVerdict? JudgeState(
        in LoggedAttach logged, in AttachScene scene, DatabaseHeader header, PageSize pageSize)
    {
        bool created = logged.Origin == AttachOrigin.Created;
        if (header.Magic != DatabaseHeader.ExpectedMagic || header.Version.Main != FormatVersion.CurrentMain
            || !header.Version.IsReadableBy(FormatVersion.Newest))
            return Fail(EseError.InvalidDatabaseVersion, $"format {header.Version} is not known");
        if (pageSize != scene.PageSize)
            return Fail(EseError.PageSizeMismatch, $"pages have {pageSize.Bytes} bytes, the logs are for {scene.PageSize.Bytes}");
        return header.State switch
        {
            DatabaseState.DirtyShutdown or DatabaseState.CleanShutdown or DatabaseState.DirtyAndPatchedShutdown => null,
            DatabaseState.JustCreated when created => new(AttachDecision.Recreate, "its creation was not finished"),
            DatabaseState.JustCreated => Defer("its creation was not finished"),
            DatabaseState.IncrementalReseedInProgress => Fail(
                EseError.DatabaseIncompleteIncrementalReseed, "pages of it were being replaced"),
            DatabaseState.RevertInProgress => Fail(EseError.DatabaseIncompleteRevert, "it was being reverted"),
            _ when created => new(AttachDecision.Recreate, $"its state is {header.State}"),
            _ => Fail(EseError.DatabaseCorrupted, $"its state is {header.State}"),
        };
    }

    private static AttachVerdict JudgeAttached(in LoggedAttach logged, in AttachScene scene, DatabaseHeader header)
    {
        var consistent = header.Consistent;
        var attach = header.Attach;
        bool goesBack = false;
        if (header.State == DatabaseState.DirtyAndPatchedShutdown && header.Signature == logged.Database
            && header.LogSignature == scene.Stream)
        {
            if (!header.MinRequired.IsSet || !attach.IsSet)
                return Fail(EseError.DatabaseCorrupted, "pages were replaced, but no log is said to be needed");
            goesBack = header.MinRequired >= logged.Attach.Generation && header.MinRequired <= attach.Generation
                && attach >= logged.Attach;
            if (goesBack)
                (attach, consistent) = (logged.Attach, logged.Consistent);
        }

        if (header.LogSignature != scene.Stream)
            return JudgeTakenOver(logged, header);
        var verdict = JudgeSameStream(logged, scene, header, consistent, attach);
        return verdict with { GoesBack = goesBack && verdict.Decision == AttachDecision.Now };
    }

    private static AttachVerdict JudgeTakenOver(in LoggedAttach logged, DatabaseHeader header)
    {
        if (header.LogSignature != logged.Stream)
            return Defer("it belongs to another log stream");
        if (header.Signature != logged.Database)
            return Defer("it is another database");
        return header.Consistent == logged.Consistent || header.Consistent == logged.ConsistentHere
            ? new(AttachDecision.NowAnew)
            : Fail(EseError.ConsistentTimeMismatch,
                $"it is consistent at {header.Consistent}, the logs take it over at {logged.Consistent}");
    }

    private static AttachVerdict JudgeSameStream(
        in LoggedAttach logged, in AttachScene scene, DatabaseHeader header, LogPosition consistent, LogPosition attach)
    {
        var expected = logged.ConsistentHere;
        if (consistent == expected || !consistent.IsSet || header.LogSignature != logged.Stream)
            return JudgeAttachTime(logged, header, attach);
        if (consistent > expected && (logged.Origin == AttachOrigin.List || consistent > scene.Redo))
            return Ahead($"it was detached later, at {consistent}");
        return header.Signature == logged.Database
            ? Fail(EseError.ConsistentTimeMismatch, $"it is consistent at {consistent}, the logs need it at {expected}")
            : Defer("it is another database");
    }

    private static AttachVerdict JudgeAttachTime(in LoggedAttach logged, DatabaseHeader header, LogPosition attach)
    {
        if (header.Signature != logged.Database)
            return Defer("it is another database");
        if (attach == logged.Attach)
            return new(AttachDecision.Now);
        if (attach > logged.Attach)
            return Ahead($"it was attached later, at {attach}");
        return logged.Origin == AttachOrigin.Attached && header.LogSignature == logged.Stream
            ? new(AttachDecision.NowAnew)
            : Fail(EseError.AttachedDatabaseMismatch,
                $"it was attached last at {attach}, the logs go on from {logged.Attach}");
    }

    private static AttachVerdict JudgeCreated(in LoggedAttach logged, in AttachScene scene, DatabaseHeader header)
    {
        if (header.LogSignature != scene.Stream)
            return Defer("it belongs to another log stream");
        if (header.Attach > logged.Attach)
            return Ahead($"it was attached later, at {header.Attach}");
        if (header.Attach < logged.Attach)
            return Defer("a database that was created earlier is at its path");
        return header.Signature == logged.Database && header.Consistent >= header.Attach
            ? Ahead($"it was detached later, at {header.Consistent}")
            : new(AttachDecision.Now);
    }

    private static AttachVerdict JudgeReadiness(AttachVerdict verdict, in AttachScene scene, DatabaseHeader header)
    {
        var replayed = scene.Redo.Generation;
        if (header.MinRequired.IsSet && header.MinRequired < replayed
            && header.State != DatabaseState.DirtyAndPatchedShutdown)
        {
            return Fail(EseError.RequiredLogFilesMissing,
                $"it needs the logs from generation {header.MinRequired} on, replay begins with {replayed}");
        }

        if (scene.IsHard || !header.NeedsTrailer)
            return verdict;
        return scene.AllowBackupImages
            ? verdict with { NeedsTrailer = true }
            : Fail(EseError.SoftRecoveryOnBackupDatabase, "it is a backup copy that was not restored");
    }

    private static AttachVerdict Defer(string reason) => new(AttachDecision.Defer, reason);

    private static AttachVerdict Ahead(string reason) => Defer(reason) with { IsAhead = true };

    private static AttachVerdict Fail(EseError error, string reason) => new(AttachDecision.Fail, reason, error);
}
