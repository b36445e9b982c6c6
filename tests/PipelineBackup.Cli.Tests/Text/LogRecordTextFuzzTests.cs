using PipelineBackup.Cli.Text;
using PipelineBackup.Ese;
using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests.Text;

/// <summary>Records of real logs changed at random are still shown, or refused as damage.</summary>
public sealed class LogRecordTextFuzzTests
{
    [Fact]
    public void Any_bytes_that_measure_as_a_record_can_be_shown()
    {
        var records = Records();
        int seeds = int.TryParse(Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS"), out int wanted) ? wanted : 60;
        int shown = 0;
        for (int seed = 0; seed < seeds; seed++)
        {
            var random = new Random(seed);
            foreach (byte[] record in records)
            {
                byte[] bytes = [.. record];
                for (int i = random.Next(1, 4); i > 0; i--)
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                try
                {
                    using var writer = new StringWriter();
                    LogRecordText.Write(writer, new(bytes, default, default), new(8, 4000, 130, 280));
                    Assert.StartsWith(">00000000,0000,0000 ", writer.ToString(), StringComparison.Ordinal);
                    shown++;
                }
                catch (EseException damage) when (damage.Error == EseError.LogFileCorrupt)
                {
                    // Not one whole record any more, or a difference that runs over its end.
                }
                catch (Exception exception) when (exception is not Xunit.Sdk.IAssertionException)
                {
                    Assert.Fail($"seed {seed}, type {record[0]}: {exception}");
                }
            }
        }

        Assert.True(shown > seeds * 10, $"{shown}");
    }

    [Fact]
    public void Every_type_has_a_label_and_can_be_shown()
    {
        for (int type = 0; type < 102; type++)
        {
            // Zeros behind a type are a record of its smallest size, or of no size at all.
            byte[] bytes = [(byte)type, .. new byte[600]];
            for (int length = 1; length < bytes.Length; length++)
            {
                if (Enum.GetName((LogRecordType)type) is not { } name || !TryShow(bytes.AsSpan(0, length), out string text))
                    continue;
                Assert.True(text.Length >= ">00000000,0000,0000 NOP      \n".Length, $"{name}: {text}");
                break;
            }
        }
    }

    private static bool TryShow(ReadOnlySpan<byte> bytes, out string text)
    {
        using var writer = new StringWriter();
        try
        {
            LogRecordText.Write(writer, new(bytes, default, default), new(8, 4000, 130, 280));
        }
        catch (EseException)
        {
            // Another length.
        }

        text = writer.ToString();
        return text.Length > 0;
    }

    // A few of each type of the golden logs.
    private static List<byte[]> Records()
    {
        var seen = new Dictionary<LogRecordType, int>();
        List<byte[]> records = [];
        foreach (string set in (string[])["dirty-basic-4096", "extbackup-4096", "jetbackup-4096"])
        {
            foreach (string path in Directory.EnumerateFiles(GoldenSets.Small(set), "edb0*.log", SearchOption.AllDirectories))
            {
                using var reader = LogRecordReader.Open(path);
                while (reader.TryRead(out var record))
                {
                    int count = seen[record.Type] = seen.GetValueOrDefault(record.Type) + 1;
                    if (count <= 4)
                        records.Add(record.Bytes.ToArray());
                }
            }
        }

        return records;
    }
}
