using System.Text.Json;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Recovery;

/// <summary>
/// A directory that files are copied to so that recovery works on the copies. A note in it lists what was made; it is
/// removed last, so that whoever finds it finds an unfinished copy, which the next recovery to the same place replaces.
/// </summary>
/// <remarks>
/// <code>
/// empty directory ─► note ─► copies ─► recovery ─► note removed
///                     failed or killed here: the copies go, now or with the next run
/// </code>
/// </remarks>
internal sealed class RecoveryCopy : IDisposable
{
    /// <summary>Name of the note.</summary>
    public const string NoteName = ".pipelinebackup-recover.json";

    private readonly FileStream _note;
    private readonly List<string> _made;
    private readonly string _baseName;
    private bool _isFinished;

    private RecoveryCopy(string directory, string baseName, FileStream note, List<string> made) =>
        (Directory, _baseName, _note, _made) = (directory, baseName, note, made);

    /// <summary>The directory.</summary>
    public string Directory { get; }

    /// <summary>Claims a directory: makes it when it is not there, clears away what an unfinished recovery left.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="baseName">Base name of the logs, which recovery writes there too.</param>
    /// <exception cref="BackupException">It holds something else, or another recovery works there.</exception>
    public static RecoveryCopy Claim(string directory, string baseName)
    {
        directory = Path.GetFullPath(directory);
        string path = Path.Combine(directory, NoteName);
        bool isOurs = File.Exists(path);
        if (!isOurs && (File.Exists(directory)
            || (System.IO.Directory.Exists(directory) && System.IO.Directory.EnumerateFileSystemEntries(directory).Any())))
        {
            throw new BackupException($"'{directory}' is not an empty directory; a recovery never overwrites")
            {
                Hint = "name one that is empty or not there",
            };
        }

        System.IO.Directory.CreateDirectory(directory);
        FileStream note;
        try
        {
            note = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure) when (File.Exists(path))
        {
            throw new BackupException($"another recovery works in '{directory}'", failure)
            {
                Hint = "wait for it, or name another directory",
                Error = JetError.RestoreInProgress,
                ExitCode = ExitCode.InUse,
            };
        }

        var copy = new RecoveryCopy(directory, baseName, note, [.. Read(note, directory)]);
        copy.RemoveMade();
        return copy;
    }

    /// <summary>Notes what is going to be made, and proves that there is room for it.</summary>
    /// <param name="copies">What is copied to where.</param>
    /// <exception cref="BackupException">A file is in the way, or space is short.</exception>
    public void Begin(IReadOnlyList<(string From, string To)> copies)
    {
        if (copies.FirstOrDefault(copy => Path.Exists(copy.To)).To is { } taken)
        {
            throw new BackupException($"'{taken}' is already there; a recovery never overwrites")
            {
                Hint = "map the database to another place, or move that file away",
            };
        }

        foreach (var place in copies.GroupBy(copy => Path.GetPathRoot(copy.To)))
        {
            long needed = place.Sum(copy => new FileInfo(copy.From).Length);
            string existing = Path.GetDirectoryName(place.First().To)!;
            while (!System.IO.Directory.Exists(existing))
                existing = Path.GetDirectoryName(existing)!;
            if (new DriveInfo(existing).AvailableFreeSpace is var free && free < needed)
            {
                throw new BackupException($"'{existing}' has {free} bytes free, the copy needs {needed}")
                {
                    Error = JetError.DiskFull,
                    Hint = "free space, or copy to another volume; nothing was written",
                };
            }
        }

        _made.AddRange(copies.Select(copy => copy.To));
        _note.SetLength(0);
        JsonSerializer.Serialize(_note, [.. _made], RecoveryJson.Default.StringArray);
        _note.Flush(flushToDisk: true);
    }

    /// <summary>Copies one file.</summary>
    /// <param name="from">The file.</param>
    /// <param name="to">Its copy, which was noted.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task CopyAsync(string from, string to, CancellationToken cancellationToken)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        await using var source = new FileStream(
            from, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
        await using var target = new FileStream(
            to, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.Asynchronous);
        await source.CopyToAsync(target, 1 << 20, cancellationToken);
        target.Flush(flushToDisk: true);
    }

    /// <summary>The copy is recovered: it stays.</summary>
    public void Finish()
    {
        _isFinished = true;
        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_note.CanRead)
            return;
        if (!_isFinished)
            RemoveMade();
        // Last of all: as long as it is there the copy is not finished. Windows deletes no open file.
        if (OperatingSystem.IsWindows())
            _note.Dispose();
        File.Delete(_note.Name);
        _note.Dispose();
    }

    // Others may write where the note lies: it never makes this program delete what is elsewhere.
    private static IEnumerable<string> Read(FileStream note, string directory)
    {
        try
        {
            string[] noted = JsonSerializer.Deserialize(note, RecoveryJson.Default.StringArray) ?? [];
            return noted.Where(path => path is not null && Path.GetDirectoryName(path) == directory
                && Path.GetFileName(path) is not (".." or "." or ""));
        }
        catch (JsonException)
        {
            // Killed before it was written whole: then nothing had been copied.
            return [];
        }
    }

    // What was copied, and what recovery makes beside it: logs, a checkpoint, scratch files of the stream's name.
    private void RemoveMade()
    {
        foreach (string path in _made.Where(File.Exists))
            File.Delete(path);

        foreach (string path in System.IO.Directory.EnumerateFiles(Directory))
        {
            if (LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name)
                && name.Base.Equals(_baseName, StringComparison.OrdinalIgnoreCase))
                File.Delete(path);
        }

        _made.Clear();
    }
}
