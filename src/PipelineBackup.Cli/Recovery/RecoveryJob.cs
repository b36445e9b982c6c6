using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Recovery;

/// <summary>
/// What <c>ese recover</c> is going to do: with which files, what is copied to where first, and the options of the
/// recovery itself.
/// </summary>
internal sealed class RecoveryJob
{
    private readonly RecoverArguments _arguments;
    private readonly List<(string From, string To)> _copies = [];
    private readonly List<DatabaseMapping> _map = [];

    private RecoveryJob(RecoverArguments arguments, RecoverableFiles files)
    {
        _arguments = arguments;
        Files = files;
        IsHard = arguments.Hard || files.IsBackupSet;
        BaseName = arguments.BaseName ?? RecoverableFiles.FindBaseName(
            [.. arguments.BackupLogs, .. arguments.Logs is { } logs ? [logs] : (string[])[], files.Directory]);
        Target = Path.GetFullPath(arguments.CopyTo ?? files.Directory);
    }

    /// <summary>The files.</summary>
    public RecoverableFiles Files { get; }

    /// <summary>Whether a backup set is restored.</summary>
    public bool IsHard { get; }

    /// <summary>Base name of the logs.</summary>
    public string BaseName { get; }

    /// <summary>Where the databases are that are recovered: the copies, or the originals.</summary>
    public string Target { get; }

    /// <summary>What is copied first, in place nothing.</summary>
    public IReadOnlyList<(string From, string To)> Copies => _copies;

    /// <summary>The databases that are recovered, by what they are now and where they will be.</summary>
    public IReadOnlyList<(RecoverableDatabase Database, string Path)> Databases { get; private set; } = [];

    /// <summary>Directories with logs that are replayed.</summary>
    public IReadOnlyList<string> LogDirectories =>
        [.. (IsHard ? BackupLogDirectories : [LogSource]).Concat(RollForward is { } logs ? [logs] : []).Distinct()];

    private string LogSource => Path.GetFullPath(_arguments.Logs ?? Files.Directory);

    // The logs to roll forward with, apart from those of the set.
    private string? RollForward => _arguments.Logs is { } logs ? Path.GetFullPath(logs) : null;

    private IEnumerable<string> BackupLogDirectories =>
        _arguments.BackupLogs.Select(Path.GetFullPath).Prepend(Path.GetFullPath(Files.Directory)).Distinct();

    /// <summary>Plans it.</summary>
    /// <param name="arguments">What was typed.</param>
    /// <exception cref="UsageException">The arguments contradict each other or what is there.</exception>
    public static RecoveryJob Plan(RecoverArguments arguments)
    {
        var job = new RecoveryJob(arguments, RecoverableFiles.Find(arguments.Directory));
        job.DemandArguments();
        job.PlaceDatabases();
        if (arguments.CopyTo is not null && !job.IsHard)
            job.CopyLogs();
        return job;
    }

    /// <summary>The options of hard recovery.</summary>
    public HardRecoveryOptions ToHard()
    {
        bool isApart = _arguments.LogPath is null && _arguments.CheckpointPath is null && RollForward is not null;
        var plain = Plain(RollForward ?? Target);
        return new()
        {
            BaseName = plain.BaseName,
            LogDirectory = plain.LogDirectory,
            Map = plain.Map,
            OnlyMapped = plain.OnlyMapped,
            DatabaseDirectory = plain.DatabaseDirectory,
            StopAt = plain.StopAt,
            StopOnGap = plain.StopOnGap,
            IgnoreLostLogs = plain.IgnoreLostLogs,
            IgnoreMissingDatabases = plain.IgnoreMissingDatabases,
            SkipUndo = plain.SkipUndo,
            ScratchDirectory = Target,
            BackupLogDirectories = [.. BackupLogDirectories],
            Low = _arguments.Range.Low,
            High = _arguments.Range.High,
            // Logs to roll forward with are only read: what undo writes goes to the databases.
            TargetLogDirectory = isApart ? Target : FullPath(_arguments.LogPath),
            TargetCheckpointDirectory = isApart ? Target : FullPath(_arguments.CheckpointPath),
            StrictMap = _arguments.StrictMap,
        };
    }

    /// <summary>The options of soft recovery.</summary>
    public RecoveryOptions ToSoft() => Plain(_arguments.CopyTo is null ? LogSource : Target) with
    {
        // Whoever asks for an end before that of the logs has no use for those behind it; they only get other names.
        LeaveOutLaterLogs = _arguments.StopAt is not null || _arguments.StopOnGap || _arguments.IgnoreLostLogs,
    };

