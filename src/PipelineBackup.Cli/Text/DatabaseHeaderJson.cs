using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Text;

/// <summary>
/// A database header as one JSON object, for programs: names in camel case, counts and generations as numbers, log
/// positions as the engine prints them, times in ISO 8601 (null when not set), what is not set null.
/// </summary>
internal static class DatabaseHeaderJson
{
    /// <summary>The facts of the two copies and the fields of the one that counts.</summary>
    /// <param name="headers">The two copies.</param>
    /// <param name="trailer">The last page of the file, looked at only where the header asks for a trailer.</param>
    public static JsonObject Create(HeaderPair headers, PatchTrailer? trailer)
    {
        var judged = headers.Judge();
        var json = new JsonObject
        {
            ["copies"] = Name(headers.Copies.ToString()),
            ["attachError"] = (int)judged,
            ["attachErrorName"] = judged == EseError.Success ? null : "JET_err" + judged,
        };
        if (headers.Header is not { } header)
            return json;
        AddIdentity(json, header, headers.PageSize);
        AddLogs(json, header);
        AddBackups(json, header);
        AddHistory(json, header);
        json["trailer"] = header.NeedsTrailer && trailer is not null ? Trailer(trailer, header) : null;
        return json;
    }

    private static void AddIdentity(JsonObject json, DatabaseHeader header, PageSize pageSize)
    {
        json["fileType"] = Name(header.FileType.ToString());
        json["checksum"] = Hex(header.Checksum);
        json["magic"] = Hex(header.Magic);
        json["version"] = header.Version.ToString();
        json["createdVersion"] = string.Create(CultureInfo.InvariantCulture,
            $"0x{header.CreatedVersion.Main:x},{header.CreatedVersion.UpdateMajor}");
        json["newestAttachingEngineFormat"] = header.NewestAttachingEngineFormat;
        json["pageSize"] = pageSize.Bytes;
        json["state"] = Enum.IsDefined(header.State) ? Name(header.State.ToString()) : "illegal";
        json["stateNumber"] = (uint)header.State;
        json["needsRecovery"] = header.NeedsRecovery;
        json["unrestoredCopy"] = header.IsUnrestoredCopy;
        json["dbtime"] = header.DbTime.Value;
        json["lastObject"] = header.LastObject.Value;
        json["databaseId"] = header.DatabaseId;
        json["flags"] = Hex(header.Flags);
        json["shadowed"] = !header.IsShadowingDisabled;
        json["signature"] = Sign(header.Signature);
        json["logSignature"] = Sign(header.LogSignature);
        json["headerFlushSignature"] = Sign(header.HeaderFlushSignature);
        json["flushMapFlushSignature"] = Sign(header.FlushMapFlushSignature);
        json["snapshotFlushSignature"] = Sign(header.SnapshotFlushSignature);
        json["operatingSystem"] = string.Create(CultureInfo.InvariantCulture,
            $"{header.OperatingSystemMajor}.{header.OperatingSystemMinor}.{header.OperatingSystemBuild}");
        json["servicePack"] = header.OperatingSystemServicePack;
        json["sortVersion"] = string.Create(CultureInfo.InvariantCulture, $"0x{header.SortVersion:x}");
    }

    private static void AddLogs(JsonObject json, DatabaseHeader header)
    {
        json["minRequired"] = header.MinRequired.Value;
        json["maxRequired"] = header.MaxRequired.Value;
        json["maxRequiredTime"] = Time(header.MaxRequiredTime);
        json["maxCommitted"] = header.MaxCommitted.Value;
        json["maxCommittedTime"] = Time(header.MaxCommittedTime);
        json["minConsistent"] = header.MinConsistent.Value;
        json["minRequiredBeforeRedo"] = header.MinRequiredBeforeRedo.Value;
        json["minConsistentBeforeRedo"] = header.MinConsistentBeforeRedo.Value;
        json["recovering"] = header.Recovering.Value;
        json["consistent"] = Position(header.Consistent);
        json["consistentTime"] = Time(header.ConsistentTime);
        json["attach"] = Position(header.Attach);
        json["attachTime"] = Time(header.AttachTime);
        json["detach"] = Position(header.Detach);
        json["detachTime"] = Time(header.DetachTime);
        json["reattach"] = Position(header.Reattach);
        json["reattachTime"] = Time(header.ReattachTime);
        json["lastResize"] = Position(header.LastResize);
    }

