namespace PipelineBackup.Ese.Tests.Logs;

public sealed class DataDifferenceTests
{
    private static readonly byte[] s_old = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private const string Small = "022003AABBCC0840025A5A0A0000041400050261626364 65";
    private const string Large = "02002003AABBCC080040025A5A0A0000000414000005026162636465";
    private const string New = "0001AABBCC0506075A5A08090E0F1011121361626364651 61718191A1B1C1D1E1F";

    [Theory]
    [InlineData(false, Small)]
    [InlineData(true, Large)]
    public void The_vector_makes_the_new_data_and_is_made_again(bool isLarge, string hex)
    {
        byte[] stored = Hex(hex);
        byte[] made = new byte[33], again = new byte[100];
        Assert.Equal(33, new DataDifference(stored, isLarge).Apply(s_old, made));
        Assert.Equal(Hex(New), made);
        int length = 0;
        foreach (var edit in new DataDifference(stored, isLarge))
            length += DataDifference.WriteEdit(again.AsSpan(length), isLarge, edit.Offset, edit.OldLength, edit.NewData);
        Assert.Equal(stored, again[..length]);
    }

    [Fact]
    public void Long_edits_have_lengths_of_two_bytes()
    {
        byte[] bytes = new byte[400];
        int length = DataDifference.WriteEdit(bytes, isLarge: true, 9000, 300, new byte[300]);
        Assert.Equal((305, "2823A32C01"), (length, Convert.ToHexString(bytes.AsSpan(0, 5))));
        foreach (var edit in new DataDifference(bytes.AsMemory(0, length).Span, isLarge: true))
            Assert.Equal((9000, 300, 300), (edit.Offset, edit.OldLength, edit.NewData.Length));
        Assert.Throws<ArgumentOutOfRangeException>(() => DataDifference.WriteEdit(bytes, isLarge: false, 0x2000, 1, []));
    }

    [Fact]
    public void A_difference_faces_any_bytes()
    {
        byte[] destination = new byte[64];
        for (int seed = 0; seed < LogBytes.Seeds(4000); seed++)
        {
            var random = new Random(seed);
            byte[] bytes = Hex(random.Next(2) == 0 ? Small : Large)[..random.Next(20)];
            for (int i = random.Next(4); i > 0 && bytes.Length > 0; i--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                int made = new DataDifference(bytes, random.Next(2) == 0).Apply(s_old.AsSpan(0, random.Next(33)), destination);
                Assert.InRange(made, 0, destination.Length);
            }
            catch (EseException exception) when (exception.Error == EseError.LogFileCorrupt)
            {
                // One of the two answers there are.
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}: {exception}");
            }
        }
    }

    [Fact]
    public void A_record_that_contradicts_the_old_data_is_refused()
    {
        var writer = new LogRecordWriter();
        writer.ReplaceDifference(default, isLarge: false, 32, 33, Hex(Small));
        byte[] record = writer.Written.ToArray(), made = new byte[33];
        new LogRecordView(record, default, default).AsReplace().Apply(s_old, made);
        Assert.Equal(Hex(New), made);
        Assert.Throws<EseException>(() => new LogRecordView(record, default, default).AsReplace().Apply(s_old.AsSpan(1), made));
        record[48]--;
        Assert.Throws<EseException>(() => new LogRecordView(record, default, default).AsReplace().Apply(s_old, made));
    }

    private static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
