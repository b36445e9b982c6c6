using PipelineBackup.Ese;
using PipelineBackup.Shared;

namespace PipelineBackup.Sequences;

/// <summary>
/// Where a restore works: its directory for logs and patch files, which no other restore may use meanwhile, of this
/// server or of another one.
/// </summary>
internal sealed class RestorePlace : IDisposable
{
    private const string LockName = "restore.lock";

    private readonly IDisposable _claim;
    private readonly FileStream _lock;

    private RestorePlace(HostedService service, string instance, string directory, LocationTable locations,
        IDisposable claim, FileStream @lock) =>
        (Service, Instance, Directory, Locations, _claim, _lock) = (service, instance, directory, locations, claim, @lock);

    /// <summary>The service.</summary>
    public HostedService Service { get; }

    /// <summary>Name of the instance.</summary>
    public string Instance { get; }

    /// <summary>The directory.</summary>
    public string Directory { get; }

    /// <summary>Where the files go.</summary>
    public LocationTable Locations { get; }

    /// <summary>Whether nobody needs the directory any more: it goes, with all that is in it.</summary>
    public bool IsOver { get; set; }

    /// <summary>Claims it.</summary>
    /// <param name="service">The service.</param>
    /// <param name="instance">Name of the instance.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="locations">Where the files go.</param>
    /// <param name="claim">The claim on the instance, let go with this.</param>
    /// <param name="isSaved">Whether an earlier session has saved something there.</param>
    /// <exception cref="SourceException">−506: another restore works there; −504: it is not empty.</exception>
    public static RestorePlace Claim(HostedService service, string instance, string directory,
        LocationTable locations, IDisposable claim, bool isSaved)
    {
        try
        {
            if (!isSaved)
                DurableFile.CreateDirectoryDurably(directory);
            var place = new RestorePlace(service, instance, directory, locations, claim, Lock(directory));
            if (isSaved || System.IO.Directory.GetFileSystemEntries(directory).All(IsLock))
                return place;
            place._lock.Dispose();
            throw new SourceException($"'{directory}' is not empty")
            {
                Error = EseErrors.ToJet(EseError.BackupDirectoryNotEmpty),
                Hint = File.Exists(Path.Combine(directory, RestoreEnvironmentFile.Name))
                    ? "a restore was saved there: reopen it, or reopen it and close it as a failure to remove it"
                    : "another program has put something there: move it away",
            };
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    /// <summary>Whether a path is that of the lock.</summary>
    /// <param name="path">The path.</param>
    public static bool IsLock(string path) => Path.GetFileName(path) == LockName;

    /// <inheritdoc/>
    public void Dispose()
    {
        using (_claim)
        {
            using (_lock)
            {
                if (IsOver)
                    Clear();
            }

            if (IsOver)
                RemoveDirectory();
        }
    }

    private void Clear()
    {
        foreach (string directory in System.IO.Directory.GetDirectories(Directory))
            System.IO.Directory.Delete(directory, recursive: true);
        foreach (string path in System.IO.Directory.GetFiles(Directory).Where(path => !IsLock(path)))
            File.Delete(path);
    }

    private void RemoveDirectory()
    {
        try
        {
            System.IO.Directory.Delete(Directory);
        }
        catch (IOException)
        {
            // Another restore has it already.
        }
    }

    private static FileStream Lock(string directory)
    {
        try
        {
            return new(Path.Combine(directory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None,
                bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (DirectoryNotFoundException)
        {
            throw SequenceRefusal.NotFound($"there is no saved restore in '{directory}'",
                "open a restore, and save its environment");
        }
        catch (IOException)
        {
            throw SequenceRefusal.RestoreInProgress($"another program restores into '{directory}'");
        }
    }
}
