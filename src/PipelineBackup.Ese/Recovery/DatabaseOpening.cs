namespace PipelineBackup.Ese;

/// <summary>Opens or makes the file of a database that replay has come to, and brings its header up to that.</summary>
internal static class DatabaseOpening
{
    /// <summary>Opens the file of a database that was judged to be the right one.</summary>
    /// <param name="place">What the logs say, and the judgement.</param>
    /// <param name="header">Its header.</param>
    /// <param name="setup">What recovery is for.</param>
    /// <param name="surroundings">What it takes from the run.</param>
    /// <param name="generation">The generation that is replayed.</param>
    /// <param name="created">When that was made.</param>
    /// <exception cref="EseException">−535, −552: its trailer page is damaged or of another backup.</exception>
    public static RecoveringFile Open(
        DatabasePlace place, DatabaseHeader header, RecoverySetup setup, DatabaseSurroundings surroundings,
        LogGeneration generation, LogTime created)
    {
        var file = surroundings.Disk.Open(place.Path, DiskAccess.ReadWrite);
        try
        {
            var writer = new DatabaseHeaderWriter(header);
            if (place.Verdict.NeedsTrailer)
                MergeTrailer(file, writer, surroundings.PageSize);
            bool isClean = writer.State == DatabaseState.CleanShutdown;
            var futureUntil = isClean ? default : writer.MaxRequired;
            BringUp(writer, place, setup, surroundings, generation, created);
            return new(place, file, writer, futureUntil, surroundings);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Makes the file of a database that the logs create.</summary>
    /// <param name="place">What the logs say.</param>
    /// <param name="createVersion">Version of the creating.</param>
    /// <param name="setup">What recovery is for.</param>
    /// <param name="surroundings">What it takes from the run.</param>
    /// <param name="generation">The generation that is replayed.</param>
    /// <exception cref="EseException">−1225: its first pages are not in the log.</exception>
    public static RecoveringFile Create(
        DatabasePlace place, int createVersion, RecoverySetup setup, DatabaseSurroundings surroundings,
        LogGeneration generation)
    {
        if (createVersion != 2)
        {
            throw new EseException(EseError.InvalidCreateDbVersion,
                $"'{place.LoggedPath}' is created at {place.Logged.Attach} in a way that leaves its first pages out of "
                    + "the log", AttachHints.For(EseError.InvalidCreateDbVersion));
        }

        var disk = surroundings.Disk;
        disk.Delete(place.Path);
        var file = disk.Open(place.Path, DiskAccess.CreateNew);
        try
        {
            // Other formats say so in a record that follows.
            var writer = DatabaseHeaderWriter.Create(surroundings.PageSize, new(FormatVersion.CurrentMain, 20, 0),
                place.Logged.Database, setup.Stream, place.Slot);
            writer.AttachAt(
                place.Logged.Attach, setup.Stream, place.Slot, Now(surroundings), keepBackups: true);
            writer.Recovering = generation;
            // So that whoever comes after a crash knows that it is not finished.
            writer.WriteFirst(file);
            disk.FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(place.Path))!);
            return new(place, file, writer, default, surroundings);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Makes both copies of a header the one that counts: a crash may have come between the two.</summary>
    /// <param name="path">The database, which nothing else is done with.</param>
    /// <param name="header">The copy that counts.</param>
    /// <param name="surroundings">The disk.</param>
    public static void MatchCopies(string path, DatabaseHeader header, DatabaseSurroundings surroundings)
    {
        using var file = surroundings.Disk.Open(path, DiskAccess.ReadWrite);
        new DatabaseHeaderWriter(header).Write(file);
    }

    private static void BringUp(
        DatabaseHeaderWriter writer, DatabasePlace place, RecoverySetup setup, DatabaseSurroundings surroundings,
        LogGeneration generation, LogTime created)
    {
        if (place.Verdict.GoesBack)
            (writer.Attach, writer.Consistent) = (place.Logged.Attach, place.Logged.Consistent);
        if (place.Verdict.Decision == AttachDecision.NowAnew)
        {
            writer.AttachAt(place.Logged.Attach, setup.Stream, place.Slot, Now(surroundings),
                keepBackups: setup.IsHard || writer.Header.IsUnrestoredCopy);
        }

        if (writer.State is not (DatabaseState.DirtyShutdown or DatabaseState.DirtyAndPatchedShutdown))
            writer.SetState(DatabaseState.DirtyShutdown, generation, generation, created);
        else if (writer.MinRequired > generation)
        {
            // Replay begins earlier than the header knew, and whoever goes on after a crash must too.
            if (!writer.MinRequiredBeforeRedo.IsSet)
            {
                (writer.MinRequiredBeforeRedo, writer.MinConsistentBeforeRedo) =
                    (writer.MinRequired, writer.MinConsistent);
            }

            writer.MinRequired = writer.MinConsistent = generation;
        }

        writer.Recovering = generation;
        if (setup.IsHard && writer.CurrentFull.LowGeneration.IsSet)
        {
            writer.CurrentFull = writer.CurrentFull with
            {
                LowGeneration = setup.RestoreLow,
                HighGeneration = setup.RestoreHigh,
            };
        }
    }

    // The header first: until it carries what the trailer says, the trailer is needed.
    private static void MergeTrailer(IDiskFile file, DatabaseHeaderWriter writer, PageSize pageSize)
    {
        writer.Merge(PatchTrailer.Read(file, pageSize));
        writer.Write(file);
        file.Write(new byte[pageSize.Bytes], file.Length - pageSize.Bytes);
        file.Flush();
    }

    private static LogTime Now(DatabaseSurroundings surroundings) =>
        LogTime.From(surroundings.Clock.GetUtcNow());
}
