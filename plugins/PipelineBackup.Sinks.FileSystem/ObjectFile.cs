using System.Buffers;
using Microsoft.Win32.SafeHandles;
using PipelineBackup.Shared;

namespace PipelineBackup.Sinks.FileSystem;

/// <summary>Writes the content of an object to a new file and makes it durable.</summary>
/// <remarks>
/// Large content goes past the system's cache (<see cref="DirectFile"/>), as far as it lies in whole blocks, as the slabs
/// of a pack do; a rest that is none goes the ordinary way.
/// </remarks>
internal static class ObjectFile
{
    // Between two looks at the token.
    private const int ChunkLength = 8 << 20;

    /// <summary>Writes a file; returns when its content and length are on stable storage.</summary>
    /// <param name="path">The file, which is not there yet.</param>
    /// <param name="body">What to write.</param>
    /// <param name="direct">Whether to go past the cache where possible.</param>
    /// <param name="cancellationToken">Ends the call; what was written until then stays.</param>
    /// <exception cref="SinkException">The file did not get the body's length.</exception>
    public static void Write(string path, ObjectBody body, bool direct, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        DirectFile.Allocate(file, body.Length);
        long written = 0;
        if (direct && body.Length >= DirectFile.WorthIt && DirectFile.TryOpen(path) is { } raw)
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
            var blocks = memory[..(memory.Length & -DirectFile.BlockSize)];
            if (blocks.Length > 0 && !DirectFile.IsAligned(blocks))
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
