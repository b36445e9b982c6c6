namespace PipelineBackup.Ese.Tests.Records;

public sealed class RecordViewTests
{
    // A row of a real catalog: the column LocaleName of the catalog itself.
    private const string CatalogRow = "07801f0003000000020005010000" + "0b0000000000000000000000e4040000"
        + "800a004c6f63616c654e616d65";

    // The column 256 of the template, the own columns 256 and 261, the last with a header byte.
    private const string Three = "0001" + "0c80" + "0001" + "0d00" + "0501" + "0e40" + "11" + "22" + "0044";
    private const string ThreeLong = "0001" + "0c80" + "0001" + "0d00" + "0501" + "0e40" + "11" + "22" + "0144";

    [Fact]
    public void The_documented_record_reads_as_documented()
    {
        var record = new RecordView(Convert.FromHexString(CatalogRow), RecordFormat.Small);
        Assert.Equal((7, 128), (record.LastFixed, record.LastVariable));
        int[] offsets = [4, 8, 10, 14, 18, 22, 26], sizes = [4, 2, 4, 4, 4, 4, 4];
        string[] values = ["03000000", "0200", "05010000", "0b000000", "00000000", "00000000", "e4040000"];
        for (int i = 0; i < offsets.Length; i++)
        {
            Assert.Equal(ColumnState.Present, record.Fixed(new((ushort)(i + 1)), offsets[i], sizes[i], out var value));
            Assert.Equal(values[i], Convert.ToHexStringLower(value));
        }

        Assert.Equal(ColumnState.Absent, record.Fixed(new(8), 30, 1, out _));
        Assert.Equal(ColumnState.Present, record.Variable(new(128), out var name));
        Assert.Equal("LocaleName"u8, name);
        Assert.Equal(ColumnState.Absent, record.Variable(new(129), out _));
        Assert.Equal(ColumnState.Absent, record.Tagged(new(256), false, out _));
    }

    [Fact]
    public void Nulls_are_told_from_what_is_absent()
    {
        // Two fixed columns of two bytes, the second NULL; two variable ones, the first NULL, the second empty.
        byte[] bytes = Convert.FromHexString("02810900" + "1122" + "2a2a" + "fe" + "0080" + "0000");
        var record = new RecordView(bytes, RecordFormat.Small);
        Assert.Equal(ColumnState.Present, record.Fixed(new(1), 4, 2, out _));
        Assert.Equal(ColumnState.Null, record.Fixed(new(2), 6, 2, out _));
        Assert.Equal(ColumnState.Absent, record.Fixed(new(3), 8, 2, out _));
        Assert.Equal(ColumnState.Null, record.Variable(new(128), out _));
        Assert.Equal(ColumnState.Present, record.Variable(new(129), out var empty));
        Assert.True(empty.IsEmpty);
    }

