using System.Globalization;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Text;

/// <summary>
/// A database header as the engine's own tool prints it (<c>eseutil /mh</c>), line for line, so that people compare and
/// scripts parse as they are used to. The two <c>Engine …</c> lines name the newest format known here; the low end of
/// <c>Log Committed</c> is always 0 because the header stores none. The flush signatures of a streamed copy and the
/// comparison of its two header pages are true, unlike in the engine's dump, which has overwritten its buffer with the
/// trailer by then.
/// </summary>
internal static class DatabaseHeaderText
{
    /// <summary>Prints the header that counts, then warnings about the copies.</summary>
    /// <param name="output">Where to; lines end with <c>\n</c>.</param>
    /// <param name="headers">The two copies.</param>
    /// <param name="trailer">The last page of the file, looked at only where the header asks for a trailer.</param>
    public static void Write(TextWriter output, HeaderPair headers, PatchTrailer? trailer)
    {
        var text = new Lines(output);
        if (headers.Header is { } header)
        {
            text.Put(headers.Primary is null ? "\nDATABASE SHADOW HEADER:" : "\nDATABASE HEADER:");
            text.Put("Checksum Information:");
            text.Put($"Expected Checksum: 0x{header.Checksum:x8}");
            text.Put($"  Actual Checksum: 0x{HeaderChecksum.Compute(header.Bytes.Span):x8}");
            WriteIdentity(text, header);
            WriteLogs(text, header);
            WriteHistory(text, header);
            WriteBackups(text, header);
            WriteCounters(text, header);
            if (header.NeedsTrailer && trailer?.Judge(header) == EseError.Success)
                WriteTrailer(text, trailer);
            WritePairing(text, header);
        }

        text.Put("");
        WriteWarnings(text, headers, trailer);
    }

    /// <summary>The engine's words for a state.</summary>
    /// <param name="state">The state, any value.</param>
    public static string State(DatabaseState state) => state switch
    {
        DatabaseState.JustCreated => "Just Created",
        DatabaseState.DirtyShutdown => "Dirty Shutdown",
        DatabaseState.CleanShutdown => "Clean Shutdown",
        DatabaseState.BeingConverted => "Being Converted",
        DatabaseState.IncrementalReseedInProgress => "Incremental Reseed In Progress",
        DatabaseState.DirtyAndPatchedShutdown => "Dirty and Patched Shutdown",
        DatabaseState.RevertInProgress => "Database Revert in Progress",
        _ => "Illegal",
    };

    private static void WriteIdentity(Lines text, DatabaseHeader header)
    {
        text.Put("\nFields:");
        text.Put($"        File Type: {(header.Attribute == 0 ? "Database" : "UNKNOWN")}");
        text.Put($"         Checksum: 0x{header.Checksum:x}");
        text.Put($"   Format ulMagic: 0x{header.Magic:x}");
        text.Put($"   Engine ulMagic: 0x{DatabaseHeader.ExpectedMagic:x}");
        text.Put($" Format ulVersion: {header.Version}  (attached by {header.NewestAttachingEngineFormat})");
        text.Put($" Engine ulVersion: {FormatVersion.Newest}  (efvCurrent = {FormatVersion.NewestEngineFormat})");
        text.Put($"Created ulVersion: 0x{header.CreatedVersion.Main:x},{header.CreatedVersion.UpdateMajor}");
        text.Put($"     DB Signature: {Sign(header.Signature)}");
        text.Put($"         cbDbPage: {header.StoredPageSize}");
        text.Put($"           dbtime: {header.DbTime}");
        text.Put($"            State: {State(header.State)}");
    }

    private static void WriteLogs(Lines text, DatabaseHeader header)
    {
        text.Put($"     Log Required: {Span(header.MinRequired, header.MaxRequired)}"
            + $" [Min. Req. Pre-Redo: {Number(header.MinRequiredBeforeRedo)}]");
        text.Put($"Gen. Max. Req. Creation Time: {header.MaxRequiredTime}");
        text.Put($"    Log Committed: {Span(LogGeneration.None, header.MaxCommitted)}");
        text.Put($"Gen. Max. Com. Creation Time: {header.MaxCommittedTime}");
        text.Put($"   Log Consistent: {Number(header.MinConsistent)}"
            + $" [Pre-Redo: {Number(header.MinConsistentBeforeRedo)}]");
        text.Put($"   Log Recovering: {Number(header.Recovering)}");
    }

