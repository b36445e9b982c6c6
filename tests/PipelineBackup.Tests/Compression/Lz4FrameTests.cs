using System.Buffers.Binary;

namespace PipelineBackup.Compression.Tests;

public class Lz4FrameTests
{
    [Fact]
    public void A_frame_comes_back_whatever_its_content()
    {
        foreach (Lz4Codec codec in Samples.Codecs)
        {
            foreach (string kind in Samples.Kinds)
            {
                foreach (int length in new[] { 0, 1, 100, 65536, 1 << 20, Lz4Frame.MaxContentLength })
                {
                    byte[] plain = Samples.Make(kind, length, seed: 21), frame = Write(codec, plain);
                    Assert.Equal(Lz4FrameStatus.Done, Lz4FrameView.TryRead(frame, out Lz4FrameView view));
                    Assert.Equal(frame.Length, view.Length);
                    Assert.Equal((ulong)length, view.Header.ContentLength);
                    var back = new byte[length];
                    Assert.Equal(Lz4FrameStatus.Done, view.TryDecompress(codec, back, out int count));
                    Assert.Equal(length, count);
                    Assert.True(plain.AsSpan().SequenceEqual(back), $"{codec.Name}, {length} bytes of {kind}");
                }
            }
        }
    }

    [Fact]
    public void Random_content_is_stored_raw()
    {
        byte[] plain = Samples.Make("random", 5000, seed: 1), frame = Write(ManagedLz4.Instance, plain);
        Assert.Equal(Lz4Frame.MaxLength(plain.Length), frame.Length);
        Assert.Equal(5000 | 0x8000_0000, BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(Lz4Frame.HeaderLength)));
        Assert.Equal(plain, frame[19..^4]);
    }

    [Fact]
    public void A_header_is_15_known_bytes()
    {
        var header = new byte[15];
        Lz4Frame.WriteHeader(header, 1 << 20);
        Assert.Equal("04224D18686000001000000000", Convert.ToHexString(header)[..26]);
        Assert.Equal(Lz4FrameStatus.Done, Lz4FrameHeader.TryRead(header, out Lz4FrameHeader read));
        Assert.Equal((15, false, 1 << 20), (read.Length, read.IsSkippable, read.MaxBlockLength));
        Lz4Frame.WriteHeader(header, (1 << 20) + 1);
        Assert.Equal(0x70, header[5]);
    }

    [Fact]
    public void A_file_is_walked_frame_by_frame()
    {
        byte[] first = Samples.Make("text", 3000, seed: 1), second = Samples.Make("pages", 70000, seed: 2);
        byte[] file = [.. Skippable(0, 16), .. Write(ManagedLz4.Instance, first), .. Skippable(15, 0),
            .. Write(ManagedLz4.Instance, second), .. Skippable(3, 999)];
        var seen = new List<string>();
        using var plain = new MemoryStream();
        var room = new byte[1 << 20];
        ReadOnlySpan<byte> rest = file;
        Lz4FrameStatus status;
        while ((status = Lz4FrameView.TryRead(rest, out Lz4FrameView frame)) == Lz4FrameStatus.Done)
        {
            seen.Add(frame.Header.IsSkippable ? $"skip {frame.Header.Nibble} {frame.Body.Length}" : "data");
            Assert.Equal(Lz4FrameStatus.Done, frame.TryDecompress(ManagedLz4.Instance, room, out int count));
            plain.Write(room, 0, count);
            rest = rest[frame.Length..];
        }

        Assert.Equal(Lz4FrameStatus.End, status);
        Assert.Equal(["skip 0 16", "data", "skip 15 0", "data", "skip 3 999"], seen);
        Assert.Equal([.. first, .. second], plain.ToArray());
    }

    [Fact]
    public void A_frame_cut_anywhere_is_incomplete()
    {
        foreach (byte[] frame in new[] { Write(ManagedLz4.Instance, Samples.Make("text", 500, 1)), Skippable(4, 100) })
        {
            for (int length = 1; length < frame.Length; length++)
                Assert.Equal(Lz4FrameStatus.Incomplete, Lz4FrameView.TryRead(frame.AsSpan(0, length), out _));
            Assert.Equal(Lz4FrameStatus.Done, Lz4FrameView.TryRead(frame, out _));
        }
    }

    [Fact]
    public void Any_flipped_bit_of_a_header_is_seen()
    {
        byte[] frame = Write(ManagedLz4.Instance, Samples.Make("text", 500, 1));
        for (int bit = 0; bit < Lz4Frame.HeaderLength * 8; bit++)
        {
            byte[] broken = [.. frame];
            broken[bit / 8] ^= (byte)(1 << bit % 8);
            Lz4FrameStatus status = Lz4FrameView.TryRead(broken, out Lz4FrameView view);

            // The check of the header is one byte: one change in 256 passes it, and is seen when the blocks are read.
            if (bit >= 48 && status == Lz4FrameStatus.Done)
                status = view.TryDecompress(ManagedLz4.Instance, new byte[500], out _);
            Assert.True(bit < 32 ? status == Lz4FrameStatus.UnknownMagic : status is Lz4FrameStatus.HeaderChecksumMismatch
                or Lz4FrameStatus.UnsupportedVersion or Lz4FrameStatus.DestinationTooShort, $"bit {bit}: {status}");
        }
    }

    [Theory]
    [InlineData(0x68, 0x60, "Done")]
    [InlineData(0x60, 0x40, "Done")]
    [InlineData(0x60, 0x70, "Done")]
    [InlineData(0xA8, 0x60, "UnsupportedVersion")]
    [InlineData(0x48, 0x60, "UnsupportedLinkedBlocks")]
    [InlineData(0x78, 0x60, "UnsupportedBlockChecksum")]
    [InlineData(0x6C, 0x60, "UnsupportedContentChecksum")]
    [InlineData(0x69, 0x60, "UnsupportedDictionary")]
    [InlineData(0x6A, 0x60, "BadHeader")]
    [InlineData(0x68, 0xE0, "BadHeader")]
    [InlineData(0x68, 0x61, "BadHeader")]
    [InlineData(0x68, 0x30, "BadHeader")]
    public void Each_variation_of_the_header_gets_its_verdict(byte flags, byte sizes, string verdict)
    {
        byte[] middle = [flags, sizes, .. (flags & 8) != 0 ? new byte[8] : [], .. (flags & 1) != 0 ? new byte[4] : []];
        byte[] frame = [4, 0x22, 0x4D, 0x18, .. middle, (byte)(XxHash32.Of(middle) >> 8), 0, 0, 0, 0];
        Assert.Equal(verdict, Lz4FrameView.TryRead(frame, out _).ToString());
    }

    [Fact]
    public void A_content_length_that_lies_is_seen()
    {
        byte[] plain = Samples.Make("text", 5000, 1);
        (int Length, Lz4FrameStatus Verdict)[] lies = [(4999, Lz4FrameStatus.BadBlock),
            (5001, Lz4FrameStatus.ContentLengthMismatch), (10001, Lz4FrameStatus.DestinationTooShort)];
        foreach ((int claimed, Lz4FrameStatus expected) in lies)
        {
            byte[] frame = Write(ManagedLz4.Instance, plain);
            Lz4Frame.WriteHeader(frame, claimed);
            Assert.Equal(Lz4FrameStatus.Done, Lz4FrameView.TryRead(frame, out Lz4FrameView view));
            Assert.Equal(expected, view.TryDecompress(ManagedLz4.Instance, new byte[10000], out int count));
            Assert.Equal(0, count);
        }
    }

    [Fact]
    public void A_block_longer_than_the_frame_allows_is_refused()
    {
        byte[] frame = Write(ManagedLz4.Instance, Samples.Make("text", 500, 1));
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(15), (1 << 20) + 1);
        Assert.Equal(Lz4FrameStatus.BadBlockLength, Lz4FrameView.TryRead(frame, out _));

        // 64 KiB a block, but this one expands to 100,000 bytes.
        byte[] block = Lz4CodecTests.Compress(ManagedLz4.Instance, new byte[100_000]);
        byte[] wide = [4, 0x22, 0x4D, 0x18, 0x60, 0x40, (byte)(XxHash32.Of([0x60, 0x40]) >> 8),
            .. BitConverter.GetBytes(block.Length), .. block, 0, 0, 0, 0];
        Assert.Equal(Lz4FrameStatus.Done, Lz4FrameView.TryRead(wide, out Lz4FrameView view));
        Assert.Null(view.Header.ContentLength);
        Assert.Equal(Lz4FrameStatus.BadBlock, view.TryDecompress(ManagedLz4.Instance, new byte[200_000], out _));
        Assert.Equal(Lz4FrameStatus.DestinationTooShort, view.TryDecompress(ManagedLz4.Instance, new byte[1000], out _));
    }

    [Fact]
    public void Hostile_files_are_walked_without_a_throw()
    {
        var seen = new HashSet<Lz4FrameStatus>();
        var room = new byte[20000];
        for (int seed = 0; seed < Samples.Seeds(3000); seed++)
        {
            var random = new Random(seed);
            byte[] plain = Samples.Make(Samples.Kinds[seed % Samples.Kinds.Length], random.Next(3000), seed);
            byte[] file = [.. Skippable(random.Next(16), random.Next(50)),
                .. Write(ManagedLz4.Instance, plain), .. Skippable(1, 9)];
            for (int blows = random.Next(5); blows > 0; blows--)
                file[random.Next(random.Next(2) == 0 ? file.Length : Math.Min(file.Length, 100))] = (byte)random.Next(256);
            int headerAt = file.Length > 8 ? 8 + file[4] : 0;
            if (headerAt + 15 < file.Length && random.Next(2) == 0)
                file[headerAt + 14] = (byte)(XxHash32.Of(file.AsSpan(headerAt + 4, 10)) >> 8);

            try
            {
                ReadOnlySpan<byte> rest = file;
                Lz4FrameStatus status;
                while ((status = Lz4FrameView.TryRead(rest, out Lz4FrameView frame)) == Lz4FrameStatus.Done)
                {
                    Assert.InRange(frame.Length, 7, rest.Length);
                    Lz4FrameStatus inside = frame.TryDecompress(ManagedLz4.Instance, room, out int count);
                    Assert.InRange(count, 0, room.Length);
                    seen.Add(inside);
                    rest = rest[frame.Length..];
                }

                seen.Add(status);
            }
            catch (Exception failure)
            {
                Assert.Fail($"seed {seed}: {failure}");
            }
        }

        Assert.Superset(new HashSet<Lz4FrameStatus>
        {
            Lz4FrameStatus.Done, Lz4FrameStatus.End, Lz4FrameStatus.Incomplete, Lz4FrameStatus.UnknownMagic,
            Lz4FrameStatus.HeaderChecksumMismatch, Lz4FrameStatus.BadBlockLength, Lz4FrameStatus.BadBlock,
        }, seen);
    }

    [Fact]
    public void Writing_what_the_format_cannot_hold_throws()
    {
        Assert.Throws<ArgumentException>(() => Lz4Frame.Write(ManagedLz4.Instance, new byte[10], new byte[32]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Lz4Frame.WriteHeader(new byte[15], Lz4Frame.MaxContentLength + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Lz4Frame.WriteBlockWord(new byte[4], 0, isRaw: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => Lz4Frame.WriteSkippable(new byte[8], 1, 16));
    }

    internal static byte[] Write(Lz4Codec codec, byte[] plain)
    {
        var room = new byte[Lz4Frame.MaxLength(plain.Length)];
        return room[..Lz4Frame.Write(codec, plain, room)];
    }

    internal static byte[] Skippable(int nibble, int length)
    {
        var frame = new byte[8 + length];
        Lz4Frame.WriteSkippable(frame, length, nibble);
        new Random(length).NextBytes(frame.AsSpan(8));
        return frame;
    }
}