    [Theory]
    [InlineData(RecordFormat.Small, "0001" + "0800" + "0101" + "0a00" + "112233", 256, false, "1122")]
    [InlineData(RecordFormat.Small, Three, 256, true, "11")]
    [InlineData(RecordFormat.Small, Three, 256, false, "22")]
    [InlineData(RecordFormat.Small, ThreeLong, 261, false, "44")]
    [InlineData(RecordFormat.Small, "0001" + "0420", 256, false, "")]
    [InlineData(RecordFormat.Small, "0001" + "0440" + "18" + "02" + "1122" + "334455", 256, false, "1122 334455")]
    [InlineData(RecordFormat.Small, "0001" + "0440" + "09" + "0600" + "0780" + "0b00" + "11" + "01000000" + "3344",
        256, false, "11 L01000000 3344")]
    [InlineData(RecordFormat.Small, "0001" + "0440" + "0b" + "0400" + "0800" + "0c41e110" + "3344",
        256, false, "C0c41e110 3344")]
    [InlineData(RecordFormat.Small, "0001" + "0440" + "05" + "01000080000000ff", 256, false, "L01000080000000ff")]
    [InlineData(RecordFormat.Small, "0001" + "0440" + "41" + "0102", 256, false, "E0102")]
    [InlineData(RecordFormat.Large, "0001" + "0400" + "00" + "1122", 256, false, "1122")]
    [InlineData(RecordFormat.Large, "0001" + "0480" + "03" + "0c41e110", 256, true, "C0c41e110")]
    [InlineData(RecordFormat.Large, "0001" + "0400" + "20", 256, false, "")]
    [InlineData(RecordFormat.Old, "0001" + "0200" + "1122" + "0101" + "0100" + "33", 256, false, "1122")]
    [InlineData(RecordFormat.Old, "0001" + "0200" + "1122" + "0001" + "0100" + "33" + "0101" + "0000",
        256, false, "1122 33")]
    [InlineData(RecordFormat.Old, "0001" + "0040" + "0101" + "0380" + "00" + "4455", 256, false, "")]
    [InlineData(RecordFormat.Old, "0001" + "0040" + "0101" + "0380" + "00" + "4455", 257, false, "4455")]
    [InlineData(RecordFormat.Old, "0001" + "0120" + "aa" + "0101" + "0580" + "01" + "04000000",
        257, false, "L04000000")]
    [InlineData(RecordFormat.Old, "0001" + "0120" + "aa" + "0101" + "0580" + "01" + "04000000", 256, true, "aa")]
    public void Tagged_columns_of_every_layout_are_found(
        RecordFormat format, string tagged, int column, bool isInherited, string expected)
    {
        var record = new RecordView(Convert.FromHexString("007f0400" + tagged), format);
        var state = record.Tagged(new((ushort)column), isInherited, out var values);
        Assert.Equal(expected.Length == 0 ? ColumnState.Null : ColumnState.Present, state);
        var found = new List<string>();
        for (int i = 0; i < values.Count; i++)
        {
            var value = values[i];
            string mark = value.IsSeparated ? "L" : value.IsCompressed ? "C" : value.IsEncrypted ? "E" : "";
            found.Add(mark + Convert.ToHexStringLower(value.Stored));
        }

        Assert.Equal(expected, string.Join(' ', found));
        Assert.Equal(ColumnState.Absent, record.Tagged(new(300), false, out _));
        Assert.Equal(ColumnState.Absent, record.Tagged(new(300), true, out _));
    }

    [Fact]
    public void Records_of_any_bytes_are_read_within_their_bounds()
    {
        var records = Records("clean-4096").Concat(Records("clean-32768")).ToList();
        int refused = 0, read = 0;
        for (int seed = 0; seed < SamplePages.Seeds(300) * 20; seed++)
        {
            var random = new Random(seed);
            var (bytes, format) = records[random.Next(records.Count)];
            byte[] record = bytes[..(random.Next(3) == 0 ? random.Next(bytes.Length + 1) : bytes.Length)];
            for (int i = random.Next(1, 5); i > 0 && record.Length > 0; i--)
            {
                int reach = random.Next(2) == 0 ? record.Length : Math.Min(record.Length, 64);
                record[random.Next(reach)] = (byte)random.Next(256);
            }

            format = random.Next(5) == 0 ? (RecordFormat)random.Next(3) : format;
            try
            {
                Visit(new RecordView(record, format), random);
                read++;
            }
            catch (EseException e) when (e.Error == EseError.DatabaseCorrupted)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
        }

        Assert.True(refused > 500 && read > 500, $"{refused} refused, {read} read");
    }

    // Every column there can be, wherever it may be said to be.
    private static void Visit(RecordView record, Random random)
    {
        bool isWild = random.Next(4) == 0;
        for (ushort column = 1; column < 256; column++)
        {
            if (column < 128 && isWild)
                record.Fixed(new(column), random.Next(-2, 300), random.Next(-1, 20), out _);
            else if (column < 128)
                record.Fixed(new(column), 4, 0, out _);
            else
                record.Variable(new(column), out _);
        }

        for (int column = 256; column < 300; column++)
        {
            foreach (bool isInherited in (bool[])[false, true])
            {
                record.Tagged(new((ushort)column), isInherited, out var values);
                for (int i = 0; i < Math.Min(values.Count, 50); i++)
                    _ = values[i].Stored.Length;
            }
        }
    }

    private static List<(byte[] Record, RecordFormat Format)> Records(string set)
    {
        using var file = DatabaseFile.Open(Path.Combine(GoldenSets.Small(set), "files", "db1.edb"));
        var records = new List<(byte[] Record, RecordFormat Format)>();
        foreach (var table in CatalogReader.Read(file).Tables)
        {
            var cursor = new TreeCursor(file, table.Root, table.ObjectId);
            for (int i = 0; i < 100 && cursor.MoveNext(); i++)
                records.Add((cursor.Data.ToArray(), cursor.View.RecordFormat()));
        }

        return records;
    }
}
