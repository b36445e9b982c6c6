using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace PipelineBackup.Ese;

/// <summary>What a log header says about how its file was made.</summary>
[Flags]
public enum LogHeaderFlags
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The file was made from a reserve log: the disk was full.</summary>
    Reserve = 1,

    /// <summary>Circular logging was on when the file was made.</summary>
    Circular = 2,

    /// <summary>Circular logging was on for an earlier file of the stream, so older logs may be gone.</summary>
    CircularBefore = 4,
}

/// <summary>The header of a log file. There is one copy of it, without error correction.</summary>
/// <remarks>
/// <code>
///  off size
///    0    4  checksum over all 4096 bytes
///    4    4  generation
///    8    2  sector (segment) size: 4096 in version 8
///   10    2  sectors of the header
///   12    2  sectors of the file
///   14    2  page size of the databases, 0 = 4096
///   16    8  time the file was made
///   24    8  that time of the generation before, zero in generation 1
///   32   12  version: major, minor, update major
///   44   28  signature of the log stream
///   72  567  instance parameters
///  639    1  flags
///  640    8  checkpoint when the file was made
///  648    4  version: update minor
///  652    1  sector size of the disk: 0 unknown, 1 the same, 2–5 512 to 4096, 255 another one
///  653    8  XOR of the checksums of all segments of the generation before
///  661    4  newest format version that the writing engine knew
///  665    2  0, or a mark of this library: segments tell up to where the file was durable
///  667    4  file type: 3, or 0 in very old files
///  671 2048  attached databases when the file was made
/// 2719 1377  not used
/// </code>
/// </remarks>
public sealed class LogHeader
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 4096;

    /// <summary>Where the mark of the writer stands.</summary>
    internal const int WriterOffset = 665;

    /// <summary>
    /// The mark of a writer whose segments tell up to where the file was durable when they were written, and whether they
    /// are whole: <see cref="SegmentMark"/>.
    /// </summary>
    internal const ushort TellsDurableMark = 0x4251;

    private const int FixedBytes = 671;
    private readonly byte[] _bytes;

    // The fields and the entries of the list are kept, not the unused rest: a directory may hold very many logs.
    private LogHeader(ReadOnlySpan<byte> block, int attachedBytes) =>
        _bytes = block[..(FixedBytes + attachedBytes)].ToArray();

    /// <summary>Number of the file in its stream.</summary>
    public LogGeneration Generation => new(BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(4)));

    /// <summary>Bytes in a sector; 4096 (a segment) in version 8.</summary>
    public int SectorSize => Short(8);

    /// <summary>Sectors of the header.</summary>
    public int HeaderSectors => Short(10);

    /// <summary>Sectors of the file, the header included.</summary>
    public int SectorCount => Short(12);

    /// <summary>Length that the file must have, in bytes.</summary>
    public long FileLength => (long)SectorCount * SectorSize;

    /// <summary>Page size of the databases.</summary>
    public PageSize PageSize => PageSize.TryCreate(Short(14), out var size) ? size : default;

    /// <summary>When the file was made. The next generation and database headers name the same eight bytes.</summary>
    public LogTime Created => LogTime.Read(_bytes.AsSpan(16));

    /// <summary>When the generation before was made; not set in generation 1.</summary>
    public LogTime PreviousCreated => LogTime.Read(_bytes.AsSpan(24));

    /// <summary>Format version.</summary>
    public LogVersion Version => new(Int(32), Int(36), Int(40), Int(648));

    /// <summary>Identity of the log stream.</summary>
    public Signature Signature => Signature.Read(_bytes.AsSpan(44));

    /// <summary>Settings of the engine that wrote the file.</summary>
    public InstanceParameters Parameters => new(_bytes.AsMemory(72, InstanceParameters.Size));

    /// <summary>How the file was made.</summary>
    public LogHeaderFlags Flags => (LogHeaderFlags)_bytes[639];

    /// <summary>The checkpoint when the file was made.</summary>
    public LogPosition Checkpoint => LogPosition.Read(_bytes.AsSpan(640));

    /// <summary>Code for the sector size of the disk; 0 in files of current engines.</summary>
    public byte DiskSectorCode => _bytes[652];

    /// <summary>XOR of the checksums of all segments of the generation before; 0 when not known.</summary>
    public ulong PreviousChecksum => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(653));

    /// <summary>Newest format version that the writing engine knew, for instance 9600; informational.</summary>
    public uint EngineFormat => Int(661);

    /// <summary>
    /// Whether each segment tells up to where the file was durable when it was written, so that a write which a crash
    /// cut short can be told from damage. Files of the engine do not.
    /// </summary>
    internal bool TellsDurable => Short(WriterOffset) == TellsDurableMark;

    /// <summary>Databases attached when the file was made: the state before its first record.</summary>
    public IReadOnlyList<AttachedDatabase> Attached => AttachedDatabase.ReadList(_bytes.AsMemory(FixedBytes));

    /// <summary>Judges and reads a header.</summary>
    /// <param name="block">The file's first 4096 bytes, or fewer when there are no more.</param>
    /// <param name="header">The header, when it can be read.</param>
    /// <param name="fault">Why not: the engine's error with a message. Not thrown.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> block, [NotNullWhen(true)] out LogHeader? header,
        [NotNullWhen(false)] out EseException? fault)
    {
        header = null;
        fault = Judge(block, out int attachedBytes);
        if (fault is null)
            header = new(block, attachedBytes);
        return fault is null;
    }

    /// <summary>Reads a header.</summary>
    /// <param name="block">The file's first 4096 bytes.</param>
    /// <exception cref="EseException">
    /// −501 damaged; −514 a version that cannot be read; −1812 not a log; −1210, −1211, −1212 a log of a much older
    /// engine;
    /// −1213 no page size.
    /// </exception>
    public static LogHeader Read(ReadOnlySpan<byte> block) =>
        TryRead(block, out var header, out var fault) ? header : throw fault;

    private static EseException? Judge(ReadOnlySpan<byte> block, out int attachedBytes)
    {
        attachedBytes = 0;
        if (block.Length < Size)
            return Corrupt($"a log header takes {Size} bytes, there are {block.Length}");
        block = block[..Size];
        // The very old formats have other checksums, so they are recognised before the checksum counts.
        if (ProbeOldFormats(block) is { } old)
            return old;
        if (!HeaderChecksum.Verify(block))
            return Corrupt("the checksum of the log header does not match");
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(block[667..]);
        if (type is not (0 or 3))
            return new(EseError.FileInvalidType, $"file type {type} is not that of a log");
        return JudgeFields(block) ?? JudgeAttached(block, out attachedBytes);
    }

    private static EseException? JudgeFields(ReadOnlySpan<byte> block)
    {
        int sector = BinaryPrimitives.ReadUInt16LittleEndian(block[8..]);
        int headerSectors = BinaryPrimitives.ReadUInt16LittleEndian(block[10..]);
        int sectors = BinaryPrimitives.ReadUInt16LittleEndian(block[12..]);
        int generation = BinaryPrimitives.ReadInt32LittleEndian(block[4..]);
        if (!PageSize.TryCreate(BinaryPrimitives.ReadUInt16LittleEndian(block[14..]), out var pageSize))
            return new(EseError.PageSizeMismatch, "the log header names an impossible page size");
        var version = new LogVersion(
            BinaryPrimitives.ReadUInt32LittleEndian(block[32..]), BinaryPrimitives.ReadUInt32LittleEndian(block[36..]),
            BinaryPrimitives.ReadUInt32LittleEndian(block[40..]),
            BinaryPrimitives.ReadUInt32LittleEndian(block[648..]));
        if (!version.IsReadable(pageSize))
        {
            return new(EseError.BadLogVersion, $"log version {version} cannot be read",
                $"versions 7.3704 and 8.4000 up to {LogVersion.Newest} can; use a newer release, or its engine");
        }

        bool fits = version.IsLegacy ? sector is >= 512 and <= 4096 && BitOperations.IsPow2(sector) : sector == 4096;
        if (!fits || headerSectors != Size / sector)
            return Corrupt($"the log header names {headerSectors} header sectors of {sector} bytes");
        // A header, one sector of records, and the last one, which is for a shadow only.
        if (sectors < headerSectors + 2)
            return Corrupt($"the log header names {sectors} sectors");
        return generation > 0 ? null : Corrupt($"the log header names generation {generation}");
    }

    private static EseException? JudgeAttached(ReadOnlySpan<byte> block, out int attachedBytes)
    {
        attachedBytes = AttachedDatabase.Measure(block.Slice(FixedBytes, AttachedDatabase.ListSize));
        return attachedBytes >= 0
            ? null
            : Corrupt("the list of attached databases in the log header runs over its end");
    }

    private static EseException? ProbeOldFormats(ReadOnlySpan<byte> block)
    {
        static uint At(ReadOnlySpan<byte> bytes, int offset) =>
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);
        const string Hint = "only the engine of that time can recover it";
        if (At(block, 24) == 4 && At(block, 28) is (909 or 995) && At(block, 32) == 0)
            return new(EseError.Database500Format, "a log of the format 500", Hint);
        if (At(block, 20) == 443 && At(block, 24) == 0 && At(block, 28) == 0)
            return new(EseError.Database400Format, "a log of the format 400", Hint);
        if (At(block, 44) == 0 && At(block, 48) == 0x0CA0001)
            return new(EseError.Database200Format, "a log of the format 200", Hint);
        return null;
    }

    private static EseException Corrupt(string message) => new(EseError.LogFileCorrupt, message,
        "take the file from another copy or backup; a log header has no second copy");

    private int Short(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(offset));

    private uint Int(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(offset));
}
