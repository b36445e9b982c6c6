namespace PipelineBackup.Ese;

/// <summary>Dumps the definition of a table, with flags as the engine's interface gives them ("grbit").</summary>
internal static class DefinitionDump
{
    private const uint FixedBit = 0x1, TaggedBit = 0x2, TemplateBit = 0x80000000;
    private const uint NoNullBit = 0x4, IgnoreNullBit = 0x8, IgnoreAnyNullBit = 0x20, IgnoreFirstNullBit = 0x40;
    private const uint TupleBit = 0x1000, KeyMostBit = 0x8000;

    private static readonly (ColumnFlags Flag, uint Bit)[] s_columnBits =
    [
        (ColumnFlags.NotNull, 0x4), (ColumnFlags.Version, 0x8), (ColumnFlags.AutoIncrement, 0x10),
        (ColumnFlags.MultiValued, 0x400), (ColumnFlags.Escrow, 0x800), (ColumnFlags.Finalize, 0x4000),
        (ColumnFlags.UserDefinedDefault, 0x8000), (ColumnFlags.DeleteOnZero, 0x20000),
        (ColumnFlags.PrimaryIndexPlaceholder, 0x10000), (ColumnFlags.Compressed, 0x80000),
        (ColumnFlags.Encrypted, 0x100000),
    ];

    private static readonly (IndexFlags Flag, uint Bit)[] s_indexBits =
    [
        (IndexFlags.Unique, 0x1), (IndexFlags.Primary, 0x2), (IndexFlags.NullsSortHigh, 0x400),
        (IndexFlags.CrossProduct, 0x4000), (IndexFlags.DisallowTruncation, 0x10000), (IndexFlags.NestedTable, 0x20000),
        (IndexFlags.DotNetGuid, 0x40000),
    ];

    public static void Write(TableDefinition table, IReadOnlyList<ColumnDefinition> columns, DumpLines lines)
    {
        lines.Add("{\"type\":\"table\",\"name\":"u8);
        lines.AddText(table.Name);
        lines.Add(",\"columns\":["u8);
        for (int i = 0; i < columns.Count; i++)
            WriteColumn(columns[i], i, lines);
        lines.Add("],\"indexes\":["u8);
        for (int i = 0; i < table.Indexes.Count; i++)
            WriteIndex(table.Indexes[i], i, lines);
        lines.Add("]}"u8);
        lines.End();
    }

    private static void WriteColumn(ColumnDefinition column, int position, DumpLines lines)
    {
        bool isTemplate = (column.Table.Flags & TableFlags.Template) != 0;
        WriteName(column.Name, position, lines);
        lines.Add(",\"id\":"u8);
        lines.AddNumber(column.Id.Value | (isTemplate ? TemplateBit : 0));
        lines.Add(",\"coltyp\":"u8);
        lines.AddNumber(column.StoredType);
        lines.Add(",\"cp\":"u8);
        lines.AddNumber(column.CodePage);
        lines.Add(",\"cb\":"u8);
        lines.AddNumber(column.StoredLength);
        lines.Add(",\"grbit\":"u8);
        lines.AddNumber(Bits(column));
        lines.Add(",\"default\":"u8);
        if (column.Default is { } value)
            lines.AddHex(value.Span);
        else
            lines.Add("null"u8);
        lines.Add("}"u8);
    }

    private static void WriteIndex(IndexDefinition index, int position, DumpLines lines)
    {
        WriteName(index.Name, position, lines);
        lines.Add(",\"grbit\":"u8);
        lines.AddNumber(Bits(index));
        lines.Add(",\"segments\":["u8);
        for (int i = 0; i < index.Segments.Count; i++)
        {
            lines.Add(i == 0 ? "{\"col\":"u8 : ",{\"col\":"u8);
            lines.AddText(index.Segments[i].Column.Name);
            lines.Add(index.Segments[i].IsDescending ? ",\"grbit\":1}"u8 : ",\"grbit\":0}"u8);
        }

        lines.Add("]}"u8);
    }

    private static void WriteName(string name, int position, DumpLines lines)
    {
        lines.Add(position == 0 ? "{\"name\":"u8 : ",{\"name\":"u8);
        lines.AddText(name);
    }

    private static uint Bits(ColumnDefinition column)
    {
        uint bits = column.Id.IsFixed ? FixedBit : column.Id.IsTagged ? TaggedBit : 0;
        foreach (var (flag, bit) in s_columnBits)
            bits |= (column.Flags & flag) != 0 ? bit : 0;
        return bits;
    }

    private static uint Bits(IndexDefinition index)
    {
        uint bits = 0;
        foreach (var (flag, bit) in s_indexBits)
            bits |= (index.Flags & flag) != 0 ? bit : 0;
        if ((index.Flags & IndexFlags.NoNullSegment) != 0)
            bits |= NoNullBit;
        else
        {
            bits |= (index.Flags & IndexFlags.AllowAllNulls) == 0 ? IgnoreNullBit : 0;
            bits |= (index.Flags & IndexFlags.AllowFirstNull) == 0 ? IgnoreFirstNullBit : 0;
            bits |= (index.Flags & IndexFlags.AllowSomeNulls) == 0 ? IgnoreAnyNullBit : 0;
        }

        bits |= index.Tuples is null ? 0 : TupleBit;
        return bits | (index.KeyMost > IndexDefinition.DefaultKeyMost ? KeyMostBit : 0);
    }
}
