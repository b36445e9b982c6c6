namespace PipelineBackup.Ese;

/// <summary>Temporary files of a recovery, gone when it is over.</summary>
/// <param name="options">Where they go.</param>
/// <param name="undoDirectory">Where they go when the caller does not say.</param>
internal sealed class ScratchFiles(RecoveryOptions options, string undoDirectory) : IDisposable
{
    private readonly List<(string Path, IDiskFile File)> _files = [];
    private int _count;

    /// <summary>Makes a file.</summary>
    public IDiskFile Create()
    {
        string path = NextPath();
        // What a killed recovery left there is of no use to anybody.
        options.Disk.Delete(path);
        var file = options.Disk.Open(path, DiskAccess.CreateNew);
        _files.Add((path, file));
        return file;
    }

    /// <summary>Memory for undo data, with a file for what is too much.</summary>
    /// <param name="bytes">How much may stay in memory.</param>
    public ScratchMemory CreateMemory(long bytes) => new(options.Disk, NextPath(), bytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (path, file) in _files)
        {
            file.Dispose();
            options.Disk.Delete(path);
        }
    }

    private string NextPath() => Path.Combine(
        options.ScratchDirectory ?? undoDirectory, $"{options.BaseName}-recovery-{++_count}.tmp");
}
