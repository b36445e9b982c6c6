using System.Buffers;

namespace PipelineBackup.Format;

/// <summary>Takes a pack apart: proves its header, footer and tail index, and gives its chunks. Trusts no byte of it.</summary>
internal static class PackReader
{
    /// <summary>Bytes at the end of a pack that its footer takes, its frame header included.</summary>
    public const int FooterFrame = PackFormat.SkippableBytes + PackFormat.FooterBytes;

    /// <summary>Reads the chunks of a pack.</summary>
    /// <param name="pack">The whole object.</param>
    /// <param name="line">What the index says of it.</param>
    /// <param name="id">The backup it belongs to.</param>
    /// <param name="chunks">The chunks in order, contiguous from the header to the tail index.</param>
    /// <returns>Null, or what is wrong.</returns>
    public static string? Open(ReadOnlySequence<byte> pack, PackLine line, BackupId id, out PackChunk[] chunks)
    {
        chunks = [];
        if (pack.Length is < PackFormat.MinBytes or > PackFormat.MaxBytes)
            return "its length is impossible";
        Span<byte> part = stackalloc byte[PackFormat.SkippableBytes + PackFormat.HeaderBytes];
        pack.Slice(0, part.Length).CopyTo(part);
        if (!PackFormat.IsSkippable(part, PackFormat.HeaderMagic, PackFormat.HeaderBytes))
            return "it does not start with a header";
        if (PackFormat.JudgeHeader(part[PackFormat.SkippableBytes..], id, line.Pack) is { } refusal)
            return refusal;

        string? reason = ReadFooter(pack.Slice(pack.Length - FooterFrame), pack.Length, line, out var tail);
        return reason ?? ReadChunks(pack.Slice(tail.Offset, tail.Length), line, tail, out chunks);
    }

    /// <summary>Reads the footer of a pack: where its tail index is.</summary>
    /// <param name="footer">The last <see cref="FooterFrame"/> bytes of the object.</param>
    /// <param name="packLength">Length of the object.</param>
    /// <param name="line">What the index says of it.</param>
    /// <param name="tail">The tail index's frame.</param>
    /// <returns>Null, or what is wrong.</returns>
    public static string? ReadFooter(ReadOnlySequence<byte> footer, long packLength, PackLine line, out PackTail tail)
    {
        tail = default;
        Span<byte> bytes = stackalloc byte[FooterFrame];
        footer.CopyTo(bytes);
        if (!PackFormat.IsSkippable(bytes, PackFormat.FooterMagic, PackFormat.FooterBytes)
            || !PackFormat.TryReadFooter(bytes[PackFormat.SkippableBytes..], line.Pack, out long offset, out int count, out uint crc))
            return "its footer is damaged";
        int length = PackFormat.SkippableBytes + count * PackChunk.Size;
        if (offset < PackFormat.SkippableBytes + PackFormat.HeaderBytes || offset != packLength - FooterFrame - length)
            return "its tail index is not where the footer says";
        tail = new(offset, length, count, crc);
        return null;
    }

    /// <summary>Reads the tail index of a pack.</summary>
    /// <param name="index">Its frame.</param>
    /// <param name="line">What the index of the backup says of the pack.</param>
    /// <param name="tail">Where the frame stands, from <see cref="ReadFooter"/>.</param>
    /// <param name="chunks">The chunks in order, contiguous from the header to the tail index.</param>
    /// <returns>Null, or what is wrong.</returns>
    public static string? ReadChunks(ReadOnlySequence<byte> index, PackLine line, PackTail tail, out PackChunk[] chunks)
    {
        chunks = [];
        int count = tail.Chunks;
        long indexOffset = tail.Offset;
        byte[] bytes = index.ToArray();
        var payload = bytes.AsSpan(PackFormat.SkippableBytes);
        if (!PackFormat.IsSkippable(bytes, PackFormat.IndexMagic, payload.Length) || Crc32C.Of(payload) != tail.Crc32C)
            return "its tail index is damaged";
        var read = new PackChunk[count];
        long offset = PackFormat.SkippableBytes + PackFormat.HeaderBytes, plain = 0;
        for (int i = 0; i < count; i++)
        {
            var chunk = read[i] = PackChunk.Read(payload[(i * PackChunk.Size)..]);
            if (chunk.Flags != 0 || chunk.KeyId != 0)
                return "it uses features that this version does not know";
            if (chunk.Offset != offset || chunk.StoredLength <= 0 || chunk.StoredLength > indexOffset - offset
                || chunk.PlainLength is <= 0 or > PackFormat.MaxChunkBytes || chunk.Pages <= 0 || chunk.FirstPage < 0 || chunk.File < 0)
                return $"chunk {i} of its tail index is impossible";
            offset += chunk.StoredLength;
            plain += chunk.PlainLength;
        }

        if (offset != indexOffset || plain != line.Plain)
            return "its tail index does not account for all of it";
        chunks = read;
        return null;
    }
}

/// <summary>Where the tail index of a pack stands, by its footer.</summary>
/// <param name="Offset">Offset of its frame in the object.</param>
/// <param name="Length">Length of the frame.</param>
/// <param name="Chunks">Number of chunks.</param>
/// <param name="Crc32C">CRC-32C of the frame's payload.</param>
internal readonly record struct PackTail(long Offset, int Length, int Chunks, uint Crc32C);