    private static void WriteHistory(Lines text, DatabaseHeader header)
    {
        text.Put($"         Shadowed: {(header.IsShadowingDisabled ? "No" : "Yes")}");
        text.Put($"       Last Objid: {header.LastObject}");
        text.Put($"     Scrub Dbtime: {header.LastScrub}");
        text.Put($"       Scrub Date: {header.ScrubTime}");
        text.Put($"     Repair Count: {header.RepairCount}");
        text.Put($"      Repair Date: {header.RepairTime}");
        text.Put($" Old Repair Count: {header.RepairCountOld}");
        text.Put($"  Last Consistent: {header.Consistent}  {header.ConsistentTime}");
        text.Put($"      Last Attach: {header.Attach}  {header.AttachTime}");
        text.Put($"      Last Detach: {header.Detach}  {header.DetachTime}");
        text.Put($"    Last ReAttach: {header.Reattach}  {header.ReattachTime}");
        text.Put($"             Dbid: {(short)header.DatabaseId}");
        text.Put($"    Log Signature: {Sign(header.LogSignature)}");
        text.Put($"       OS Version: ({header.OperatingSystemMajor}.{header.OperatingSystemMinor}"
            + $".{header.OperatingSystemBuild} SP {header.OperatingSystemServicePack}"
            + $" NLS {(uint)(header.SortVersion >> 32):x}.{(uint)header.SortVersion:x})");
        if ((header.ReseedCount | header.ReseedCountOld | header.PagePatchCount | header.PagePatchCountOld) == 0)
            return;
        text.Put($"     Reseed Count: {header.ReseedCount}");
        text.Put($"      Reseed Date: {header.ReseedTime}");
        text.Put($" Old Reseed Count: {header.ReseedCountOld}");
        text.Put($"      Patch Count: {header.PagePatchCount}");
        text.Put($"       Patch Date: {header.PagePatchTime}");
        text.Put($"  Old Patch Count: {header.PagePatchCountOld}");
    }

    private static void WriteBackups(Lines text, DatabaseHeader header)
    {
        WriteBackup(text, "Previous Full Backup", header.PreviousFull, header.PreviousFullType);
        WriteBackup(text, "Previous Incremental Backup", header.PreviousIncremental, header.PreviousIncrementalType);
        WriteBackup(text, "Previous Copy Backup", header.PreviousCopy, header.PreviousCopyType);
        WriteBackup(text, "Previous Differential Backup", header.PreviousDifferential, header.PreviousDifferentialType);
        WriteBackup(text, "Current Full Backup", header.CurrentFull);
        WriteBackup(text, "Current Shadow copy backup", header.CurrentSnapshot);
    }

    private static void WriteBackup(Lines text, string title, BackupInfo backup, BackupInfoType type = default)
    {
        string kind = type switch
        {
            BackupInfoType.Streaming => "",
            BackupInfoType.OperatingSystemSnapshot => " - OSSnapshot",
            BackupInfoType.Snapshot => " - Snapshot",
            _ => " - UNKNOWN",
        };
        text.Put($"\n{title}:");
        text.Put($"        Log Gen: {Span(backup.LowGeneration, backup.HighGeneration)}{kind}");
        text.Put($"           Mark: {backup.Mark}");
        text.Put($"           Mark: {backup.MarkTime}");
    }

