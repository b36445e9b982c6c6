using System.Buffers.Binary;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Life;

public sealed class LogStreamTests
{
    private static readonly string s_current = Path.Combine(LifeRig.Logs, "edb.log");

    [Fact]
    public void Damage_of_what_was_durable_is_told_and_a_last_write_that_was_cut_is_not_missed()
    {
        var rig = new LifeRig();
        var engine = rig.Open();
        for (int i = 0; i < 4; i++)
        {
            var records = new LogRecordWriter();
            records.Filler(6000);
            engine.Log.Append(records.Written);
            engine.Log.Flush();
        }

        // Segments: the start, then four flushes of two.
        rig.Disk.Crash(CrashKind.Kill, new(1));
        byte[] log = rig.Disk.ReadAll(s_current);
        int last = LogFileReader.Scan(new Bytes(log)).LastValidSegment;
        Assert.True(last >= 8, $"{last}");
        for (int segment = 1; segment <= last; segment++)
        {
            foreach (bool isZero in (bool[])[true, false])
            {
                byte[] damaged = [.. log];
                var bytes = damaged.AsSpan(segment * 4096, 4096);
                if (isZero)
                    bytes.Clear();
                else
                    new Random(segment).NextBytes(bytes[100..300]);
                var scan = LogFileReader.Scan(new Bytes(damaged));

                // The last flush may be missing in part, as far as anybody can tell; of others a later one knows.
                bool isLastFlush = segment > last - 2;
                bool isPlainEnd = isZero && segment == last;
                Assert.True(isLastFlush == scan.IsGood,
                    $"{segment} of {last}, {isZero}: {scan.Message}, {scan.CutSegment}, marks "
                    + string.Join(' ', Enumerable.Range(1, last)
                        .Select(i => BinaryPrimitives.ReadInt32LittleEndian(log.AsSpan(i * 4096 + 24)))));
                Assert.Equal(isLastFlush && !isPlainEnd ? segment : 0, scan.CutSegment);
                Assert.Equal(isLastFlush ? segment - 1 : scan.LastValidSegment, scan.LastValidSegment);
                Assert.Equal(isLastFlush ? EseError.Success : EseError.LogFileCorrupt, scan.Error);
                if (scan.CutSegment != 0)
                    Assert.Equal(EseError.LogFileCorrupt,
                        scan.ErrorFor(LogScanPurpose.SoftRecovery, isCurrentLog: false));
                if (isLastFlush)
                    RequireOpens(damaged);
            }
        }
    }

    [Fact]
    public void A_stream_ends_before_its_last_numbers()
    {
        var rig = new LifeRig();
        const int Last = 0x7FFFF800;
        var options = rig.Options;
        var settings = SettingsOf(rig);
        byte[] header = LogHeaderWriter.Begin(settings, default);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), Last - 1);
        using var files = new LogFiles(LogStreamFolder.Open(rig.Disk, LifeRig.Logs, "edb"));
        files.Begin(header, null, 0);
        using var log = new LogStream(options, settings, files,
            new(files.Header.Generation, files.Header.SectorCount, options.Time));
        var records = new LogRecordWriter();
        records.Filler(5000);
        var failure = Assert.Throws<EseException>(() =>
        {
            for (int i = 0; i < 100; i++)
                log.Append(records.Written);
        });
        Assert.Equal(EseError.LogSequenceEnd, failure.Error);
        Assert.Equal(Last, log.Header.Generation.Value);

        // Whoever ends may go on.
        log.IsEnding = true;
        Assert.Equal(Last + 1, log.Append(records.Written).Generation.Value);
        log.Flush();
        Assert.Equal(Last + 1, log.DurableHeader.Generation.Value);
        log.Roll();
        Assert.Equal(Last + 2, log.Tip.Generation.Value);
    }

    [Fact]
    public void The_position_of_a_record_is_where_a_reader_finds_it()
    {
        var rig = new LifeRig();
        var engine = rig.Open();
        var random = new Random(7);
        var written = new List<LogPosition>();
        var records = new LogRecordWriter();
        for (int i = 0; i < 3000; i++)
        {
            records.Clear();
            records.Text(LogRecordType.Trace, 1, new byte[random.Next(random.Next(3) == 0 ? 9000 : 60)]);
            written.Add(engine.Log.Append(records.Written));
            if (random.Next(50) == 0)
                engine.Log.Flush();
            if (random.Next(500) == 0)
                engine.Log.Roll();
        }

        engine.Log.Flush();
        var read = new List<LogPosition>();
        foreach (var file in LogChain.Open(rig.Disk, LifeRig.Logs, "edb").Generations)
        {
            using var reader = file.OpenRecords();
            while (reader.TryRead(out var record))
            {
                if (record.Type == LogRecordType.Trace)
                    read.Add(record.Position);
            }
        }

        Assert.Equal(written, read);
    }

    private static LogStreamSettings SettingsOf(LifeRig rig)
    {
        var engine = LifeRig.Open(rig.Options with { Disk = new LifeRig().Disk });
        var settings = engine.Log.Settings;
        LifeRig.Now(engine.CloseAsync());
        return settings;
    }

    private static void RequireOpens(byte[] log)
    {
        var rig = new LifeRig();
        rig.Disk.Put(s_current, log);
        LifeRig.Now(rig.Open().CloseAsync());
        rig.RequireSoundLogs("a cut log");
    }

    private sealed class Bytes(byte[] content) : IDiskFile
    {
        public long Length => content.Length;

        public int Read(Span<byte> buffer, long offset)
        {
            int count = (int)Math.Clamp(content.Length - offset, 0, buffer.Length);
            content.AsSpan((int)offset, count).CopyTo(buffer);
            return count;
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset) => throw new NotSupportedException();

        public void SetLength(long length) => throw new NotSupportedException();

        public void Flush() => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
