using PipelineBackup.Ese.Tests.Simulation;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Logs;

public sealed class LogFileWriterTests
{
    private static readonly string s_folder = Path.GetFullPath("/logs");

    public static TheoryData<string> DirtySets => [.. GoldenSets.EngineSets.Where(set => set.StartsWith("dirty-", StringComparison.Ordinal)),
        .. GoldenSets.RealSets.Where(set => set.EndsWith("_v7", StringComparison.Ordinal)), "small"];

    [Theory]
    [MemberData(nameof(DirtySets))]
    public void The_logs_of_a_crash_go_on_with_sound_ones(string set)
    {
        string folder = set == "small" ? Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files")
            : set.EndsWith("_v7", StringComparison.Ordinal) ? GoldenSets.Real(set) : Path.Combine(GoldenSets.Engine(set), "files");
        var disk = Load(folder);
        foreach (string baseName in LogChain.FindBaseNames(folder))
        {
            List<byte[]> written = [];
            var before = Chain(disk, baseName);
            if (before.Generations.Count == 0 || before.Generations[^1].Scan is not { IsGood: true })
                continue;
            int last = before.Highest.Value, findings = before.Findings.Count;
            using (var writer = Writer(disk, baseName))
            {
                var random = new Random(last);
                // More than one generation, and a flush in the middle of one.
                for (int i = 0; i < 3 || (writer.Position.Generation.Value < last + 4 && i < 5000); i++)
                    Append(writer, random, written, i == 2 || random.OneIn(1500));
                writer.Flush();
            }

            var after = Chain(disk, baseName);
            Assert.True(after.Findings.Count <= findings, string.Join(", ", after.Findings.Select(finding => finding.Message)));
            Assert.True(after.Highest.Value >= last + 2);
            Assert.Equal(after.Generations.Count - before.Generations.Count, after.Highest.Value - last);
            Assert.Equal(after.Highest, after.Current!.Header!.Generation);
            Assert.Null(after.Temporary);
            var read = after.Generations.Where(file => file.Generation.Value > last).SelectMany(Records).ToList();
            Assert.Equal(written.Select(Convert.ToHexString), read.Select(Convert.ToHexString));
        }
    }

