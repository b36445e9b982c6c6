namespace PipelineBackup.Compression.Tests;

public class Lz4CodecTests
{
    private static readonly int[] s_lengths =
    [
        0, 1, 2, 4, 5, 11, 12, 13, 14, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 255, 256, 270, 271, 300, 1000, 4096,
        65535, 65536, 65537, 65536 + 12, 131072, (1 << 20) - 1, 1 << 20, (1 << 20) + 1,
    ];

    public static TheoryData<string> Kinds => [.. Samples.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Either_codec_reads_what_either_wrote(string kind)
    {
        foreach (int length in s_lengths)
        {
            byte[] plain = Samples.Make(kind, length, seed: length);
            foreach (Lz4Codec writer in Samples.Codecs)
            {
                byte[] block = Compress(writer, plain);
                foreach (Lz4Codec reader in Samples.Codecs)
                {
                    var back = new byte[length];
                    int count = reader.Decompress(block, back);
                    Assert.True(count == length && plain.AsSpan().SequenceEqual(back),
                        $"{reader.Name} after {writer.Name}, {length} bytes of {kind}: {count}");
                }
            }
        }
    }

    [Fact]
    public void Every_small_length_survives()
    {
        foreach (string kind in Samples.Kinds)
        {
            for (int length = 0; length < 600; length++)
            {
                byte[] plain = Samples.Make(kind, length, seed: 7);
                foreach (Lz4Codec writer in Samples.Codecs)
                {
                    byte[] block = Compress(writer, plain);
                    Assert.Equal(plain, PlainBlockReader.Read(block, length));
                    foreach (Lz4Codec reader in Samples.Codecs)
                    {
                        var back = new byte[length];
                        Assert.Equal(length, reader.Decompress(block, back));
                        Assert.Equal(plain, back);
                    }
                }
            }
        }
    }

    [Fact]
    public void A_destination_of_just_the_block_suffices_and_one_byte_less_is_refused()
    {
        foreach (string kind in Samples.Kinds)
        {
            foreach (int length in new[] { 1, 12, 13, 14, 40, 300, 5000, 70000 })
            {
                byte[] plain = Samples.Make(kind, length, seed: 3);
                byte[] block = Compress(ManagedLz4.Instance, plain);
                var room = new byte[block.Length];
                Assert.Equal(block.Length, ManagedLz4.Instance.Compress(plain, room));
                Assert.Equal(block, room);
                Assert.Equal(0, ManagedLz4.Instance.Compress(plain, room.AsSpan(1)));
            }
        }
    }

    [Fact]
    public void Whatever_the_room_the_block_is_whole_or_refused_and_nothing_outside_is_written()
    {
        foreach (string kind in Samples.Kinds)
        {
            byte[] plain = Samples.Make(kind, 700, seed: 11);
            foreach (Lz4Codec codec in Samples.Codecs)
            {
                for (int room = 0; room <= Lz4Codec.MaxCompressedLength(plain.Length); room++)
                {
                    var buffer = new byte[64 + room + 64];
                    Array.Fill(buffer, (byte)0xA5);
                    int count = codec.Compress(plain, buffer.AsSpan(64, room));
                    Assert.InRange(count, 0, room);
                    AssertUntouched(buffer, 64, room, $"{codec.Name}, {kind}, room {room}");
                    if (count != 0)
                        Assert.Equal(plain, PlainBlockReader.Read(buffer[64..(64 + count)], plain.Length));
                }
            }
        }
    }

    [Fact]
    public void Random_bytes_never_exceed_the_worst_case_nor_shrink()
    {
        foreach (Lz4Codec codec in Samples.Codecs)
        {
            byte[] plain = Samples.Make("random", 1 << 20, seed: 1);
            var room = new byte[Lz4Codec.MaxCompressedLength(plain.Length)];
            Assert.InRange(codec.Compress(plain, room), plain.Length, room.Length);
            Assert.Equal(0, codec.Compress(plain, room.AsSpan(0, plain.Length - 1)));
        }
    }

    [Fact]
    public void The_managed_codec_compresses_about_as_well_as_the_library()
    {
        NativeLz4 native = Samples.RequireNative();
        foreach (string kind in Samples.Kinds)
        {
            byte[] plain = Samples.Make(kind, 1 << 20, seed: 5);
            Assert.InRange(Compress(ManagedLz4.Instance, plain).Length, 0, Compress(native, plain).Length * 1.05 + 16);
        }
    }

    [Fact]
    public void The_block_of_a_source_is_always_the_same()
    {
        byte[] plain = Samples.Make("half", 200_000, seed: 9);
        byte[] first = Compress(ManagedLz4.Instance, plain);
        Compress(ManagedLz4.Instance, Samples.Make("pages", 200_000, seed: 1));
        Assert.Equal(first, Compress(ManagedLz4.Instance, plain));
    }

    [Fact]
    public void An_empty_source_is_a_block_of_one_zero_byte()
    {
        foreach (Lz4Codec codec in Samples.Codecs)
        {
            byte[] room = [9, 9];
            Assert.Equal(1, codec.Compress([], room));
            Assert.Equal([0, 9], room);
            Assert.Equal(0, codec.Compress([], []));
            Assert.Equal(0, codec.Compress([1, 2, 3], []));
            Assert.Equal(0, codec.Decompress([0], []));
            Assert.Equal(0, codec.Decompress([0], new byte[3]));
            Assert.Equal(-1, codec.Decompress([], []));
            Assert.Equal(-1, codec.Decompress([], new byte[3]));
            Assert.Equal(-1, codec.Decompress([0x10, 1], []));
        }
    }

    [Fact]
    public async Task Threads_share_a_codec()
    {
        byte[][] plain = [.. Samples.Kinds.Select(kind => Samples.Make(kind, 300_000, seed: 2))];
        foreach (Lz4Codec codec in Samples.Codecs)
        {
            byte[][] expected = [.. plain.Select(bytes => Compress(codec, bytes))];
            await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
            {
                for (int round = 0; round < 10; round++)
                {
                    int which = (worker + round) % plain.Length;
                    Assert.Equal(expected[which], Compress(codec, plain[which]));
                    var back = new byte[plain[which].Length];
                    Assert.Equal(back.Length, codec.Decompress(expected[which], back));
                    Assert.Equal(plain[which], back);
                }
            })));
        }
    }

    [Fact]
    public void Blocks_cost_no_allocation()
    {
        byte[] plain = Samples.Make("pages", 100_000, seed: 4);
        byte[] room = new byte[Lz4Codec.MaxCompressedLength(plain.Length)];
        foreach (Lz4Codec codec in Samples.Codecs)
        {
            int length = codec.Compress(plain, room);
            codec.Decompress(room.AsSpan(0, length), plain);
            long before = GC.GetAllocatedBytesForCurrentThread();
            codec.Compress(plain, room);
            codec.Decompress(room.AsSpan(0, length), plain);
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    [Fact]
    public void The_library_is_chosen_where_it_is_and_a_wish_is_obeyed()
    {
        string? wish = Environment.GetEnvironmentVariable("PIPELINEBACKUP_LZ4");
        Assert.Same(Lz4Codec.Choose(wish, NativeLz4.Instance), Lz4Codec.Best);
        Assert.Same(ManagedLz4.Instance, Lz4Codec.Choose(null, null));
        Assert.Same(ManagedLz4.Instance, Lz4Codec.Choose("", null));
        Assert.Same(ManagedLz4.Instance, Lz4Codec.Choose("managed", NativeLz4.Instance));
        NativeLz4 native = Samples.RequireNative();
        Assert.Same(native, Lz4Codec.Choose(null, native));
        Assert.Same(native, Lz4Codec.Choose("native", native));
        Assert.Matches(@"^liblz4 \d+\.\d+\.\d+$", native.Name);
    }

    [Fact]
    public void A_wish_that_cannot_be_granted_says_what_to_do()
    {
        var absent = Assert.Throws<BackupException>(() => Lz4Codec.Choose("native", null));
        Assert.Contains("liblz4", absent.Hint, StringComparison.Ordinal);
        var unknown = Assert.Throws<BackupException>(() => Lz4Codec.Choose("fast", NativeLz4.Instance));
        Assert.Contains("PIPELINEBACKUP_LZ4=fast", unknown.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, unknown.ExitCode);
    }

    [Fact]
    public void A_library_that_is_not_there_or_not_lz4_is_not_taken()
    {
        Assert.Equal(0, NativeLz4.Probe(["liblz4-of-nobody.so.77"]));
        Assert.Equal(0, NativeLz4.Probe([OperatingSystem.IsWindows() ? "kernel32.dll" : "libc"]));
        if (OperatingSystem.IsLinux())
            Assert.Equal(0, NativeLz4.Probe(["libm.so.6"]));
    }

    internal static byte[] Compress(Lz4Codec codec, byte[] plain)
    {
        var room = new byte[Lz4Codec.MaxCompressedLength(plain.Length)];
        int length = codec.Compress(plain, room);
        Assert.InRange(length, 1, room.Length);
        return room[..length];
    }

    internal static void AssertUntouched(byte[] buffer, int start, int length, string what)
    {
        bool before = buffer.AsSpan(0, start).ContainsAnyExcept((byte)0xA5);
        bool after = buffer.AsSpan(start + length).ContainsAnyExcept((byte)0xA5);
        Assert.False(before || after, $"bytes outside were written: {what}");
    }
}
