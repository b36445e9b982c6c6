using System.Security.Cryptography;

namespace PipelineBackup.Ese.Tests.Logs;

public sealed class LogRecordReaderTests
{
    private static readonly byte[] s_undo = [51, .. new byte[8]];
    private static readonly byte[] s_begin = [5, 1, 0, 0x11], s_commit = [6, 1, 0, 1];

    [Fact]
    public void The_vector_log_has_the_records_that_its_description_lists()
    {
        var records = LogFiles.ReadAll(LogCorpus.Vector("edb00005.log"));

        Assert.Equal(
            ["Init2 (0x5,1,0)", "AttachDatabase (0x5,1,268)", "Begin0 (0x5,1,2C9)", "Insert (0x5,1,2D1)", "Commit0 (0x5,1,315)",
                "Begin0 (0x5,1,31D)", "Replace (0x5,1,325)", "Commit0 (0x5,2,AF9)", "Begin0 (0x5,2,B01)", "MacroBegin (0x5,2,B09)",
                "Split (0x5,2,B14)", "Insert (0x5,2,B86)", "MacroCommit (0x5,2,BC4)", "MacroInfo (0x5,2,BCF)", "Commit0 (0x5,2,BDC)",
                "Nop2 (0x5,2,BE4)", "Term2 (0x5,3,0)"],
            records.Select(record => $"{record.Type} {record.Position}"));
        Assert.Equal(new LogPosition(new(5), 3, 40), records[^1].FirstByte);
        Assert.Equal(6050, records[6].Bytes.Length);
    }

    [Fact]
    public void Fields_of_the_vector_log_are_read_where_they_stand()
    {
        var records = LogFiles.ReadAll(LogCorpus.Vector("edb00005.log"));
        var insert = records[3].View.AsInsert();
        ref readonly var node = ref insert.Node;
        Assert.Equal(new PageChange(2, 1, new(37), new(0x1240), new(0x123F), new(0x100), 1, 3,
            PageChangeFlags.Versioned | PageChangeFlags.Unique), node.Change);
        Assert.Equal((7u, new PageNumber(36), new ObjectId(0x11)), (node.Version, node.Root, node.Tree));
        Assert.Equal("7F80|00010203|hello-world!", $"{Convert.ToHexString(insert.Prefix)}|{Convert.ToHexString(insert.Suffix)}|"
            + System.Text.Encoding.ASCII.GetString(insert.Data));
        Assert.Equal("7F8000010203", Convert.ToHexString(insert.Key));

        var attach = records[1].View.AsAttachDatabase();
        Assert.Equal((@"C:\d\a.edb", "(0x4,2,60)", 0xA1B2C3D4u, 0x11223344u), (attach.Path, attach.Attachment.Consistent.ToString(),
            attach.Attachment.Signature.Random, attach.Attachment.LogSignature.Random));
        var split = records[10].View.AsSplit();
        Assert.Equal((new PageNumber(40), new PageNumber(41), SplitType.Append, DbTime.Nil), (split.Split.Change.Page, split.Split.New,
            split.Split.Type, split.Split.RightBefore));
        Assert.Equal("7F736570", Convert.ToHexString(split.ParentKey));
        Assert.True(split.Image.IsEmpty && split.NewPrefix.IsEmpty);
        Assert.Equal([new PageNumber(40), new PageNumber(41)], records[13].View.AsMacroInfo().Pages.ToArray());
        Assert.Equal(1, records[2].View.Body<OuterBegin>().Begin.Count);
    }

    [Fact]
    public void A_view_of_another_type_is_refused()
    {
        var records = LogFiles.ReadAll(LogCorpus.Vector("edb00005.log"));
        Assert.Throws<InvalidOperationException>(() => records[3].View.Body<InnerBegin>());
        Assert.Throws<InvalidOperationException>(() => records[2].View.Page.Page);
        Assert.Throws<InvalidOperationException>(() => records[3].View.AsSplit().Split.Type);
        Assert.Throws<EseException>(() => new LogRecordView([29, 0], default, default).Type);
    }

    [Theory]
    [InlineData("edb.log")]
    [InlineData("edb00000001.log")]
    [InlineData("edb00000007.log")]
    public void A_file_and_its_bytes_give_the_same_records(string name)
    {
        using var file = LogRecordReader.Open(LogCorpus.Basic(name));
        var fromFile = LogFiles.ReadAll(file);
        var fromMemory = LogFiles.ReadAll(File.ReadAllBytes(LogCorpus.Basic(name)));
        Assert.True(fromFile.Count > 100);
        Assert.Equal(fromMemory.Select(Text), fromFile.Select(Text));
    }

