namespace PipelineBackup.Compression.Tests;

/// <summary>Blocks that no writer wrote. Each is made from its seed, so a seed is enough to see one again.</summary>
public class Lz4HostileBlockTests
{
    private const int Margin = 256;

    [Fact]
    public void The_managed_reader_judges_as_the_plain_one_and_writes_nothing_outside()
    {
        int sound = 0, malformed = 0;
        for (int seed = 0; seed < Samples.Seeds(3000); seed++)
        {
            (byte[] block, int capacity) = Make(seed);
            byte[]? expected = PlainBlockReader.Read(block, capacity);
            var buffer = new byte[Margin + capacity + Margin];
            Array.Fill(buffer, (byte)0xA5);
            int count = ManagedLz4.Instance.Decompress(block, buffer.AsSpan(Margin, capacity));
            Assert.True(count == (expected?.Length ?? -1), $"seed {seed}: {count} instead of {expected?.Length ?? -1}");
            Span<byte> plain = buffer.AsSpan(Margin, Math.Max(0, count));
            Assert.True(expected.AsSpan().SequenceEqual(plain), $"seed {seed}: other bytes");
            Lz4CodecTests.AssertUntouched(buffer, Margin, capacity, $"seed {seed}");
            if (count < 0)
                malformed++;
            else
                sound++;
        }

        // The mutations are worth their time only as long as they come out both ways.
        Assert.True(sound > 0 && malformed > 0, $"{sound} sound, {malformed} malformed");
    }

    [Fact]
    public void The_library_accepts_what_the_managed_reader_accepts()
    {
        NativeLz4 native = Samples.RequireNative();
        for (int seed = 0; seed < Samples.Seeds(3000); seed++)
        {
            (byte[] block, int capacity) = Make(seed);
            byte[] ours = new byte[capacity], buffer = new byte[Margin + capacity + Margin];
            Array.Fill(buffer, (byte)0xA5);
            int count = ManagedLz4.Instance.Decompress(block, ours);
            int theirs = native.Decompress(block, buffer.AsSpan(Margin, capacity));
            Lz4CodecTests.AssertUntouched(buffer, Margin, capacity, $"seed {seed}");
            Assert.InRange(theirs, -1, capacity);
            if (count < 0)
                continue;
            Assert.True(count == theirs, $"seed {seed}: {theirs} instead of {count}");
            Assert.True(ours.AsSpan(0, count).SequenceEqual(buffer.AsSpan(Margin, count)), $"seed {seed}: other bytes");
        }
    }

    [Fact]
    public void Not_a_byte_outside_is_read_or_written()
    {
        Assert.SkipUnless(GuardedMemory.IsSupported, "guard pages are made with mprotect");
        using var from = new GuardedMemory(1 << 16);
        using var to = new GuardedMemory(1 << 16);
        for (int seed = 0; seed < Samples.Seeds(3000); seed++)
        {
            (byte[] block, int capacity) = Make(seed);
            byte[]? expected = PlainBlockReader.Read(block, capacity);
            bool low = seed % 2 == 0;
            Span<byte> source = low ? from.First(block.Length) : from.Last(block.Length);
            Span<byte> destination = low ? to.First(capacity) : to.Last(capacity);
            block.CopyTo(source);
            int count = ManagedLz4.Instance.Decompress(source, destination);
            Assert.True(count == (expected?.Length ?? -1), $"seed {seed}");

            // The plain bytes, of any content, go the other way into a room of any length.
            byte[] plain = expected ?? block;
            source = low ? from.First(plain.Length) : from.Last(plain.Length);
            plain.CopyTo(source);
            int room = new Random(seed).Next(Lz4Codec.MaxCompressedLength(plain.Length) + 1);
            destination = low ? to.First(room) : to.Last(room);
            count = ManagedLz4.Instance.Compress(source, destination);
            if (count == 0)
                continue;
            byte[]? back = PlainBlockReader.Read(destination[..count].ToArray(), plain.Length);
            Assert.True(plain.AsSpan().SequenceEqual(back), $"seed {seed}");
        }
    }

