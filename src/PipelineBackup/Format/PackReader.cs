using System.Buffers;

namespace PipelineBackup.Format;

/// <summary>Takes a pack apart: proves its header, footer and tail index, and gives its chunks. Trusts no byte of it.</summary>
internal static class PackReader
{
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
        if (PackFormat.JudgeHeader(part[PackFormat.SkippableBytes..], id, line.Pack) is { } reason)
            return reason;

        const int FooterFrame = PackFormat.SkippableBytes + PackFormat.FooterBytes;
        var footer = part[..FooterFrame];
        pack.Slice(pack.Length - FooterFrame).CopyTo(footer);
        if (!PackFormat.IsSkippable(footer, PackFormat.FooterMagic, PackFormat.FooterBytes)
            || !PackFormat.TryReadFooter(footer[PackFormat.SkippableBytes..], line.Pack, out long indexOffset, out int count, out uint crc))
            return "its footer is damaged";
        long payload = (long)count * PackChunk.Size;
        if (indexOffset < PackFormat.SkippableBytes + PackFormat.HeaderBytes
            || indexOffset != pack.Length - FooterFrame - PackFormat.SkippableBytes - payload)
            return "its tail index is not where the footer says";
        return ReadChunks(pack.Slice(indexOffset, PackFormat.SkippableBytes + payload), line, indexOffset, count, crc, out chunks);
    }

    private static string? ReadChunks(
        ReadOnlySequence<byte> tail, PackLine line, long indexOffset, int count, uint crc, out PackChunk[] chunks)
    {
        chunks = [];
        byte[] bytes = tail.ToArray();
        var payload = bytes.AsSpan(PackFormat.SkippableBytes);
        if (!PackFormat.IsSkippable(bytes, PackFormat.IndexMagic, payload.Length) || Crc32C.Of(payload) != crc)
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
