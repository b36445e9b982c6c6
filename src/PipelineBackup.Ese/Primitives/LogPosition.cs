using System.Buffers.Binary;
using System.Globalization;

namespace PipelineBackup.Ese;

/// <summary>
/// A position in the log stream ("lgpos"): generation, sector (or segment) in the file, byte in the sector.
/// </summary>
/// <remarks>
/// <code>
/// off size
///   0    2  ib            byte in the sector
///   2    2  isec          sector in the file, the header included
///   4    4  lGeneration   0 = not set
/// </code>
/// Read as one little-endian number the eight bytes compare in log order.
/// </remarks>
/// <param name="Value">The eight bytes as one number.</param>
public readonly record struct LogPosition(ulong Value) : IComparable<LogPosition>
{
    /// <summary>Stored length in bytes.</summary>
    public const int Size = 8;

    /// <summary>A position from its parts.</summary>
    /// <param name="generation">Generation of the log file.</param>
    /// <param name="sector">Sector in the file, the header included.</param>
    /// <param name="offset">Byte in the sector.</param>
    public LogPosition(LogGeneration generation, int sector, int offset)
        : this((ulong)(uint)generation.Value << 32 | (ulong)(ushort)sector << 16 | (ushort)offset)
    {
    }

    /// <summary>The generation of the log file.</summary>
    public LogGeneration Generation => new((int)(Value >> 32));

    /// <summary>The sector (or segment) in the file.</summary>
    public int Sector => (ushort)(Value >> 16);

    /// <summary>The byte in the sector.</summary>
    public int Offset => (ushort)Value;

    /// <summary>Whether the position is set.</summary>
    public bool IsSet => Value != 0;

    /// <summary>Reads a stored position.</summary>
    /// <param name="source">At least 8 bytes.</param>
    public static LogPosition Read(ReadOnlySpan<byte> source) => new(BinaryPrimitives.ReadUInt64LittleEndian(source));

    /// <summary>Writes the position as stored.</summary>
    /// <param name="destination">At least 8 bytes.</param>
    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt64LittleEndian(destination, Value);

    /// <inheritdoc/>
    public int CompareTo(LogPosition other) =>
        // The generation is signed on disk; as a signed number it orders corrupt negative values below everything.
        ((long)Value).CompareTo((long)other.Value);

    /// <summary>Whether <paramref name="a"/> lies before <paramref name="b"/>.</summary>
    public static bool operator <(LogPosition a, LogPosition b) => a.CompareTo(b) < 0;

    /// <summary>Whether <paramref name="a"/> lies behind <paramref name="b"/>.</summary>
    public static bool operator >(LogPosition a, LogPosition b) => a.CompareTo(b) > 0;

    /// <summary>Whether <paramref name="a"/> does not lie behind <paramref name="b"/>.</summary>
    public static bool operator <=(LogPosition a, LogPosition b) => a.CompareTo(b) <= 0;

    /// <summary>Whether <paramref name="a"/> does not lie before <paramref name="b"/>.</summary>
    public static bool operator >=(LogPosition a, LogPosition b) => a.CompareTo(b) >= 0;

    /// <summary>As the engine's tools print it: <c>(0xB,10,30A)</c>, all three in hexadecimal.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"(0x{Generation.Value:X},{Sector:X},{Offset:X})");
}
