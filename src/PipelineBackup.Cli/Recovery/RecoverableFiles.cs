using PipelineBackup.Cli.Inspection;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Recovery;

/// <summary>A database that can be recovered, or is clean.</summary>
/// <param name="Path">The file.</param>
/// <param name="Needs">Its header and which logs it needs.</param>
internal sealed record RecoverableDatabase(string Path, LogNeeds Needs)
{
    /// <summary>Its file name.</summary>
    public string Name => System.IO.Path.GetFileName(Path);
}

/// <summary>What a directory holds that recovery can work on.</summary>
/// <param name="Directory">Where the files are: the directory that was named, or <c>new</c> or <c>old</c> in it.</param>
/// <param name="IsLegacy">Whether the engine's own backup to a directory made it.</param>
/// <param name="Databases">Its databases.</param>
internal sealed record RecoverableFiles(string Directory, bool IsLegacy, IReadOnlyList<RecoverableDatabase> Databases)
{
    /// <summary>Whether it must be restored with the logs of a backup, not recovered as after a crash.</summary>
    public bool IsBackupSet => IsLegacy || Databases.Any(database => database.Needs.IsStreamedCopy);

    /// <summary>Looks at a directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <exception cref="EseException">It is a backup of an engine to a directory, and not whole.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    public static RecoverableFiles Find(string directory)
    {
        if (File.Exists(directory))
        {
            throw new UsageException(
                $"'{directory}' is a file", "name the directory that holds the database and its logs");
        }

        if (!System.IO.Directory.Exists(directory))
            throw new DirectoryNotFoundException($"there is no directory '{directory}'");
        if (LegacyBackupDirectory.IsOne(LocalDisk.Instance, directory))
        {
            var legacy = LegacyBackupDirectory.Open(LocalDisk.Instance, directory);
            return new(legacy.Path, true, [.. legacy.Databases.Select(Read)]);
        }

        var files = System.IO.Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal);
        return new(directory, false, [.. files.Where(IsDatabase).Select(Read)]);
    }

    /// <summary>The base name of the logs, when it was not named.</summary>
    /// <param name="directories">Where logs may be.</param>
    /// <exception cref="UsageException">There are several.</exception>
    /// <exception cref="BackupException">There is none.</exception>
    public static string FindBaseName(IEnumerable<string> directories)
    {
        string[] names = [.. directories.Where(System.IO.Directory.Exists).SelectMany(LogChain.FindBaseNames)
            .Distinct(StringComparer.OrdinalIgnoreCase)];
        return names switch
        {
            [var only] => only,
            [] => throw new BackupException("there are no logs to recover with")
            {
                Hint = "name the directory that has them with --logs or --backup-logs",
                Error = CommandFailure.Jet(EseError.MissingLogFile),
                ExitCode = ExitCode.NotFound,
            },
            _ => throw new UsageException($"there are logs of several streams: {string.Join(", ", names)}",
                $"choose one, for instance --base {names[0]}"),
        };
    }

    private static RecoverableDatabase Read(string path) => new(path, LogNeeds.Read(path));

    private static bool IsDatabase(string path)
    {
        if (LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name) && name.Kind != LogFileKind.Current)
            return false;
        using var file = EseFile.Open(path);
        byte[] start = EseFile.ReadStart(file);
        return EseFile.Recognize(start, Path.GetFileName(path)) == EseFileKind.Database
            && new DatabaseHeader(start.Length >= DatabaseHeader.Size ? start : new byte[DatabaseHeader.Size]).FileType
                != FileType.TemporaryDatabase;
    }
}
