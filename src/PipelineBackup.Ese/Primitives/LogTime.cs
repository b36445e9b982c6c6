using System.Buffers.Binary;
using System.Globalization;

namespace PipelineBackup.Ese;

/// <summary>A time as the format stores it ("LOGTIME"), to the millisecond, in UTC or (very old files) local time.</summary>
/// <remarks>
/// <code>
/// off size
///   0    1  seconds
///   1    1  minutes
///   2    1  hours
///   3    1  day of the month, 1–31
///   4    1  month, 1–12
///   5    1  year − 1900
///   6    1  bit 0 UTC; bits 1–7 low seven bits of the milliseconds
///   7    1  bits 1–3 high three bits of the milliseconds; the rest is not used
/// </code>
/// Two times are equal when all eight bytes are.
/// </remarks>
/// <param name="Value">The eight bytes as one little-endian number.</param>
public readonly record struct LogTime(ulong Value)
{
    /// <summary>Stored length in bytes.</summary>
    public const int Size = 8;

    /// <summary>Whether any byte is set.</summary>
    public bool IsSet => Value != 0;

    /// <summary>Whether the time is UTC; otherwise it is the local time of the machine that wrote it.</summary>
    public bool IsUtc => (Byte(6) & 1) != 0;

    private int Byte(int index) => (byte)(Value >> (8 * index));

    private int Milliseconds => Byte(6) >> 1 | (Byte(7) >> 1 & 7) << 7;

    /// <summary>Reads a stored time.</summary>
    /// <param name="source">At least 8 bytes.</param>
    public static LogTime Read(ReadOnlySpan<byte> source) => new(BinaryPrimitives.ReadUInt64LittleEndian(source));

    /// <summary>Writes the time as stored.</summary>
    /// <param name="destination">At least 8 bytes.</param>
    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt64LittleEndian(destination, Value);

    /// <summary>Makes the stored form of a moment, in UTC, to the millisecond.</summary>
    /// <param name="time">A moment of the years 1900 to 2155.</param>
    /// <exception cref="ArgumentOutOfRangeException">The year has no stored form.</exception>
    public static LogTime From(DateTimeOffset time)
    {
        var utc = time.UtcDateTime;
        ArgumentOutOfRangeException.ThrowIfLessThan(utc.Year, 1900, nameof(time));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(utc.Year, 2155, nameof(time));
        ReadOnlySpan<byte> bytes =
        [
            (byte)utc.Second, (byte)utc.Minute, (byte)utc.Hour, (byte)utc.Day, (byte)utc.Month, (byte)(utc.Year - 1900),
            (byte)((utc.Millisecond & 0x7F) << 1 | 1), (byte)(utc.Millisecond >> 7 << 1),
        ];
        return Read(bytes);
    }

    /// <summary>
    /// The moment, or null when not set or when the bytes are no calendar time. Local times are taken as they stand,
    /// with offset zero: the machine's offset is not stored.
    /// </summary>
    public DateTimeOffset? ToDateTimeOffset()
    {
        int year = Byte(5) + 1900, month = Byte(4), day = Byte(3), hour = Byte(2), minute = Byte(1), second = Byte(0);
        if (!IsSet || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 59 || Milliseconds > 999)
            return null;
        return new DateTimeOffset(year, month, day, hour, minute, second, Milliseconds, TimeSpan.Zero);
    }

    /// <summary>As the engine's tools print it: <c>11/20/2026 13:19:55.479 UTC</c>, or <c>LOC</c> at the end.</summary>
    public override string ToString() => $"{ToStringWithoutZone()} {(IsUtc ? "UTC" : "LOC")}";

    /// <summary>As the engine's tools print it inside a signature: <c>11/20/2026 13:19:55.479</c>.</summary>
    public string ToStringWithoutZone() => string.Create(CultureInfo.InvariantCulture,
        $"{Byte(4):00}/{Byte(3):00}/{Byte(5) + 1900:0000} {Byte(2):00}:{Byte(1):00}:{Byte(0):00}.{Milliseconds:000}");
}
