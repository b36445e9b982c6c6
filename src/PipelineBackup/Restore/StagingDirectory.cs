using PipelineBackup.Shared;
using PipelineBackup.Sources;

namespace PipelineBackup.Restore;

/// <summary>
/// A restore's claim on its target, and the directories in which it puts its files together: one beside each place that
/// files are published to, so that publishing is a rename. Disposing it removes what was not published.
/// </summary>
internal sealed class StagingDirectory : IDisposable
{
    public const string Prefix = ".pipelinebackup-staging-";
    public const string LockName = ".pipelinebackup-restore.lock";

    private readonly FileStream _lock;
    private readonly Dictionary<string, string> _directories = new(StringComparer.Ordinal);
    private readonly string _suffix = Guid.NewGuid().ToString("N")[..12];
    private readonly string? _explicit;
    private readonly HashSet<string> _proved = new(StringComparer.Ordinal);
    private int _files;
    private bool _keep;

    private StagingDirectory(string target, string? staging, FileStream claim)
    {
        Target = target;
        _explicit = staging;
        _lock = claim;
    }

    /// <summary>The target, as a full path.</summary>
    public string Target { get; }

    /// <summary>All staging directories.</summary>
    public IReadOnlyCollection<string> Directories => _directories.Values;

    /// <summary>Claims a target for one restore.</summary>
    /// <exception cref="BackupException">Another restore runs there, or the directory cannot be made.</exception>
    public static StagingDirectory Claim(string target, string? staging)
    {
        target = Path.GetFullPath(target);
        try
        {
            DurableFile.CreateDirectoryDurably(target);
            return new(target, staging is null ? null : Path.GetFullPath(staging), Lock(Path.Combine(target, LockName)));
        }
        catch (IOException failure) when (File.Exists(Path.Combine(target, LockName)))
        {
            throw new BackupException($"another restore is running into '{target}'", failure)
            {
                Hint = "wait for it, or restore into another directory",
                Error = JetError.RestoreInProgress,
                ExitCode = ExitCode.InUse,
            };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw RestoreFailure.Of(failure, $"the directory '{target}' cannot be made or written to");
        }
    }

    /// <summary>
    /// Removes the staging directories of a restore that crashed. The claim's file lists them, and it can be read only by
    /// whoever holds the claim: none of them is in use.
    /// </summary>
    public void RemoveLitter()
    {
        using (var reader = new StreamReader(_lock, leaveOpen: true))
        {
            while (reader.ReadLine() is { } directory)
            {
                if (Path.GetFileName(directory).StartsWith(Prefix, StringComparison.Ordinal) && Directory.Exists(directory))
                    Directory.Delete(directory, recursive: true);
            }
        }

        _lock.SetLength(0);
    }

    /// <summary>A path in staging for a file that will be published at a path; makes the directory it will be published in.</summary>
    public string PathFor(string published)
    {
        DurableFile.CreateDirectoryDurably(Path.GetDirectoryName(published)!);
        string home = _explicit ?? Path.GetDirectoryName(published)!;
        if (!_directories.TryGetValue(home, out string? directory))
        {
            DurableFile.CreateDirectoryDurably(home);
            directory = Path.Combine(home, Prefix + _suffix);
            // Noted before it is made: whatever a crash leaves, the next restore finds.
            _lock.Write(System.Text.Encoding.UTF8.GetBytes(directory + "\n"));
            _lock.Flush(flushToDisk: true);
            Directory.CreateDirectory(directory);
            _directories.Add(home, directory);
        }

        if (_explicit is not null && _proved.Add(Path.GetDirectoryName(published)!))
            DemandOneVolume(directory, Path.GetDirectoryName(published)!);

        // Files of one name may come from several places into one staging directory, and a name may be as long as names can be.
        return Path.Combine(directory, (++_files).ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>A directory in staging for files that keep their names and are not published; made here, and gone with it.</summary>
    /// <param name="published">The directory whose files it works with.</param>
    /// <param name="name">Its name.</param>
    public string WorkFor(string published, string name)
    {
        string work = Path.Combine(Path.GetDirectoryName(PathFor(Path.Combine(published, name)))!, name);
        Directory.CreateDirectory(work);
        return work;
    }

    // Whoever held the claim deleted its file when done: what was opened just before is locked, and is the claim no more.
    private static FileStream Lock(string path)
    {
        while (true)
        {
            var claim = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            if (File.Exists(path) && FileNumber.Of(path) is var there && (there == 0 || there == FileNumber.Of(claim.SafeFileHandle)))
                return claim;
            claim.Dispose();
        }
    }

    // A staging directory that was named may lie on another volume; that must show before the work, not at its last step.
    private static void DemandOneVolume(string staging, string target)
    {
        string probe = Path.Combine(staging, Path.GetRandomFileName()), arrived = Path.Combine(target, Prefix + Path.GetFileName(probe));
        File.WriteAllBytes(probe, []);
        DurableFile.TryRenameNoReplace(probe, arrived);
        File.Delete(arrived);
    }

    /// <summary>Makes everything in staging durable: the files were synced as they were closed, here their names are.</summary>
    public void Seal()
    {
        foreach (var (home, directory) in _directories)
        {
            DurableFile.FlushDirectory(directory);
            DurableFile.FlushDirectory(home);
        }
    }

    /// <summary>Leaves the files where they are when this is disposed: a journal now says what becomes of them.</summary>
    public void HandOver() => _keep = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        using (_lock)
        {
            if (!TryRemoveStaging())
                return;
            // Deleted while it is held: a restore that starts now makes a new one. Windows deletes no open file.
            if (OperatingSystem.IsWindows())
                _lock.Dispose();
            try
            {
                File.Delete(_lock.Name);
            }
            catch (IOException) when (OperatingSystem.IsWindows())
            {
                // The next restore has it already.
            }
        }
    }

    // What cannot be removed now stays on the claim's list, and the next restore removes it. The restore itself has its own
    // failure to tell.
    private bool TryRemoveStaging()
    {
        try
        {
            foreach (string directory in _keep ? [] : _directories.Values.Where(Directory.Exists))
                Directory.Delete(directory, recursive: true);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
