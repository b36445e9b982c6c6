using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>
/// The header of a database: a view over the bytes of one of its two header pages. Every value is as stored and may be
/// any bytes at all; only <see cref="HeaderPair"/> says whether the page is whole.
/// </summary>
/// <remarks>
/// <code>
/// off size                                       off size
///   0    4  checksum                             356    4  type of previous full backup
///   4    4  magic, 0x89ABCDEF                    360    4  type of previous incremental
///   8    4  version                              364    4  repairs before the last defragmentation
///  12    4  attrib, 0 = database                 368   48  ECC and checksum counters and times
///  16    8  dbtime                               416    4  genMaxCommitted
///  24   28  signDb                               420   24  previous copy backup
///  52    4  state                                444   24  previous differential backup
///  56    8  lgposConsistent                      468    4  type of previous copy backup
///  64    8  logtimeConsistent                    472    4  type of previous differential
///  72    8  logtimeAttach                        476   32  reseed and page patch counters and times
///  80    8  lgposAttach                          508    8  sort version
///  88    8  logtimeDetach                        516   20  background scan
///  96    8  lgposDetach                          536    4  genRecovering
/// 104    4  dbid                                 540   44  extend, shrink, reattach, trim
/// 108   28  signLog                              584   28  signDbHdrFlush
/// 136   24  previous full backup                 612   28  signFlushMapHdrFlush
/// 160   24  previous incremental backup          640    4  genMinConsistent
/// 184   24  current full backup                  644    4  update minor
/// 208    4  flags                                648    4  newest engine format that attached it
/// 212    4  objidLast                            652    4  highest scanned page
/// 216   16  operating system of last attach      656    8  lgposLastResize
/// 232    4  update major                         667    4  file type, unaligned
/// 236    4  page size, 0 = 4096                  672    8  time of genMaxRequired
/// 240   12  repair counter and time              680    8  generations before redo
/// 280   16  last scrub                           688   28  signRBSHdrFlush
/// 296    8  genMinRequired, genMaxRequired       716   32  revert
/// 304   12  upgrade statistics                   748       zero to the end of the page
/// 316   24  current snapshot backup
/// 340    8  version at creation
/// 348    8  time of genMaxCommitted
/// </code>
/// </remarks>
public sealed partial class DatabaseHeader
{
    /// <summary>Bytes of the page that carry fields; the rest is zero.</summary>
    public const int Size = 748;

    /// <summary>The magic number at offset 4.</summary>
    public const uint ExpectedMagic = HeaderChecksum.Seed;

    private readonly ReadOnlyMemory<byte> _page;

    /// <summary>A view over one header page.</summary>
    /// <param name="page">The page, at least 748 bytes; not copied.</param>
    /// <exception cref="ArgumentException">The page is shorter.</exception>
    public DatabaseHeader(ReadOnlyMemory<byte> page)
    {
        if (page.Length < Size)
            throw new ArgumentException($"a database header has at least {Size} bytes", nameof(page));
        _page = page;
    }

    /// <summary>The bytes of the page.</summary>
    public ReadOnlyMemory<byte> Bytes => _page;

    // ---- what the file is

    /// <summary>The stored checksum.</summary>
    public uint Checksum => Word(0);

    /// <summary>The magic number; <see cref="ExpectedMagic"/> in every database since Exchange 5.5.</summary>
    public uint Magic => Word(4);

    /// <summary>Version of the format.</summary>
    public FormatVersion Version => new(Word(8), Word(232), Word(644));

    /// <summary>0 for a database, 1 for the obsolete streaming file.</summary>
    public uint Attribute => Word(12);

    /// <summary>The update counter at the last write of the header; exact in a clean database.</summary>
    public DbTime DbTime => new(Long(16));

    /// <summary>Identity of the database.</summary>
    public Signature Signature => Sign(24);

    /// <summary>The state.</summary>
    public DatabaseState State => (DatabaseState)Word(52);

    /// <summary>The stored page size in bytes; 0 means 4096.</summary>
    public uint StoredPageSize => Word(236);

    /// <summary>Kind of the file.</summary>
    public FileType FileType => (FileType)Word(667);