    [Fact]
    public void A_seek_finds_the_first_record_from_any_position_on()
    {
        byte[] log = File.ReadAllBytes(LogCorpus.Basic("edb00000007.log"));
        var all = LogFiles.ReadAll(log);
        using var reader = LogRecordReader.Over(log);
        var random = new Random(7);
        for (int i = 0; i < 600; i++)
        {
            var record = all[random.Next(all.Count)];
            var position = i % 3 == 0 ? record.Position
                : new(record.Position.Generation, random.Next(1, reader.Scan.LastValidSegment + 1), random.Next(LogBytes.Segment));
            reader.Seek(position);
            var expected = all.FirstOrDefault(other => other.FirstByte >= position);
            bool found = reader.TryRead(out var next);
            Assert.True(found == (expected is not null), $"{position}");
            if (!found)
                continue;
            Assert.Equal((expected!.FirstByte, expected.Type), (next.FirstByte, next.Type));
            Assert.Equal(expected.Bytes, next.Bytes.ToArray());
            if (expected.Position == position)
                Assert.Equal(expected.Position, next.Position);
        }

        reader.Seek(new(reader.Header.Generation, 0, 0));
        Assert.True(reader.TryRead(out var first));
        Assert.Equal(all[0].Position, first.Position);
        reader.Seek(reader.Scan.End);
        Assert.False(reader.TryRead(out _));
        Assert.Throws<ArgumentException>(() => reader.Seek(new(new(99), 1, 0)));
    }

    [Fact]
    public void A_seek_into_a_fragmented_record_skips_its_rest()
    {
        byte[] log = LogCorpus.Vector("edb00005.log");
        using var reader = LogRecordReader.Over(log);
        foreach (int offset in (int[])[0, 40, 41, 2000, 0xAF9])
        {
            reader.Seek(new(new(5), 2, offset));
            Assert.True(reader.TryRead(out var record));
            Assert.Equal("(0x5,2,AF9)", record.Position.ToString());
            Assert.Equal(LogRecordType.Commit0, record.Type);
        }

        reader.Seek(new(new(5), 1, 0x326));
        Assert.True(reader.TryRead(out var behind));
        Assert.Equal("(0x5,2,AF9)", behind.Position.ToString());
    }

    [Fact]
    public void Torn_and_flipped_segments_read_as_if_they_were_whole()
    {
        byte[] log = LogCorpus.Vector("edb00005.log");
        var before = LogFiles.ReadAll(log).Select(Text);
        // The last segment is torn, its shadow stands behind it, and has a flipped bit of its own.
        new Random(1).NextBytes(log.SegmentAt(3)[0x200..0x400]);
        log.SegmentAt(4)[0x123] ^= 8;
        log.SegmentAt(1)[0x500] ^= 1;
        string path = Path.Combine(GoldenSets.NewFolder(), "edb00005.log");
        File.WriteAllBytes(path, log);
        using var reader = LogRecordReader.Open(path);
        Assert.Equal((3, 2), (reader.Scan.TornSegment, reader.Scan.Corrected.Count));
        Assert.Equal(before, LogFiles.ReadAll(reader).Select(Text));
        Assert.Equal(before, LogFiles.ReadAll(log).Select(Text));
    }

    [Fact]
    public void A_log_without_a_record_reads_as_one_filler_byte()
    {
        byte[] log = LogFiles.Of();
        var record = Assert.Single(LogFiles.ReadAll(log));
        Assert.Equal((LogRecordType.Nop, "(0x5,1,0)"), (record.Type, record.Position.ToString()));
    }

    [Fact]
    public void Filler_belongs_to_the_record_behind_it()
    {
        var records = LogFiles.ReadAll(LogFiles.Of([.. s_begin, .. new byte[10], .. s_commit], [], s_begin));
        Assert.Equal(["(0x5,1,0) (0x5,1,28)", "(0x5,1,2C) (0x5,1,36)", "(0x5,1,3A) (0x5,3,28)"],
            records.Select(record => $"{record.Position} {record.FirstByte}"));
    }

