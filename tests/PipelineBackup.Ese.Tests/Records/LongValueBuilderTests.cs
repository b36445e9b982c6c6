using PipelineBackup.Ese.Tests.Catalog;

namespace PipelineBackup.Ese.Tests.Records;

public sealed class LongValueBuilderTests
{
    [Fact]
    public void Every_long_value_of_every_clean_database_is_made_again()
    {
        int values = 0, chunks = 0, compressed = 0, packed = 0;
        long engineBytes = 0, ownBytes = 0;
        foreach (var (set, file) in CleanDatabases.Open())
        {
            foreach (var table in CatalogReader.Read(file).Tables
                .Where(table => table.LongValueRoot != PageNumber.None))
            {
                var mayCompress = CompressedValues(file, table);
                var builder = new LongValueBuilder(table.LongValueChunkBytes);
                var tree = new LongValueTree(file, table.LongValueRoot, table.LongValueObjectId,
                    table.LongValueChunkBytes);
                byte[] plain = new byte[table.LongValueChunkBytes];
                foreach (var (id, rows) in ValuesOf(file, table))
                {
                    if (!mayCompress.TryGetValue(id, out bool may))
                        continue;
                    byte[] value = Read(tree, id);
                    builder.Start(id, value, may, tree.Value.References);
                    foreach (var (key, data) in rows)
                    {
                        Assert.True(builder.MoveNext() && builder.Key.SequenceEqual(key), $"{set}, {table}, {id}");
                        bool isChunk = key.Length > id.Bytes;
                        if (isChunk && IsLz(data, builder.Data))
                        {
                            // Another LZ encoder makes other bytes; they have to say the same.
                            int length = ValueCompression.Decompress(builder.Data, plain);
                            byte[] theirs = new byte[table.LongValueChunkBytes];
                            Assert.Equal(length, ValueCompression.Decompress(data, theirs));
                            Assert.True(plain.AsSpan(0, length).SequenceEqual(theirs.AsSpan(0, length)),
                                $"{set}, {id}");
                            engineBytes += data.Length;
                            ownBytes += builder.Data.Length;
                            compressed++;
                        }
                        else
                            Assert.True(builder.Data.SequenceEqual(data), $"{set}, {table}, {id}, {key.Length}");
                        packed += isChunk && may && data.Length > 0 && data[0] >> 3 is 1 or 2
                            && builder.Data.Length < plain.Length ? 1 : 0;
                        chunks += isChunk ? 1 : 0;
                    }

                    Assert.False(builder.MoveNext());
                    values++;
                }
            }
        }

        Assert.True(values > 100 && chunks > values && compressed > 10,
            $"{values} values, {chunks} chunks, {compressed} compressed");
        Assert.True(ownBytes < 1.1 * engineBytes, $"{ownBytes} bytes, the engine {engineBytes}");
        TestContext.Current.SendDiagnosticMessage(
            $"{values} values, {chunks} chunks, {compressed} by LZ ({ownBytes} bytes, the engine {engineBytes}), {packed} by seven bits");
    }

    [Fact]
    public void Every_value_in_a_record_is_compressed_as_the_engine_did_or_left()
    {
        int compressed = 0, left = 0, cut = 0;
        byte[] stored = new byte[65536];
        foreach (var (set, file) in CleanDatabases.Open())
        {
            foreach (var table in CatalogReader.Read(file).UserTables)
            {
                var reader = new TableReader(file, table);
                while (reader.MoveNext())
                {
                    for (int i = 0; i < reader.Columns.Count; i++)
                    {
                        if ((reader.Columns[i].Flags & ColumnFlags.Compressed) == 0 || reader.Row[i].Count != 1)
                            continue;
                        var value = reader.Row[i][0];
                        if (value.IsSeparated)
                            continue;
                        byte[] expected = value.Stored.ToArray(), plain = reader.Read(value).ToArray();
                        int length = ValueCompression.Compress(plain, stored);

                        // Below 16 bytes the engine compresses no new value; one that was cut to them may be so.
                        if (value.IsCompressed && plain.Length < 16)
                        {
                            Assert.Equal(0, length);
                            length = SevenBit.Compress(plain, stored, (expected[0] >> 3) == 2 ? 2 : 1);
                            cut++;
                        }

                        Assert.True(value.IsCompressed == length > 0, $"{set}, {table}.{reader.Columns[i]}");
                        if (value.IsCompressed)
                            Assert.Equal(expected, stored[..length]);
                        compressed += value.IsCompressed ? 1 : 0;
                        left += value.IsCompressed ? 0 : 1;
                    }
                }
            }
        }

        Assert.True(compressed > 500 && left > 10, $"{compressed} compressed, {left} left");
        Assert.InRange(cut, 0, 1);
        TestContext.Current.SendDiagnosticMessage($"{compressed} compressed, {left} left, {cut} below 16 bytes");
    }

