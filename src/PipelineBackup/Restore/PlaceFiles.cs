using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using PipelineBackup.Format;
using PipelineBackup.Shared;

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
            file.Write(run.Plain, run.Chunk.FirstPage * pageSize);
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
        private SafeFileHandle? _cached;
        private SafeFileHandle? _direct;
        private long _missing = stored;

        public string Path => path;

        public long Missing => Interlocked.Read(ref _missing);

        public void Write(ReadOnlyMemory<byte> bytes, long offset)
        {
            var (cached, direct) = Open();
            int blocks = direct is not null && offset % DirectFile.BlockSize == 0 && DirectFile.IsAligned(bytes)
                ? bytes.Length & -DirectFile.BlockSize : 0;
            if (blocks > 0 && !TryWrite(direct!, bytes.Span[..blocks], offset))
                blocks = 0;
            if (blocks < bytes.Length)
                RandomAccess.Write(cached, bytes.Span[blocks..], offset + blocks);
            if (Interlocked.Add(ref _missing, -bytes.Length) == 0)
                Close();
        }

        public void Close()
        {
            var (cached, direct) = Open();
            direct?.Dispose();
            // What is behind the last stored page is zero: the file has its full length all the same.
            RandomAccess.SetLength(cached, length);
            DurableFile.Flush(cached);
            cached.Dispose();
        }

        public void Dispose()
        {
            _direct?.Dispose();
            _cached?.Dispose();
        }

        // Some file systems open a file for direct writes and then refuse them; the cached way tells a true failure.
        private static bool TryWrite(SafeFileHandle direct, ReadOnlySpan<byte> blocks, long offset)
        {
            try
            {
                RandomAccess.Write(direct, blocks, offset);
                return true;
            }
            catch (IOException failure) when (DurableFile.FaultOf(failure) == FileFault.Other)
            {
                return false;
            }
        }

        private (SafeFileHandle Cached, SafeFileHandle? Direct) Open()
        {
            lock (_lock)
            {
                if (_cached is null)
                {
                    _cached = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);
                    DirectFile.Allocate(_cached, length);
                    _direct = length >= DirectFile.WorthIt ? DirectFile.TryOpen(path) : null;
                }

                return (_cached, _direct);
            }
        }
    }
}