    [Theory]
    [InlineData("1041" + "0000" + "50" + "4142434445", "a distance of zero")]
    [InlineData("1041" + "0200" + "50" + "4142434445", "a distance beyond the start")]
    [InlineData("1041" + "01", "half a distance")]
    [InlineData("1041" + "0100", "a block that ends with a match")]
    [InlineData("1041" + "0100" + "4041424344", "four literals after the last match")]
    [InlineData("F0", "a length without its bytes")]
    [InlineData("F0FFFFFFFF", "a length that never ends")]
    [InlineData("F000", "literals that are not there")]
    [InlineData("2041", "one literal of two")]
    public void A_block_against_the_rules_is_refused(string hex, string why)
    {
        byte[] block = Convert.FromHexString(hex);
        foreach (int capacity in new[] { 10, 17, 100, 1000 })
            Assert.True(ManagedLz4.Instance.Decompress(block, new byte[capacity]) == -1, $"{why}, capacity {capacity}");
    }

    [Fact]
    public void A_match_starts_12_bytes_before_the_end_at_the_latest()
    {
        byte[] sound = Convert.FromHexString("1341" + "0100" + "50" + "4142434445");
        Assert.Equal(13, ManagedLz4.Instance.Decompress(sound, new byte[13]));
        byte[] late = Convert.FromHexString("1241" + "0100" + "50" + "4142434445");
        Assert.Equal(-1, ManagedLz4.Instance.Decompress(late, new byte[12]));
    }

    [Fact]
    public void A_small_block_that_claims_a_gigabyte_is_refused()
    {
        var block = new byte[5_000_000];
        Array.Fill(block, (byte)255);
        block[0] = 0x1F;
        block[2] = 1;
        block[3] = 0;
        Assert.Equal(-1, ManagedLz4.Instance.Decompress(block, new byte[1 << 20]));
        block[^7] = 0;
        block[^6] = 0x50;
        Assert.Equal(-1, ManagedLz4.Instance.Decompress(block, new byte[1 << 20]));
    }

    // Half of the blocks are sequences thrown together, near every rule about the end; half are sound blocks that were
    // hit.
    private static (byte[] Block, int Capacity) Make(int seed)
    {
        var random = new Random(seed);
        (byte[] block, int length) = random.Next(2) == 0 ? Compose(random) : Mutate(random, seed);
        int capacity = random.Next(6) switch
        {
            0 => random.Next(length + 1),
            1 => length + random.Next(100),
            2 => Math.Max(0, length - random.Next(40)),
            _ => length,
        };
        return (block, capacity);
    }

    private static (byte[] Block, int Length) Compose(Random random)
    {
        var block = new List<byte>();
        int length = 0;
        for (int sequences = random.Next(12); sequences >= 0; sequences--)
        {
            int run = Pick(random), match = sequences == 0 ? 0 : Pick(random);
            block.Add((byte)(Math.Min(run, 15) << 4 | Math.Min(match, 15)));
            More(block, run);
            for (int at = 0; at < run; at++)
                block.Add((byte)random.Next(256));
            length += run;
            if (sequences == 0)
                break;
            int distance = random.Next(1, Math.Clamp(length, 1, 70) + 1);
            if (random.Next(40) == 0)
                distance = random.Next(65536);
            block.Add((byte)distance);
            block.Add((byte)(distance >> 8));
            More(block, match);
            length += match + 4;
        }

        return ([.. block], length);

        static int Pick(Random random) => random.Next(10) switch
        {
            < 5 => random.Next(8),
            < 7 => random.Next(10, 20),
            < 9 => random.Next(100),
            _ => random.Next(1000),
        };

        static void More(List<byte> block, int count)
        {
            for (count -= 15; count >= 255; count -= 255)
                block.Add(255);
            if (count >= 0)
                block.Add((byte)count);
        }
    }

    private static (byte[] Block, int Length) Mutate(Random random, int seed)
    {
        int length = random.Next(1, random.Next(4) switch { 0 => 40, 1 => 400, _ => 6000 });
        byte[] plain = Samples.Make(Samples.Kinds[random.Next(Samples.Kinds.Length)], length, seed);
        byte[] block = Lz4CodecTests.Compress(ManagedLz4.Instance, plain);
        for (int blows = random.Next(4); blows > 0; blows--)
        {
            int at = random.Next(block.Length);
            switch (random.Next(5))
            {
                case 0:
                    block[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    block[at] = (byte)random.Next(256);
                    break;
                case 2:
                    block[at] = 255;
                    break;
                case 3 when at > 0:
                    block = block[..at];
                    break;
                default:
                    block = [.. block[..at], (byte)random.Next(256), .. block[at..]];
                    break;
            }
        }

        return (block, length);
    }
}
