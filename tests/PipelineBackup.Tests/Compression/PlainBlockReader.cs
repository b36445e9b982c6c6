namespace PipelineBackup.Compression.Tests;

/// <summary>
/// The block format read byte by byte, slowly and with no pointer in sight: the oracle of the fast reader.
/// </summary>
internal static class PlainBlockReader
{
    /// <returns>
    /// The plain bytes; null when the block is malformed or holds more than <paramref name="capacity"/>.
    /// </returns>
    public static byte[]? Read(byte[] block, int capacity)
    {
        var plain = new List<byte>();
        int at = 0;
        while (at < block.Length)
        {
            int token = block[at++];
            if (!TryLength(block, ref at, token >> 4, out long run))
                return null;
            if (run > block.Length - at || run > capacity - plain.Count)
                return null;
            plain.AddRange(block.AsSpan(at, (int)run));
            at += (int)run;
            if (at == block.Length)
                return [.. plain];

            // Not the last sequence: a distance, a token and five literals follow, and 12 more plain bytes.
            if (block.Length - at < 8 || capacity - plain.Count < 12)
                return null;
            int distance = block[at] | block[at + 1] << 8;
            at += 2;
            if (distance == 0 || distance > plain.Count)
                return null;
            if (!TryLength(block, ref at, token & 15, out long match) || block.Length - at < 6)
                return null;
            if (match + 4 > capacity - plain.Count - 5)
                return null;
            for (match += 4; match > 0; match--)
                plain.Add(plain[^distance]);
        }

        return null;
    }

    private static bool TryLength(byte[] block, ref int at, int nibble, out long length)
    {
        length = nibble;
        if (nibble < 15)
            return true;
        while (at < block.Length)
        {
            length += block[at];
            if (block[at++] != 255)
                return true;
        }

        return false;
    }
}
