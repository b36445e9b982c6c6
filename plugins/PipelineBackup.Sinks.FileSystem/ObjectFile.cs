using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PipelineBackup.Shared;

namespace PipelineBackup.Sinks.FileSystem;

/// <summary>Writes the content of an object to a new file and makes it durable.</summary>
/// <remarks>
/// Large content goes past the system's cache where Linux and the file system allow it: copying into the cache costs
/// three to ten times the processor time, and pushes out what the live database has there. That needs memory and
/// lengths in whole blocks, as the slabs of a pack are; a rest that is none goes the ordinary way.
/// </remarks>
internal static partial class ObjectFile
{
    // The largest of the block sizes that devices in use ask for.
    private const int BlockSize = 4096;

    // Below, the cache costs less than the second way of opening the file.
    private const int DirectFrom = 1 << 20;

    // Between two looks at the token.
    private const int ChunkLength = 8 << 20;

    private const int WriteOnly = 1;
    private const int CloseOnExec = 0x80000;
    private const int KeepSize = 1;

    /// <summary>Writes a file; returns when its content and length are on stable storage.</summary>
    /// <param name="path">The file, which is not there yet.</param>
    /// <param name="body">What to write.</param>
    /// <param name="direct">Whether to go past the cache where possible.</param>
    /// <param name="cancellationToken">Ends the call; what was written until then stays.</param>
    /// <exception cref="SinkException">The file did not get the body's length.</exception>
    public static void Write(string path, ObjectBody body, bool direct, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        Preallocate(file, body.Length);
        long written = 0;
        if (direct && body.Length >= DirectFrom && OpenDirect(path) is { } raw)
        {
            using (raw)
                written = WriteBlocks(raw, body.Content, cancellationToken);
        }

        WriteCached(file, body.Content.Slice(written), written, cancellationToken);
        DurableFile.Flush(file);
        if (RandomAccess.GetLength(file) is var length && length != body.Length)
        {
            throw new SinkException($"'{path}' has {length} bytes after {body.Length} were written")
            {
                Failure = SinkFailure.Corrupt,
                Error = JetError.DiskIO,
            };
        }
    }

    // Writes whole blocks from the start as far as the memory lies on block boundaries; returns how far it came.
    private static long WriteBlocks(
        SafeFileHandle file, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        long offset = 0;
        var chunk = new Chunk();
        foreach (var memory in content)
        {
            var blocks = memory[..(memory.Length & -BlockSize)];
            if (blocks.Length > 0 && !IsAligned(blocks))
                break;
            chunk.Add(blocks);
            bool whole = blocks.Length == memory.Length;
            if (chunk.Length >= ChunkLength || !whole)
            {
                if (!TryWrite(file, chunk, ref offset, cancellationToken))
                    return offset;
            }

            if (!whole)
                return offset;
        }

        TryWrite(file, chunk, ref offset, cancellationToken);
        return offset;
    }

    private static bool TryWrite(SafeFileHandle file, Chunk chunk, ref long offset, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            chunk.WriteTo(file, ref offset);
            return true;
        }
        catch (IOException failure) when (DurableFile.FaultOf(failure) == FileFault.Other)
        {
            // Some file systems open a file this way and then refuse the write, or want larger blocks. The ordinary way
            // writes the same bytes again, and tells a true failure.
            return false;
        }
    }

    private static void WriteCached(
        SafeFileHandle file, ReadOnlySequence<byte> content, long offset, CancellationToken cancellationToken)
    {
        var chunk = new Chunk();
        foreach (var memory in content)
        {
            // A single segment may be the whole object.
            for (var rest = memory; rest.Length > 0;)
            {
                int length = Math.Min(rest.Length, ChunkLength - (int)chunk.Length);
                chunk.Add(rest[..length]);
                rest = rest[length..];
                if (chunk.Length == ChunkLength)
                    Write();
            }
        }

        Write();

        void Write()
        {
            cancellationToken.ThrowIfCancellationRequested();
            long start = offset;
            chunk.WriteTo(file, ref offset);
            // The disk starts now, not when the flush at the end asks for everything at once. Small objects only pay.
            if (offset - start == ChunkLength)
                DurableFile.BeginFlush(file, start, ChunkLength);
        }
    }

    private static unsafe bool IsAligned(ReadOnlyMemory<byte> memory)
    {
        using var pin = memory.Pin();
        return ((nint)pin.Pointer & (BlockSize - 1)) == 0;
    }

    // Space in one piece. A hint: some file systems refuse it and write all the same, so writing tells what is true.
    private static void Preallocate(SafeFileHandle file, long length)
    {
        if (OperatingSystem.IsLinux() && length >= DirectFrom)
            _ = Allocate(file, KeepSize, 0, length);
    }

    private static SafeFileHandle? OpenDirect(string path)
    {
        int direct = !OperatingSystem.IsLinux() ? 0 : RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 0x4000,
            Architecture.Arm64 => 0x10000,
            _ => 0,
        };
        if (direct == 0)
            return null;
        int descriptor = Open(path, WriteOnly | CloseOnExec | direct);
        return descriptor < 0 ? null : new(descriptor, ownsHandle: true);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fallocate")]
    private static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);

    /// <summary>Pieces of memory that one call writes.</summary>
    private sealed class Chunk
    {
        private readonly List<ReadOnlyMemory<byte>> _pieces = [];

        public long Length { get; private set; }

        public void Add(ReadOnlyMemory<byte> piece)
        {
            if (piece.Length == 0)
                return;
            _pieces.Add(piece);
            Length += piece.Length;
        }

        public void WriteTo(SafeFileHandle file, ref long offset)
        {
            if (_pieces.Count > 0)
                RandomAccess.Write(file, _pieces, offset);
            offset += Length;
            Length = 0;
            _pieces.Clear();
        }
    }
}
