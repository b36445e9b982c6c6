using System.Text;
using PipelineBackup.Restore;

namespace PipelineBackup.Tests.Restore;

/// <summary>What a folder held at a moment: what a process that died there leaves. It can be put back in its place.</summary>
internal sealed class CrashState
{
    private readonly string _folder;
    private readonly List<(string Path, byte[]? Bytes, DateTime Written)> _entries = [];

    private CrashState(string folder) => _folder = folder;

    /// <summary>Paths of all files, from the folder on.</summary>
    public IEnumerable<string> Files => _entries.Where(entry => entry.Bytes is not null).Select(entry => Path.GetRelativePath(_folder, entry.Path));

    /// <summary>Takes the state of a folder, whether or not someone is writing there.</summary>
    public static CrashState Take(string folder)
    {
        var state = new CrashState(folder);
        if (Directory.Exists(folder))
            state.Take(new DirectoryInfo(folder));
        return state;
    }

    /// <summary>Makes the folder what it was.</summary>
    public void PutBack()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
        foreach (var (path, bytes, written) in _entries)
        {
            if (bytes is null)
            {
                Directory.CreateDirectory(path);
                continue;
            }

            File.WriteAllBytes(path, bytes);
            File.SetLastWriteTimeUtc(path, written);
        }
    }

    private void Take(DirectoryInfo directory)
    {
        _entries.Add((directory.FullName, null, default));
        foreach (var file in directory.EnumerateFiles())
        {
            var written = file.LastWriteTimeUtc;
            if (Read(file.FullName) is { } bytes)
                _entries.Add((file.FullName, bytes, written));
        }

        foreach (var inner in directory.EnumerateDirectories())
            Take(inner);
    }

    private byte[]? Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (IOException) when (Path.GetFileName(path) == StagingDirectory.LockName)
        {
            // Locked for all others while the claim is held. It lists the staging directories, each before it is made.
            return Encoding.UTF8.GetBytes(string.Concat(Directory.EnumerateDirectories(_folder, StagingDirectory.Prefix + "*", SearchOption.AllDirectories)
                .Select(directory => directory + "\n")));
        }
    }
}
