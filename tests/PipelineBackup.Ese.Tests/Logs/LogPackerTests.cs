namespace PipelineBackup.Ese.Tests.Logs;

public sealed class LogPackerTests
{
    private static readonly LogGeneration s_generation = new(7);

    [Theory]
    // 20 bytes free: filler, the record counts from there. 40 free: two fragments. 52 free: just fits.
    [InlineData(20, "(0x7,1,FEC)", "(0x7,2,28)", 0x28 + 52)]
    [InlineData(31, "(0x7,1,FE1)", "(0x7,2,28)", 0x28 + 52)]
    [InlineData(32, "(0x7,1,FE0)", "(0x7,1,FE0)", 0x28 + 3 + 52 - 25)]
    [InlineData(40, "(0x7,1,FD8)", "(0x7,1,FD8)", 0x28 + 3 + 19)]
    [InlineData(52, "(0x7,1,FCC)", "(0x7,1,FCC)", 0)]
    [InlineData(0, "(0x7,2,0)", "(0x7,2,28)", 0x28 + 52)]
    public void A_record_is_fragmented_when_at_least_32_bytes_are_left(int free, string position, string firstByte, int end)
    {
        var packer = Packer();
        Fill(packer, free);
        var writer = new LogRecordWriter();
        writer.Insert(default, [], [1], [2]);
        Assert.Equal(52, writer.Written.Length);
        Assert.Equal(position, packer.Append(writer.Written).ToString());
        Assert.Equal(end, packer.Position.Offset);
        packer.Close();
        var record = LogFiles.ReadAll(File(packer))[^1];
        Assert.Equal((position, firstByte), (record.Position.ToString(), record.FirstByte.ToString()));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(1)]
    [InlineData(60)]
    public void Zeros_that_end_a_segment_belong_to_the_record_behind_them(int free)
    {
        var packer = Packer();
        Fill(packer, free);
        var end = packer.Position;
        packer.Close();
        Assert.Equal(end, packer.Position);
        packer.Take();
        Assert.Equal(end, packer.Position);

        // So it is for whoever goes on with the file.
        var next = new LogPacker(s_generation, 16, Clock.Fixed, packer.OpenIndex) { Rest = packer.Position };
        Assert.Equal(end, next.Append(Filler(100)));
        Assert.Equal(0x28 + 100, next.Position.Offset);

        packer = Packer();
        Fill(packer, free);
        packer.Close();
        var position = packer.Append(Filler(100));
        packer.Close();
        Assert.Equal(position, LogFiles.ReadAll(File(packer))[^1].Position);
    }

    [Fact]
    public void The_last_segment_but_one_is_never_filled_to_its_last_byte()
    {
        var packer = new LogPacker(s_generation, 4, Clock.Fixed);
        packer.Append(Filler(4056));
        Assert.True(packer.Fits(Filler(4055)));
        Assert.False(packer.Fits(Filler(4056)));
        Assert.Throws<InvalidOperationException>(() => packer.Append(Filler(4056)));
        packer.Append(Filler(4050));
        Assert.False(packer.Fits(Filler(6)));
        Assert.True(packer.Fits(Filler(5)));
        Assert.Throws<ArgumentException>(() => packer.Append([76, 0, 0]));
    }

    [Fact]
    public void Records_that_belong_together_fit_together_or_not_at_all()
    {
        var packer = new LogPacker(s_generation, 4, Clock.Fixed);
        byte[] two = [.. Filler(4000), .. Filler(4100)];
        Assert.True(packer.Fits(two));
        packer.Append(Filler(60));
        Assert.False(packer.Fits(two));
        Assert.True(packer.Fits(two.AsSpan(0, 4000)));
    }

    [Fact]
    public void A_commit_fills_its_segment_unless_that_would_end_the_generation()
    {
        var packer = new LogPacker(s_generation, 4, Clock.Fixed);
        Assert.False(packer.Fill());
        packer.Append(Filler(100));
        Assert.True(packer.Fill());
        Assert.False(packer.IsOpen);
        packer.Append(Filler(100));
        Assert.False(packer.Fill());
        Assert.True(packer.IsOpen);

        var nearlyFull = Packer();
        Fill(nearlyFull, 4);
        Assert.False(nearlyFull.Fill());
    }

    [Fact]
    public void An_open_segment_is_written_as_the_vector_has_it_and_so_is_its_shadow()
    {
        byte[] log = LogCorpus.Vector("edb00005.log");
        var packer = new LogPacker(new(5), 16, Clock.Fixed);
        byte[] open = new byte[LogBytes.Segment];
        Assert.Throws<InvalidOperationException>(() => packer.CopyOpen(open));
        foreach (var record in LogFiles.ReadAll(log))
            packer.Append(record.Bytes);
        Assert.Equal(log.AsSpan(LogBytes.Segment, 2 * LogBytes.Segment).ToArray(), packer.Done.ToArray());
        packer.Take();
        Assert.Equal(0x7C5B03A47EFA5ACDul, packer.CopyOpen(open));
        Assert.Equal(3, packer.OpenIndex);
        Assert.Equal(log.SegmentAt(3).ToArray(), open);
        Assert.Equal(log.SegmentAt(4).ToArray(), open);
        packer.Close();
        Assert.Equal(0x0CA00CA0CC1B6377ul, packer.AccumulatedChecksum);
    }

    [Fact]
    public void A_generation_that_ends_before_it_began_is_one_segment_of_filler()
    {
        var packer = Packer();
        packer.CloseEmpty();
        Assert.Equal((1, 2), (packer.Done.Length / LogBytes.Segment, packer.OpenIndex));
        Assert.False(LogTime.Read(packer.Done[16..]).IsSet);
        Assert.Empty(LogFiles.ReadAll(File(packer)));
    }

    [Fact]
    public void A_large_record_grows_what_it_needs_and_comes_out_again()
    {
        var packer = new LogPacker(s_generation, 300, Clock.Fixed, firstSegment: 5, accumulated: 0);
        packer.Append(Filler(10));
        byte[] large = Filler(900_000);
        Assert.Equal("(0x7,5,32)", packer.Append(large).ToString());
        Assert.True(packer.Done.Length > 900_000);
    }

    private static LogPacker Packer() => new(s_generation, 16, Clock.Fixed);

    // Leaves so many bytes of the first segment.
    private static void Fill(LogPacker packer, int free) => packer.Append(Filler(LogBytes.Segment - 40 - free));

    private static byte[] Filler(int length)
    {
        var writer = new LogRecordWriter();
        writer.Filler(length);
        return writer.Written.ToArray();
    }

    private static byte[] File(LogPacker packer)
    {
        byte[] file = new byte[16 * LogBytes.Segment];
        LogCorpus.Vector("edb00005.log").AsSpan(0, LogBytes.Segment).CopyTo(file);
        file[4] = 7;
        LogBytes.StampHeader(file.AsSpan(0, LogBytes.Segment));
        packer.Done.CopyTo(file.AsSpan(packer.DoneIndex * LogBytes.Segment));
        return file;
    }

    // The time of the vectors.
    private sealed class Clock : TimeProvider
    {
        public static Clock Fixed { get; } = new();

        public override DateTimeOffset GetUtcNow() => new(2021, 3, 14, 15, 10, 0, 250, TimeSpan.Zero);
    }
}
