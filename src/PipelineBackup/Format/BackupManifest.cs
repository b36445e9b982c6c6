using System.Text.Json.Serialization;

namespace PipelineBackup;

/// <summary>
/// What a store says of a backup: its commit, the last object a backup writes
/// (<c>&lt;set&gt;/backups/&lt;id&gt;.json</c>, at most 64 KiB). Its existence is the backup's existence.
/// </summary>
public sealed record BackupManifest
{
    /// <summary>The longest commit that is written or read, in bytes.</summary>
    internal const int MaxBytes = 64 * 1024;

    /// <summary>Format version of this object, 1.</summary>
    public required int Version { get; init; }

    /// <summary>Name and version of the program that made the backup.</summary>
    public required string Tool { get; init; }

    /// <summary>The backup's id, a <see cref="BackupId"/>.</summary>
    public required string Id { get; init; }

    /// <summary>Full, Incremental, Differential or Copy.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<BackupKind>))]
    public required BackupKind Kind { get; init; }

    /// <summary>The backup that this one continues; null for full backups and copies.</summary>
    public string? Parent { get; init; }

    /// <summary>The backup that the chain starts with; the backup itself when it is a full one or a copy.</summary>
    public required string Full { get; init; }

    /// <summary>Where the files came from.</summary>
    public required string Source { get; init; }

    /// <summary>Format version of the databases.</summary>
    public required string EngineVersion { get; init; }

    /// <summary>Page size of the databases in bytes.</summary>
    public required int PageSize { get; init; }

    /// <summary>Base name of the logs; empty without logs.</summary>
    public required string BaseName { get; init; }

    /// <summary>Signature of the log stream in hexadecimal; empty without one.</summary>
    public required string LogSignature { get; init; }

    /// <summary>When the backup began, UTC.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>When it was committed, UTC.</summary>
    public required DateTimeOffset Finished { get; init; }

    /// <summary>The databases that the backup holds.</summary>
    public required IReadOnlyList<ManifestDatabase> Databases { get; init; }

    /// <summary>Names of databases that were left out because of bad pages.</summary>
    public IReadOnlyList<string> DroppedDatabases { get; init; } = [];

    /// <summary>The logs that the backup holds.</summary>
    public required ManifestLogs Logs { get; init; }

    /// <summary>
    /// The log position that the backup reaches: generation, sector and byte in hexadecimal digits, for instance
    /// <c>0000000C:000A:0000</c>. As text it sorts in log order.
    /// </summary>
    public required string Position { get; init; }

    /// <summary>Length and digest of the index.</summary>
    public required ObjectDigest Index { get; init; }

    /// <summary>Length and digest of the list of bad pages; null when there are none.</summary>
    public ObjectDigest? BadPages { get; init; }

    /// <summary>The options that were in force.</summary>
    public required ManifestOptions Options { get; init; }

    /// <summary>Totals.</summary>
    public required ManifestTotals Totals { get; init; }

    /// <summary>What the store was asked, by kind of request.</summary>
    public IReadOnlyDictionary<string, long> Requests { get; init; } = new Dictionary<string, long>();

    /// <summary>Seconds that each room's workers were busy, summed over the workers.</summary>
    public IReadOnlyDictionary<string, double> Rooms { get; init; } = new Dictionary<string, double>();

    /// <summary>What the source left out or found worth telling.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>CRC-32C of the commit as it is stored, with zeros for these eight digits; the last field there.</summary>
    [JsonPropertyName("crc32c"), JsonPropertyOrder(int.MaxValue)]
    public string Crc32C { get; init; } = "";

    /// <summary>Whether anything about the backup is not as it should be: bad pages, a dropped database, a log gap.</summary>
    [JsonIgnore]
    public bool IsDamaged => BadPages is not null || DroppedDatabases.Count > 0 || Logs.Gap;

    /// <summary>Whether any database must be recovered with its logs before use.</summary>
    [JsonIgnore]
    public bool NeedsRecovery => Databases.Any(database => database.NeedsRecovery);
}