    /// <summary>The database's number in its instance, 1, 2, …: the one in log records.</summary>
    public uint DatabaseId => Word(104);

    /// <summary>The flags, all four bytes; the last tells the kinds of engine build that attached the file.</summary>
    public uint Flags => Word(208);

    /// <summary>Whether the shadow catalog is switched off. The header has a shadow copy all the same.</summary>
    public bool IsShadowingDisabled => (Flags & 1) != 0;

    /// <summary>The highest object id handed out; exact in a clean database.</summary>
    public ObjectId LastObject => new(Word(212));

    /// <summary>Version at creation: main version and update; 20 for all formats that start as 1568.20.</summary>
    public FormatVersion CreatedVersion => new(Word(340), Word(344), 0);

    /// <summary>
    /// The engine format version (EFV) of the newest engine that ever attached the file, for information; it says
    /// nothing about the format.
    /// </summary>
    public uint NewestAttachingEngineFormat => Word(648);

    // ---- where it stands in its logs

    /// <summary>Identity of the log stream; not set when the database was never logged.</summary>
    public Signature LogSignature => Sign(108);

    /// <summary>Log position of the last clean detach. Kept while the database is dirty again.</summary>
    public LogPosition Consistent => Position(56);

    /// <summary>Time of the last clean detach.</summary>
    public LogTime ConsistentTime => Time(64);

    /// <summary>Log position of the last attach.</summary>
    public LogPosition Attach => Position(80);

    /// <summary>Time of the last attach.</summary>
    public LogTime AttachTime => Time(72);

    /// <summary>Log position of the last detach; not set while attached.</summary>
    public LogPosition Detach => Position(96);

    /// <summary>Time of the last detach; not set while attached.</summary>
    public LogTime DetachTime => Time(88);

    /// <summary>Log position of the last attach that did not rewrite the header.</summary>
    public LogPosition Reattach => Position(572);

    /// <summary>Time of the last attach that did not rewrite the header.</summary>
    public LogTime ReattachTime => Time(564);

    /// <summary>Oldest log that could hold a change that is not yet in the file.</summary>
    public LogGeneration MinConsistent => Generation(640);

    /// <summary>Oldest log that replay must start from; none in a clean database.</summary>
    public LogGeneration MinRequired => Generation(296);

    /// <summary>Newest log whose changes may be in the file: replay must reach it.</summary>
    public LogGeneration MaxRequired => Generation(300);

    /// <summary>Newest log that had been opened: replay that ends earlier loses committed changes.</summary>
    public LogGeneration MaxCommitted => Generation(416);

    /// <summary>Creation time of the log <see cref="MaxRequired"/>; kept from format 1568.150 on.</summary>
    public LogTime MaxRequiredTime => Time(672);

    /// <summary>Creation time of the log <see cref="MaxCommitted"/>.</summary>
    public LogTime MaxCommittedTime => Time(348);

    /// <summary>The log being replayed; none outside of recovery.</summary>
    public LogGeneration Recovering => Generation(536);

    /// <summary><see cref="MinConsistent"/> before replay lowered it; none outside of recovery.</summary>
    public LogGeneration MinConsistentBeforeRedo => Generation(680);

    /// <summary><see cref="MinRequired"/> before replay lowered it; none outside of recovery.</summary>
    public LogGeneration MinRequiredBeforeRedo => Generation(684);

    /// <summary>Log position of the last change of the file's size; kept from format 1568.110 on.</summary>
    public LogPosition LastResize => Position(656);

    // ---- its backups

    /// <summary>The last full backup.</summary>
    public BackupInfo PreviousFull => Backup(136);

    /// <summary>How the last full backup was taken.</summary>
    public BackupInfoType PreviousFullType => (BackupInfoType)Word(356);

    /// <summary>The last incremental backup since the last full one.</summary>
    public BackupInfo PreviousIncremental => Backup(160);

    /// <summary>How the last incremental backup was taken.</summary>
    public BackupInfoType PreviousIncrementalType => (BackupInfoType)Word(360);

    /// <summary>The last copy backup.</summary>
    public BackupInfo PreviousCopy => Backup(420);

