namespace PipelineBackup.Ese;

/// <summary>A database of a backup set that is restored.</summary>
/// <param name="Logged">Its path in the logs.</param>
/// <param name="Image">The file.</param>
internal sealed record RestoredDatabase(string Logged, BackupImage Image);

/// <summary>
/// The databases of a backup set: which of those that its logs know are restored, and where they are. What the map
/// names is restored; what it does not, only where it is found and nobody asked to leave it out.
/// </summary>
internal sealed class RestoreSet
{
    private readonly HardRecoveryOptions _options;
    private readonly List<RestoredDatabase> _restored = [];
    private readonly List<RecoveredDatabase> _leftOut = [];
    private IReadOnlyList<(string Path, Signature Signature)>? _around;

    private RestoreSet(HardRecoveryOptions options) => _options = options;

    /// <summary>The databases that are restored.</summary>
    public IReadOnlyList<RestoredDatabase> Restored => _restored;

    /// <summary>The databases that are not.</summary>
    public IReadOnlyList<RecoveredDatabase> LeftOut => _leftOut;

    /// <summary>Finds and judges the databases of a set.</summary>
    /// <param name="options">Map and places.</param>
    /// <param name="logs">The logs of the set.</param>
    /// <exception cref="EseException">
    /// −1811 a database is missing; −1201 two would be in one place; −1206, −615, −535, −552 and others of its file.
    /// </exception>
    public static RestoreSet Find(HardRecoveryOptions options, LogChain logs)
    {
        var set = new RestoreSet(options);
        var known = logs.Generations.SelectMany(log => log.Header?.Attached ?? [])
            .GroupBy(database => database.Path, StringComparer.OrdinalIgnoreCase)
            .Select(group => (Logged: group.Key, Signatures: group.Select(database => database.Signature).ToHashSet()))
            .ToList();
        foreach (var entry in options.Map)
            set.AddMapped(entry, known);
        foreach (var (logged, signatures) in known.Where(database => !set.Has(database.Logged)))
            set.AddUnmapped(logged, signatures);
        set.DemandDistinct();
        set.DemandStream(logs);
        return set;
    }

    /// <summary>The databases that were left out although the logs have them attached at their end.</summary>
    /// <param name="attached">Logged paths of those that are attached then.</param>
    public RecoveredDatabase? MissingFrom(IReadOnlyList<string> attached) =>
        _leftOut.Find(database => attached.Any(path => IsSame(path, database.LoggedPath)));

    /// <summary>Whether two logged paths mean the same file.</summary>
    public static bool IsSame(string a, string b) =>
        DatabaseMap.Normalize(a).Equals(DatabaseMap.Normalize(b), StringComparison.OrdinalIgnoreCase);

    private bool Has(string logged) => _restored.Exists(database => IsSame(database.Logged, logged));

    // By its path, by its file name, else by the signature in the file: the engine's own order.
    private void AddMapped(DatabaseMapping entry, List<(string Logged, HashSet<Signature> Signatures)> known)
    {
        var image = BackupImage.Open(_options.Disk, entry.Path);
        string? logged = known.Find(database => IsSame(entry.Logged, database.Logged)).Logged
            ?? known.Find(database =>
                IsSame(entry.Logged, DatabaseMap.NameOf(database.Logged)) && !Has(database.Logged)).Logged
            ?? known.Find(database => database.Signatures.Contains(image.Signature)).Logged;
        _restored.Add(new(logged ?? entry.Logged, image));
    }

    private void AddUnmapped(string logged, HashSet<Signature> signatures)
    {
        if (_options.OnlyMapped)
        {
            _leftOut.Add(new(logged, "", RecoveryOutcome.Skipped, "the map does not name it"));
            return;
        }

        string path = _options.DatabaseDirectory is { } directory
            ? Path.Combine(directory, DatabaseMap.NameOf(logged))
            : logged;
        if (!_options.Disk.FileExists(path)
            && Around().FirstOrDefault(file => signatures.Contains(file.Signature)).Path is { } renamed)
            path = renamed;
        if (_options.Disk.FileExists(path))
            _restored.Add(new(logged, BackupImage.Open(_options.Disk, path)));
        else
            _leftOut.Add(new(logged, path, RecoveryOutcome.Missing, "the file is missing"));
    }

    // Databases that were given other names lie beside those that were not.
    private IReadOnlyList<(string Path, Signature Signature)> Around()
    {
        if (_around is not null)
            return _around;
        var around = new List<(string, Signature)>();
        var files = _options.DatabaseDirectory is { } directory && _options.Disk.DirectoryExists(directory)
            ? _options.Disk.ListFiles(directory)
            : [];
        byte[] start = new byte[HeaderPair.StartBytes];
        foreach (string path in files.Where(path => !LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out _)))
        {
            using var file = _options.Disk.Open(path, DiskAccess.Read);
            if (HeaderPair.Read(start.AsSpan(0, file.Read(start, 0))).Header is { } header)
                around.Add((path, header.Signature));
        }

        return _around = around;
    }

    private void DemandDistinct()
    {
        var twice = _restored.GroupBy(database => database.Image.Path, StringComparer.Ordinal)
            .FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
        {
            throw new EseException(EseError.DatabaseDuplicate,
                $"'{twice.Key}' would be {string.Join(" and ", twice.Select(database => $"'{database.Logged}'"))}",
                "map each to a file of its own, for instance "
                    + string.Join(" and ", twice.Select(database => $"{database.Logged}=NEW")));
        }

        var again = _restored
            .GroupBy(database => DatabaseMap.Normalize(database.Logged), StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault(group => group.Count() > 1);
        if (again is not null)
        {
            throw new EseException(EseError.DatabaseDuplicate, $"'{again.First().Logged}' would be "
                + string.Join(" and ", again.Select(database => $"'{database.Image.Path}'")), "map each database once");
        }
    }

    private void DemandStream(LogChain logs)
    {
        var pageSize = logs.Generations.FirstOrDefault(log => log.Header is not null)?.Header!.PageSize;
        foreach (var (_, image) in _restored)
        {
            if (pageSize is { } size && image.PageSize != size)
            {
                throw new EseException(EseError.PageSizeMismatch,
                    $"'{image.Path}' has pages of {image.PageSize.Bytes} bytes, the logs are for {size.Bytes}",
                    "give the database and the logs of one and the same backup");
            }

            if (image.LogSignature != logs.Signature && image.IsClean)
            {
                throw new EseException(EseError.RestoreOfNonBackupDatabase,
                    $"'{image.Path}' is no copy of a streaming backup: it was shut down cleanly, with other logs",
                    "take the file from the backup again");
            }

            if (image.LogSignature != logs.Signature)
            {
                throw new EseException(EseError.DatabasePatchFileMismatch,
                    $"'{image.Path}' belongs to another log stream than the logs of the backup",
                    "give the database and the logs of one and the same backup");
            }
        }
    }
}
