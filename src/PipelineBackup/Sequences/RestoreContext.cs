using PipelineBackup.Ese;

namespace PipelineBackup.Sequences;

/// <summary>Where a restore stands.</summary>
internal enum RestoreStage
{
    /// <summary>Files come.</summary>
    Files,

    /// <summary>What recovery needs was saved.</summary>
    Saved,

    /// <summary>The databases are recovered.</summary>
    Completed,

    /// <summary>Recovery failed: the databases are of no use.</summary>
    Failed,
}

/// <summary>The restore of one instance: files come in any order, then all its databases are recovered together.</summary>
/// <param name="place">Where it works, and what it has claimed.</param>
/// <param name="options">The server's options.</param>
internal sealed partial class RestoreContext(RestorePlace place, SequenceServerOptions options)
    : SequenceContext(options.Time)
{
    private readonly List<RestoreMapping> _map = [];
    private readonly HashSet<string> _whole = [];
    private readonly List<string> _written = [], _unsaved = [], _inherited = [];
    private readonly SortedSet<int> _logs = [];
    private string _baseName = "";
    private RestoredFile? _open;
    private RestoreEnvironment? _environment;
    private RestoreStage _stage;
    private int _handles;
    private bool _isDiscarded;

    /// <summary>Where it works.</summary>
    public RestorePlace Place => place;

    /// <inheritdoc/>
    public override string Purpose => $"the restore of '{place.Instance}'";

    /// <summary>What was saved.</summary>
    /// <exception cref="SourceException">−521: nothing was.</exception>
    public RestoreEnvironment Environment =>
        _environment ?? throw SequenceRefusal.OutOfOrder("the environment of this restore was not saved yet");

    /// <summary>Goes on with what was saved.</summary>
    public void Reopen()
    {
        var saved = RestoreEnvironmentFile.Read(place.Directory, place.Locations);
        _map.AddRange(saved.Map);
        _inherited.AddRange(saved.Map.Select(entry => entry.NewDatabaseName).Where(File.Exists));
        _whole.UnionWith(_inherited);
        _baseName = saved.BaseName;
        foreach (string path in Directory.GetFiles(place.Directory))
        {
            if (LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name) && name.Number > 0)
                _logs.Add(name.Number);
        }

        (_environment, _stage) = (saved, RestoreStage.Saved);
    }

    /// <summary>Adds a database.</summary>
    public string AddDatabase(TokenedName database)
    {
        RequireFiles("add a database");
        if (database.Token != FileToken.Database)
            throw SequenceRefusal.Senseless($"'{database.Path}' is no database by its token");
        string target = place.Locations.Find(database) ?? throw SequenceRefusal.NoDatabase(
            $"'{place.Instance}' has no place for '{database.Path}'",
            $"there are: {string.Join(", ", place.Locations.Rows)}");
        if (_map.Find(entry => entry.DatabaseName == database.Path) is null)
        {
            if (_map.Exists(entry => entry.NewDatabaseName == target))
                throw Occupied(target);
            _map.Add(new(database.Path, target));
            _stage = RestoreStage.Files;
        }

        return target;
    }

    /// <summary>Opens a file for writing.</summary>
    public int Open(TokenedName name, long length)
    {
        RequireFiles("open a file");
        if (_open is not null)
            throw SequenceRefusal.SecondFile(_open.Name.FileName);
        if (length < 0)
            throw SequenceRefusal.Senseless($"'{name.Path}' cannot have {length} bytes");
        string path = name.BelongsToDatabases ? PathOfDatabase(name) : PathOfLog(name);
        _open = RestoredFile.Create(++_handles, name, path, length);
        _stage = RestoreStage.Files;
        options.Logger.FileBegins(path, length);
        return _handles;
    }

    /// <summary>Writes on in the open file; a failure discards it.</summary>
    public async ValueTask WriteAsync(int handle, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var open = Open(handle);
        try
        {
            await open.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            _open = null;
            open.Dispose();
            throw;
        }
    }

    /// <summary>Closes the open file; a failure discards it.</summary>
    public async ValueTask CloseFileAsync(int handle, CancellationToken cancellationToken)
    {
        using var file = Open(handle);
        _open = null;
        if (await file.FinishAsync(cancellationToken).ConfigureAwait(false))
        {
            _written.Add(file.Path);
            _unsaved.Add(file.Path);
        }

        if (file.Name.Token == FileToken.Database)
            _whole.Add(file.Path);
        if (file.Name.Token == FileToken.Log && LogFileName.TryParse(file.Name.FileName, out var log))
        {
            _baseName = log.Base;
            if (log.Number > 0)
                _logs.Add(log.Number);
        }

        options.Logger.FileComplete(file.Path);
    }

    /// <summary>Saves what recovery will need.</summary>
    public RestoreEnvironment Save(RestoreTarget target)
    {
        RequireFiles("save its environment");
        if (_open is not null)
            throw SequenceRefusal.OutOfOrder($"a restore with '{_open.Name.FileName}' open cannot save its environment");
        if (_map.Find(entry => !_whole.Contains(entry.NewDatabaseName)) is { } missing)
            throw SequenceRefusal.OutOfOrder($"'{missing.DatabaseName}' was added and not restored yet");
        if (_map.Count == 0 || _logs.Count == 0)
            throw SequenceRefusal.OutOfOrder("a restore has a database and a log at least: some are not restored yet");
        RequireSense(target);
        var environment = new RestoreEnvironment
        {
            CheckpointDirectory = place.Locations.Find(FileToken.CheckpointDirectory) ?? "",
            LogDirectory = place.Locations.Find(FileToken.LogDirectory) ?? "",
            Map = [.. _map],
            BackupLogDirectory = place.Directory,
            LowGeneration = _logs.Min,
            HighGeneration = _logs.Max,
            BaseName = _baseName,
            TargetInstance = target.Instance,
            TargetLogDirectory = target.LogDirectory,
            TargetCheckpointDirectory = target.CheckpointDirectory,
        };
        RestoreEnvironmentFile.Write(place.Directory, environment);
        (_environment, _stage) = (environment, RestoreStage.Saved);
        _unsaved.Clear();
        return environment;
    }

    /// <summary>The refusal to overwrite a database.</summary>
    /// <param name="path">Where it is.</param>
    public static SourceException Occupied(string path) => new($"there is a '{path}' already: nothing is overwritten")
    {
        Error = EseErrors.ToJet(EseError.DatabaseDuplicate),
        Hint = "detach it if it is attached, and move it away",
    };

    private static void RequireSense(RestoreTarget target)
    {
        if (target.LogDirectory.Length > 0 != target.CheckpointDirectory.Length > 0)
        {
            throw SequenceRefusal.Senseless(
                "a directory for logs was given without one for the checkpoint, or the other way round",
                "give both or neither");
        }

        if (target.LogDirectory.Length > 0
            && !(Path.IsPathFullyQualified(target.LogDirectory) && Path.IsPathFullyQualified(target.CheckpointDirectory)))
        {
            throw new SourceException($"'{target.LogDirectory}' or '{target.CheckpointDirectory}' is no full path")
            {
                Error = EseErrors.ToJet(EseError.InvalidPath),
                Hint = "give full paths on the server",
            };
        }

        if (target.Instance.Length > 0 && target.LogDirectory.Length > 0)
        {
            throw SequenceRefusal.Senseless(
                "a running instance and directories were given as target", "give one or the other");
        }
    }

    private string PathOfDatabase(TokenedName name)
    {
        string? path = name.Token switch
        {
            FileToken.Database => _map.Find(entry => entry.DatabaseName == name.Path)?.NewDatabaseName,
            FileToken.StreamingCompanion => place.Locations.Find(name) ?? CompanionOf(name),
            _ => throw SequenceRefusal.Senseless($"0x{(byte)name.Token:x2} is no token of a file"),
        };
        if (path is null)
        {
            throw SequenceRefusal.NoDatabase($"'{name.Path}' is no database of this restore",
                "add the database first");
        }

        return File.Exists(path) ? throw Occupied(path) : path;
    }

    // Beside its database, where no place of its own is known.
    private string? CompanionOf(TokenedName name)
    {
        string stem = Path.GetFileNameWithoutExtension(name.FileName);
        var found = _map.Find(entry => stem.Equals(
            Path.GetFileNameWithoutExtension(new TokenedName(FileToken.Database, entry.DatabaseName).FileName),
            StringComparison.OrdinalIgnoreCase));
        return found is null ? null
            : Path.ChangeExtension(found.NewDatabaseName, Path.GetExtension(name.FileName));
    }

    // Only names leave the path of a log: it goes into the directory of the restore, wherever it was.
    private string PathOfLog(TokenedName name)
    {
        string file = name.FileName;
        bool isOne = LocationTable.IsPlain(file) && name.Token switch
        {
            FileToken.Log => LogFileName.TryParse(file, out var log)
                && log.Kind is LogFileKind.Numbered or LogFileKind.Current
                && (_baseName.Length == 0 || log.Base.Equals(_baseName, StringComparison.OrdinalIgnoreCase)),
            FileToken.Patch => Path.GetExtension(file).Equals(".pat", StringComparison.OrdinalIgnoreCase),
            _ => false,
        };
        return isOne ? Path.Combine(place.Directory, file) : throw SequenceRefusal.Senseless(
            $"'{name.Path}' is no log and no patch file of this restore",
            "keep token and name of each file with its copy, and give them back");
    }

    private RestoredFile Open(int handle) => _open is { } open && open.Handle == handle
        ? open
        : throw SequenceRefusal.Senseless($"{handle} is no handle of an open file", "open the file first");

    private void RequireFiles(string step)
    {
        if (_stage is RestoreStage.Completed or RestoreStage.Failed)
            throw SequenceRefusal.OutOfOrder($"a restore in state {_stage} cannot {step}");
    }
}
