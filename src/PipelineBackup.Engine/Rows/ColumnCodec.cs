using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace PipelineBackup.Engine;

/// <summary>Values of .NET as the bytes of columns, and back.</summary>
internal static class ColumnCodec
{
    // Days are counted from then on.
    private const int FirstYear = 100;

    /// <summary>The most bytes of a value that is neither text nor binary.</summary>
    public const int MostFixedBytes = 16;

    /// <summary>Writes a whole number.</summary>
    /// <param name="column">The column.</param>
    /// <param name="value">The number; of unsigned 64-bit columns its bits.</param>
    /// <param name="bytes">Takes <see cref="MostFixedBytes"/> at the most.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="EseException">−1047: it does not fit, or the column holds no numbers.</exception>
    public static int WriteInteger(ColumnDefinition column, long value, Span<byte> bytes)
    {
        switch (column.Type)
        {
            case ColumnType.Single:
                BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
                return sizeof(float);
            case ColumnType.Double:
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
                return sizeof(double);
        }

        bool fits = column.Type switch
        {
            ColumnType.Bit => value is 0 or 1 or -1,
            ColumnType.UnsignedByte => value is >= 0 and <= byte.MaxValue,
            ColumnType.Short => value is >= short.MinValue and <= short.MaxValue,
            ColumnType.UnsignedShort => value is >= 0 and <= ushort.MaxValue,
            ColumnType.Long => value is >= int.MinValue and <= int.MaxValue,
            ColumnType.UnsignedLong => value is >= 0 and <= uint.MaxValue,
            ColumnType.Currency or ColumnType.LongLong or ColumnType.UnsignedLongLong => true,
            _ => false,
        };
        if (!fits)
            throw Unfit(column, value.ToString(CultureInfo.InvariantCulture));
        Span<byte> whole = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(whole, value);
        int length = column.Type.FixedBytes();
        whole[..length].CopyTo(bytes);
        return length;
    }

