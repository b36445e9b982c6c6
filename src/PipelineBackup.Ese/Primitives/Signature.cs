using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace PipelineBackup.Ese;

/// <summary>The identity of a database or of a log stream: a random number and the time it was made.</summary>
/// <remarks>
/// <code>
/// off size
///   0    4  random number
///   4    8  LOGTIME of creation
///  12   16  computer name in ASCII, zero in files of current engines
/// </code>
/// Two signatures match only when all 28 bytes do; all zero means none.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct Signature
{
    /// <summary>Stored length in bytes.</summary>
    public const int Size = 28;

    private readonly uint _random;
    private readonly LogTime _created;
    private readonly UInt128 _computer;

    private Signature(uint random, LogTime created, UInt128 computer) =>
        (_random, _created, _computer) = (random, created, computer);

    /// <summary>A new identity.</summary>
    /// <param name="random">A random number.</param>
    /// <param name="created">The time of creation.</param>
    public Signature(uint random, LogTime created)
        : this(random, created, default)
    {
    }

    /// <summary>The random number.</summary>
    public uint Random => _random;

    /// <summary>The time of creation.</summary>
    public LogTime Created => _created;

    /// <summary>Whether any byte is set.</summary>
    public bool IsSet => this != default;

    /// <summary>Name of the computer that made it; empty in files of current engines.</summary>
    public string Computer
    {
        get
        {
            Span<byte> name = stackalloc byte[16];
            BinaryPrimitives.WriteUInt128LittleEndian(name, _computer);
            int end = name.IndexOf((byte)0);
            return Encoding.Latin1.GetString(end < 0 ? name : name[..end]);
        }
    }

    /// <summary>Reads a stored signature.</summary>
    /// <param name="source">At least 28 bytes.</param>
    public static Signature Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(source), LogTime.Read(source[4..]),
        BinaryPrimitives.ReadUInt128LittleEndian(source[12..]));

    /// <summary>Writes the signature as stored.</summary>
    /// <param name="destination">At least 28 bytes.</param>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, _random);
        _created.Write(destination[4..]);
        BinaryPrimitives.WriteUInt128LittleEndian(destination[12..], _computer);
    }

    /// <summary>All 28 bytes in lower-case hexadecimal: what an archive stores to compare by.</summary>
    public string ToHex()
    {
        Span<byte> bytes = stackalloc byte[Size];
        Write(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>As the engine's tools print it: <c>Create time:… Rand:… Computer:…</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"Create time:{_created.ToStringWithoutZone()} Rand:{_random} Computer:{Computer}");
}
