using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>
/// Sizes of log records: all that is needed to step from one to the next. A record is a fixed part, by type, and tails
/// whose lengths stand in it.
/// </summary>
internal static class LogRecordSize
{
    /// <summary>Filler of one byte.</summary>
    public const byte Nop = 0;

    /// <summary>Filler with a length.</summary>
    public const byte Nop2 = 71;

    /// <summary>Whether a record of this type closes a stream.</summary>
    /// <param name="type">The record's first byte.</param>
    // Term, RecoveryQuit, Term2, RecoveryQuit2, RecoveryQuitKeepAttachments.
    public static bool IsClosing(byte type) => type is 2 or 18 or 50 or 52 or 80;

    /// <summary>Bytes of the record at the start of a span; 0 when its type is unknown or it does not fit.</summary>
    /// <param name="record">The bytes from the record on.</param>
    public static int Measure(ReadOnlySpan<byte> record)
    {
        if (record.IsEmpty)
            return 0;
        int fixedBytes = Fixed(record[0]);
        if (fixedBytes == 0 || fixedBytes > record.Length)
            return 0;
        long size = fixedBytes + Tail(record, fixedBytes);
        return size >= fixedBytes && size <= record.Length ? (int)size : 0;
    }

    // By type; 0 marks types that cannot be measured.
    private static int Fixed(byte type) => type switch
    {
        0 or 4 or 17 or 23 => 1,
        97 => 2,
        19 or 20 or 45 or 57 or 59 or 77 => 3,
        5 or 6 or 7 or 21 or 79 => 4,
        22 or 46 or 61 or 67 or Nop2 or 75 or (>= 82 and <= 91) => 5,
        10 or 16 or 54 or 69 or 76 => 7,
        8 or 9 or 53 => 8,
        3 or 51 => 9,
        68 or 73 or 78 or 81 or 94 => 10,
        11 or 12 or 13 or 100 => 11,
        92 => 14,
        74 => 15,
        96 => 16,
        2 or 18 or 99 => 18,
        101 => 19,
        95 => 20,
        LegacyLogChecksum.RecordType => LegacyLogChecksum.Size,
        50 or 52 or 80 => 26,
        98 => 27,
        60 => 35,
        14 => 43,
        32 or 35 or 70 => 44,
        38 or 48 or 66 => 46,
        25 or 30 => 48,
        29 or 33 or 34 or 72 => 50,
        39 => 51,
        31 => 52,
        37 or 64 => 54,
        24 or 36 => 56,
        93 => 58,
        26 => 60,
        58 => 68,
        15 => 75,
        28 => 88,
        63 or 65 => 96,
        27 => 102,
        62 => 110,
        1 => 568,
        49 => 576,
        _ => 0,
    };

    // A negative tail makes the record too short for its fixed part, which Measure refuses.
    private static long Tail(ReadOnlySpan<byte> record, int fixedBytes) => record[0] switch
    {
        14 => Short(record, 40) + ((record[42] & 4) != 0 ? 4 : 0),
        15 => Short(record, 72),
        16 => Short(record, 4),
        19 or 20 or 45 or 59 or 77 => Short(record, 1),
        22 or 46 or 61 => Short(record, 3),
        27 => Short(record, 96) + Short(record, 98) + Short(record, 100),
        62 => Short(record, 96) + Short(record, 98) + Short(record, 100) + Int(record, 106),
        28 => Short(record, 86),
        63 => Short(record, 86) + Int(record, 92),
        29 => Short(record, 44) + Short(record, 46) + Short(record, 48),
        30 or 31 or 37 or 39 or 93 => Short(record, 44) + Short(record, 46),
        33 or 34 => Short(record, 44) & 0x7FFF,
        36 => Short(record, 44) + Short(record, 46) + Short(record, 54),
        38 or 48 => Short(record, 44),
        54 => Int(record, 3),
        60 => Short(record, 33),
        64 => Short(record, 52),
        65 => Int(record, 88) + Int(record, 92),
        (>= 67 and <= 75) or (>= 82 and <= 91) => Int(record, 1) - (fixedBytes - 5),
        76 => Short(record, 5),
        _ => 0,
    };

    private static long Short(ReadOnlySpan<byte> record, int offset) =>
        BinaryPrimitives.ReadUInt16LittleEndian(record[offset..]);

    private static long Int(ReadOnlySpan<byte> record, int offset) =>
        BinaryPrimitives.ReadUInt32LittleEndian(record[offset..]);
}
