using PipelineBackup.Ese;
using PipelineBackup.Format;

namespace PipelineBackup.Restore;

/// <summary>A file that a restore will publish.</summary>
/// <param name="Backup">Which backup of the chain it comes from, 0 being the full one.</param>
/// <param name="File">The file there.</param>
/// <param name="Published">The full path it will have.</param>
internal sealed record PlannedFile(int Backup, FileLine File, string Published);

/// <summary>What a restore will do: which files come from which backup of the chain, and where they go. Made before anything is written.</summary>
internal sealed class RestorePlan
{
    private readonly RestoreOptions _options;
    private readonly string _target;
    private readonly HashSet<string> _usedMaps = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _databasePaths = new(StringComparer.OrdinalIgnoreCase);

    private RestorePlan(IReadOnlyList<StoredBackup> chain, RestoreOptions options)
    {
        Chain = chain;
        _options = options;
        _target = Path.GetFullPath(options.Target);
    }

    /// <summary>The backups, the full one first.</summary>
    public IReadOnlyList<StoredBackup> Chain { get; }

    /// <summary>All files but logs.</summary>
    public List<PlannedFile> Files { get; } = [];

    /// <summary>All logs of the chain, a generation as often as backups hold it.</summary>
    public List<(int Backup, FileLine File)> Logs { get; } = [];

    /// <summary>Whether databases must be recovered before use.</summary>
    public bool NeedsRecovery { get; private set; }

    /// <summary>Whether they are recovered before they are published.</summary>
    public bool Recovers => NeedsRecovery && !_options.SkipRecovery;

    /// <summary>What the restore makes of the databases, for the journal: <c>as it was</c>, or what they are recovered to.</summary>
    public string Goal => !Recovers ? "as it was"
        : FormattableString.Invariant($"recovered to {_options.StopGeneration}/{_options.StopTime?.UtcDateTime:O}/{_options.RollForward}");

    /// <summary>Plain bytes to write.</summary>
    public long Bytes => Files.Sum(file => file.File.Length) + Logs.Sum(log => log.File.Length);

    /// <summary>Directory of the logs.</summary>
    public string LogDirectory => _target;

    /// <summary>Makes the plan.</summary>
    /// <exception cref="BackupException">What is asked cannot be done; nothing was written.</exception>
    public static RestorePlan Make(IReadOnlyList<StoredBackup> chain, RestoreOptions options)
    {
        var plan = new RestorePlan(chain, options);
        var full = chain[0];
        var databases = plan.SelectDatabases(full);
        foreach (var file in databases)
            plan.AddDatabase(file);
        foreach (var file in full.Index.Files.Where(file => !file.Dropped))
            plan.AddSideFile(file);
        for (int i = 0; i < chain.Count; i++)
            plan.Logs.AddRange(chain[i].Index.Files.Where(file => file.Kind == SourceFileKind.Log).Select(file => (i, file)));
        plan.DemandMapsUsed();
        plan.DemandDistinct();
        plan.DemandRecoverable(databases);
        return plan;
    }

    /// <summary>Refuses when a file is already there.</summary>
    public static void DemandFree(IEnumerable<string> published)
    {
        foreach (string path in published)
        {
            if (Path.Exists(path))
            {
                throw new BackupException($"'{path}' is already there; a restore never overwrites")
                {
                    Hint = "restore into an empty directory, or move the file away",
                };
            }
        }
    }

    /// <summary>Refuses when space is short. Asked before anything is written.</summary>
    public void DemandSpace()
    {
        var files = Files.Select(file => (Directory: Path.GetDirectoryName(file.Published)!, file.File.Length))
            .Concat(Logs.Select(log => (Directory: LogDirectory, log.File.Length)));
        if (Recovers)
            files = files.Concat(RecoverySpace().Select(length => (Directory: LogDirectory, Length: length)));
        foreach (var volume in files.GroupBy(file => file.Directory))
        {
            long needed = volume.Sum(file => file.Length);
            string existing = volume.Key;
            while (!Directory.Exists(existing))
                existing = Path.GetDirectoryName(existing)!;
            if (new DriveInfo(existing).AvailableFreeSpace is var free && free < needed)
            {
                throw new BackupException($"'{volume.Key}' has {free} bytes free, the restore needs {needed}")
                {
                    Error = JetError.DiskFull,
                    Hint = "free space, or restore to another volume; nothing was written",
                };
            }
        }
    }

