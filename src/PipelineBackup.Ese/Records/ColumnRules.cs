namespace PipelineBackup.Ese;

/// <summary>What values a column takes.</summary>
internal static class ColumnRules
{
    /// <summary>The most bytes of a text or binary column that is of no long type.</summary>
    public const int MostShortBytes = 255;

    /// <summary>Checks the length of a plain value.</summary>
    /// <exception cref="EseException">Another length than the type's (-1047), or too long (-1506).</exception>
    public static void CheckLength(ColumnDefinition column, long length)
    {
        int bytes = column.Type.FixedBytes();
        if (bytes > 0)
        {
            if (length != bytes && (length > 0 || !column.Id.IsTagged))
                throw Wrong(EseError.InvalidBufferSize, column, length, $"not {bytes}");
            return;
        }

        long most = column.StoredLength > 0 ? column.StoredLength
            : column.Type.IsLong() ? LongValueRoot.MaxLength
            : MostShortBytes;
        if (length > most)
        {
            throw Wrong(column.Id.IsFixed ? EseError.InvalidBufferSize : EseError.ColumnTooBig, column, length,
                $"more than {most}");
        }
    }

    /// <summary>Copies a value into the room of a fixed column: bits as 00 or FF, the rest filled up.</summary>
    /// <exception cref="EseException">The value does not fit (-1047).</exception>
    public static void CopyFixed(ColumnDefinition column, ReadOnlySpan<byte> value, Span<byte> room)
    {
        if (value.Length > room.Length)
            throw Wrong(EseError.InvalidBufferSize, column, value.Length, $"more than {room.Length}");
        value.CopyTo(room);
        var rest = room[value.Length..];
        if (column.Type == ColumnType.Bit && value.Length == 1)
            room[0] = value[0] == 0 ? (byte)0 : (byte)0xFF;
        else if (!column.Type.IsText())
            rest.Clear();
        else if (column.IsUnicode)
        {
            // Units of a space each; half a unit at the end gets its first byte.
            for (int i = 0; i < rest.Length; i++)
                rest[i] = i % 2 == 0 ? (byte)' ' : (byte)0;
        }
        else
            rest.Fill((byte)' ');
    }

    private static EseException Wrong(EseError error, ColumnDefinition column, long length, string than) =>
        new(error, $"a value of the column {column} of {column.Table} has {length} bytes, {than}");
}
