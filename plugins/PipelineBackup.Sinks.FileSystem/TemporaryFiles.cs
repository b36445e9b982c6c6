using System.Security.Cryptography;

namespace PipelineBackup.Sinks.FileSystem;

/// <summary>The files of a store that are being written and have no name yet that a listing shows.</summary>
/// <param name="directory">Their directory.</param>
/// <param name="options">When they count as left behind, and by which clock.</param>
internal sealed class TemporaryFiles(string directory, FileSystemSinkOptions options)
{
    private const string Prefix = "put-";
    private const string Suffix = ".tmp";

    private readonly Lock _lock = new();
    private bool _ready;

    /// <summary>
    /// A path for a file to write, which nothing has yet. The first call cleans up after crashed writers.
    /// </summary>
    public string NewPath()
    {
        lock (_lock)
        {
            if (!_ready || !Directory.Exists(directory))
            {
                StoreDirectory.RefuseLink(directory);
                Directory.CreateDirectory(directory);
                DeleteStale();
                _ready = true;
            }
        }

        return Path.Combine(directory, Prefix + RandomNumberGenerator.GetHexString(32, lowercase: true) + Suffix);
    }

    /// <summary>Deletes a file that will get no name. What cannot be deleted now is deleted as stale later.</summary>
    /// <param name="path">The file.</param>
    public static void Discard(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (FileSystemFailure.Is(failure))
        {
            // The failure that made the file useless is on its way to the caller, and says more than this one.
        }
    }

    private void DeleteStale()
    {
        var limit = options.Time.GetUtcNow().UtcDateTime - options.StaleAfter;
        foreach (string file in Directory.EnumerateFiles(directory, Prefix + "*" + Suffix))
        {
            if (File.GetLastWriteTimeUtc(file) < limit)
                Discard(file);
        }
    }
}