/// <summary>A database in a <see cref="BackupManifest"/>. Counts are of pages; header pages and the trailer are in none.</summary>
public sealed record ManifestDatabase
{
    /// <summary>Its file name.</summary>
    public required string Name { get; init; }

    /// <summary>Where it was.</summary>
    public required string OriginalPath { get; init; }

    /// <summary>Its signature in hexadecimal.</summary>
    public required string Signature { get; init; }

    /// <summary>Its state as its header names it.</summary>
    public required string State { get; init; }

    /// <summary>Whether it must be recovered with its logs before use.</summary>
    public required bool NeedsRecovery { get; init; }

    /// <summary>Oldest generation that redo must start from; 0 when none is needed.</summary>
    public int MinRequired { get; init; }

    /// <summary>Newest generation whose changes may be in the file; 0 when none is needed.</summary>
    public int MaxRequired { get; init; }

    /// <summary>Newest generation that may hold committed transactions; 0 when none is needed.</summary>
    public int MaxCommitted { get; init; }

    /// <summary>Pages that hold something and verified, repaired ones included.</summary>
    public long VerifiedPages { get; init; }

    /// <summary>Pages that were never written.</summary>
    public long ZeroPages { get; init; }

    /// <summary>Pages in which a single flipped bit was put right; they are stored repaired.</summary>
    public long RepairedPages { get; init; }

    /// <summary>Indexes in the file of the first repaired pages, the header being 0; at most 100 are listed.</summary>
    public IReadOnlyList<long> Repaired { get; init; } = [];

    /// <summary>Pages that are stored although they do not verify.</summary>
    public long BadPages { get; init; }

    internal const int MaxRepairedListed = 100;
}

/// <summary>Which logs a backup holds.</summary>
public sealed record ManifestLogs
{
    /// <summary>Oldest generation; 0 without logs.</summary>
    public required int First { get; init; }

    /// <summary>Newest generation; 0 without logs.</summary>
    public required int Last { get; init; }

    /// <summary>How many log files.</summary>
    public required int Count { get; init; }

    /// <summary>Whether generations are missing or damaged: then the databases can be restored but not recovered.</summary>
    public bool Gap { get; init; }

    /// <summary>Creation time of the newest log, its eight bytes as one number in hexadecimal: its successor must name it.</summary>
    public string LastCreated { get; init; } = "";

    /// <summary>XOR of the newest log's segment checksums in hexadecimal; empty in old formats.</summary>
    public string LastChecksum { get; init; } = "";

    /// <summary>Whether the newest log was still the current one, so that it may have grown since.</summary>
    public bool LastIsOpen { get; init; }

    /// <summary>
    /// Segments of the newest log that can change no more, as number and XOR of their checksums: whatever continues this
    /// backup and holds that log again must have the same ones. Null in old formats.
    /// </summary>
    public LogPrefix? LastPrefix { get; init; }
}

/// <summary>The first segments of a log.</summary>
/// <param name="Segments">How many, the header not counted.</param>
/// <param name="Checksum">XOR of their checksums in hexadecimal.</param>
public sealed record LogPrefix(int Segments, string Checksum);

/// <summary>Length and SHA-256 of an object.</summary>
/// <param name="Length">Length in bytes.</param>
/// <param name="Sha256">SHA-256 in hexadecimal.</param>
public sealed record ObjectDigest(long Length, string Sha256);

/// <summary>The options that were in force for a backup.</summary>
/// <param name="Compression">The codec that compressed.</param>
/// <param name="OnBadPage">The policy for bad pages.</param>
/// <param name="OnLogGap">The policy for log gaps.</param>
public sealed record ManifestOptions(string Compression, string OnBadPage, string OnLogGap);

/// <summary>Totals of a backup.</summary>
/// <param name="Files">Number of files.</param>
/// <param name="Packs">Number of packs.</param>
/// <param name="PlainBytes">Length of all files in bytes.</param>
/// <param name="StoredBytes">Length of all packs in bytes.</param>
public sealed record ManifestTotals(int Files, int Packs, long PlainBytes, long StoredBytes);
