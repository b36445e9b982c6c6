using System.Buffers;

namespace PipelineBackup.Benchmarks.Stores;

/// <summary>
/// The packs of one backup, in memory as the pipeline hands them to a sink and as files of the system's cache: the bytes
/// that every way transfers.
/// </summary>
internal sealed class PackSet
{
    private const int SlabBytes = 1 << 20;

    /// <summary>Takes the packs of a store in a directory.</summary>
    /// <param name="store">The store's directory.</param>
    /// <param name="whole">A file to make of all of them together.</param>
    public PackSet(string store, string whole)
    {
        Files = [.. Directory.EnumerateFiles(store, "*.lz4", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        Bytes = [.. Files.Select(File.ReadAllBytes)];
        Bodies = [.. Bytes.Select(bytes => BodyOf(bytes))];
        Length = Bytes.Sum(bytes => bytes.LongLength);
        Whole = whole;
        using var file = File.Create(whole);
        foreach (byte[] bytes in Bytes)
            file.Write(bytes);
    }

    /// <summary>A file of each pack.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The content of each pack.</summary>
    public IReadOnlyList<byte[]> Bytes { get; }

    /// <summary>The same as the pipeline hands it to a sink: in slabs, its checksums known.</summary>
    public IReadOnlyList<ObjectBody> Bodies { get; }

    /// <summary>A file with all packs behind each other.</summary>
    public string Whole { get; }

    /// <summary>Bytes of all packs.</summary>
    public long Length { get; }

    private static ObjectBody BodyOf(byte[] bytes)
    {
        var known = ObjectBody.Of(bytes);
        Slab? first = null, last = null;
        for (int at = 0; at < bytes.Length; at += SlabBytes)
        {
            var next = new Slab(bytes.AsMemory(at, Math.Min(SlabBytes, bytes.Length - at)), last);
            first ??= next;
            last = next;
        }

        var content = first is null ? default : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
        return new(content, known.Sha256, known.Crc32C) { Class = ObjectClass.Data };
    }

    private sealed class Slab : ReadOnlySequenceSegment<byte>
    {
        public Slab(ReadOnlyMemory<byte> memory, Slab? before)
        {
            Memory = memory;
            if (before is null)
                return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
