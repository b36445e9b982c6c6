namespace PipelineBackup.Ese.Tests.Simulation;

// Directories: making and deleting one is safe at once, as a journal would have it; its name is not.
internal sealed partial class SimulatedDisk
{
    /// <inheritdoc/>
    public bool DirectoryExists(string path)
    {
        lock (_lock)
        {
            Live();
            return _directories.Contains(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        }
    }

    /// <inheritdoc/>
    public void CreateDirectory(string path)
    {
        lock (_lock)
        {
            Live();
            path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
            if (_directories.Contains(path))
                return;
            for (string? each = path; each is not null; each = Path.GetDirectoryName(each))
            {
                if (_names.Find(each) is not null)
                    throw new IOException($"'{each}' is a file");
            }

            Step(DiskStepKind.CreateDirectory, path);
            AddDirectory(path);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory)
    {
        lock (_lock)
        {
            Live();
            directory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
            if (!_directories.Contains(directory))
                throw new DirectoryNotFoundException($"there is no '{directory}'");
            return [.. Files.Where(path => Path.GetDirectoryName(path) == directory)];
        }
    }

    private static bool IsIn(string path, string directory) =>
        path.StartsWith(directory + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private void RenameDirectory(string from, string to)
    {
        _names.RenameDirectory(from, to);
        foreach (string inside in _directories.Where(path => path == from || IsIn(path, from)).ToList())
        {
            _directories.Remove(inside);
            _directories.Add(to + inside[from.Length..]);
        }
    }

    private void DeleteDirectory(string path)
    {
        if (Files.Concat(_directories).Any(inside => IsIn(inside, path)))
            throw new IOException($"'{path}' is not empty");
        Step(DiskStepKind.Delete, path);
        _directories.Remove(path);
    }

    // Names that a crash took back, and files that it gave back.
    private void TakeDirectoriesBack()
    {
        foreach (var (from, to) in _names.LostNames)
        {
            _directories.Remove(to);
            AddDirectory(from);
        }

        foreach (string path in Files)
            AddDirectory(Path.GetDirectoryName(path)!);
    }
}
