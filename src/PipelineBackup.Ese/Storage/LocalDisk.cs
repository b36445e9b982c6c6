using Microsoft.Win32.SafeHandles;
using PipelineBackup.Shared;

namespace PipelineBackup.Ese;

/// <summary>The file system of the machine.</summary>
public sealed class LocalDisk : IDisk
{
    private LocalDisk()
    {
    }

    /// <summary>The one there is.</summary>
    public static LocalDisk Instance { get; } = new();

    /// <summary>A handle as a file of this disk.</summary>
    /// <param name="handle">The handle.</param>
    /// <param name="owned">Whether disposing the file closes the handle.</param>
    internal static IDiskFile Over(SafeFileHandle handle, bool owned) => new LocalFile(handle, owned);

    /// <inheritdoc/>
    public IDiskFile Open(string path, DiskAccess access) => new LocalFile(access switch
    {
        DiskAccess.Read =>
            File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete),
        DiskAccess.ReadWrite => File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read),
        _ => File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read),
    }, owned: true);

    /// <inheritdoc/>
    public bool FileExists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => Directory.Exists(path);

    /// <inheritdoc/>
    public void CreateDirectory(string path) => DurableFile.CreateDirectoryDurably(path);

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory) =>
        [.. Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        if (!DurableFile.TryRenameNoReplace(from, to))
            throw new IOException($"'{to}' is there already");
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path);
        else
            File.Delete(path);
    }

    /// <inheritdoc/>
    public void FlushDirectory(string directory) => DurableFile.FlushDirectory(directory);

    private sealed class LocalFile(SafeFileHandle handle, bool owned) : IDiskFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(Span<byte> buffer, long offset) => FileBytes.Read(handle, buffer, offset);

        public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(handle, bytes, offset);

        public void SetLength(long length) => RandomAccess.SetLength(handle, length);

        public void Flush() => DurableFile.Flush(handle);

        public void Dispose()
        {
            if (owned)
                handle.Dispose();
        }
    }
}
