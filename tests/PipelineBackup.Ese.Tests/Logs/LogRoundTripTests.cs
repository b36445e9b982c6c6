namespace PipelineBackup.Ese.Tests.Logs;

/// <summary>
/// Logs of the real engine, read to records, written again from the records' fields, packed again: the same bytes.
/// </summary>
public sealed class LogRoundTripTests
{
    private static readonly string[] s_small =
        ["clean-4096", "clean-32768", "dirty-basic-4096", "dirty-empty-4096", "extbackup-4096", "jetbackup-4096"];

    [Fact]
    public void Golden_logs_come_out_byte_for_byte()
    {
        var sum = new Tally();
        foreach (string set in s_small)
        {
            foreach (string path in LogCorpus.Logs(GoldenSets.Small(set)))
                Check(path, sum);
        }

        sum.AssertNothingLost();
        Assert.True(sum.Logs > 20 && sum.Records > 10_000, sum.ToString());
    }

    [Fact]
    public void Logs_of_the_corpus_come_out_byte_for_byte()
    {
        GoldenSets.RequireCorpus();
        var sum = new Tally();
        foreach (string set in GoldenSets.EngineSets.Where(set => set != "damaged"))
        {
            foreach (string path in LogCorpus.Logs(GoldenSets.Engine(set)))
                Check(path, sum);
        }

        foreach (string set in GoldenSets.RealSets)
        {
            foreach (string path in LogCorpus.Logs(GoldenSets.Real(set)))
                Check(path, sum);
        }

        sum.AssertNothingLost();
        TestContext.Current.SendDiagnosticMessage(sum.ToString());
        Assert.True(sum.Logs >= 550 && sum.Records > 500_000, sum.ToString());
    }

    // Tells the time that the engine stamped on the segment which begins.
    private sealed class SegmentClock(LogScanResult scan) : TimeProvider
    {
        public LogPacker Packer { get; set; } = null!;

        public override DateTimeOffset GetUtcNow() => scan.Segments[Packer.OpenIndex - 1].Started.ToDateTimeOffset()!.Value;
    }

    private sealed class Tally
    {
        public long Logs, Records, Bytes, Segments, Resumed, Legacy;
        public List<string> Wrong = [];

        public void AssertNothingLost() => Assert.True(Wrong.Count == 0, string.Join('\n', Wrong.Take(20)));

        public override string ToString() => $"{Logs} logs ({Legacy} of version 7), {Records} records of {Bytes} bytes, {Segments} segments, "
            + $"{Resumed} times a new run";
    }

    private static void Check(string path, Tally sum)
    {
        byte[] file = File.ReadAllBytes(path);
        var scanner = new LogScanner(collectSegments: true);
        scanner.Append(file);
        var scan = scanner.Complete();
        using var reader = LogRecordReader.Over(file, scan);
        var writer = new LogRecordWriter();
        sum.Logs++;
        if (scan.Header!.Version.IsLegacy)
        {
            sum.Legacy++;
            while (reader.TryRead(out var record))
                Encode(path, writer, record, scan.Header.Version, sum);
            return;
        }

        Repack(path, file, scan, reader, writer, sum);
    }

    // What is left over of earlier uses of a file, and shadows, are not told by its records; they stay out of it.
    private static void Repack(
        string path, byte[] file, LogScanResult scan, LogRecordReader reader, LogRecordWriter writer, Tally sum)
    {
        var header = scan.Header!;
        var clock = new SegmentClock(scan);
        var packer = clock.Packer = new LogPacker(header.Generation, header.SectorCount, clock);
        byte[] made = new byte[(scan.LastValidSegment + 1) * LogBytes.Segment];
        while (scan.LastValidSegment > 0 && reader.TryRead(out var record))
        {
            Encode(path, writer, record, header.Version, sum);
            // None of these logs holds a record whose end a crash lost; its head could not be made again.
            Assert.Equal(0, reader.Dropped);
            // A new run of the engine goes on in a new segment.
            if (record.FirstByte.Sector > packer.OpenIndex && (!packer.IsOpen || !Cut(packer, record)))
            {
                sum.Resumed++;
                packer.Close();
            }

            Assert.True(packer.Fits(writer.Written), $"{path}: {record.Type} at {record.Position} would not fit");
            var position = packer.Append(writer.Written);
            Collect(packer, made);
            if (position != record.Position && position.Offset != 0)
                sum.Wrong.Add($"{path}: {record.Type} at {record.Position} packed at {position}");
        }

        packer.Close();
        Collect(packer, made);
        Compare(path, file, scan, made, packer, sum);
    }

    private static bool Cut(LogPacker packer, in LogRecordView record) =>
        LogBytes.Segment - packer.Position.Offset < Math.Min(record.Bytes.Length, 32) && record.FirstByte.Sector == packer.OpenIndex + 1;

    private static void Collect(LogPacker packer, byte[] made)
    {
        packer.Done.CopyTo(made.AsSpan(packer.DoneIndex * LogBytes.Segment));
        packer.Take();
    }

    private static void Compare(string path, byte[] file, LogScanResult scan, byte[] made, LogPacker packer, Tally sum)
    {
        ulong accumulated = packer.AccumulatedChecksum;
        for (int i = 1; i <= scan.LastValidSegment; i++)
        {
            sum.Segments++;
            var want = file.AsSpan(i * LogBytes.Segment, LogBytes.Segment);
            var got = made.AsSpan(i * LogBytes.Segment, LogBytes.Segment);
            if (!want.SequenceEqual(got))
                sum.Wrong.Add($"{path}: segment {i} differs at {want.CommonPrefixLength(got)}");
        }

        if (accumulated != scan.AccumulatedChecksum)
            sum.Wrong.Add($"{path}: accumulated {accumulated:x16}, {scan.AccumulatedChecksum:x16} expected");
    }

    private static void Encode(string path, LogRecordWriter writer, in LogRecordView record, LogVersion version, Tally sum)
    {
        sum.Records++;
        sum.Bytes += record.Bytes.Length;
        if (!RecordEncoder.TryEncode(writer, record, version))
        {
            if (record.Type != LogRecordType.Checksum)
                sum.Wrong.Add($"{path}: no way to write {record.Type}");
            writer.Clear();
            writer.Copy(record.Bytes);
        }
        else if (!writer.Written.SequenceEqual(record.Bytes))
            sum.Wrong.Add($"{path}: {record.Type} at {record.Position} comes out different at byte {writer.Written.CommonPrefixLength(record.Bytes)}");
    }
}
