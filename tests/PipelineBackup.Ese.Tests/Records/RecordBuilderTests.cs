using System.Buffers.Binary;
using PipelineBackup.Ese.Tests.Catalog;

namespace PipelineBackup.Ese.Tests.Records;

public sealed class RecordBuilderTests
{
    private static readonly TableDefinition s_table = Tables.Define(new NewTable("t")
    {
        Columns =
        [
            new("id", ColumnType.Long) { IsNotNull = true },
            new("flag", ColumnType.Bit),
            new("answer", ColumnType.Long) { Default = new byte[] { 42, 0, 0, 0 } },
            new("short", ColumnType.Short),
            new("padded", ColumnType.Text) { Storage = ColumnStorage.Fixed, MaxLength = 4, CodePage = 1252 },
            new("wide", ColumnType.Text) { Storage = ColumnStorage.Fixed, MaxLength = 4 },
            new("bytes", ColumnType.Binary) { Storage = ColumnStorage.Fixed, MaxLength = 4 },
            new("v1", ColumnType.Binary) { MaxLength = 5 },
            new("v2", ColumnType.Binary) { Default = new byte[] { 7 } },
            new("v3", ColumnType.Binary),
            new("numbers", ColumnType.Long) { IsMultiValued = true },
            new("blob", ColumnType.LongBinary) { IsCompressed = true },
            new("blobs", ColumnType.LongBinary) { IsMultiValued = true },
            new("tagged", ColumnType.Long) { Storage = ColumnStorage.Tagged, Default = new byte[] { 1, 0, 0, 0 } },
        ],
    }).Find("t");

    [Fact]
    public void A_new_record_holds_the_fixed_defaults_and_reaches_no_further() =>
        Assert.Equal("037f0e00" + "2a2a2a2a" + "2a" + "2a000000" + "fb", Build(_ => { }));

    [Fact]
    public void A_column_behind_the_last_makes_the_record_reach_to_it()
    {
        Assert.Equal("037f0e00" + "01000000" + "ff" + "2a000000" + "f8",
            Build(builder => Set(builder, "id", "01000000", "flag", "05")));
        Assert.Equal("03820e002a2a2a2a2a2a000000fb" + "0080" + "0100" + "0200" + "07" + "aa",
            Build(builder => Set(builder, "v3", "aa")));
        Assert.Equal("03800e002a2a2a2a2a2a000000fb" + "0080", Build(builder => builder.SetNull(Column(builder, "v1"))));
    }

    [Fact]
    public void What_is_shorter_than_its_place_is_filled_up()
    {
        byte[] record = Convert.FromHexString(
            Build(builder => Set(builder, "padded", "4142", "wide", "4100", "bytes", "01")));
        Assert.Equal("41422020" + "41002000" + "01000000", Convert.ToHexStringLower(record.AsSpan(15, 12)));
    }

    [Fact]
    public void Tagged_columns_take_every_layout()
    {
        const string front = "037f0e002a2a2a2a2a2a000000fb";
        Assert.Equal(front + "00010400" + "05000000", Build(builder => Set(builder, "numbers", "05000000")));
        Assert.Equal(front + "00010440" + "18" + "04" + "05000000" + "06000000", Build(builder =>
        {
            Set(builder, "numbers", "05000000");
            builder.Set(Column(builder, "numbers"), 1, [6, 0, 0, 0]);
        }));
        Assert.Equal(front + "00010400" + "08" + "0400" + "0800" + "05000000" + "06000000", Build(builder =>
        {
            Set(builder, "numbers", "05000000");
            builder.Set(Column(builder, "numbers"), 1, [6, 0, 0, 0]);
        }, RecordFormat.Large));
        Assert.Equal(front + "01010440" + "05" + "0100008000000080",
            Build(builder => builder.SetSeparated(Column(builder, "blob"), 0, LongValueId.FirstWide)));
        Assert.Equal(front + "02010440" + "09" + "0480" + "0c00" + "0100008000000080" + "aa", Build(builder =>
        {
            builder.SetSeparated(Column(builder, "blobs"), 0, LongValueId.FirstWide);
            builder.Set(Column(builder, "blobs"), 1, [0xAA]);
        }));
        Assert.Equal(front + "03010420", Build(builder => builder.SetNull(Column(builder, "tagged"))));
        Assert.Equal(front + "03010400" + "20",
            Build(builder => builder.SetNull(Column(builder, "tagged")), RecordFormat.Large));
        Assert.Equal(front, Build(builder => builder.SetNull(Column(builder, "numbers"))));
        Assert.Equal(front + "01010440" + "03" + "0f",
            Build(builder => builder.Set(Column(builder, "blob"), "ABCABCABCABCABCA"u8))[..40]);
    }

    [Fact]
    public void Values_taken_away_leave_the_simpler_layout()
    {
        var builder = new RecordBuilder(s_table, RecordFormat.Small);
        builder.StartNew();
        byte[] empty = builder.ToArray();
        int column = Column(builder, "numbers");
        for (int i = 0; i < 3; i++)
            builder.Set(column, i, [(byte)i, 0, 0, 0]);
        builder.Load(new RecordView(builder.ToArray(), RecordFormat.Small));
        builder.Remove(column, 1);
        Assert.Equal(2, builder.Count(column));
        Assert.Equal(TaggedValueKind.Plain, builder.Value(column, 1, out var value));
        Assert.Equal(2, BinaryPrimitives.ReadInt32LittleEndian(value));
        builder.Remove(column, 0);
        builder.Remove(column, 0);
        Assert.Equal(empty, builder.ToArray());
    }

