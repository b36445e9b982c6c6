using System.ComponentModel;
using System.Diagnostics;
using PipelineBackup.Golden;

namespace PipelineBackup.Compression.Tests;

/// <summary>Frames to and from the stock <c>lz4</c> program: the way out for a user who has nothing else.</summary>
public class StockLz4Tests
{
    [Fact]
    public async Task The_program_reads_our_frames_with_skippable_ones_before_between_and_after()
    {
        foreach (Lz4Codec codec in Samples.Codecs)
        {
            byte[][] chunks = [.. Samples.Kinds.Select(kind => Samples.Make(kind, 1 << 20, seed: 31)),
                Samples.Make("text", Lz4Frame.MaxContentLength, 2), [], Samples.Make("pages", 12345, 3), [7]];
            byte[] file = [.. Lz4FrameTests.Skippable(0, 64),
                .. Lz4FrameTests.Write(codec, chunks[0]), .. Lz4FrameTests.Skippable(5, 1000),
                .. chunks[1..].SelectMany(chunk => Lz4FrameTests.Write(codec, chunk)),
                .. Lz4FrameTests.Skippable(1, 70000), .. Lz4FrameTests.Skippable(2, 48)];
            byte[] plain = await RunAsync(file, "-dc");
            Assert.True(chunks.SelectMany(chunk => chunk).SequenceEqual(plain), $"{codec.Name}: other bytes after lz4 -dc");
        }
    }

    [Theory]
    [InlineData("-4", 300_000)]
    [InlineData("-5", 300_000)]
    [InlineData("-6", 2_500_000)]
    [InlineData("-7", 5_000_000)]
    [InlineData("-6", 0)]
    [InlineData("-6", 10)]
    public async Task We_read_what_the_program_writes(string blockSize, int length)
    {
        foreach (string kind in Samples.Kinds)
        {
            byte[] plain = Samples.Make(kind, length, seed: 17);
            byte[] file = await RunAsync(plain, "-c", "-B" + blockSize[1..], "-BI", "--no-frame-crc");
            foreach (Lz4Codec codec in Samples.Codecs)
            {
                Assert.Equal(Lz4FrameStatus.Done, Lz4FrameView.TryRead(file, out Lz4FrameView frame));
                Assert.Equal(file.Length, frame.Length);
                var back = new byte[length];
                Assert.Equal(Lz4FrameStatus.Done, frame.TryDecompress(codec, back, out int count));
                Assert.Equal(length, count);
                Assert.True(plain.AsSpan().SequenceEqual(back), $"{codec.Name}, {length} bytes of {kind}");
            }
        }
    }

    [Fact]
    public async Task We_read_the_content_length_that_the_program_writes()
    {
        string path = Path.Combine(GoldenSets.NewFolder(), "plain");
        byte[] plain = Samples.Make("pages", 100_000, seed: 8);
        await File.WriteAllBytesAsync(path, plain);
        byte[] file = await RunAsync([], "-c", "-BI", "--no-frame-crc", "--content-size", path);
        Assert.Equal(Lz4FrameStatus.Done, Lz4FrameHeader.TryRead(file, out Lz4FrameHeader header));
        Assert.Equal(100_000ul, header.ContentLength);
    }

    [Theory]
    [InlineData("-B4D", "--no-frame-crc", "UnsupportedLinkedBlocks")]
    [InlineData("-BX", "--no-frame-crc", "UnsupportedBlockChecksum")]
    [InlineData("-BI", "-B6", "UnsupportedContentChecksum")]
    [InlineData("-l", "-B6", "UnknownMagic")]
    public async Task What_we_do_not_support_is_named(string first, string second, string verdict)
    {
        byte[] file = await RunAsync(Samples.Make("text", 100_000, seed: 1), "-c", first, second);
        Assert.Equal(verdict, Lz4FrameView.TryRead(file, out _).ToString());
    }

    [Fact]
    public async Task The_programs_content_checksum_is_our_hash()
    {
        foreach (int length in new[] { 0, 1, 15, 16, 17, 31, 100, 100_003 })
        {
            byte[] plain = Samples.Make("random", length, seed: length);
            byte[] file = await RunAsync(plain, "-c");
            Assert.Equal(BitConverter.ToUInt32(file.AsSpan()[^4..]), XxHash32.Of(plain));
        }
    }

    private static async Task<byte[]> RunAsync(byte[] input, params string[] arguments)
    {
        var start = new ProcessStartInfo("lz4", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process? process = null;
        try
        {
            process = Process.Start(start);
        }
        catch (Win32Exception)
        {
            Assert.Skip("the lz4 program is not on the PATH");
        }

        using (process)
        {
            using var output = new MemoryStream();
            Task<string> complaint = process!.StandardError.ReadToEndAsync();
            Task reading = process.StandardOutput.BaseStream.CopyToAsync(output);
            await process.StandardInput.BaseStream.WriteAsync(input);
            process.StandardInput.Close();
            await reading;
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, $"lz4 {string.Join(' ', arguments)}: {await complaint}");
            return output.ToArray();
        }
    }
}
