using PipelineBackup.Ese.Tests.Catalog;

namespace PipelineBackup.Ese.Tests.Records;

public sealed class RecordBuilderCorpusTests
{
    [Fact]
    public void Every_record_of_every_clean_database_is_built_again_from_its_values()
    {
        long records = 0, keptOldBytes = 0, old = 0;
        foreach (var (path, file) in CleanDatabases.Open())
        {
            foreach (var table in CatalogReader.Read(file).Tables)
            {
                var reader = new TableReader(file, table);
                RecordBuilder? fromValues = null, copied = null;
                while (reader.MoveNext())
                {
                    var row = reader.Row;
                    var format = reader.Cursor.View.RecordFormat();
                    if (format == RecordFormat.Old)
                    {
                        old++;
                        continue;
                    }

                    fromValues ??= new(table, format);
                    copied ??= new(table, format);
                    copied.Load(row.Record);
                    Assert.InRange(row.Record.Bytes.Length, 4, RecordLimits.MostBytes(file.PageSize, table));
                    Assert.True(LongestInRecord(reader) <= RecordLimits.MostInRecord, $"{path}, {table}");
                    Equal(row.Record.Bytes, copied.ToArray(), path, table, records);
                    SetAll(fromValues, row);
                    byte[] built = fromValues.ToArray(), expected = row.Record.Bytes.ToArray();
                    keptOldBytes += ForgetNulls(expected, reader.Columns) ? 1 : 0;
                    Equal(expected, built, path, table, records);
                    Touch(copied, row);
                    Equal(row.Record.Bytes, copied.ToArray(), path, table, records);
                    records++;
                }
            }
        }

        TestContext.Current.SendDiagnosticMessage(
            $"{records} records, {keptOldBytes} with old bytes, {old} of the old format");
        Assert.True(records > 500, $"{records} records, {keptOldBytes} with old bytes, {old} of the old format");
    }

    private static int LongestInRecord(TableReader reader)
    {
        int longest = 0;
        for (int i = 0; i < reader.Columns.Count; i++)
        {
            var values = reader.Row[i];
            for (int v = 0; v < values.Count && reader.Columns[i].Type.IsLong(); v++)
            {
                if (!values[v].IsSeparated)
                    longest = Math.Max(longest, reader.Read(values[v]).Length);
            }
        }

        return longest;
    }

    // As a writer would: the columns in any order, only those that the record holds.
    private static void SetAll(RecordBuilder builder, RowView row)
    {
        builder.Clear();
        var record = row.Record;
        for (int i = builder.Columns.Count - 1; i >= 0; i--)
        {
            var column = builder.Columns[i];
            var values = row[i];
            bool isStored = column.Id.IsFixed ? column.Id.Value <= record.LastFixed
                : column.Id.IsVariable ? column.Id.Value <= record.LastVariable
                : !values.IsDefault;
            if (!isStored)
                continue;
            if (values.IsNull && (column.Id.IsTagged
                ? column.Default is not null
                : (column.Flags & ColumnFlags.NotNull) == 0))
                builder.SetNull(i);
            else if (!column.Id.IsTagged && !values.IsNull)
                builder.Set(i, values[0].Stored);
            for (int v = 0; v < values.Count && column.Id.IsTagged; v++)
                builder.SetStored(i, v, values[v].Kind, values[v].Stored);
        }
    }

    // Every column is set to the value that it has; tagged ones are taken apart for it.
    private static void Touch(RecordBuilder builder, RowView row)
    {
        for (int i = 0; i < builder.Columns.Count; i++)
        {
            var values = row[i];
            if (values.IsNull || values.IsDefault)
                continue;
            if (!builder.Columns[i].Id.IsTagged)
                builder.Set(i, values[0].Stored);
            for (int v = 0; v < values.Count && builder.Columns[i].Id.IsTagged; v++)
                builder.SetStored(i, v, values[v].Kind, values[v].Stored);
        }
    }

    // What stands in the room of a NULL is what was there before: nothing tells it but the record.
    private static bool ForgetNulls(byte[] record, IReadOnlyList<ColumnDefinition> columns)
    {
        bool forgot = false;
        var view = new RecordView(record, RecordFormat.Small);
        foreach (var column in columns)
        {
            if (!column.Id.IsFixed
                || view.Fixed(column.Id, column.RecordOffset, column.FixedBytes, out _) != ColumnState.Null)
                continue;
            var room = record.AsSpan(column.RecordOffset, column.FixedBytes);
            forgot |= room.ContainsAnyExcept((byte)0x2A);
            room.Fill(0x2A);
        }

        return forgot;
    }

    private static void Equal(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string path,
        TableDefinition table, long record) =>
        Assert.True(expected.SequenceEqual(actual),
            $"{path}, {table}, record {record}:\n{Convert.ToHexStringLower(expected)}\n{Convert.ToHexStringLower(actual)}");
}