    /// <summary>Writes a number with a fraction.</summary>
    /// <param name="column">The column.</param>
    /// <param name="value">The number.</param>
    /// <param name="bytes">Takes <see cref="MostFixedBytes"/> at the most.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="EseException">−1047: the column holds no such numbers.</exception>
    public static int WriteDouble(ColumnDefinition column, double value, Span<byte> bytes)
    {
        switch (column.Type)
        {
            case ColumnType.Single:
                BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)value);
                return sizeof(float);
            case ColumnType.Double or ColumnType.DateTime:
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
                return sizeof(double);
            default:
                throw Unfit(column, value.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Text as the column's code page has it.</summary>
    /// <param name="column">The column.</param>
    /// <param name="value">The text.</param>
    /// <exception cref="EseException">−1047: the column holds no text, or not such.</exception>
    public static byte[] WriteText(ColumnDefinition column, string value)
    {
        if (!column.Type.IsText())
            throw Unfit(column, "text");
        if (column.IsUnicode)
            return Encoding.Unicode.GetBytes(value);
        byte[] bytes = Encoding.Latin1.GetBytes(value);
        return Encoding.Latin1.GetString(bytes) == value ? bytes : throw Unfit(column, "text of other characters");
    }

    /// <summary>The bytes of a value of any type that a column takes.</summary>
    /// <param name="column">The column.</param>
    /// <param name="value">The value; not null.</param>
    /// <exception cref="EseException">
    /// −1047: it is of a type that the column does not hold, or a time before the year 100.
    /// </exception>
    public static byte[] Write(ColumnDefinition column, object value)
    {
        Span<byte> bytes = stackalloc byte[MostFixedBytes];
        switch (value)
        {
            case string text:
                return WriteText(column, text);
            case byte[] whole:
                return whole;
            case ReadOnlyMemory<byte> memory:
                return memory.ToArray();
            case Guid guid when column.Type == ColumnType.Guid:
                return guid.ToByteArray();
            case DateTime { Year: >= FirstYear } time when column.Type == ColumnType.DateTime:
                return bytes[..WriteDouble(column, time.ToOADate(), bytes)].ToArray();
            case float or double:
                return bytes[..WriteDouble(column, Convert.ToDouble(value, CultureInfo.InvariantCulture), bytes)]
                    .ToArray();
            case bool bit:
                return bytes[..WriteInteger(column, bit ? 1 : 0, bytes)].ToArray();
            case ulong wide:
                return bytes[..WriteInteger(column, unchecked((long)wide), bytes)].ToArray();
            case sbyte or byte or short or ushort or int or uint or long:
                return bytes[..WriteInteger(column, Convert.ToInt64(value, CultureInfo.InvariantCulture), bytes)]
                    .ToArray();
            default:
                throw Unfit(column, value.GetType().Name);
        }
    }

    /// <summary>A whole number.</summary>
    /// <param name="column">The column.</param>
    /// <param name="bytes">Its value.</param>
    /// <exception cref="EseException">−1047: the column holds none. −1206: it has other than its bytes.</exception>
    public static long ReadInteger(ColumnDefinition column, ReadOnlySpan<byte> bytes) => column.Type switch
    {
        _ when !IsWhole(column, bytes) => throw Damaged(column, bytes),
        ColumnType.Bit => bytes[0] == 0 ? 0 : 1,
        ColumnType.UnsignedByte => bytes[0],
        ColumnType.Short => BinaryPrimitives.ReadInt16LittleEndian(bytes),
        ColumnType.UnsignedShort => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        ColumnType.Long => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        ColumnType.UnsignedLong => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        ColumnType.Currency or ColumnType.LongLong or ColumnType.UnsignedLongLong =>
            BinaryPrimitives.ReadInt64LittleEndian(bytes),
        _ => throw Unfit(column, "a whole number"),
    };

    /// <summary>A number with a fraction.</summary>
    /// <param name="column">The column.</param>
    /// <param name="bytes">Its value.</param>
    /// <exception cref="EseException">−1047: the column holds none. −1206: it has other than its bytes.</exception>
    public static double ReadDouble(ColumnDefinition column, ReadOnlySpan<byte> bytes) => column.Type switch
    {
        _ when !IsWhole(column, bytes) => throw Damaged(column, bytes),
        ColumnType.Single => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        ColumnType.Double or ColumnType.DateTime => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        _ => throw Unfit(column, "a number with a fraction"),
    };

    /// <summary>A GUID.</summary>
    /// <param name="column">The column.</param>
    /// <param name="bytes">Its value.</param>
    /// <exception cref="EseException">−1047: the column holds none. −1206: it has other than its bytes.</exception>
    public static Guid ReadGuid(ColumnDefinition column, ReadOnlySpan<byte> bytes) =>
        column.Type != ColumnType.Guid ? throw Unfit(column, "a GUID")
        : IsWhole(column, bytes) ? new(bytes) : throw Damaged(column, bytes);

    /// <summary>A point in time.</summary>
    /// <param name="column">The column.</param>
    /// <param name="bytes">Its value.</param>
    /// <exception cref="EseException">
    /// −1047: the column holds none, or one before the year 100 or behind the year 9999. −1206: it has other than its
    /// bytes.
    /// </exception>
    public static DateTime ReadTime(ColumnDefinition column, ReadOnlySpan<byte> bytes)
    {
        const double BeforeAll = -657435, BehindAll = 2958466;
        double days = ReadDouble(column, bytes);
        return days is > BeforeAll and < BehindAll ? DateTime.FromOADate(days) : throw Unfit(column, "a point in time");
    }

    /// <summary>Text.</summary>
    /// <param name="column">The column.</param>
    /// <param name="bytes">Its value.</param>
    /// <exception cref="EseException">−1047: the column holds none.</exception>
    public static string ReadText(ColumnDefinition column, ReadOnlySpan<byte> bytes) =>
        !column.Type.IsText() ? throw Unfit(column, "text")
        : column.IsUnicode ? Encoding.Unicode.GetString(bytes)
        : Encoding.Latin1.GetString(bytes);

    /// <summary>What is thrown when a column and a value do not go together.</summary>
    /// <param name="column">The column.</param>
    /// <param name="what">What it does not hold.</param>
    public static EseException Unfit(ColumnDefinition column, string what) => new(
        EseError.InvalidBufferSize, $"the column {column} of the type {column.Type} does not hold {what}");

    // Values of types that have no width of their own are as long as they are.
    private static bool IsWhole(ColumnDefinition column, ReadOnlySpan<byte> bytes) =>
        column.Type.FixedBytes() is var width && (width == 0 || width == bytes.Length);

    private static EseException Damaged(ColumnDefinition column, ReadOnlySpan<byte> bytes) => new(
        EseError.DatabaseCorrupted,
        $"a value of the column {column} of the type {column.Type} has {bytes.Length} bytes");
}
