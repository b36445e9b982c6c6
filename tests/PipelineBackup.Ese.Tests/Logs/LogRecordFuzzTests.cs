using PipelineBackup.Ese.Tests.Recovery;

namespace PipelineBackup.Ese.Tests.Logs;

/// <summary>Real logs changed at random, with the checksums of their segments made right again.</summary>
public sealed class LogRecordFuzzTests
{
    private static readonly byte[][] s_logs =
        [.. new[] { "edb.log", "edb00000001.log", "edb00000007.log" }.Select(name => File.ReadAllBytes(LogCorpus.Basic(name)))];

    [Fact]
    public void Records_face_any_bytes()
    {
        long records = 0, refused = 0;
        var writer = new LogRecordWriter();
        for (int seed = 0; seed < LogBytes.Seeds(400); seed++)
        {
            var random = new Random(seed);
            byte[] log = LogMutation.ChangeBytes([.. s_logs[random.Next(s_logs.Length)]], random, most: 12);
            try
            {
                using var reader = LogRecordReader.Over(log);
                if (random.Next(4) == 0)
                    reader.Seek(new(reader.Header.Generation, random.Next(40), random.Next(5000)));
                long before = GC.GetAllocatedBytesForCurrentThread();
                int count = 0;
                while (reader.TryRead(out var record))
                {
                    count++;
                    Touch(writer, record);
                }

                Assert.True(count <= log.Length, $"seed {seed}");
                Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 64 << 20, $"seed {seed}");
                records += count;
            }
            catch (EseException exception) when (exception.Error == EseError.LogFileCorrupt)
            {
                refused++;
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}: {exception}");
            }
        }

        Assert.True(records > 1000 && refused > 20, $"{records} records, {refused} refused");
    }

    // Each record of a log by itself: one byte changed, and every view of it asked for everything.
    [Fact]
    public void Views_face_any_bytes()
    {
        var writer = new LogRecordWriter();
        var all = s_logs.SelectMany(LogFiles.ReadAll).GroupBy(record => record.Type).SelectMany(group => group.Take(6)).ToList();
        for (int seed = 0; seed < LogBytes.Seeds(150); seed++)
        {
            var random = new Random(seed);
            foreach (var record in all)
            {
                byte[] bytes = [.. record.Bytes, .. new byte[random.Next(2) * 600]];
                for (int i = random.Next(1, 4); i > 0; i--)
                    bytes[random.Next(Math.Min(bytes.Length, 120))] = (byte)random.Next(256);
                int size = LogRecordCatalogue.Measure(bytes);
                if (size == 0)
                    continue;
                try
                {
                    Touch(writer, new(bytes.AsSpan(0, size), default, default));
                }
                catch (EseException exception) when (exception.Error == EseError.LogFileCorrupt)
                {
                    // A difference that contradicts itself.
                }
                catch (Exception exception)
                {
                    Assert.Fail($"seed {seed}, {record.Type}: {exception}");
                }
            }
        }
    }

    // Reads all that the views of a record give.
    private static void Touch(LogRecordWriter writer, in LogRecordView record)
    {
        try
        {
            RecordEncoder.TryEncode(writer, record, LogFiles.Version);
        }
        catch (ArgumentException)
        {
            // The writer refuses edits and paths that no sound record has.
        }

        if (record.Type is LogRecordType.Replace or LogRecordType.ReplaceDifference)
        {
            var replace = record.AsReplace();
            replace.Apply(new byte[replace.OldLength], new byte[replace.NewLength]);
        }
    }
}