    /// <summary>How the last copy backup was taken.</summary>
    public BackupInfoType PreviousCopyType => (BackupInfoType)Word(468);

    /// <summary>The last differential backup.</summary>
    public BackupInfo PreviousDifferential => Backup(444);

    /// <summary>How the last differential backup was taken.</summary>
    public BackupInfoType PreviousDifferentialType => (BackupInfoType)Word(472);

    /// <summary>In a streamed copy: the backup that made it.</summary>
    public BackupInfo CurrentFull => Backup(184);

    /// <summary>In a legacy snapshot copy: the backup that made it.</summary>
    public BackupInfo CurrentSnapshot => Backup(316);

    /// <summary>Whether this is a streamed backup copy that nobody has restored yet.</summary>
    public bool IsUnrestoredCopy => CurrentFull.LowGeneration != LogGeneration.None;

    /// <summary>Whether this is a streamed copy whose trailer page has not been merged into the header yet.</summary>
    public bool NeedsTrailer => IsUnrestoredCopy && CurrentFull.HighGeneration == LogGeneration.None;

    /// <summary>
    /// Whether the database holds all its data only after recovery: it is dirty (with or without replaced pages), its
    /// creation was not finished, or it is a streamed copy that nobody has restored. False for states that no replay
    /// mends: <see cref="Judge"/> tells those.
    /// </summary>
    public bool NeedsRecovery => IsUnrestoredCopy
        || State is DatabaseState.JustCreated or DatabaseState.DirtyShutdown or DatabaseState.DirtyAndPatchedShutdown;

    // ---- what pairs it with its side files

    /// <summary>Renewed with every write of the header where a flush map is kept.</summary>
    public Signature HeaderFlushSignature => Sign(584);

    /// <summary>The flush map's header signature seen last.</summary>
    public Signature FlushMapFlushSignature => Sign(612);

    /// <summary>The revert snapshot's header signature seen last.</summary>
    public Signature SnapshotFlushSignature => Sign(688);

    /// <summary>
    /// What a normal attach would say of a header whose checksum is right, in the engine's order, leaving out what
    /// depends on an engine's parameters (its page size, its permitted format).
    /// </summary>
    /// <returns>
    /// <see cref="EseError.Success"/> for a clean database; otherwise
    /// -1209 (no database of a known version), -563, -1226, -1935 (conversion, reseed, revert under way),
    /// -544 (a streamed copy, not restored), -550 (needs recovery, or an illegal state), -1206 (another kind of file).
    /// </returns>
    public EseError Judge()
    {
        // Pages above 8 KiB came with update 0x11; an older number on such a database is a header that lies.
        if (Magic != ExpectedMagic || Version.Main < FormatVersion.CurrentMain
            || (StoredPageSize > 8192 && Version.UpdateMajor < 0x11) || !Version.IsReadableBy(FormatVersion.Newest))
            return EseError.InvalidDatabaseVersion;
        return State switch
        {
            DatabaseState.CleanShutdown => IsDatabaseFile ? EseError.Success : EseError.DatabaseCorrupted,
            DatabaseState.BeingConverted => EseError.DatabaseConversionInProgress,
            DatabaseState.IncrementalReseedInProgress => EseError.DatabaseIncompleteIncrementalReseed,
            DatabaseState.RevertInProgress => EseError.DatabaseIncompleteRevert,
            _ => IsUnrestoredCopy ? EseError.SoftRecoveryOnBackupDatabase : EseError.DatabaseDirtyShutdown,
        };
    }

    private bool IsDatabaseFile =>
        Attribute == 0 && FileType is FileType.Unknown or FileType.Database or FileType.TemporaryDatabase;

    private uint Word(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_page.Span[offset..]);

    private ulong Long(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(_page.Span[offset..]);

    private LogGeneration Generation(int offset) => new((int)Word(offset));

    private LogPosition Position(int offset) => LogPosition.Read(_page.Span[offset..]);

    private LogTime Time(int offset) => LogTime.Read(_page.Span[offset..]);

    private Signature Sign(int offset) => Signature.Read(_page.Span[offset..]);

    private BackupInfo Backup(int offset) => BackupInfo.Read(_page.Span[offset..]);
}
