using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>
/// The checksum record ("LRCHECKSUM") of log version 7. It covers bytes before itself in its sector and bytes behind
/// itself; the records form a chain through the file.
/// </summary>
/// <remarks>
/// <code>
/// off size
///   0    1  record type 42
///   1    4  bytes covered before the record, back to the start of its sector; 0 also after a repair
///   5    4  bytes covered behind the record
///   9    4  from the end of this record to the next one; 0 = the last
///  13    4  long checksum: all that is covered
///  17    4  short checksum: what is covered in the record's own sector; 0 when that is all
///  21    1  0x9A a short checksum is there, 0xD1 it is not
/// </code>
/// A shadow of a last sector, written to the sector behind it, differs in the long checksum only.
/// </remarks>
/// <param name="Backwards">Bytes covered before the record.</param>
/// <param name="Forwards">Bytes covered behind it.</param>
/// <param name="Next">Distance from its end to the next one.</param>
/// <param name="Long">The long checksum as stored.</param>
/// <param name="Short">The short checksum as stored.</param>
/// <param name="Mark">0x9A or 0xD1.</param>
public readonly record struct LegacyLogChecksum(
    uint Backwards, uint Forwards, uint Next, uint Long, uint Short, byte Mark)
{
    /// <summary>Stored length in bytes.</summary>
    public const int Size = 22;

    /// <summary>Record type.</summary>
    public const byte RecordType = 42;

    /// <summary>What a shadow's long checksum is XORed with.</summary>
    public const uint ShadowMask = 0x5AD05EC7;

    private const uint LongSeed = 0xFEEDBEAF, ShortSeed = 0xDEADC0DE;
    private const byte ShortPresent = 0x9A;

    /// <summary>The mark of a record without short checksum.</summary>
    internal const byte ShortAbsent = 0xD1;

    /// <summary>Whether there is a short checksum.</summary>
    public bool HasShort => Mark == ShortPresent;

    /// <summary>Whether the mark is one of the two there are and an absent short checksum is zero.</summary>
    public bool IsMarked => Mark == ShortPresent || Mark == ShortAbsent && Short == 0;

    /// <summary>Reads a stored record.</summary>
    /// <param name="source">At least 22 bytes.</param>
    public static LegacyLogChecksum Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(source[1..]), BinaryPrimitives.ReadUInt32LittleEndian(source[5..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[9..]), BinaryPrimitives.ReadUInt32LittleEndian(source[13..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[17..]), source[21]);

    /// <summary>The long checksum that this record should have.</summary>
    /// <param name="before">The bytes covered before the record.</param>
    /// <param name="behind">The bytes covered behind it.</param>
    /// <param name="generation">Generation of the file; it makes a chain of an earlier use of the file fail.</param>
    public uint ComputeLong(ReadOnlySpan<byte> before, ReadOnlySpan<byte> behind, LogGeneration generation) =>
        XorBytes(behind, XorBytes(before, LongSeed)) ^ Mix(generation);

    /// <summary>The short checksum that this record should have.</summary>
    /// <param name="before">The bytes covered before the record.</param>
    /// <param name="behindInSector">The bytes from the end of the record to the end of its sector.</param>
    /// <param name="generation">Generation of the file.</param>
    public uint ComputeShort(ReadOnlySpan<byte> before, ReadOnlySpan<byte> behindInSector, LogGeneration generation) =>
        XorBytes(behindInSector, XorBytes(before, ShortSeed)) ^ Mix(generation);

    /// <summary>
    /// Whether a sector holds nothing but the fill pattern of sectors never written: 0xDA, and in every 16th byte
    /// (0xDA + offset), repeated every 512 bytes.
    /// </summary>
    /// <param name="sector">Any number of whole 512-byte blocks.</param>
    public static bool IsPattern(ReadOnlySpan<byte> sector)
    {
        for (; !sector.IsEmpty; sector = sector[s_pattern.Length..])
        {
            if (sector.Length < s_pattern.Length || !sector[..s_pattern.Length].SequenceEqual(s_pattern))
                return false;
        }

        return true;
    }

    /// <summary>What sectors never written are filled with, 512 bytes again and again.</summary>
    internal static ReadOnlySpan<byte> Pattern => s_pattern;

    /// <summary>Writes the record as stored.</summary>
    /// <param name="destination">At least 22 bytes.</param>
    internal void Write(Span<byte> destination)
    {
        destination[0] = RecordType;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[1..], Backwards);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[5..], Forwards);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[9..], Next);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[13..], Long);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[17..], Short);
        destination[21] = Mark;
    }

    private static readonly byte[] s_pattern = MakePattern();

    private uint Mix(LogGeneration generation) => Backwards ^ Forwards ^ Next ^ Mark ^ (uint)generation.Value;

    // Byte i of the range goes into byte lane i mod 4: the XOR of all little-endian words, the last one padded with
    // zeros.
    private static uint XorBytes(ReadOnlySpan<byte> range, uint seed)
    {
        var lanes = Vector<byte>.Zero;
        for (; range.Length >= Vector<byte>.Count; range = range[Vector<byte>.Count..])
            lanes ^= new Vector<byte>(range);
        Span<byte> rest = stackalloc byte[Vector<byte>.Count * 2];
        rest.Clear();
        range.CopyTo(rest);
        lanes.CopyTo(rest[Vector<byte>.Count..]);
        foreach (uint word in MemoryMarshal.Cast<byte, uint>(rest))
            seed ^= BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
        return seed;
    }

    private static byte[] MakePattern()
    {
        byte[] pattern = new byte[512];
        for (int i = 0; i < pattern.Length; i++)
            pattern[i] = (byte)(i % 16 == 0 ? 0xDA + i : 0xDA);
        return pattern;
    }
}
