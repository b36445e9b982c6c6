using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using PipelineBackup.Format;

namespace PipelineBackup.Restore;

/// <summary>
/// The room that writes pages into the files in staging. Each byte is written once: the index was proved to place it once,
/// and a file is closed, and made durable, with its last byte.
/// </summary>
internal sealed class PlaceFiles : IDisposable
{
    private readonly ConcurrentDictionary<int, StagedFile> _files = [];
    private long _written;

    /// <summary>Bytes written.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Makes the empty file that a file of the index is put together in.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="file">The file.</param>
    /// <param name="path">Its path in staging.</param>
    public void Create(StoredBackup backup, FileLine file, string path)
    {
        long stored = backup.Index.Extents.Where(extent => extent.File == file.File && !extent.Zero)
            .Sum(extent => IndexCoverage.BytesOf(file, extent));
        var staged = new StagedFile(path, file.Length, stored);
        _files[file.File] = staged;
        if (stored == 0)
            staged.Close();
    }

    /// <summary>Whether a file is restored.</summary>
    public bool IsWanted(FileLine file) => _files.ContainsKey(file.File);

    /// <summary>Writes a chunk where it belongs.</summary>
    public ValueTask PlaceAsync(ChunkRun run, int pageSize)
    {
        var file = _files[run.Chunk.File];
        try
        {
            file.Write(run.Plain.Span, run.Chunk.FirstPage * pageSize);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw RestoreFailure.Of(failure, $"'{file.Path}' cannot be written");
        }

        Interlocked.Add(ref _written, run.Plain.Length);
        return ValueTask.CompletedTask;
    }

    /// <summary>Proves that every file got all of its bytes.</summary>
    public void DemandComplete()
    {
        foreach (var file in _files.Values)
        {
            if (file.Missing != 0)
                throw new InvalidOperationException($"'{file.Path}' lacks {file.Missing} bytes although its index is complete");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _files.Values)
            file.Dispose();
    }

    private sealed class StagedFile(string path, long length, long stored) : IDisposable
    {
        private readonly Lock _lock = new();
        private SafeFileHandle? _handle;
        private long _missing = stored;

        public string Path => path;

        public long Missing => Interlocked.Read(ref _missing);

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            RandomAccess.Write(Open(), bytes, offset);
            if (Interlocked.Add(ref _missing, -bytes.Length) == 0)
                Close();
        }

        public void Close()
        {
            var handle = Open();
            // What is behind the last stored page is zero: the file has its full length all the same.
            RandomAccess.SetLength(handle, length);
            RandomAccess.FlushToDisk(handle);
            handle.Dispose();
        }

        public void Dispose() => _handle?.Dispose();

        // Space is taken at once: a volume that is too small says so before hours of work.
        private SafeFileHandle Open()
        {
            lock (_lock)
                return _handle ??= File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, preallocationSize: length);
        }
    }
}