    private RecoveryOptions Plain(string logs) => new()
    {
        BaseName = BaseName,
        LogDirectory = logs,
        CheckpointDirectory = FullPath(_arguments.CheckpointPath) is { } checkpoint && !IsHard ? checkpoint : null,
        Map = _map,
        OnlyMapped = _arguments.Only.Count > 0,
        DatabaseDirectory = Target,
        StopAt = _arguments.StopAt,
        StopOnGap = _arguments.StopOnGap,
        IgnoreLostLogs = _arguments.IgnoreLostLogs,
        IgnoreMissingDatabases = _arguments.IgnoreMissing,
        SkipUndo = _arguments.NoUndo,
        ScratchDirectory = Target,
    };

    private static string? FullPath(string? path) => path is null ? null : Path.GetFullPath(path);

    private void DemandArguments()
    {
        if (_arguments.CopyTo is { } target && IsWithin(Target, Path.GetFullPath(_arguments.Directory)))
        {
            throw new UsageException(
                $"'{target}' is in '{_arguments.Directory}', which --copy-to never writes to", "name another directory");
        }

        if (IsHard)
            return;
        string? wrong = _arguments switch
        {
            { BackupLogs.Count: > 0 } => "--backup-logs",
            { Range: var (low, high) } when low.IsSet || high.IsSet => "--gen",
            { LogPath: not null } => "--log-path",
            { StrictMap: true } => "--strict-map",
            _ => null,
        };
        if (wrong is not null)
            throw new UsageException($"{wrong} belongs to a backup set, and '{_arguments.Directory}' is none",
                "add --hard if it is one, or leave the option out");
    }

    private static bool IsWithin(string path, string directory) =>
        path == directory || path.StartsWith(
            Path.TrimEndingDirectorySeparator(directory) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    // A database is named by its file name, by its path in the logs, or by whatever a map says of it.
    private void PlaceDatabases()
    {
        var maps = _arguments.Map.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase);
        var placed = new List<(RecoverableDatabase, string)>();
        foreach (string only in _arguments.Only.Where(only => !Files.Databases.Any(database => Means(only, database))))
            throw NoDatabase(only);
        foreach (var database in Files.Databases)
        {
            string? old = maps.Keys.FirstOrDefault(key => Means(key, database));
            string path = Path.Combine(Target, database.Name);
            if (old is not null && maps.Remove(old, out string? place))
            {
                path = Path.GetFullPath(place, Target);
                if (Path.EndsInDirectorySeparator(place) || Directory.Exists(path))
                    path = Path.Combine(path, database.Name);
            }

            string? only = _arguments.Only.FirstOrDefault(only => Means(only, database));
            if (_arguments.Only.Count > 0 && only is null)
                continue;
            if (_arguments.CopyTo is not null)
                _copies.Add((database.Path, path));
            if (old is not null || only is not null)
                _map.Add(new(old ?? only!, path));
            placed.Add((database, path));
        }

        // In place a map may lead to a database that lies elsewhere.
        foreach (var (old, place) in maps)
        {
            string path = Path.GetFullPath(place, Target);
            if (_arguments.CopyTo is not null || !File.Exists(path))
                throw NoDatabase(old);
            _map.Add(new(old, path));
            placed.Add((new(path, Inspection.LogNeeds.Read(path)), path));
        }

        Databases = placed;
    }

    private static bool Means(string typed, RecoverableDatabase database) =>
        PathMap.NameOf(typed).Equals(database.Name, StringComparison.OrdinalIgnoreCase);

    private UsageException NoDatabase(string typed) => new($"'{_arguments.Directory}' has no database '{typed}'",
        Files.Databases.Count == 0
            ? "it has no database at all"
            : $"it has: {string.Join(", ", Files.Databases.Select(database => database.Name))}");

    // Logs and checkpoint lie beside the copies; later logs that were named count more than those of the directory.
    private void CopyLogs()
    {
        string own = Path.GetFullPath(Files.Directory);
        var taken = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var later = own == LogSource
            ? []
            : LogChain.Open(LogSource, BaseName).Generations.Select(log => log.Generation).ToHashSet();
        foreach (var (path, name) in Stream(own))
        {
            if (own == LogSource || name.Kind != LogFileKind.Current)
                taken[Path.GetFileName(path)] = path;
            // The log that was written to last is so no more where later ones are brought; or they hold the whole of it.
            else if (LogFileReader.TryReadHeader(path, out var header, out _, out _) && !later.Contains(header.Generation))
                taken[LogFileName.Numbered(name.Base, header.Generation).ToString()] = path;
        }

        foreach (var (path, _) in own == LogSource ? [] : Stream(LogSource))
            taken[Path.GetFileName(path)] = path;
        _copies.AddRange(taken.Select(log => (log.Value, Path.Combine(Target, log.Key))));
    }

    private IEnumerable<(string Path, LogFileName Name)> Stream(string directory)
    {
        foreach (string path in Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal))
        {
            if (LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name) && name.Kind != LogFileKind.Reserve
                && name.Base.Equals(BaseName, StringComparison.OrdinalIgnoreCase)
                && !Files.Databases.Any(database => Path.GetFullPath(database.Path) == path))
                yield return (path, name);
        }
    }
}
