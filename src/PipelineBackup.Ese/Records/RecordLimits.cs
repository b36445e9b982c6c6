namespace PipelineBackup.Ese;

/// <summary>How long records may be, and which of their values stand apart from them.</summary>
public static class RecordLimits
{
    /// <summary>
    /// The longest plain value of a long type that a record holds itself unless its table says otherwise; longer ones
    /// stand in the table's tree of long values.
    /// </summary>
    public const int MostInRecord = 1023;

    // What the headers of a page's lines take of the longest node.
    private const int NodeOverhead = 8, KeyLengthBytes = 2;

    /// <summary>The longest record of a table.</summary>
    /// <param name="pageSize">Page size of the database.</param>
    /// <param name="table">The table: the longer its primary key may be, the less is left.</param>
    public static int MostBytes(PageSize pageSize, TableDefinition table)
    {
        ArgumentNullException.ThrowIfNull(table);
        int keyMost = table.PrimaryIndex?.KeyMost ?? RowKeys.SequenceBytes;
        int node = pageSize.Bytes - pageSize.HeaderBytes - NodeOverhead - KeyLengthBytes;
        return pageSize.IsSmall
            ? node - Math.Max(IndexDefinition.DefaultKeyMost, KeyLengthBytes + keyMost)
            : node - KeyLengthBytes - keyMost;
    }

    /// <summary>
    /// Which values have to stand apart for a record to fit, as the engine chooses: all that are longer than half a
    /// page,
    /// then than a quarter and so on, until it fits; at last all that are longer than the id of a long value.
    /// </summary>
    /// <param name="record">The record.</param>
    /// <param name="most">Bytes that it may have: <see cref="MostBytes"/>.</param>
    /// <param name="pageSize">Page size of the database.</param>
    /// <returns>
    /// Column and index of each value, in the order of the columns; none when the record fits as it is. What they hold
    /// is
    /// to be written as long values, and <see cref="RecordBuilder.SetSeparated"/> called.
    /// </returns>
    /// <exception cref="EseException">It does not fit even so (-1026).</exception>
    public static IReadOnlyList<(int Column, int Index)> Separate(RecordBuilder record, int most, PageSize pageSize)
    {
        ArgumentNullException.ThrowIfNull(record);
        int length = record.Length;
        if (length <= most)
            return [];
        const int idBytes = 8;
        var chosen = new SortedSet<(int Column, int Index)>();
        var left = LongValues(record);
        for (int threshold = pageSize.Bytes; length > most && threshold > idBytes;)
        {
            threshold = threshold / 2 < pageSize.Bytes / 64 ? idBytes : threshold / 2;
            for (int i = left.Count - 1; i >= 0; i--)
            {
                var (column, index, bytes) = left[i];
                if (bytes <= threshold)
                    continue;
                length -= bytes - idBytes;
                chosen.Add((column, index));
                left.RemoveAt(i);
            }
        }

        return length <= most ? [.. chosen]
            : throw new EseException(EseError.RecordTooBig, $"a record has {length} bytes, more than {most}",
                "Make its text and binary columns of long types: their values may stand apart from the record.");
    }

    private static List<(int Column, int Index, int Bytes)> LongValues(RecordBuilder record)
    {
        var values = new List<(int, int, int)>();
        for (int column = 0; column < record.Columns.Count; column++)
        {
            if (!record.Columns[column].Type.IsLong() || !record.Columns[column].Id.IsTagged)
                continue;
            for (int index = 0; index < record.Count(column); index++)
            {
                if (record.Value(column, index, out var stored) != TaggedValueKind.Separated)
                    values.Add((column, index, stored.Length));
            }
        }

        return values;
    }
}
