namespace PipelineBackup.Engine;

/// <summary>
/// A directory that backups are made to, while one is: what was changed in it can be taken back until it is told to
/// stay.
/// </summary>
/// <remarks>
/// <code>
///   DIR/temp   what is being copied; nobody restores from it, and the next backup clears it
///   DIR/new    the last atomic backup
///   DIR/old    the atomic backup before, or the last one when there is no 'new'
/// </code>
/// </remarks>
internal sealed class BackupDirectory
{
    private readonly EngineOptions _options;
    private readonly Stack<Action> _undo = new();
    private readonly string _tag;

    /// <summary>Looks at a path; nothing is changed.</summary>
    /// <param name="options">The options of the engine.</param>
    /// <param name="path">The path as it was given.</param>
    /// <param name="own">Directories of the engine itself.</param>
    /// <exception cref="EseException">
    /// −1003: it is no path, or one of the engine's own; −1023: it is too long.
    /// </exception>
    public BackupDirectory(EngineOptions options, string path, IEnumerable<string> own)
    {
        _options = options;
        try
        {
            Path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new EseException(EseError.InvalidParameter, $"'{path}' is no path: {e.Message}");
        }
        catch (PathTooLongException)
        {
            throw new EseException(EseError.InvalidPath, $"the path '{path}' is too long");
        }

        (Work, New, Old) = (In("temp"), In("new"), In("old"));
        _tag = System.IO.Path.Combine(Work, $"{options.Random():x16}.tag");
        string[] places = [Path, Work, New, Old];
        if (own.FirstOrDefault(directory => places.Any(place => IsSame(place, directory))) is { } taken)
        {
            throw new EseException(EseError.InvalidParameter,
                $"'{taken}' has files of the engine itself, and cannot be the place of a backup",
                "name a directory that is for backups only");
        }
    }

    /// <summary>The directory.</summary>
    public string Path { get; }

    /// <summary>Where files are copied to at first.</summary>
    public string Work { get; }

    /// <summary>Where the last atomic backup is.</summary>
    public string New { get; }

    /// <summary>Where the atomic backup before is.</summary>
    public string Old { get; }

    /// <summary>The disk.</summary>
    public IDisk Disk => _options.Disk;

    /// <summary>The files of a place; none when it is not there.</summary>
    /// <param name="place">The directory or one below it.</param>
    public IReadOnlyList<string> Files(string place) => Disk.DirectoryExists(place) ? Disk.ListFiles(place) : [];

    /// <summary>The numbered logs of a place.</summary>
    /// <param name="place">The directory or one below it.</param>
    public IEnumerable<(LogFileName Name, string Path)> Logs(string place)
    {
        foreach (string path in Files(place))
        {
            if (LogFileName.TryParse(System.IO.Path.GetFileName(path.AsSpan()), out var name)
                && name.Kind == LogFileKind.Numbered)
                yield return (name, path);
        }
    }

    /// <summary>Makes the directory, if that is wanted and it is missing.</summary>
    /// <exception cref="EseException">−1023: it is not there, or cannot be made.</exception>
    public void Require()
    {
        var missing = new Stack<string>();
        for (string? at = Path; at is not null && !Disk.DirectoryExists(at); at = System.IO.Path.GetDirectoryName(at))
            missing.Push(at);
        if (_options.CreatePathIfNotExist)
        {
            foreach (string made in missing)
                _undo.Push(() => Disk.Delete(made));
        }

        _options.RequireDirectory(Path);
    }

    /// <summary>Nobody works with the logs of a place.</summary>
    /// <param name="place">The directory or one below it.</param>
    /// <exception cref="EseException">−1003: an engine does.</exception>
    public void RequireAtRest(string place)
    {
        foreach (string path in Files(place))
        {
            if (LogFileName.TryParse(System.IO.Path.GetFileName(path.AsSpan()), out var name)
                && name.Kind is LogFileKind.Current or LogFileKind.Checkpoint)
            {
                throw new EseException(EseError.InvalidParameter, $"'{path}' is of an engine, not of a backup",
                    "name a directory that is for backups only");
            }
        }
    }

    /// <summary>Makes an empty place to copy to; what an earlier backup left of one goes.</summary>
    /// <exception cref="EseException">−524: that cannot be deleted; −525: it cannot be made.</exception>
    public void BeginWork()
    {
        try
        {
            Remove(Work);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EseException(EseError.DeleteBackupFileFail,
                $"what an earlier backup left in '{Work}' cannot be deleted: {e.Message}", "delete it");
        }

        try
        {
            _undo.Push(() => Remove(Work));
            Disk.CreateDirectory(Work);
            Disk.Open(_tag, DiskAccess.CreateNew).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EseException(DiskFailure.Of(e, EseError.MakeBackupDirectoryFail),
                $"'{Work}' cannot be made: {e.Message}");
        }
    }

    /// <summary>All files are copied: their names are made durable.</summary>
    /// <param name="names">Their names.</param>
    /// <exception cref="EseException">−505: another backup works in the same place.</exception>
    public void EndWork(IEnumerable<string> names)
    {
        var there = Disk.ListFiles(Work).Select(path => System.IO.Path.GetFileName(path));
        if (!there.ToHashSet().SetEquals(names.Append(System.IO.Path.GetFileName(_tag))))
        {
            throw new EseException(EseError.BackupInProgress,
                $"another backup was made to '{Path}' at the same time", "make them one after the other");
        }

        Disk.Delete(_tag);
        Disk.FlushDirectory(Work);
    }

    /// <summary>Gives a file or directory another name, which is taken back when the backup fails.</summary>
    /// <param name="from">Its path.</param>
    /// <param name="to">Its new path.</param>
    public void Move(string from, string to)
    {
        Disk.Rename(from, to);
        _undo.Push(() =>
        {
            Disk.Rename(to, from);
            Disk.FlushDirectory(System.IO.Path.GetDirectoryName(to)!);
        });
    }

    /// <summary>Makes names durable.</summary>
    /// <param name="place">The directory or one below it.</param>
    public void Flush(string place) => Disk.FlushDirectory(place);

    /// <summary>Deletes a place with its files, and makes that durable; nothing when it is not there.</summary>
    /// <param name="place">One below the directory.</param>
    public void Remove(string place)
    {
        if (!Disk.DirectoryExists(place))
            return;
        foreach (string path in Disk.ListFiles(place))
            Disk.Delete(path);
        Disk.FlushDirectory(place);
        Disk.Delete(place);
        Disk.FlushDirectory(Path);
    }

    /// <summary>What was changed stays.</summary>
    public void Keep() => _undo.Clear();

    /// <summary>Takes everything back, as far as the disk lets it.</summary>
    public void Withdraw()
    {
        while (_undo.TryPop(out var undo))
        {
            try
            {
                undo();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The failure that led here is the one to tell; the next backup clears what is left.
            }
        }
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);

    private static bool IsSame(string a, string b) =>
        a.Equals(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(b)),
            StringComparison.OrdinalIgnoreCase);
}