    [Fact]
    public void A_crash_leaves_each_generation_whole_or_not_there()
    {
        var start = Load(Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files"));
        int seen = 0, last = Chain(start, "edb").Highest.Value;
        bool done = false;
        for (int step = 1; !done; step++)
        {
            foreach (var kind in Enum.GetValues<CrashKind>())
            {
                var disk = start.Copy(512);
                disk.KillAtStep = step;
                var durable = Write(disk, out done);
                disk.Crash(kind, new(step));
                var chain = Chain(disk, "edb");
                Assert.True(chain.Findings.Count == 0, $"step {step} {kind}: {string.Join(", ", chain.Findings.Select(finding => finding.Message))}");
                Assert.True(chain.Highest >= durable.Generation, $"step {step} {kind}");
                seen = Math.Max(seen, chain.Highest.Value - last);

                // And it goes on from there.
                Write(disk, out _);
                Assert.Empty(Chain(disk, "edb").Findings);
            }
        }

        Assert.Equal(3, seen);
    }

    [Fact]
    public void A_current_log_that_is_not_the_one_before_is_left_alone()
    {
        var disk = Load(Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files"));
        var chain = Chain(disk, "edb");
        var file = chain.Generations[^2];
        using var writer = new LogFileWriter(LogStreamFolder.Open(disk, s_folder, "edb"), file.Header!,
            file.Scan!.AccumulatedChecksum, default, () => [], TimeProvider.System);
        writer.Append([(byte)LogRecordType.ShutdownMark]);
        Assert.Equal(EseError.InvalidLogSequence, Assert.Throws<EseException>(writer.Flush).Error);
        Assert.Equal(chain.Highest, Chain(disk, "edb").Highest);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Behind_a_log_of_version_7_goes_version_8_on(int sector)
    {
        var before = LogHeader.Read(new LegacyLogWriter(sector).File);
        var after = LogHeader.Read(LogHeaderWriter.Continue(before, 0, default, default, before.Attached));
        Assert.Equal(new LogVersion(8, 4000, 20, 60), after.Version);
        Assert.Equal((before.Generation.Next, before.Created, before.Signature, before.PageSize),
            (after.Generation, after.PreviousCreated, after.Signature, after.PageSize));
        Assert.True(after.FileLength >= before.FileLength && after.FileLength - before.FileLength < 4096);
    }

    [Fact]
    public void A_stream_keeps_what_its_logs_say_and_ends_with_the_highest_number()
    {
        byte[] block = LogCorpus.Vector("edb00005.log")[..LogHeader.Size];
        block[639] = (byte)LogHeaderFlags.Circular;
        LogBytes.StampHeader(block);
        var before = LogHeader.Read(block);
        var after = LogHeader.Read(LogHeaderWriter.Continue(before, 77, before.Created, new(new(4), 1, 0), []));
        Assert.Equal((before.Version, before.FileLength, 77ul), (after.Version, after.FileLength, after.PreviousChecksum));
        Assert.Equal((LogHeaderFlags.CircularBefore, 4), (after.Flags, after.Checkpoint.Generation.Value));
        Assert.Equal(before.Parameters.LogPath, after.Parameters.LogPath);

        BitConverter.TryWriteBytes(block.AsSpan(4), LogGeneration.Max.Value);
        LogBytes.StampHeader(block);
        Assert.Equal(EseError.LogSequenceEnd, Assert.Throws<EseException>(
            () => LogHeaderWriter.Continue(LogHeader.Read(block), 0, default, default, [])).Error);
    }

    [Fact]
    public void Records_longer_than_a_log_are_refused()
    {
        var disk = Load(Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files"));
        using var writer = Writer(disk, "edb");
        var records = new LogRecordWriter();
        records.Filler((int)Chain(disk, "edb").Current!.Length);
        Assert.Equal(EseError.LogBufferTooSmall,
            Assert.Throws<EseException>(() => writer.Append(records.Written)).Error);
    }

    private static LogPosition Write(SimulatedDisk disk, out bool done)
    {
        LogPosition durable = default;
        done = false;
        try
        {
            using var writer = Writer(disk, "edb");
            List<byte[]> written = [];
            var random = new Random(1);
            for (int i = 0; i < 3; i++)
            {
                Append(writer, random, written, flush: false);
                Append(writer, random, written, flush: true);
                durable = writer.Durable;
                Assert.True(durable > writer.Position || durable.Generation.Next == writer.Position.Generation);
            }

            done = true;
        }
        catch (SimulatedCrashException)
        {
        }

        return durable;
    }

    private static void Append(LogFileWriter writer, Random random, List<byte[]> written, bool flush)
    {
        byte[] text = new byte[random.Next(random.OneIn(20) ? 9000 : 200)];
        random.NextBytes(text);
        var records = new LogRecordWriter();
        records.Text(LogRecordType.Trace, 1, text);
        written.Add(records.Written.ToArray());
        var position = writer.Position;
        Assert.True(writer.Append(records.Written) is var at && (at == position || at == new LogPosition(position.Generation.Next, 1, 0)));
        if (flush)
            writer.Flush();
    }

    private static LogFileWriter Writer(SimulatedDisk disk, string baseName)
    {
        var file = Chain(disk, baseName).Generations[^1];
        LogSeal.Apply(disk, file.Path!, file.Scan!);
        return new(LogStreamFolder.Open(disk, s_folder, baseName), file.Header!, file.Scan!.AccumulatedChecksum,
            default, () => file.Header!.Attached, TimeProvider.System);
    }

    private static LogChain Chain(SimulatedDisk disk, string baseName)
    {
        var chain = LogChain.Open(disk, s_folder, baseName);
        chain.ScanAll();
        return chain;
    }

    private static List<byte[]> Records(LogFileEntry file)
    {
        using var reader = file.OpenRecords();
        return LogFiles.ReadAll(reader).ConvertAll(record => record.Bytes);
    }

    private static SimulatedDisk Load(string folder)
    {
        var disk = new SimulatedDisk();
        foreach (string path in Directory.EnumerateFiles(folder))
        {
            if (LogFileName.TryParse(Path.GetFileName(path), out _))
                disk.Put(Path.Combine(s_folder, Path.GetFileName(path)), File.ReadAllBytes(path));
        }

        return disk;
    }
}
