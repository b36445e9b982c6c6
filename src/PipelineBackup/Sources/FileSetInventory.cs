using PipelineBackup.Ese;

namespace PipelineBackup.Sources;

/// <summary>A database that was found: its file, its headers, and the trailer when it is a streamed copy.</summary>
internal sealed record FoundDatabase(SourceFile File, HeaderPair Headers, DatabaseHeader Header, PatchTrailer? Trailer)
{
    /// <summary>The logs it needs: of a streamed copy, what header and trailer say together.</summary>
    public RequiredLogs Required => Header.NeedsRecovery
        ? new(
            Header.IsUnrestoredCopy ? Header.CurrentFull.LowGeneration : Header.MinRequired,
            Later(Header.MaxRequired, Trailer?.MaxRequired, Trailer?.Backup.HighGeneration),
            Later(Header.MaxCommitted, Trailer?.MaxCommitted, Trailer?.Backup.HighGeneration),
            Trailer is null ? Header.MaxRequiredTime : default,
            Trailer is null ? Header.MaxCommittedTime : default)
        : default;

    private static LogGeneration Later(LogGeneration a, LogGeneration? b, LogGeneration? c) =>
        new(Math.Max(a.Value, Math.Max(b?.Value ?? 0, c?.Value ?? 0)));
}

/// <summary>
/// What lies in a directory: databases by their header, whatever their names, and the side files that belong to them. Says
/// what it leaves out.
/// </summary>
internal sealed class FileSetInventory
{
    private const int MostNamed = 5;

    private readonly List<FoundDatabase> _databases = [];
    private readonly List<SourceFile> _sideFiles = [];
    private readonly List<string> _remarks = [];

    private FileSetInventory(string directory) => Directory = directory;

    /// <summary>The directory, as a full path.</summary>
    public string Directory { get; }

    /// <summary>The databases, by name.</summary>
    public IReadOnlyList<FoundDatabase> Databases => _databases;

    /// <summary>Flush maps and patch markers of the databases.</summary>
    public IReadOnlyList<SourceFile> SideFiles => _sideFiles;

    /// <summary>The files whose headers were read, as they were before: what was read of them is true only while they stay so.</summary>
    public Dictionary<string, FileIdentity> Seen { get; } = [];

    /// <summary>What was left out or found worth telling.</summary>
    public List<string> Remarks => _remarks;

    /// <summary>Takes the inventory.</summary>
    /// <exception cref="SourceException">There is nothing to back up, or not what was asked for.</exception>
    public static FileSetInventory Take(FileSetOptions options, BackupRequest request)
    {
        string path = Path.GetFullPath(options.Path);
        bool single = File.Exists(path);
        if (!single && !System.IO.Directory.Exists(path))
            throw new FileNotFoundException("no such file or directory", path);
        var inventory = new FileSetInventory(single ? Path.GetDirectoryName(path)! : path);
        if (single)
            inventory.Add(path, explicitly: true);
        else
            inventory.AddAll();
        inventory.Select(request);
        inventory.DemandDistinct();
        foreach (var database in inventory._databases)
            inventory.AddSideFiles(database);
        return inventory;
    }

    private void AddAll()
    {
        foreach (string path in System.IO.Directory.EnumerateFiles(Directory).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(path);
            if (IsLink(path))
                _remarks.Add($"'{name}' is left out: a symbolic link");
            else if (!LogFileName.TryParse(name, out _))
                Add(path, explicitly: false);
        }

        var directories = System.IO.Directory.EnumerateDirectories(Directory).Select(path => $"'{Path.GetFileName(path)}'").Order(StringComparer.Ordinal).ToList();
        if (directories.Count > 0)
            _remarks.Add($"{Some(directories)} left out: only files of the directory itself are taken");

        static string Some(List<string> names) => names.Count switch
        {
            1 => $"directory {names[0]} is",
            <= MostNamed => $"directories {string.Join(", ", names)} are",
            _ => $"{names.Count} directories, {string.Join(", ", names.Take(MostNamed))} and so on, are",
        };
    }

    private void Add(string path, bool explicitly)
    {
        string name = Path.GetFileName(path);
        using var file = FileFacts.Open(path);
        Seen[path] = FileIdentity.Of(file);
        byte[] start = new byte[HeaderPair.StartBytes];
        start = start[..FileFacts.ReadFully(file, start, 0)];
        var headers = HeaderPair.Read(start);
        if (!explicitly && !HeaderPair.LooksLikeDatabase(start))
        {
            if (Path.GetExtension(name) is ".RAW" or ".raw" || Path.GetExtension(name).Equals(".edb", StringComparison.OrdinalIgnoreCase))
                _remarks.Add($"'{name}' is left out: it has no database header");
            return;
        }

        if (headers.Header is { FileType: FileType.TemporaryDatabase } && !explicitly)
        {
            _remarks.Add($"'{name}' is left out: a temporary database, which the engine makes anew");
            return;
        }

        Take(path, file, headers);
    }

