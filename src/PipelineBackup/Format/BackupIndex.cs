using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text.Json;

namespace PipelineBackup.Format;

/// <summary>
/// The index of a backup: which files it has, which packs, and where in the packs each page lies. Stored as
/// <c>index.jsonl</c>, one <see cref="IndexLine"/> a line; its SHA-256 stands in the commit.
/// </summary>
internal sealed class BackupIndex
{
    private const int MaxLineBytes = 64 * 1024;

    /// <summary>The files; the position is the number.</summary>
    public List<FileLine> Files { get; } = [];

    /// <summary>The packs; the position is the number minus one.</summary>
    public List<PackLine> Packs { get; } = [];

    /// <summary>The extents, in the order they were stored.</summary>
    public List<ExtentLine> Extents { get; } = [];

    /// <summary>Adds an extent, merging it with the one before where the two are one.</summary>
    public void Add(ExtentLine extent)
    {
        if (Extents.Count > 0 && Extents[^1] is var last && last.File == extent.File && last.First + last.Pages == extent.First
            && last.Zero == extent.Zero && last.Pack == extent.Pack
            && (last.Zero || last.Offset + last.Pages * Files[last.File].PageSize == extent.Offset))
            Extents[^1] = last with { Pages = last.Pages + extent.Pages };
        else
            Extents.Add(extent);
    }

    /// <summary>The index as stored.</summary>
    public ReadOnlyMemory<byte> Serialize()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        foreach (var line in Files.Concat<IndexLine>(Packs).Concat(Extents))
        {
            JsonSerializer.Serialize(writer, line, ArchiveJson.Default.IndexLine);
            writer.Flush();
            writer.Reset();
            buffer.Write("\n"u8);
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Reads an index and proves it whole: digest, numbering, names, and that every page of every file lies somewhere once.</summary>
    /// <param name="stream">The object's bytes; read to the end.</param>
    /// <param name="expected">Length and digest from the commit.</param>
    /// <param name="name">Name for messages.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="BackupException">The index is damaged.</exception>
    public static async Task<BackupIndex> ReadAsync(Stream stream, ObjectDigest expected, ObjectName name, CancellationToken cancellationToken)
    {
        var index = new BackupIndex();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await ReadLinesAsync(stream, expected.Length, name, hash, line => index.Take(line, name), cancellationToken).ConfigureAwait(false);
        if (!Convert.ToHexStringLower(hash.GetHashAndReset()).Equals(expected.Sha256, StringComparison.Ordinal))
            throw Damaged(name, "its SHA-256 is not the one in the commit");
        IndexCoverage.Demand(index, reason => throw Damaged(name, reason));
        return index;
    }

    /// <summary>Reads the lines of a small JSON-lines object, hashing all bytes.</summary>
    /// <exception cref="BackupException">A line is too long or no JSON, or the object has another length.</exception>
    public static async Task ReadLinesAsync(
        Stream stream, long length, ObjectName name, IncrementalHash hash, Action<ReadOnlySequence<byte>> take, CancellationToken cancellationToken)
    {
        long seen = 0;
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: MaxLineBytes));
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, buffer.GetPosition(1, end));
                foreach (var part in line)
                    hash.AppendData(part.Span);
                seen += line.Length;
                try
                {
                    take(buffer.Slice(0, end));
                }
                catch (Exception failure) when (failure is JsonException or NotSupportedException)
                {
                    throw Damaged(name, $"a line cannot be read ({failure.Message})");
                }

                buffer = buffer.Slice(line.End);
            }

            if (buffer.Length > MaxLineBytes || seen + buffer.Length > length)
                throw Damaged(name, "it is longer than it should be");
            reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
                break;
        }

        await reader.CompleteAsync().ConfigureAwait(false);
        if (seen != length)
            throw Damaged(name, $"it has {seen} whole bytes instead of {length}");
    }

    private static BackupException Damaged(ObjectName name, string reason) => new($"{name} is damaged: {reason}")
    {
        Hint = "restore another backup of the chain, or copy this object again from a second store",
        ExitCode = ExitCode.Refused,
    };

    private void Take(ReadOnlySequence<byte> line, ObjectName name)
    {
        var reader = new Utf8JsonReader(line);
        switch (JsonSerializer.Deserialize(ref reader, ArchiveJson.Default.IndexLine))
        {
            case FileLine file when file.File == Files.Count:
                Files.Add(file);
                break;
            case PackLine pack when pack.Pack == Packs.Count + 1:
                Packs.Add(pack);
                break;
            case ExtentLine extent:
                Extents.Add(extent);
                break;
            default:
                throw Damaged(name, "files or packs are not numbered in order");
        }
    }
}
