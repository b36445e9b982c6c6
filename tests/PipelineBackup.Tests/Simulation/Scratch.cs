namespace PipelineBackup.Tests.Simulation;

/// <summary>A folder of a simulation, in memory where the system has such a place; gone with its end.</summary>
internal sealed class Scratch : IDisposable
{
    private const string InMemory = "/dev/shm";

    private readonly DirectoryInfo _folder = Directory.Exists(InMemory)
        ? Directory.CreateDirectory(System.IO.Path.Combine(InMemory, $"pipelinebackup-tests-{Guid.NewGuid():N}"))
        : new(GoldenSets.NewFolder("scratch"));

    public string Path => _folder.FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>A copy of the files of a folder, which may be written to.</summary>
    public string Copy(string folder, string name)
    {
        string copy = Directory.CreateDirectory(this[name]).FullName;
        foreach (string file in Directory.EnumerateFiles(folder))
        {
            string made = System.IO.Path.Combine(copy, System.IO.Path.GetFileName(file));
            File.Copy(file, made);
            File.SetAttributes(made, FileAttributes.Normal);
        }

        return copy;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
