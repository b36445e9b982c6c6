using System.Security.Cryptography;

namespace PipelineBackup.Engine;

/// <summary>Where an engine has its files, and how it works.</summary>
public sealed record EngineOptions
{
    /// <summary>The engines that it is known together with; null when it stands alone.</summary>
    public EngineHost? Host { get; init; }

    /// <summary>
    /// Its name, which no other engine of its host has, whatever the case; null stands for the base name and its number.
    /// </summary>
    public string? InstanceName { get; init; }

    /// <summary>Where the logs are. The directory must be there, unless missing ones are made.</summary>
    public required string LogDirectory { get; init; }

    /// <summary>Where the checkpoint file is; null stands for the directory of the logs.</summary>
    public string? CheckpointDirectory { get; init; }

    /// <summary>The three characters that the names of the logs begin with.</summary>
    public string BaseName { get; init; } = "edb";

    /// <summary>
    /// Page size of all databases of the engine, 4096 to 32768 bytes; null stands for the one of the logs that are
    /// there, or 4096.
    /// </summary>
    public PageSize? PageSize { get; init; }

    /// <summary>
    /// Format of new databases and logs: the newest that is known, unless told otherwise. An older one is for engines
    /// that know no newer; databases of a newer format are not attached then. Logs never go back to an older one.
    /// </summary>
    public EngineFormat Format { get; init; } = EngineFormat.Efv9600;

    /// <summary>Length of a log file in bytes, 64 KiB to 32 MiB. 1 MiB unless told otherwise.</summary>
    public long LogFileBytes { get; init; } = 1 << 20;

    /// <summary>
    /// Whether logs that no recovery needs any more are deleted. Then there can be no incremental backups. Off unless
    /// told otherwise.
    /// </summary>
    public bool CircularLogging { get; init; }

    /// <summary>
    /// Whether nothing is logged: then nothing is recovered either, there are no backups, and a database that was not
    /// closed in order is lost (−550). Off unless told otherwise.
    /// </summary>
    public bool LoggingDisabled { get; init; }

    /// <summary>
    /// Whether directories that are missing are made: of the logs, the checkpoint, a new database, a backup. Off unless
    /// told otherwise.
    /// </summary>
    public bool CreatePathIfNotExist { get; init; }

    /// <summary>
    /// How long a snapshot may hold writing up before it goes on by itself, 24 days at most. 70 seconds unless told
    /// otherwise.
    /// </summary>
    public TimeSpan SnapshotTimeout { get; init; } = TimeSpan.FromSeconds(70);

    /// <summary>Memory for pages of each database, in bytes; at least 1 MiB. 64 MiB unless told otherwise.</summary>
    public long CacheBytes { get; init; } = 64 << 20;

    /// <summary>
    /// Memory for what open transactions changed and others may still see as it was, in bytes; beyond it changes fail
    /// with −1069. 256 MiB unless told otherwise.
    /// </summary>
    public long VersionBytes { get; init; } = 256 << 20;

    /// <summary>
    /// How many bytes of log recovery may have to replay, about: pages with older changes are written. 20 MiB unless
    /// told otherwise.
    /// </summary>
    public long CheckpointDepthBytes { get; init; } = 20 << 20;

    /// <summary>
    /// How long a lazy commit may stay in memory, 24 days at most. 500 milliseconds unless told otherwise. Without
    /// background work, or with <see cref="Timeout.InfiniteTimeSpan"/>, it stays until something else is flushed.
    /// </summary>
    public TimeSpan LazyFlushInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Whether the engine works by itself, on the thread pool: flushes lazy commits, moves the checkpoint, cleans up.
    /// Off, everything happens on the threads of the callers, in a reproducible order. On unless told otherwise.
    /// </summary>
    public bool HasBackgroundWork { get; init; } = true;

    /// <summary>
    /// Orders UTF-16 text, for indexes on columns of code page 1200; null, the default, refuses such indexes: the order
    /// comes from tables of Windows, and one that orders otherwise would damage the indexes that are there.
    /// </summary>
    public IUnicodeOrder? UnicodeOrder { get; init; }