    private static void WriteCounters(Lines text, DatabaseHeader header)
    {
        text.Put($"\n     cpgUpgrade55Format: {(int)header.UpgradeFormatPages}");
        text.Put($"    cpgUpgradeFreePages: {(int)header.UpgradeFreePages}");
        text.Put($"cpgUpgradeSpaceMapPages: {(int)header.UpgradeSpaceMapPages}");
        string same = header.LastResize == header.Attach ? "(Matches \"Last Attach\", no subsequent resize)"
            : header.LastResize == header.Consistent ? "(Matches \"Last Consistent\", no subsequent resize)"
            : "";
        text.Put($"\n      Last Resize: {header.LastResize}  {same}");
        text.Put($"\n     Extend Count: {header.ExtendCount}");
        text.Put($"      Extend Date: {header.ExtendTime}");
        text.Put($"\n     Shrink Count: {header.ShrinkCount}");
        text.Put($"      Shrink Date: {header.ShrinkTime}");
        text.Put($"\n       Trim Count: {header.TrimCount}");
        if (header.FileType != FileType.Database)
            return;
        text.Put($"\n       ECC Fix Success Count: {Found(header.EccFixCount)}");
        if (header.EccFixCount != 0)
            text.Put($"   Last ECC Fix Success Date: {header.EccFixTime}");
        text.Put($"   Old ECC Fix Success Count: {Found(header.EccFixCountOld)}");
        text.Put($"         ECC Fix Error Count: {Found(header.EccFailureCount)}");
        if (header.EccFailureCount != 0)
            text.Put($"     Last ECC Fix Error Date: {header.EccFailureTime}");
        text.Put($"     Old ECC Fix Error Count: {Found(header.EccFailureCountOld)}");
        text.Put($"    Bad Checksum Error Count: {Found(header.BadChecksumCount)}");
        if (header.BadChecksumCount != 0)
            text.Put($"Last Bad Checksum Error Date: {header.BadChecksumTime}");
        text.Put($"Old bad Checksum Error Count: {Found(header.BadChecksumCountOld)}");
        text.Put($"\n  Last Database Maintenance Finish Date: {header.ScanFinishedTime}");
        text.Put($"Current Database Maintenance Start Date: {header.ScanStartedTime}");
        text.Put($"      Highest Continuous Database Maintenance Page: {header.ScannedContinuously}");
        text.Put($"      Highest Database Maintenance Page: {header.ScannedHighest}");
    }

    private static void WriteTrailer(Lines text, PatchTrailer trailer)
    {
        WriteBackup(text, "Patch Current Full Backup", trailer.Backup);
        if (!trailer.HasGenerations)
            return;
        text.Put($"   Log Required: {Span(trailer.MinRequired, trailer.MaxRequired)}");
        text.Put($"   Gen. Max. Req. Creation Time: {trailer.MaxRequiredTime}"
            + $"  Log Committed: {Number(trailer.MaxCommitted)}");
        text.Put($"  Gen. Max. Com. Creation Time: {trailer.MaxCommittedTime}");
    }

    private static void WritePairing(Lines text, DatabaseHeader header)
    {
        text.Put($"\n  Database Header Flush Signature: {Sign(header.HeaderFlushSignature)}");
        text.Put($" Flush Map Header Flush Signature: {Sign(header.FlushMapFlushSignature)}");
        text.Put($"       RBS Header Flush Signature: {Sign(header.SnapshotFlushSignature)}");
        if (header.RevertCount == 0 && header.RevertPageCount == 0)
            return;
        text.Put($"\n     Revert Count: {header.RevertCount}");
        text.Put($" Revert From Date: {header.RevertFromTime}");
        text.Put($"   Revert To Date: {header.RevertToTime}");
        text.Put($"Revert Page Count: {header.RevertPageCount}");
        text.Put($"Last Commit Before Revert: {header.CommitBeforeRevert}  ");
    }

    private static void WriteWarnings(Lines text, HeaderPair headers, PatchTrailer? trailer)
    {
        if (headers.Copies != HeaderCopies.Identical)
            text.Put("WARNING: primary header and shadow header are not identical.");
        if (headers.Primary is null)
            text.Put("WARNING: primary header has a checksum error.");
        if (headers.Shadow is null)
            text.Put("WARNING: shadow header has a checksum error.");
        if (headers.Header is { NeedsTrailer: true } header && trailer is not null
            && trailer.Judge(header) is var error && error != EseError.Success)
        {
            text.Put(error == EseError.BadPatchPage
                ? "WARNING: the trailer page of this streaming backup is missing or damaged."
                : "WARNING: the trailer page does not belong to this database.");
        }
    }

    private static string Number(LogGeneration value) => string.Create(CultureInfo.InvariantCulture,
        $"{(uint)value.Value} (0x{value.Value:x})");

    private static string Span(LogGeneration low, LogGeneration high) => string.Create(CultureInfo.InvariantCulture,
        $"{(uint)low.Value}-{(uint)high.Value} (0x{low.Value:x}-0x{high.Value:x})");

    // A name out of a hostile file must not steer the terminal.
    private static string Sign(Signature signature) =>
        string.Concat(signature.ToString().Select(letter => char.IsControl(letter) ? '?' : letter));

    private static string Found(uint count) =>
        count == 0 ? "none" : string.Create(CultureInfo.InvariantCulture, $"found ({count})");

    /// <summary>Writes lines that end the same on every system.</summary>
    private readonly struct Lines(TextWriter output)
    {
        public void Put(string line)
        {
            output.Write(line);
            output.Write('\n');
        }
    }
}
