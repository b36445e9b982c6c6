namespace PipelineBackup.Ese;

/// <summary>What a column holds, with the numbers of the catalog ("coltyp").</summary>
public enum ColumnType : byte
{
    /// <summary>A deleted column: its catalog row is kept as a place holder.</summary>
    Nil = 0,

    /// <summary>One byte, 00 or FF.</summary>
    Bit = 1,

    /// <summary>One byte, unsigned.</summary>
    UnsignedByte = 2,

    /// <summary>Two bytes, signed.</summary>
    Short = 3,

    /// <summary>Four bytes, signed.</summary>
    Long = 4,

    /// <summary>Eight bytes, signed.</summary>
    Currency = 5,

    /// <summary>Four bytes, IEEE 754.</summary>
    Single = 6,

    /// <summary>Eight bytes, IEEE 754.</summary>
    Double = 7,

    /// <summary>Eight bytes, IEEE 754: days since 1899-12-30. Some programs keep a 64-bit file time in it.</summary>
    DateTime = 8,

    /// <summary>At most 255 bytes.</summary>
    Binary = 9,

    /// <summary>At most 255 bytes of text in the column's code page.</summary>
    Text = 10,

    /// <summary>Up to 2 GiB − 1.</summary>
    LongBinary = 11,

    /// <summary>Up to 2 GiB − 1 of text in the column's code page.</summary>
    LongText = 12,

    /// <summary>Streamed long value; no engine of today writes one.</summary>
    StreamedLongValue = 13,

    /// <summary>Four bytes, unsigned.</summary>
    UnsignedLong = 14,

    /// <summary>Eight bytes, signed.</summary>
    LongLong = 15,

    /// <summary>Sixteen bytes, in the layout of Windows' memory.</summary>
    Guid = 16,

    /// <summary>Two bytes, unsigned.</summary>
    UnsignedShort = 17,

    /// <summary>Eight bytes, unsigned.</summary>
    UnsignedLongLong = 18,
}

/// <summary>What follows from a column's type alone.</summary>
public static class ColumnTypeFacts
{
    private static ReadOnlySpan<byte> Sizes => [0, 1, 1, 2, 4, 8, 4, 8, 8, 0, 0, 0, 0, 0, 4, 8, 16, 2, 8];

    /// <summary>Bytes of every value of the type; 0 for text, binary and unknown types.</summary>
    /// <param name="type">The type; any number.</param>
    public static int FixedBytes(this ColumnType type) => (int)type < Sizes.Length ? Sizes[(int)type] : 0;

    /// <summary>Whether values may be stored apart from the record, and compressed.</summary>
    /// <param name="type">The type; any number.</param>
    public static bool IsLong(this ColumnType type) => type is ColumnType.LongBinary or ColumnType.LongText;

    /// <summary>Whether values are text in the column's code page.</summary>
    /// <param name="type">The type; any number.</param>
    public static bool IsText(this ColumnType type) => type is ColumnType.Text or ColumnType.LongText;
}