    private static void AddBackups(JsonObject json, DatabaseHeader header)
    {
        json["previousFull"] = Backup(header.PreviousFull, header.PreviousFullType);
        json["previousIncremental"] = Backup(header.PreviousIncremental, header.PreviousIncrementalType);
        json["previousCopy"] = Backup(header.PreviousCopy, header.PreviousCopyType);
        json["previousDifferential"] = Backup(header.PreviousDifferential, header.PreviousDifferentialType);
        json["currentFull"] = Backup(header.CurrentFull);
        json["currentSnapshot"] = Backup(header.CurrentSnapshot);
    }

    private static void AddHistory(JsonObject json, DatabaseHeader header)
    {
        json["scrub"] = new JsonObject { ["dbtime"] = header.LastScrub.Value, ["time"] = Time(header.ScrubTime) };
        json["upgrade"] = new JsonObject
        {
            ["formatPages"] = header.UpgradeFormatPages,
            ["freePages"] = header.UpgradeFreePages,
            ["spaceMapPages"] = header.UpgradeSpaceMapPages,
        };
        json["repair"] = Counter(header.RepairCount, header.RepairTime, header.RepairCountOld);
        json["eccFix"] = Counter(header.EccFixCount, header.EccFixTime, header.EccFixCountOld);
        json["eccFailure"] = Counter(header.EccFailureCount, header.EccFailureTime, header.EccFailureCountOld);
        json["badChecksum"] = Counter(header.BadChecksumCount, header.BadChecksumTime, header.BadChecksumCountOld);
        json["reseed"] = Counter(header.ReseedCount, header.ReseedTime, header.ReseedCountOld);
        json["pagePatch"] = Counter(header.PagePatchCount, header.PagePatchTime, header.PagePatchCountOld);
        json["scan"] = new JsonObject
        {
            ["finishedTime"] = Time(header.ScanFinishedTime),
            ["startedTime"] = Time(header.ScanStartedTime),
            ["highestContinuousPage"] = header.ScannedContinuously.Value,
            ["highestPage"] = header.ScannedHighest.Value,
        };
        json["extend"] = new JsonObject { ["count"] = header.ExtendCount, ["time"] = Time(header.ExtendTime) };
        json["shrink"] = new JsonObject { ["count"] = header.ShrinkCount, ["time"] = Time(header.ShrinkTime) };
        json["trimCount"] = header.TrimCount;
        json["revert"] = new JsonObject
        {
            ["count"] = header.RevertCount,
            ["fromTime"] = Time(header.RevertFromTime),
            ["toTime"] = Time(header.RevertToTime),
            ["pageCount"] = header.RevertPageCount,
            ["commitBefore"] = Position(header.CommitBeforeRevert),
        };
    }

    private static JsonObject Trailer(PatchTrailer trailer, DatabaseHeader header)
    {
        var json = new JsonObject { ["error"] = (int)trailer.Judge(header) };
        if (!trailer.IsIntact)
            return json;
        json["backup"] = Backup(trailer.Backup);
        json["minRequired"] = trailer.MinRequired.Value;
        json["maxRequired"] = trailer.MaxRequired.Value;
        json["maxRequiredTime"] = Time(trailer.MaxRequiredTime);
        json["maxCommitted"] = trailer.MaxCommitted.Value;
        json["maxCommittedTime"] = Time(trailer.MaxCommittedTime);
        return json;
    }

    private static JsonObject? Backup(BackupInfo backup, BackupInfoType? type = null)
    {
        if (!backup.IsSet)
            return null;
        var json = new JsonObject
        {
            ["mark"] = Position(backup.Mark),
            ["markTime"] = Time(backup.MarkTime),
            ["lowGeneration"] = backup.LowGeneration.Value,
            ["highGeneration"] = backup.HighGeneration.Value,
        };
        if (type is { } known)
            json["type"] = Name(known.ToString());
        return json;
    }

    private static JsonObject Counter(uint count, LogTime time, uint old) =>
        new() { ["count"] = count, ["time"] = Time(time), ["countOld"] = old };

    private static JsonObject? Sign(Signature signature) => !signature.IsSet ? null : new JsonObject
    {
        ["random"] = signature.Random,
        ["created"] = Time(signature.Created),
        ["computer"] = signature.Computer.Length == 0 ? null : signature.Computer,
    };

    private static string? Position(LogPosition position) => position.IsSet ? position.ToString() : null;

    // A time that is not UTC is the local time of an unknown machine: ISO 8601 writes such a time without an offset.
    private static string? Time(LogTime time) => time.ToDateTimeOffset() is not { } moment ? null
        : moment.DateTime.ToString(time.IsUtc ? "yyyy-MM-ddTHH:mm:ss.fff'Z'" : "yyyy-MM-ddTHH:mm:ss.fff",
            CultureInfo.InvariantCulture);

    private static string Hex(uint value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x8}");

    private static string Name(string member) => char.ToLowerInvariant(member[0]) + member[1..];
}
