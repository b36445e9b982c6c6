using System.Diagnostics;
using PipelineBackup.Ese;

namespace PipelineBackup.Benchmarks.EndToEnd;

/// <summary>The machine's file system, with the time that it takes.</summary>
internal sealed class TimedDisk : IDisk
{
    private readonly LocalDisk _disk = LocalDisk.Instance;
    private long _reading, _writing, _flushing, _flushes;

    /// <summary>Seconds spent reading.</summary>
    public double Reading => Seconds(_reading);

    /// <summary>Seconds spent writing.</summary>
    public double Writing => Seconds(_writing);

    /// <summary>Seconds spent waiting until something is safe.</summary>
    public double Flushing => Seconds(_flushing);

    /// <summary>How often files were made safe.</summary>
    public long Flushes => Interlocked.Read(ref _flushes);

    /// <inheritdoc/>
    public IDiskFile Open(string path, DiskAccess access) => new TimedFile(this, _disk.Open(path, access));

    /// <inheritdoc/>
    public bool FileExists(string path) => _disk.FileExists(path);

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => _disk.DirectoryExists(path);

    /// <inheritdoc/>
    public void CreateDirectory(string path) => _disk.CreateDirectory(path);

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory) => _disk.ListFiles(directory);

    /// <inheritdoc/>
    public void Rename(string from, string to) => _disk.Rename(from, to);

    /// <inheritdoc/>
    public void Delete(string path) => _disk.Delete(path);

    /// <inheritdoc/>
    public void FlushDirectory(string directory)
    {
        long started = Stopwatch.GetTimestamp();
        _disk.FlushDirectory(directory);
        Interlocked.Add(ref _flushing, Stopwatch.GetTimestamp() - started);
    }

    private static double Seconds(long ticks) => (double)ticks / Stopwatch.Frequency;

    private sealed class TimedFile(TimedDisk disk, IDiskFile file) : IDiskFile
    {
        public long Length => file.Length;

        public int Read(Span<byte> buffer, long offset)
        {
            long started = Stopwatch.GetTimestamp();
            int read = file.Read(buffer, offset);
            Interlocked.Add(ref disk._reading, Stopwatch.GetTimestamp() - started);
            return read;
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            long started = Stopwatch.GetTimestamp();
            file.Write(bytes, offset);
            Interlocked.Add(ref disk._writing, Stopwatch.GetTimestamp() - started);
        }

        public void SetLength(long length) => file.SetLength(length);

        public void Flush()
        {
            long started = Stopwatch.GetTimestamp();
            file.Flush();
            Interlocked.Add(ref disk._flushing, Stopwatch.GetTimestamp() - started);
            Interlocked.Increment(ref disk._flushes);
        }

        public void Dispose() => file.Dispose();
    }
}
