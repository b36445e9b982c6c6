namespace PipelineBackup.Engine;

/// <summary>A restore from a directory that a backup was made to.</summary>
/// <remarks>
/// <code>
///   judged: marks, logs, ranges ─► databases copied beside their places ─► put there ─► replay, undo
///   nothing was changed when it is refused here                          │ from here on a failure needs a new restore
/// </code>
/// </remarks>
/// <param name="engine">The options of the engine that it is restored for.</param>
/// <param name="path">The directory as it was given.</param>
/// <param name="destination">Where the databases go; null for where they were.</param>
/// <param name="progress">Takes the progress of the replay; null for nobody.</param>
internal sealed class DirectoryRestore(
    EngineOptions engine, string path, string? destination, IProgress<RecoveryProgress>? progress)
{
    private const int CopyBytes = 1 << 20;
    private const string CopyExtension = ".restoring";

    /// <summary>Restores.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="EseException">It failed.</exception>
    public RecoveryReport Run(CancellationToken cancellationToken)
    {
        var set = Guard(() => Open());
        Tell(EngineEvent.RestoreBegins, EngineEventLevel.Information,
            $"a restore begins: logs in '{set.Path}', then those in '{engine.LogDirectory}'");
        try
        {
            return Guard(() => Run(set, cancellationToken));
        }
        catch (EseException failure)
        {
            Tell(EngineEvent.RecoveryFailed, EngineEventLevel.Error, $"the restore failed: {failure.Message}");
            throw;
        }
        finally
        {
            Tell(EngineEvent.RestoreEnds, EngineEventLevel.Information, "the restore has ended");
        }
    }

    private RecoveryReport Run(LegacyBackupDirectory set, CancellationToken cancellationToken)
    {
        var places = Places(set);
        var recovery = new HardRecoveryOptions
        {
            BaseName = engine.BaseName,
            LogDirectory = engine.LogDirectory,
            CheckpointDirectory = engine.CheckpointDirectory,
            BackupLogDirectories = [set.Path],
            OnlyMapped = true,
            Disk = engine.Disk,
            Time = engine.Time,
            Progress = progress,
        };

        // On the files of the backup: so a database that is replaced is not lost to a set that cannot be restored.
        var sources = places.Select(place => place.Map with { Path = place.Source });
        RestoreScheme.Make(recovery with { Map = [.. sources] }, cancellationToken);
        try
        {
            foreach (var (source, map) in places)
                Copy(source, map.Path + CopyExtension, cancellationToken);
            foreach (var (_, map) in places)
                Replace(map.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            DropCopies(places);
            throw;
        }

        return new HardRecovery(recovery with { Map = [.. places.Select(place => place.Map)] }).Run(cancellationToken);
    }

    private LegacyBackupDirectory Open()
    {
        engine.RequireDirectory(engine.LogDirectory);
        engine.RequireDirectory(engine.CheckpointPlace);
        if (destination is not null)
            engine.RequireDirectory(destination);
        var set = LegacyBackupDirectory.Open(engine.Disk, Full(path));
        if (!set.BaseName.Equals(engine.BaseName, StringComparison.OrdinalIgnoreCase))
        {
            throw new EseException(EseError.FileNotFound,
                $"there is no log '{engine.BaseName}' in '{set.Path}': they are called '{set.BaseName}'",
                $"restore with an engine whose logs are called '{set.BaseName}'");
        }

        RequireElsewhere(set, engine.LogDirectory);
        RequireElsewhere(set, engine.CheckpointPlace);
        return set;
    }

    private List<(string Source, DatabaseMapping Map)> Places(LegacyBackupDirectory set)
    {
        var known = Known(set);
        var elsewhere = new DatabaseMap(
            new() { BaseName = engine.BaseName, LogDirectory = engine.LogDirectory, Map = engine.Map });
        var places = new List<(string, DatabaseMapping)>();
        foreach (string source in set.Databases)
        {
            string name = Path.GetFileName(source);
            var signature = DatabaseHead.Read(engine.Disk, source).Pair?.Header?.Signature ?? default;
            string logged = known.Find(one => one.Signature == signature).Path
                ?? known.Find(one => DatabaseMap.NameOf(one.Path).Equals(name, StringComparison.OrdinalIgnoreCase)).Path
                ?? name;
            string? place = destination is not null
                ? Path.Combine(Full(destination), name)
                : elsewhere.Find(logged, signature);
            if (string.IsNullOrEmpty(place) || Path.GetDirectoryName(Full(place)) is not { } folder)
            {
                throw new EseException(EseError.InvalidPath, $"'{name}' was at '{logged}', which is no place here",
                    "name the directory that the databases go to");
            }

            engine.RequireDirectory(folder);
            RequireElsewhere(set, folder);
            places.Add((source, new(logged, place)));
        }

        return places;
    }

    // Where databases were, as the logs tell it: in their headers, and in the records of the last one.
    private List<(string Path, Signature Signature)> Known(LegacyBackupDirectory set)
    {
        var logs = LogChain.Open(engine.Disk, set.Path, set.BaseName);
        List<(string Path, Signature Signature)> known =
        [
            .. logs.Generations.SelectMany(log => log.Header?.Attached ?? [])
                .Select(database => (database.Path, database.Signature)),
        ];
        if (logs.Generations is [.., { Fault: null } last] && last.EnsureScan() is { IsGood: true })
            known.AddRange(AttachTrail.AtEnd(last).Select(logged => (logged, default(Signature))));
        return known;
    }

    // By its marks: names of one directory may differ.
    private void RequireElsewhere(LegacyBackupDirectory set, string directory)
    {
        foreach (string database in set.Databases)
        {
            string mark = Path.Combine(directory, Path.GetFileName(Path.ChangeExtension(database, ".pat")));
            if (engine.Disk.DirectoryExists(directory) && engine.Disk.FileExists(mark))
            {
                throw new EseException(EseError.InvalidParameter,
                    $"'{directory}' is a backup itself: '{mark}' is in it", "restore to another directory");
            }
        }
    }

    private void Copy(string from, string to, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[CopyBytes];
        engine.Disk.Delete(to);
        using var source = engine.Disk.Open(from, DiskAccess.Read);
        using var copy = engine.Disk.Open(to, DiskAccess.CreateNew);
        long at = 0;
        for (int read; (read = source.Read(buffer, at)) > 0; at += read)
        {
            cancellationToken.ThrowIfCancellationRequested();
            copy.Write(buffer.AsSpan(0, read), at);
        }

        copy.Flush();
    }

    private void Replace(string place)
    {
        engine.Disk.Delete(place);
        engine.Disk.Rename(place + CopyExtension, place);
        engine.Disk.FlushDirectory(Path.GetDirectoryName(Full(place))!);
    }

    private void DropCopies(List<(string Source, DatabaseMapping Map)> places)
    {
        foreach (var (_, map) in places)
        {
            try
            {
                engine.Disk.Delete(map.Path + CopyExtension);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The failure that led here is the one to tell; the next restore writes over it.
            }
        }
    }

    private T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var otherwise = e is UnauthorizedAccessException ? EseError.AccessDenied : EseError.DiskIO;
            throw new EseException(DiskFailure.Of(e, otherwise), $"'{path}' cannot be restored: {e.Message}",
                "restore it anew when that is mended");
        }
    }

    private static string Full(string path)
    {
        try
        {
            return Path.GetFullPath(path);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or PathTooLongException)
        {
            throw new EseException(EseError.InvalidPath, $"'{path}' is no path: {e.Message}");
        }
    }

    private void Tell(int id, EngineEventLevel level, string message) =>
        EngineEvent.Tell(engine.Events, id, level, message);
}
