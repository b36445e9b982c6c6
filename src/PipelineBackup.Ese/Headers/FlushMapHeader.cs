using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>The first page of a flush map: a view over its bytes.</summary>
/// <remarks>
/// <code>
/// off size
///   0    4  checksum, as of a header, over 8192 bytes
///   4   12  version: major, update major, update minor
///  36    4  flags: 1 = closed cleanly
///  40    8  time of creation
///  48    8  time of attach
///  56    8  time of detach
///  64    4  genMinRequired     the database's genMinConsistent when the last complete save began
///  68    4  the same for the save under way; 0 when none is
///  72    8  time the last save began
///  80    8  time the last save was complete
///  88   28  signDbHdrFlush
/// 116   28  signFlushMapHdrFlush
/// 667    4  file type, 7
/// 671       zero to 8192
/// </code>
/// </remarks>
public sealed class FlushMapHeader
{
    /// <summary>Length in bytes, as of every page of a flush map.</summary>
    public const int Size = 8192;

    /// <summary>The version that is read here.</summary>
    public const uint SupportedVersion = 3;

    private readonly ReadOnlyMemory<byte> _page;

    /// <summary>A view over the page, whole or not.</summary>
    /// <param name="page">8192 bytes; anything shorter is a damaged header. Not copied.</param>
    public FlushMapHeader(ReadOnlyMemory<byte> page)
    {
        IsIntact = page.Length >= Size && HeaderChecksum.Verify(page.Span[..Size]);
        _page = page.Length >= Size ? page[..Size] : new byte[Size];
    }

    /// <summary>Whether the checksum is right. The values below mean something only then.</summary>
    public bool IsIntact { get; }

    /// <summary>Version, major number.</summary>
    public uint VersionMajor => Word(4);

    /// <summary>Version, update major.</summary>
    public uint VersionUpdateMajor => Word(8);

    /// <summary>Version, update minor.</summary>
    public uint VersionUpdateMinor => Word(12);

    /// <summary>Whether the map was closed with its database.</summary>
    public bool IsClean => (Word(36) & 1) != 0;

    /// <summary>When the map was made.</summary>
    public LogTime Created => Time(40);

    /// <summary>When its database was attached last.</summary>
    public LogTime Attached => Time(48);

    /// <summary>When its database was detached last.</summary>
    public LogTime Detached => Time(56);

    /// <summary>
    /// The oldest log that could hold a change not yet in the database, when the last complete save began: entries of
    /// pages that no log from here on names are exact.
    /// </summary>
    public LogGeneration MinRequired => new((int)Word(64));

    /// <summary>What <see cref="MinRequired"/> becomes when the save under way is complete.</summary>
    public LogGeneration MinRequiredTarget => new((int)Word(68));

    /// <summary>When the last save of the whole map began.</summary>
    public LogTime SaveStarted => Time(72);

    /// <summary>When the last save of the whole map was complete.</summary>
    public LogTime SaveCompleted => Time(80);

    /// <summary>The database header's flush signature seen last.</summary>
    public Signature DatabaseFlushSignature => Signature.Read(_page.Span[88..]);

    /// <summary>Renewed with every write of this page.</summary>
    public Signature FlushSignature => Signature.Read(_page.Span[116..]);

    /// <summary>Kind of the file.</summary>
    public FileType FileType => (FileType)Word(667);

    /// <summary>Whether the map may be used with a database, in the engine's order of tests.</summary>
    /// <param name="database">Header of the database as it lies beside the map.</param>
    public FlushMapAcceptance Judge(DatabaseHeader database)
    {
        ArgumentNullException.ThrowIfNull(database);
        if (!IsIntact)
            return new(EseError.ReadVerifyFailure, "the header of the map is damaged");
        if (FileType != FileType.FlushMap)
            return new(EseError.FileInvalidType, "the file is no flush map");
        if (VersionMajor != SupportedVersion || VersionUpdateMajor > 0)
        {
            return new(EseError.FlushMapVersionUnsupported,
                $"version {VersionMajor}.{VersionUpdateMajor}.{VersionUpdateMinor} of the map is not known");
        }

        bool paired = (DatabaseFlushSignature.IsSet && DatabaseFlushSignature == database.HeaderFlushSignature)
            || (FlushSignature.IsSet && FlushSignature == database.FlushMapFlushSignature);
        if (!paired)
            return new(EseError.FlushMapDatabaseMismatch, "neither pair of flush signatures agrees");
        bool reachesBack = database.MinRequired.IsSet && database.MinRequired <= MinRequired;
        return IsClean || reachesBack
            ? new(EseError.Success, "")
            : new(EseError.FlushMapUnrecoverable,
                $"the map was not closed; it reaches back to log {MinRequired}, the database to {database.MinRequired}");
    }

    private uint Word(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_page.Span[offset..]);

    private LogTime Time(int offset) => LogTime.Read(_page.Span[offset..]);
}
