namespace PipelineBackup.Engine.Tests.Life;

/// <summary>A disk that can be held up: who reads passes one gate first, who writes another. No lock is held then.</summary>
internal sealed class HeldDisk(IDisk disk, Action<string>? reads = null, Action<string>? writes = null) : IDisk
{
    public IDiskFile Open(string path, DiskAccess access) =>
        new HeldFile(disk.Open(path, access), () => reads?.Invoke(path), () => writes?.Invoke(path));

    public bool FileExists(string path) => disk.FileExists(path);

    public bool DirectoryExists(string path) => disk.DirectoryExists(path);

    public void CreateDirectory(string path) => disk.CreateDirectory(path);

    public IReadOnlyList<string> ListFiles(string directory) => disk.ListFiles(directory);

    public void Rename(string from, string to) => disk.Rename(from, to);

    public void Delete(string path) => disk.Delete(path);

    public void FlushDirectory(string directory) => disk.FlushDirectory(directory);

    private sealed class HeldFile(IDiskFile file, Action reads, Action writes) : IDiskFile
    {
        public long Length => file.Length;

        public int Read(Span<byte> buffer, long offset)
        {
            reads();
            return file.Read(buffer, offset);
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            writes();
            file.Write(bytes, offset);
        }

        public void SetLength(long length) => file.SetLength(length);

        public void Flush() => file.Flush();

        public void Dispose() => file.Dispose();
    }
}
