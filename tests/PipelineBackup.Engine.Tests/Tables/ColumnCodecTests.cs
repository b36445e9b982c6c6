namespace PipelineBackup.Engine.Tests.Tables;

/// <summary>Bytes of columns that are not what the catalog says.</summary>
public class ColumnCodecTests
{
    [Fact]
    public void A_value_of_another_width_is_damage()
    {
        foreach (var column in Columns().Where(column => column.Type.FixedBytes() > 0))
        {
            for (int length = 0; length < 20; length++)
            {
                byte[] bytes = new byte[length];
                if (length == column.Type.FixedBytes())
                    Read(column, bytes);
                else
                    Assert.Equal(EseError.DatabaseCorrupted, TableRig.ErrorOf(() => Read(column, bytes)));
            }
        }
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-657435.0)]
    [InlineData(2958466.0)]
    public void A_number_that_is_no_time_is_refused(double days)
    {
        var column = Columns().Single(column => column.Type == ColumnType.DateTime);
        Assert.Equal(EseError.InvalidBufferSize,
            TableRig.ErrorOf(() => ColumnCodec.ReadTime(column, BitConverter.GetBytes(days))));
        Assert.Equal(new DateTime(9999, 12, 31), ColumnCodec.ReadTime(column, BitConverter.GetBytes(2958465.0)));
    }

    [Fact]
    public void A_time_that_no_number_of_days_has_is_refused()
    {
        var column = Columns().Single(column => column.Type == ColumnType.DateTime);
        foreach (var time in new[] { DateTime.MinValue, new(1, 1, 1, 12, 0, 0), new DateTime(99, 12, 31) })
            Assert.Equal(EseError.InvalidBufferSize, TableRig.ErrorOf(() => ColumnCodec.Write(column, time)));
        var first = new DateTime(100, 1, 1);
        Assert.Equal(first, ColumnCodec.ReadTime(column, ColumnCodec.Write(column, first)));
    }

    private static void Read(ColumnDefinition column, byte[] bytes)
    {
        switch (column.Type)
        {
            case ColumnType.Guid:
                ColumnCodec.ReadGuid(column, bytes);
                break;
            case ColumnType.DateTime:
                ColumnCodec.ReadTime(column, bytes);
                break;
            case ColumnType.Single or ColumnType.Double:
                ColumnCodec.ReadDouble(column, bytes);
                break;
            default:
                ColumnCodec.ReadInteger(column, bytes);
                break;
        }
    }

    private static IReadOnlyList<ColumnDefinition> Columns()
    {
        using var rig = new TableRig();
        using var session = rig.Engine.CreateSession();
        session.CreateTable(rig.Database, new("types")
        {
            Columns = [.. Enum.GetValues<ColumnType>().Where(type => type.FixedBytes() > 0)
                .Select(type => new NewColumn($"{type}", type))],
        });
        return session.OpenTable(rig.Database, "types").Columns;
    }
}