    [Fact]
    public void Compressed_values_of_any_shape_come_back()
    {
        for (int seed = 0; seed < SamplePages.Seeds(300); seed++)
        {
            var random = new Random(seed);
            byte[] plain = Shape(random);
            byte[] stored = new byte[plain.Length], back = new byte[plain.Length];
            int length = ValueCompression.Compress(plain, stored);
            if (length == 0)
                continue;
            Assert.True(length < plain.Length, $"seed {seed}");
            Assert.Equal(plain.Length, ValueCompression.Decompress(stored.AsSpan(0, length), back));
            Assert.True(plain.AsSpan().SequenceEqual(back), $"seed {seed}");
        }
    }

    [Theory]
    [InlineData("ABCABCABCABCABCA")]
    [InlineData("Hello, world, hello")]
    public void Text_of_seven_bits_is_packed(string text)
    {
        byte[] plain = System.Text.Encoding.ASCII.GetBytes(text), stored = new byte[plain.Length],
            back = new byte[plain.Length];
        int length = ValueCompression.Compress(plain, stored);
        Assert.Equal(1 + (7 * plain.Length + 7) / 8, length);
        Assert.Equal(CompressionScheme.SevenBitAscii, ValueCompression.SchemeOf(stored));
        ValueCompression.Decompress(stored.AsSpan(0, length), back);
        Assert.Equal(plain, back);
    }

    [Fact]
    public void Ids_follow_each_other_to_the_last()
    {
        Assert.Equal(0x8000000080000002, LongValueId.FirstWide.Next.Value);
        Assert.Equal(2ul, LongValueId.FirstNarrow.Next.Value);
        Assert.Equal(EseError.LVCorrupted, Assert.Throws<EseException>(() => new LongValueId(0x7FFFFFFE).Next).Error);
        Assert.Equal(EseError.LVCorrupted,
            Assert.Throws<EseException>(() => new LongValueId(0x80FFFFFFFFFFFFFE).Next).Error);
    }

    // Random bytes, repetitions near and far, runs, text, in any mixture.
    private static byte[] Shape(Random random)
    {
        byte[] plain = new byte[random.Next(0, random.Next(2) == 0 ? 2000 : 65536)];
        for (int at = 0; at < plain.Length;)
        {
            int length = Math.Min(plain.Length - at, 1 + random.Next(random.Next(4) == 0 ? 5000 : 60));
            var part = plain.AsSpan(at, length);
            int kind = random.Next(4);
            if (kind == 0)
                random.NextBytes(part);
            else if (kind == 1)
                part.Fill((byte)random.Next(256));
            else if (kind == 2 && at > 0)
            {
                int from = Math.Max(0, at - 1 - random.Next(random.Next(2) == 0 ? 40 : 9000));
                for (int i = 0; i < length; i++)
                    plain[at + i] = plain[from + i];
            }
            else
            {
                foreach (ref byte letter in part)
                    letter = (byte)('a' + random.Next(26));
            }

            at += length;
        }

        return plain;
    }

    private static bool IsLz(ReadOnlySpan<byte> theirs, ReadOnlySpan<byte> ours) =>
        ValueCompression.SchemeOf(theirs) == CompressionScheme.Xpress
        && ValueCompression.SchemeOf(ours) == CompressionScheme.Xpress && !theirs.SequenceEqual(ours);

    // Which long values belong to columns whose values may be compressed; of what no record names nothing is known.
    private static Dictionary<LongValueId, bool> CompressedValues(DatabaseFile file, TableDefinition table)
    {
        var found = new Dictionary<LongValueId, bool>();
        var reader = new TableReader(file, table);
        while (reader.MoveNext())
        {
            for (int i = 0; i < reader.Columns.Count; i++)
            {
                var values = reader.Row[i];
                for (int v = 0; v < values.Count; v++)
                {
                    if (values[v].IsSeparated && LongValueId.TryReadReference(values[v].Stored, out var id))
                        found[id] = (reader.Columns[i].Flags & ColumnFlags.Compressed) != 0;
                }
            }
        }

        return found;
    }

    private static List<(LongValueId Id, List<(byte[] Key, byte[] Data)> Rows)> ValuesOf(DatabaseFile file,
        TableDefinition table)
    {
        var all = new List<(LongValueId, List<(byte[], byte[])>)>();
        for (var cursor = new TreeCursor(file, table.LongValueRoot, table.LongValueObjectId); cursor.MoveNext();)
        {
            Assert.True(LongValueId.TryReadKey(cursor.Key, out var id, out long offset));
            if (offset < 0)
                all.Add((id, []));
            all[^1].Item2.Add((cursor.Key.ToArray(), cursor.Data.ToArray()));
        }

        return all;
    }

    private static byte[] Read(LongValueTree tree, LongValueId id)
    {
        Assert.True(tree.Open(id));
        byte[] value = new byte[tree.Value.Length];
        while (tree.MoveNextChunk())
        {
            var room = value.AsSpan((int)tree.ChunkOffset, tree.ChunkLength);
            if (tree.IsChunkCompressed)
                ValueCompression.Decompress(tree.Chunk, room);
            else
                tree.Chunk.CopyTo(room);
        }

        return value;
    }
}