    [Fact]
    public void Values_that_a_column_does_not_take_are_refused()
    {
        var builder = new RecordBuilder(s_table, RecordFormat.Small);
        builder.StartNew();
        Refused(EseError.InvalidBufferSize, () => Set(builder, "id", "0100"));
        Refused(EseError.InvalidBufferSize, () => Set(builder, "padded", "0102030405"));
        Refused(EseError.ColumnTooBig, () => Set(builder, "v1", "010203040506"));
        Refused(EseError.NullInvalid, () => builder.SetNull(Column(builder, "id")));
        Refused(EseError.NullInvalid, builder.CheckNulls);
        Refused(EseError.MultiValuedColumnMustBeTagged, () => builder.Set(Column(builder, "tagged"), 1, new byte[4]));
        Refused(EseError.MultiValuedColumnMustBeTagged, () => builder.Set(Column(builder, "v1"), 0, new byte[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.Set(Column(builder, "numbers"), 1, new byte[4]));
        Assert.Throws<ArgumentException>(() =>
            builder.SetStored(Column(builder, "numbers"), 0, TaggedValueKind.Compressed, new byte[4]));
        Assert.Throws<ArgumentException>(() => new RecordBuilder(s_table, RecordFormat.Old));
        Assert.Throws<ArgumentException>(() => builder.Write(new byte[3]));
        Set(builder, "id", "01000000");
        builder.CheckNulls();
    }

    [Theory]
    [InlineData(2048)]
    [InlineData(4096)]
    [InlineData(32768)]
    public void What_does_not_fit_is_separated_the_longest_first(int pageSize)
    {
        var size = PageSize.Of(pageSize);
        int most = RecordLimits.MostBytes(size, s_table);
        Assert.InRange(most, pageSize - 450, pageSize - 90);
        var builder = new RecordBuilder(s_table, size.IsSmall ? RecordFormat.Small : RecordFormat.Large);
        builder.StartNew();
        Assert.Empty(RecordLimits.Separate(builder, most, size));
        int column = Column(builder, "blobs");
        for (int i = 0; builder.Length <= most; i++)
            builder.Set(column, i, new byte[i % 3 == 0 ? 900 : 100]);
        var chosen = RecordLimits.Separate(builder, most, size);
        Assert.All(chosen, value => Assert.Equal(0, value.Index % 3));
        foreach (var (at, index) in chosen)
            builder.SetSeparated(at, index, LongValueId.FirstWide);
        Assert.True(chosen.Count > 0 && builder.Length <= most);
        Assert.Equal(EseError.RecordTooBig,
            Assert.Throws<EseException>(() => RecordLimits.Separate(builder, 30, size)).Error);
    }

    [Fact]
    public void Records_of_any_bytes_are_changed_or_refused()
    {
        int changed = 0, refused = 0;
        for (int seed = 0; seed < SamplePages.Seeds(300) * 10; seed++)
        {
            var random = new Random(seed);
            var format = (RecordFormat)random.Next(2);
            var builder = new RecordBuilder(s_table, format);
            try
            {
                Scribble(builder, random);
                byte[] record = builder.ToArray();
                for (int i = random.Next(3); i > 0; i--)
                    record[random.Next(record.Length)] = (byte)random.Next(256);
                builder.Load(new RecordView(record, format));
                Scribble(builder, random);
                byte[] again = builder.ToArray();
                builder.Load(new RecordView(again, format));
                Assert.Equal(again, builder.ToArray());
                changed++;
            }
            catch (EseException)
            {
                refused++;
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
        }

        Assert.True(changed > 500 && refused > 50, $"{changed} changed, {refused} refused");
    }

    private static void Scribble(RecordBuilder builder, Random random)
    {
        for (int i = random.Next(1, 12); i > 0; i--)
        {
            int column = random.Next(builder.Columns.Count);
            var definition = builder.Columns[column];
            int length = definition.Type.FixedBytes() is var bytes and > 0 ? bytes : random.Next(5);
            byte[] value = new byte[length];
            random.NextBytes(value);
            if (random.Next(4) == 0 && (definition.Flags & ColumnFlags.NotNull) == 0)
                builder.SetNull(column);
            else if (definition.IsMultiValued && random.Next(2) == 0)
                builder.Set(column, builder.Count(column), value);
            else
                builder.Set(column, value);
        }
    }

    private static void Refused(EseError error, Action action) =>
        Assert.Equal(error, Assert.Throws<EseException>(action).Error);

    private static string Build(Action<RecordBuilder> set, RecordFormat format = RecordFormat.Small)
    {
        var builder = new RecordBuilder(s_table, format);
        builder.StartNew();
        set(builder);
        return Convert.ToHexStringLower(builder.ToArray());
    }

    private static void Set(RecordBuilder builder, params string[] columns)
    {
        for (int i = 0; i < columns.Length; i += 2)
            builder.Set(Column(builder, columns[i]), Convert.FromHexString(columns[i + 1]));
    }

    private static int Column(RecordBuilder builder, string name)
    {
        for (int i = 0; i < builder.Columns.Count; i++)
        {
            if (builder.Columns[i].Name == name)
                return i;
        }

        throw new ArgumentException(name, nameof(name));
    }
}