    // Undo writes a few logs, and databases at rest need later logs beside their own.
    private IEnumerable<long> RecoverySpace()
    {
        const int UndoLogs = 4;
        long log = Logs.Select(each => each.File.Length).DefaultIfEmpty(0).Max();
        var later = _options.RollForward is { } directory ? Directory.EnumerateFiles(directory) : [];
        return later.Where(path => LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out _))
            .Select(path => new FileInfo(path).Length).Prepend(UndoLogs * log);
    }

    private List<FileLine> SelectDatabases(StoredBackup full)
    {
        var all = full.Index.Files.Where(file => file.Kind == SourceFileKind.Database && !file.Dropped).ToList();
        foreach (string wanted in _options.Databases)
        {
            if (!all.Exists(file => file.Name.Equals(wanted, StringComparison.OrdinalIgnoreCase)))
            {
                throw new BackupException($"the backup has no database '{wanted}'")
                {
                    Hint = $"it has: {string.Join(", ", all.Select(file => file.Name))}",
                    ExitCode = ExitCode.NotFound,
                };
            }
        }

        return _options.Databases.Count == 0
            ? all
            : [.. all.Where(file => _options.Databases.Any(wanted => file.Name.Equals(wanted, StringComparison.OrdinalIgnoreCase)))];
    }

    private void AddDatabase(FileLine file)
    {
        string published = Path.Combine(_target, file.Name);
        foreach (var (from, to) in _options.Map)
        {
            if (!Names(from, file))
                continue;
            _usedMaps.Add(from);
            published = Path.GetFullPath(to, _target);
            if (Path.EndsInDirectorySeparator(to) || Directory.Exists(published))
                published = Path.Combine(published, file.Name);
        }

        _databasePaths.TryAdd(file.Name, published);
        Files.Add(new(0, file, published));
    }

    // Side files of a database go where the database goes, under its name; the checkpoint lies with the logs.
    private void AddSideFile(FileLine file)
    {
        if (file.Kind is SourceFileKind.FlushMap or SourceFileKind.Patch or SourceFileKind.StreamingCompanion)
        {
            if (_databasePaths.TryGetValue(file.Role, out string? database))
                Files.Add(new(0, file, Path.ChangeExtension(database, Path.GetExtension(file.Name))));
        }
        else if (file.Kind == SourceFileKind.Checkpoint)
        {
            Files.Add(new(0, file, Path.Combine(_target, file.Name)));
        }
    }

    /// <summary>Whether a map's left side means a file: by its name, or by its path, compared as Windows paths are.</summary>
    private static bool Names(string from, FileLine file)
    {
        return Normal(from).Equals(Normal(file.Name), StringComparison.OrdinalIgnoreCase)
            || Normal(from).Equals(Normal(file.OriginalPath), StringComparison.OrdinalIgnoreCase);

        static string Normal(string path) => path.Replace('\\', '/').TrimEnd('/');
    }

    private void DemandMapsUsed()
    {
        if (_options.Map.Keys.FirstOrDefault(from => !_usedMaps.Contains(from)) is { } unused)
        {
            throw new BackupException($"the map '{unused}' names no database of the backup")
            {
                Hint = $"the databases are: {string.Join(", ", Files.Where(f => f.File.Kind == SourceFileKind.Database).Select(f => f.File.OriginalPath))}",
                ExitCode = ExitCode.Usage,
            };
        }
    }

    private void DemandDistinct()
    {
        var twice = Files.GroupBy(file => file.Published, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1);
        if (twice is null)
            return;
        throw new BackupException($"{twice.Count()} files would be restored as '{twice.Key}'")
        {
            Hint = "give each a place of its own: " + string.Join(" ", twice.Select(file => $"--map {file.File.OriginalPath}=NEW")),
            ExitCode = ExitCode.Usage,
        };
    }

    private void DemandRecoverable(List<FileLine> databases)
    {
        var dirty = Chain[0].Manifest.Databases.Where(database => database.NeedsRecovery && databases.Exists(file => file.Name == database.Name)).ToList();
        bool wantsMore = _options.RollForward is not null || _options.StopGeneration > 0 || _options.StopTime is not null;
        if (wantsMore && _options.SkipRecovery)
        {
            throw new BackupException("logs to roll forward with, or a place to stop at, make no sense without recovery")
            {
                Hint = "leave one of them out",
                ExitCode = ExitCode.Usage,
            };
        }

        if (_options.RollForward is { } directory && !Directory.Exists(directory))
            throw new BackupException($"there is no directory '{directory}' of logs to roll forward with") { ExitCode = ExitCode.NotFound };
        NeedsRecovery = databases.Count > 0 && (dirty.Count > 0 || Chain.Count > 1 || _options.RollForward is not null);
        if (Recovers && Chain.FirstOrDefault(backup => backup.Manifest.Logs.Gap) is { } gap)
        {
            throw new BackupException($"the logs of {gap.Manifest.Id} have a gap: the databases cannot be recovered with them")
            {
                Error = EseErrors.ToJet(EseError.DatabaseDirtyShutdown),
                Hint = "--no-recover restores the databases as they were backed up, with the logs there are",
                ExitCode = ExitCode.Refused,
            };
        }
    }
}
