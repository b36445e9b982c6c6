using System.Globalization;

namespace PipelineBackup.Engine;

/// <summary>Whether a backup of logs alone can follow the last backup.</summary>
/// <remarks>
/// Two memories must agree: what the headers of the databases say of their last backup, and what the caller knows of
/// the one it wants to continue. Where somebody else made a backup meanwhile they do not, and logs may be gone.
/// </remarks>
internal static class BackupContinuation
{
    /// <summary>Makes sure of it. Without the engine's latch.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="parent">The backup to continue; null when nobody says.</param>
    /// <param name="type">How the backups of the chain are taken.</param>
    /// <exception cref="SourceException">−526, −560, −569, −528, −515 or −530: it cannot.</exception>
    public static void Require(
        EmbeddedEngine engine, BackupParent? parent, BackupInfoType type = BackupInfoType.Streaming)
    {
        if (engine.Options.CircularLogging)
            throw BackupRefusal.Circular();
        lock (engine.Latch)
        {
            foreach (var database in engine.Databases)
                RequireFull(database, parent, type);
        }

        if (parent is null)
            return;
        if (parent.LogSignature.Length > 0 && parent.LogSignature != engine.LogSignature.ToHex())
        {
            throw BackupRefusal.NotContinued(
                EseError.BadLogSignature, "the backup to be continued is of another log stream");
        }

        RequireLogs(LogChain.Open(engine.Options.Disk, engine.Options.LogDirectory, engine.Options.BaseName), parent);
    }

    /// <summary>Makes sure that no log is gone between the last backup and those that there are.</summary>
    /// <param name="databases">All databases.</param>
    /// <param name="lowest">The lowest log that there is.</param>
    /// <exception cref="SourceException">−569: it is.</exception>
    public static void RequireNoGap(IEnumerable<EngineDatabase> databases, LogGeneration lowest)
    {
        foreach (var database in databases)
        {
            var last = LastBackup(database);
            if (lowest > last.Next)
            {
                throw BackupRefusal.LogsGone($"the last backup of '{database}' ends with log generation {last}, the "
                    + $"logs that are left begin with {lowest}");
            }
        }
    }

    /// <summary>Makes sure that a snapshot of logs alone can follow the last snapshot. Without the engine's latch.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="lowest">The lowest log that there is.</param>
    /// <exception cref="SourceException">−526, −560, −569: it cannot.</exception>
    public static void RequireSnapshot(EmbeddedEngine engine, LogGeneration lowest)
    {
        if (engine.Options.CircularLogging)
            throw BackupRefusal.Circular();
        lock (engine.Latch)
        {
            foreach (var database in engine.Databases)
                RequireFull(database, BackupInfoType.OperatingSystemSnapshot);
            RequireNoGap(engine.Databases, lowest);
        }
    }

    private static void RequireFull(EngineDatabase database, BackupInfoType type)
    {
        var header = database.Header;
        if (header.PreviousFull.LowGeneration.IsSet && header.PreviousFullType == type)
            return;
        string what = type == BackupInfoType.Streaming ? "backup" : "snapshot";
        throw BackupRefusal.NoFull($"there is no full {what} of '{database}' that truncated logs");
    }

    private static void RequireFull(EngineDatabase database, BackupParent? parent, BackupInfoType type)
    {
        RequireFull(database, type);
        if (parent is null)
            return;
        if (parent.DatabaseSignatures.Count > 0 && !parent.DatabaseSignatures.Contains(database.Signature.ToHex()))
            throw BackupRefusal.NoFull($"'{database}' is not in the full backup that would be continued");
        var last = LastBackup(database);
        if (last.Value == parent.LastGeneration)
            return;
        throw BackupRefusal.NoFull(last.Value > parent.LastGeneration
            ? $"another backup of '{database}', up to log generation {last}, was made after the one to be continued"
            : $"'{database}' knows of its backups up to log generation {last} only");
    }

    private static void RequireLogs(LogChain chain, BackupParent parent)
    {
        var last = new LogGeneration(parent.LastGeneration);
        var (same, next) = (chain.Find(last)?.Header, chain.Find(last.Next)?.Header);
        if (same is null && next is null)
        {
            throw BackupRefusal.LogsGone(
                $"the last backup ends with log generation {last}, and neither it nor the next one is there");
        }

        bool follows = same is not null ? IsTime(same.Created, parent.LastCreated)
            : IsTime(next!.PreviousCreated, parent.LastCreated)
                && IsChecksum(next.PreviousChecksum, parent.LastChecksum);
        if (!follows)
        {
            throw BackupRefusal.NotContinued(
                EseError.InvalidLogSequence, $"the logs do not continue generation {last} of the last backup");
        }
    }

    private static bool IsTime(LogTime time, string told) => told.Length == 0 || Hex(time.Value) == told;

    private static bool IsChecksum(ulong checksum, string told) =>
        told.Length == 0 || checksum == 0 || Hex(checksum) == told;

    private static string Hex(ulong value) => value.ToString("x16", CultureInfo.InvariantCulture);

    private static LogGeneration LastBackup(EngineDatabase database)
    {
        var (full, incremental) = (database.Header.PreviousFull, database.Header.PreviousIncremental);
        return full.HighGeneration > incremental.HighGeneration ? full.HighGeneration : incremental.HighGeneration;
    }
}
