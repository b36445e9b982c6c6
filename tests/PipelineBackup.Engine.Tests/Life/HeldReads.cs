namespace PipelineBackup.Engine.Tests.Life;

/// <summary>A disk whose reads can be held up: who reads passes a gate first.</summary>
internal sealed class HeldReads(IDisk disk, Action<string> gate) : IDisk
{
    public IDiskFile Open(string path, DiskAccess access) => new HeldFile(disk.Open(path, access), () => gate(path));

    public bool FileExists(string path) => disk.FileExists(path);

    public bool DirectoryExists(string path) => disk.DirectoryExists(path);

    public void CreateDirectory(string path) => disk.CreateDirectory(path);

    public IReadOnlyList<string> ListFiles(string directory) => disk.ListFiles(directory);

    public void Rename(string from, string to) => disk.Rename(from, to);

    public void Delete(string path) => disk.Delete(path);

    public void FlushDirectory(string directory) => disk.FlushDirectory(directory);

    private sealed class HeldFile(IDiskFile file, Action gate) : IDiskFile
    {
        public long Length => file.Length;

        public int Read(Span<byte> buffer, long offset)
        {
            gate();
            return file.Read(buffer, offset);
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset) => file.Write(bytes, offset);

        public void SetLength(long length) => file.SetLength(length);

        public void Flush() => file.Flush();

        public void Dispose() => file.Dispose();
    }
}
