using System.Text;

namespace PipelineBackup.Ese.Tests.Records;

/// <summary>Compressed values: documented vectors, streams made by a small writer, and bytes that nobody wrote.</summary>
public sealed class ValueCompressionTests
{
    private const string Fox = "The quick brown fox jumps over the lazy dog. ";

    private const string FoxStream = "2ad7864ee8030000d90200001b4006000000000016781999000000008b840f1f000000a0c28229028e5c"
        + "5932668d801127f6dcd92160c69e0702565cd972e08c803d37a69c107061c114011b86bc782260c29e393a0454da7f04d600";

    public static TheoryData<string, string> Vectors => new()
    {
        { "0c41e110", "ABC" },
        { "0bc8329bfd6681ee6f399b0c", "Hello, world" },
        { "1441e110", "A\0B\0C\0" },
        { "13c8329bfd6681ee6f399b0c", "H\0e\0l\0l\0o\0,\0 \0w\0o\0r\0l\0d\0" },
        { "182c01ffffff1f61626317000fff2601", Repeat("abc", 300) },
        {
            "181b040f0000004c6f6e6720636f6d707265737365642041534349492074657874206107000ffffc03",
            "Long compressed ASCII text " + new string('a', 1024)
        },
        { "286e263cbe" + FoxStream, Repeat(Fox, 1000) },

        // Three literals and a match of 12 at distance 3; two literals at the end, as every block ends.
        { "381100" + "38" + "616263" + "0300" + "20" + "7879", Repeat("abc", 15) + "xy" },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Documented_values_decompress(string stored, string plain)
    {
        byte[] expected = Encoding.Latin1.GetBytes(plain), bytes = Convert.FromHexString(stored);
        Assert.Equal(expected.Length, ValueCompression.PlainLength(bytes));
        byte[] actual = new byte[expected.Length + 5];
        Assert.Equal(expected.Length, ValueCompression.Decompress(bytes, actual));
        Assert.Equal(expected, actual[..^5]);
        Assert.Equal(new byte[5], actual[^5..]);
        Assert.Throws<ArgumentException>(() => ValueCompression.Decompress(bytes, new byte[expected.Length - 1]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00414243")]
    [InlineData("20")]
    [InlineData("205a5a5a5a")]
    [InlineData("3010002233445566778899aabbccddeeff0011")]
    [InlineData("4000")]
    [InlineData("ff0102030405")]
    [InlineData("0c")]
    [InlineData("0c41e1")]
    [InlineData("18")]
    [InlineData("182c01")]
    [InlineData("182c01ffffff1f616263")]
    [InlineData("181000ffffffff0700")]
    [InlineData("286e263cbe")]
    [InlineData("380800f0")]
    public void What_cannot_be_decompressed_is_told(string stored)
    {
        byte[] bytes = Convert.FromHexString(stored), plain = new byte[ValueCompression.MaxPlainBytes];
        var failure = Assert.Throws<EseException>(() => ValueCompression.Decompress(bytes, plain));
        Assert.Equal(EseError.DecompressionFailed, failure.Error);
    }

    [Fact]
    public void Plain_bytes_of_another_crc_are_told()
    {
        byte[] bytes = Convert.FromHexString("286e263cbf" + FoxStream);
        var failure = Assert.Throws<EseException>(() => ValueCompression.Decompress(bytes, new byte[1000]));
        Assert.Equal(EseError.CompressionIntegrityCheckFailed, failure.Error);
    }

    [Fact]
    public void Seven_bit_values_of_every_length_decompress()
    {
        var random = new Random(7);
        for (int length = 1; length < 200; length++)
        {
            byte[] plain = new byte[length];
            foreach (ref byte code in plain.AsSpan())
                code = (byte)random.Next(128);
            byte[] stored = PackSevenBit(plain), actual = new byte[2 * length];
            Assert.Equal(length, ValueCompression.Decompress(stored, actual));
            Assert.Equal(plain, actual[..length]);
            stored[0] += 8;
            Assert.Equal(2 * length, ValueCompression.Decompress(stored, actual));
            Assert.Equal(plain.SelectMany(code => new byte[] { code, 0 }), actual);
        }
    }

    [Fact]
    public void Streams_of_XPRESS9_decompress_whatever_they_use()
    {
        for (int seed = 0; seed < SamplePages.Seeds(200); seed++)
        {
            var writer = new Xpress9Writer(seed);
            byte[] stored = writer.Write(out byte[] plain), actual = new byte[plain.Length];
            try
            {
                Assert.Equal(plain.Length, ValueCompression.PlainLength(stored));
                ValueCompression.Decompress(stored, actual);
            }
            catch (EseException e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }

            Assert.True(plain.AsSpan().SequenceEqual(actual), $"seed {seed}");
        }
    }

    [Fact]
    public void Mutated_values_give_bytes_or_a_documented_error_and_allocate_nothing()
    {
        byte[][] samples =
        [
            .. Vectors.Select(vector => Convert.FromHexString(vector.Data.Item1)),
            .. Enumerable.Range(0, 20).Select(seed => new Xpress9Writer(seed).Write(out _)),
        ];
        byte[] plain = new byte[ValueCompression.MaxPlainBytes];
        int decompressed = 0, refused = 0;
        for (int seed = 0; seed < SamplePages.Seeds(400) * 20; seed++)
        {
            var random = new Random(seed);
            byte[] stored = samples[random.Next(samples.Length)].ToArray();
            for (int i = random.Next(1, 4); i > 0; i--)
                stored[random.Next(stored.Length)] ^= (byte)(1 << random.Next(8));
            if (random.Next(4) == 0)
                stored = stored[..random.Next(1, stored.Length)];
            if (random.Next(2) == 0)
                Xpress9Writer.Seal(stored);
            try
            {
                // What allocates does so every time; compiling a path does not.
                long allocated = long.MaxValue;
                for (int attempt = 0; attempt < 10 && allocated > 0; attempt++)
                {
                    long before = GC.GetAllocatedBytesForCurrentThread();
                    ValueCompression.Decompress(stored, plain);
                    allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
                }

                Assert.True(allocated == 0, $"seed {seed}: allocates {allocated} bytes");
                decompressed++;
            }
            catch (EseException e) when (e.Error is EseError.DecompressionFailed or EseError.CompressionIntegrityCheckFailed)
            {
                refused++;
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
        }

        Assert.True(decompressed > 50 && refused > 50, $"{decompressed} decompressed, {refused} refused");
    }

    private static string Repeat(string text, int length) =>
        string.Concat(Enumerable.Repeat(text, length / text.Length + 1))[..length];

    private static byte[] PackSevenBit(byte[] plain)
    {
        int bits = plain.Length * 7;
        byte[] stored = new byte[1 + (bits + 7) / 8];
        stored[0] = (byte)(1 << 3 | (bits - 1) % 8);
        for (int i = 0; i < bits; i++)
            stored[1 + i / 8] |= (byte)((plain[i / 7] >> i % 7 & 1) << i % 8);
        return stored;
    }
}