    /// <summary>Where databases of the logs are now, should recovery find them elsewhere.</summary>
    public IReadOnlyList<DatabaseMapping> Map { get; init; } = [];

    /// <summary>Whether recovery leaves databases out that are missing. Off unless told otherwise.</summary>
    public bool IgnoreMissingDatabases { get; init; }

    /// <summary>Takes the progress of recovery; null for nobody.</summary>
    public IProgress<RecoveryProgress>? RecoveryProgress { get; init; }

    /// <summary>Is told what happens in backups and in recovery; null for nobody. What it throws is nobody's business.</summary>
    public IProgress<EngineEvent>? Events { get; init; }

    /// <summary>The disk that everything is on.</summary>
    public IDisk Disk { get; init; } = LocalDisk.Instance;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Gives random numbers for signatures; tests have some that repeat.</summary>
    internal Func<ulong> Random { get; init; } =
        static () => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    /// <summary>Rules that are left out, so that tests can show that they find out.</summary>
    internal OmittedRule Omits { get; init; }

    /// <summary>Whether logs that recovery does not need any more are deleted; those that are not its own never are.</summary>
    internal bool DeletesLogs => CircularLogging && !LoggingDisabled;

    /// <summary>Where the checkpoint file is.</summary>
    internal string CheckpointPlace => CheckpointDirectory ?? LogDirectory;

    /// <summary>The time as logs have it.</summary>
    internal LogTime Now => LogTime.From(Time.GetUtcNow());

    /// <summary>Makes sure that the options make sense.</summary>
    /// <exception cref="EseException">−1003: they do not.</exception>
    internal void Require()
    {
        const long LeastLog = 64 << 10, MostLog = 32 << 20, LeastCache = 1 << 20;
        Require(BaseName.Length == 3 && IsPath(BaseName) && !BaseName.AsSpan().ContainsAny("./\\: "),
            "the base name has three characters");
        Require(IsPath(LogDirectory) && IsPath(CheckpointPlace), "logs and checkpoint have a directory");
        Require(LogFileBytes is >= LeastLog and <= MostLog, "a log file has 64 KiB to 32 MiB");
        Require(CacheBytes >= LeastCache, "the cache has 1 MiB at least");
        Require(VersionBytes >= 0, "open changes take some memory");
        Require(CheckpointDepthBytes > 0, "the depth of the checkpoint is positive");
        Require(PageSize is not { Bytes: < 4096 }, "pages have 4096 bytes at least");
        Require(InstanceName is null or { Length: > 0 }, "an instance has a name");
        Require(IsInterval(SnapshotTimeout), "a snapshot may take some time, and ends");
        Require(LazyFlushInterval == Timeout.InfiniteTimeSpan || IsInterval(LazyFlushInterval),
            "lazy commits stay in memory for some time");
    }

    /// <summary>Makes sure that a directory is there: one that is missing is made, if that is wanted.</summary>
    /// <param name="directory">The directory.</param>
    /// <exception cref="EseException">−1023: it is not, or cannot be made.</exception>
    internal void RequireDirectory(string directory)
    {
        if (Disk.DirectoryExists(directory))
            return;
        if (!CreatePathIfNotExist)
            throw new EseException(EseError.InvalidPath, $"there is no directory '{directory}'");
        try
        {
            Disk.CreateDirectory(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EseException(EseError.InvalidPath, $"the directory '{directory}' cannot be made: {e.Message}");
        }
    }

    // What the clock can time.
    private static bool IsInterval(TimeSpan time) => time > TimeSpan.Zero && time.TotalMilliseconds <= int.MaxValue;

    private static bool IsPath(string path) => path.Length > 0 && !path.Contains('\0', StringComparison.Ordinal);

    private static void Require(bool isSo, string rule)
    {
        if (!isSo)
            throw new EseException(EseError.InvalidParameter, $"the options of the engine make no sense: {rule}");
    }
}