    [Theory]
    [InlineData(51, true)]
    [InlineData(17, true)]
    [InlineData(36, true)]
    [InlineData(5, false)]
    public void A_record_whose_end_a_crash_lost_is_dropped_when_undoing_follows(byte type, bool isLegal)
    {
        byte[] next = type switch { 51 => s_undo, 17 => [17], 36 => [36, .. new byte[55]], _ => s_begin };
        byte[] log = LogFiles.Of([.. s_begin, .. LogFiles.First(5000, new byte[4045])], next);
        using var reader = LogRecordReader.Over(log);
        Assert.True(reader.TryRead(out _));
        if (!isLegal)
        {
            Assert.Equal(EseError.LogFileCorrupt, Assert.Throws<EseException>(() => reader.TryRead(out _)).Error);
            Assert.Equal(EseError.LogFileCorrupt, Assert.Throws<EseException>(() => reader.TryRead(out _)).Error);
            return;
        }

        Assert.True(reader.TryRead(out var record));
        Assert.Equal(((LogRecordType)type, "(0x5,2,0)", 1), (record.Type, record.Position.ToString(), reader.Dropped));
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void A_fragmented_record_of_undoing_may_stand_behind_one_whose_end_is_lost()
    {
        byte[] info = [36, .. new byte[49 + 4], 200, 0, .. new byte[200]];
        byte[] log = LogFiles.Of(LogFiles.First(9000, new byte[4049]), LogFiles.First((uint)info.Length, info[..100]), LogFiles.Next(info[100..]));
        using var reader = LogRecordReader.Over(log);
        var record = Assert.Single(LogFiles.ReadAll(reader));
        Assert.Equal((LogRecordType.UndoInfo, "(0x5,2,0)", 1), (record.Type, record.Position.ToString(), reader.Dropped));
        Assert.Equal(200, record.View.AsUndoInfo().OldData.Length);
    }

    public static TheoryData<string, byte[][]> Hostile => new()
    {
        { "a fragment of no record", [[.. s_begin, .. LogFiles.Next(1, 2, 3)]] },
        { "a first fragment inside a record", [LogFiles.First(100, 1, 2), LogFiles.First(100, 1, 2)] },
        { "a record inside another", [[.. LogFiles.First(100, 1, 2), .. s_undo]] },
        { "a first fragment as long as its record", [LogFiles.First(3, 1, 2, 3)] },
        { "a first fragment longer than its record", [LogFiles.First(0, 1, 2, 3)] },
        { "a fragment longer than the rest", [LogFiles.First(4, 5, 1), LogFiles.Next(0, 0x11, 9)] },
        { "fragments that make a shorter record", [LogFiles.First(5, 5, 1), LogFiles.Next(0, 0x11, 9)] },
        { "fragments that make no record", [LogFiles.First(5, 200, 1), LogFiles.Next(0, 0x11, 9)] },
        { "fragments inside fragments", [LogFiles.First(10, 76, 1), LogFiles.Next(0, 0, 0, 1, 0, 9, 9, 9)] },
        { "an unknown type", [[.. s_begin, 102]] },
        { "a type that cannot be measured", [[.. s_begin, 55, 0, 0]] },
        { "a record beyond the segment", [[29, .. new byte[43], 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]] },
        { "an extensible record too short for itself", [[68, 1, 0, 0, 0, 1, 1, 1, 1, 1]] },
        { "an extensible record with a length of 4 GiB", [[71, 0xFF, 0xFF, 0xFF, 0xFF]] },
        { "a split with an image of 4 GiB", [[62, .. new byte[105], 0xFF, 0xFF, 0xFF, 0xFF]] },
    };

    [Theory]
    [MemberData(nameof(Hostile), DisableDiscoveryEnumeration = true)]
    public void Nonsense_with_right_checksums_is_a_corrupt_log(string what, byte[][] segments)
    {
        byte[] log = LogFiles.Of(segments);
        var exception = Assert.Throws<EseException>(() => LogFiles.ReadAll(log));
        Assert.True(exception.Error == EseError.LogFileCorrupt, what);
    }

    [Fact]
    public void A_first_fragment_that_promises_much_costs_nothing()
    {
        byte[] log = LogFiles.Of(LogFiles.First(uint.MaxValue, new byte[4049]));
        using var reader = LogRecordReader.Over(log);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(reader.TryRead(out _));
        Assert.Equal(1, reader.Dropped);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000);
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void Reading_allocates_nothing_for_a_record()
    {
        using var reader = LogRecordReader.Over(File.ReadAllBytes(LogCorpus.Basic("edb00000007.log")));
        LogFiles.ReadAll(reader);
        reader.Seek(new(reader.Header.Generation, 1, 0));
        long before = GC.GetAllocatedBytesForCurrentThread();
        ulong sum = 0;
        while (reader.TryRead(out var record))
            sum += record.IsPageChange ? record.Page.Time.Value : (ulong)record.Bytes.Length;
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.NotEqual(0ul, sum);
    }

    [Fact]
    public void A_damaged_log_is_refused_and_yet_readable_as_far_as_it_is_sound()
    {
        byte[] log = File.ReadAllBytes(LogCorpus.Basic("edb00000007.log"));
        var whole = LogFiles.ReadAll(log);
        new Random(3).NextBytes(log.SegmentAt(5)[100..3000]);
        Assert.Equal(EseError.LogFileCorrupt, Assert.Throws<EseException>(() => LogRecordReader.Over(log)).Error);
        using var reader = LogRecordReader.Over(log, LogBytes.Scan(log));
        var rest = LogFiles.ReadAll(reader);
        Assert.Equal(whole.Take(rest.Count).Select(Text), rest.Select(Text));
        Assert.Equal(4, rest[^1].FirstByte.Sector);
        Assert.Throws<EseException>(() => LogRecordReader.Over(new byte[100]));
    }

    // Counted and summed by a reader of its own.
    [Theory]
    [InlineData("V6_roslyn_v7_512", "edb.log", 824, 0, "(0x1,7C,161)", "e7ceaa408e3a24eb")]
    [InlineData("V7a_kinect_car4_clean_v7", "edb.log", 8195, 2, "(0x9,8F,22F)", "a823eb94cf9a7676")]
    [InlineData("V7a_kinect_car4_clean_v7", "edb00008.log", 28919, 0, "(0x8,1FD,D8F)", "cc499344f992c5e7")]
    [InlineData("V7b_kinect_car4copy_dirty_v7", "edb.log", 8885, 3, "(0x9,9F,EEB)", "b51cb2ea5d691fd3")]
    public void Logs_of_version_7_are_read_to_their_end(string set, string file, int count, int dropped, string last, string sum)
    {
        using var reader = LogRecordReader.Open(Path.Combine(GoldenSets.Real(set), file));
        var records = LogFiles.ReadAll(reader);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        records.ForEach(record => hash.AppendData(record.Bytes));
        Assert.Equal((count, dropped, last), (records.Count, reader.Dropped, records[^1].Position.ToString()));
        Assert.Equal(sum, Convert.ToHexStringLower(hash.GetHashAndReset())[..16]);

        reader.Seek(records[count / 2].Position);
        Assert.True(reader.TryRead(out var middle));
        Assert.Equal(records[count / 2].Position, middle.Position);
    }

    [Fact]
    public void What_a_repair_made_void_is_not_read_in_version_7()
    {
        // A Begin, a MacroBegin that reaches beyond its range, void bytes; then a chain that begins anew with a Commit.
        var writer = new LegacyLogWriter();
        int at = writer.Put(LogHeader.Size, [.. s_begin, .. Enumerable.Repeat(s_commit, 115).SelectMany(b => b), 11, 1, 0, 7],
            isLast: false, nextOffset: 60);
        writer.File.AsSpan(at - 60, 60).Clear();
        writer.Put(at, s_commit, isLast: true, coverBefore: false);
        using var reader = LogRecordReader.Over(writer.File);
        Assert.Equal("sound", reader.Scan.Message);
        var records = LogFiles.ReadAll(reader).Where(record => record.Type != LogRecordType.Checksum).ToList();
        Assert.Equal((117, 1), (records.Count, reader.Dropped));
        Assert.Equal(at + 22, records[^1].Position.Sector * 512 + records[^1].Position.Offset);
    }

    // The piece of code in the document on logs.
    [Fact]
    public void Recovery_reads_from_the_checkpoint_on()
    {
        string path = LogCorpus.Basic("edb00000001.log");
        var checkpoint = Checkpoint.Read(File.ReadAllBytes(LogCorpus.Basic("edb.chk")));
        List<string> keys = [];
        HashSet<PageNumber> pages = [];
        using var reader = LogRecordReader.Open(path);
        reader.Seek(checkpoint.Position);
        while (reader.TryRead(out var record))
        {
            if (record.Type != LogRecordType.Insert)
                continue;
            var insert = record.AsInsert();
            keys.Add(Convert.ToHexString(insert.Key));
            pages.Add(insert.Node.Change.Page);
        }

        Assert.Equal(1, checkpoint.Position.Generation.Value);
        Assert.True(keys.Count > 100 && pages.Count > 5, $"{keys.Count} {pages.Count}");
    }

    private static string Text(LogFiles.Read record) => $"{record.Type} {record.Position} {record.FirstByte} {Convert.ToHexString(record.Bytes)}";
}