    private void Take(string path, Microsoft.Win32.SafeHandles.SafeFileHandle file, HeaderPair headers)
    {
        string name = Path.GetFileName(path);
        DatabaseHeader header;
        try
        {
            header = headers.Require(name);
        }
        catch (EseException failure)
        {
            throw new SourceException($"'{name}' cannot be backed up: {failure.Message}", failure)
            {
                Error = EseErrors.ToJet(failure.Error),
                Hint = failure.Hint,
                ExitCode = ExitCode.Refused,
            };
        }

        if (headers.Copies is HeaderCopies.PrimaryBad or HeaderCopies.ShadowBad or HeaderCopies.Different)
            _remarks.Add($"the two header pages of '{name}' are not both good ({headers.Copies}); the engine mends that when it opens the file");
        var source = new SourceFile
        {
            Kind = SourceFileKind.Database,
            Name = name,
            OriginalPath = path,
            Length = RandomAccess.GetLength(file),
            PageSize = headers.PageSize.Bytes,
        };
        _databases.Add(new(source, headers, header, header.NeedsTrailer ? PatchTrailer.Read(file, headers.PageSize) : null));
    }

    private void Select(BackupRequest request)
    {
        foreach (string wanted in request.Databases)
        {
            if (!_databases.Exists(database => SameName(database.File.Name, wanted)))
            {
                throw new SourceException($"there is no database '{wanted}' in '{Directory}'")
                {
                    Error = JetError.FileNotFound,
                    Hint = _databases.Count == 0 ? "no file there has a database header" : $"there are: {string.Join(", ", _databases.Select(d => d.File.Name))}",
                    ExitCode = ExitCode.NotFound,
                };
            }
        }

        if (request.Databases.Count > 0)
            _databases.RemoveAll(database => !request.Databases.Any(wanted => SameName(database.File.Name, wanted)));
        if (_databases.Count == 0 && request.Kind is BackupKind.Full or BackupKind.Copy)
        {
            throw new SourceException($"there is no database in '{Directory}': no file there has a database header")
            {
                Error = JetError.FileNotFound,
                Hint = System.IO.Directory.EnumerateDirectories(Directory).Any()
                    ? "only the files of the directory itself are looked at; name the directory that holds them"
                    : "name the directory that holds the database, or the database itself",
                ExitCode = ExitCode.NotFound,
            };
        }
    }

    // A restore goes by names, and to systems that do not tell upper from lower case.
    private void DemandDistinct()
    {
        var twins = _databases.GroupBy(database => database.File.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1);
        if (twins is null)
            return;
        throw new SourceException($"the names of {string.Join(" and ", twins.Select(twin => $"'{twin.File.Name}'"))} differ in upper and lower case only")
        {
            Hint = "back them up one at a time, each into a set of its own",
            ExitCode = ExitCode.Usage,
        };
    }

    private void AddSideFiles(FoundDatabase database)
    {
        AddIfThere(Path.ChangeExtension(database.File.OriginalPath, ".jfm"), SourceFileKind.FlushMap, database);
        AddIfThere(Path.ChangeExtension(database.File.OriginalPath, ".pat"), SourceFileKind.Patch, database);
    }

    private void AddIfThere(string path, SourceFileKind kind, FoundDatabase database)
    {
        // Whether there is a link was said when the directory was looked through.
        if (!File.Exists(path) || IsLink(path))
            return;
        int same = _sideFiles.FindIndex(file => file.OriginalPath == path);
        if (same < 0)
            _sideFiles.Add(SideFile(path, kind, database.File.Name));
        else if (kind == SourceFileKind.FlushMap && IsMapOf(path, database))
            // Two databases whose names differ in the extension only: the map says whose it is.
            _sideFiles[same] = _sideFiles[same] with { Role = database.File.Name };
    }

    private static bool IsMapOf(string path, FoundDatabase database)
    {
        using var file = FileFacts.Open(path);
        return FlushMap.Open(file, database.Header).Acceptance.IsAccepted;
    }

    /// <summary>A file that is no database, as the backup takes it.</summary>
    public static SourceFile SideFile(string path, SourceFileKind kind, string role, int generation = 0) => new()
    {
        Kind = kind,
        Name = Path.GetFileName(path),
        Role = role,
        OriginalPath = path,
        Length = new FileInfo(path).Length,
        PageSize = 4096,
        Generation = generation,
    };

    /// <summary>Whether a path names a symbolic link: those are never followed, so nothing outside the directory is read.</summary>
    public static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;

    private static bool SameName(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
