namespace PipelineBackup.Ese;

/// <summary>
/// A directory that the engine's own backup to a directory ("JetBackup") made: databases as streamed copies, each with
/// an empty <c>.pat</c> file beside it as a mark, and logs. An atomic backup lies in <c>new</c> or <c>old</c> below it.
/// </summary>
/// <remarks>
/// <code>
///   DIR/db1.edb  DIR/db1.pat  DIR/edb00000002.log …       a plain one
///   DIR/new/…  or, when that has no logs,  DIR/old/…      an atomic one
/// </code>
/// </remarks>
public sealed class LegacyBackupDirectory
{
    private static readonly string[] s_places = ["", "new", "old"];

    private LegacyBackupDirectory(string path, string baseName, IReadOnlyList<string> databases) =>
        (Path, BaseName, Databases) = (path, baseName, databases);

    /// <summary>Where databases and logs are: the directory itself, its <c>new</c>, or its <c>old</c>.</summary>
    public string Path { get; }

    /// <summary>The three characters that the names of the logs begin with.</summary>
    public string BaseName { get; }

    /// <summary>Paths of the databases.</summary>
    public IReadOnlyList<string> Databases { get; }

    /// <summary>
    /// Whether a directory is one of these: it has a mark, or an atomic backup below it and no logs of its own.
    /// </summary>
    /// <param name="disk">The disk it is on.</param>
    /// <param name="directory">The directory.</param>
    public static bool IsOne(IDisk disk, string directory)
    {
        ArgumentNullException.ThrowIfNull(disk);
        return disk.DirectoryExists(directory) && Place(disk, directory) is { } place
            && (place != directory || Marks(disk, place).Any());
    }

    /// <summary>Opens one.</summary>
    /// <param name="disk">The disk it is on.</param>
    /// <param name="directory">The directory that the backup was made to.</param>
    /// <exception cref="EseException">
    /// −1023 there is no such directory; −1811 there are no logs in it, or a marked database is missing; −538 no
    /// database is marked; −1003 it holds the logs of several streams.
    /// </exception>
    public static LegacyBackupDirectory Open(IDisk disk, string directory)
    {
        ArgumentNullException.ThrowIfNull(disk);
        if (!disk.DirectoryExists(directory))
            throw new EseException(EseError.InvalidPath, $"there is no directory '{directory}'", "check the path");
        if (Place(disk, directory) is not { } place)
        {
            throw new EseException(EseError.FileNotFound, $"'{directory}' has no logs, nor has 'new' or 'old' in it",
                "name the directory that the backup was made to");
        }

        string[] names = [.. BaseNames(disk, place)];
        if (names.Length > 1)
        {
            throw new EseException(EseError.InvalidParameter,
                $"'{place}' holds the logs of several streams: {string.Join(", ", names)}", "such a backup has one");
        }

        string[] databases = [.. Marks(disk, place).Select(mark => DatabaseOf(disk, mark))];
        if (databases.Length > 0)
            return new(place, names[0], databases);
        throw new EseException(EseError.PatchFileMissing,
            $"'{place}' has no .pat file, which marks a database of a backup",
            "the directory is not whole, or no backup of an engine to a directory");
    }

    private static string? Place(IDisk disk, string directory) => s_places
        .Select(name => name.Length == 0 ? directory : System.IO.Path.Combine(directory, name))
        .FirstOrDefault(place => disk.DirectoryExists(place) && BaseNames(disk, place).Any());

    private static IEnumerable<string> BaseNames(IDisk disk, string place)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (string path in disk.ListFiles(place))
        {
            if (LogFileName.TryParse(System.IO.Path.GetFileName(path.AsSpan()), out var name)
                && name.Kind == LogFileKind.Numbered && names.Add(name.Base))
                yield return name.Base;
        }
    }

    private static IEnumerable<string> Marks(IDisk disk, string place) => disk.ListFiles(place)
        .Where(path => System.IO.Path.GetExtension(path).Equals(".pat", StringComparison.OrdinalIgnoreCase));

    // The mark bears the name of the database, with another extension.
    private static string DatabaseOf(IDisk disk, string mark)
    {
        string stem = System.IO.Path.GetFileNameWithoutExtension(mark);
        byte[] start = new byte[HeaderPair.StartBytes];
        foreach (string path in disk.ListFiles(System.IO.Path.GetDirectoryName(mark)!))
        {
            if (path == mark
                || !System.IO.Path.GetFileNameWithoutExtension(path).Equals(stem, StringComparison.OrdinalIgnoreCase))
                continue;
            using var file = disk.Open(path, DiskAccess.Read);
            if (HeaderPair.LooksLikeDatabase(start.AsSpan(0, file.Read(start, 0))))
                return path;
        }

        throw new EseException(EseError.FileNotFound, $"the database that '{mark}' marks is missing",
            "take it from another copy of the backup");
    }
}
