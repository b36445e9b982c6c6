using System.Text;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Text;

/// <summary>Records about engines, databases, backups and space in the words of the engine's own dump.</summary>
internal static class LogInstanceText
{
    /// <summary>What the dump says of a record, with the space behind the label.</summary>
    /// <param name="record">The record.</param>
    public static string Details(in LogRecordView record) => " " + (record.Type switch
    {
        LogRecordType.Init => "",
        LogRecordType.Init2 => Time(record.AsInit().Time),
        LogRecordType.Term or LogRecordType.RecoveryQuit => "",
        LogRecordType.Term2 or LogRecordType.RecoveryQuit2 or LogRecordType.RecoveryQuitKeepAttachments =>
            Time(record.Body<TimedRunEnd>().Time),
        LogRecordType.RecoveryUndo2 => Time(record.Body<UndoBegin>().Time),
        LogRecordType.CreateDatabase => Create(record.AsCreateDatabase()),
        LogRecordType.CreateDatabaseFinish =>
            $"({record.Body<DatabaseCreationEnd>().Session:x},{record.Body<DatabaseCreationEnd>().Database})",
        LogRecordType.AttachDatabase => Attach(record.AsAttachDatabase()),
        LogRecordType.DetachDatabase => Detach(record.AsDetachDatabase()),
        LogRecordType.ReattachDatabase => Reattach(record.Body<DatabaseReattachment>()),
        LogRecordType.SignalAttachDatabase => $"(dbid:{record.Body<AttachSignal>().Database})",
        LogRecordType.SetDatabaseVersion => Version(record.Body<DatabaseVersionChange>()),
        LogRecordType.Backup2 => Backup(record.AsBackup().Step),
        LogRecordType.ExtendDatabase =>
            $"[{record.Body<DatabaseExtension>().Database}:{record.Body<DatabaseExtension>().LastPage}]",
        LogRecordType.ShrinkDatabase or LogRecordType.ShrinkDatabase2 => Shrink(record.Body<DatabaseShrinkage>()),
        LogRecordType.ShrinkDatabase3 => $"{record.Body<TimedDatabaseShrinkage>().Time.Value:x}"
            + Shrink(record.Body<TimedDatabaseShrinkage>().Shrinkage),
        LogRecordType.TrimDatabase => Trim(record.Body<DatabaseTrim>()),
        LogRecordType.ScanCheck => Scan(record.Body<PageScan>()),
        LogRecordType.ScanCheck2 => Scan(record.Body<PageScan2>()),
        LogRecordType.ExtentFreed => Freed(record.Body<ExtentRelease>()),
        LogRecordType.ExtentFreed2 => $"{record.Body<TimedExtentRelease>().Time.Value:x} "
            + Freed(record.Body<TimedExtentRelease>().Release),
        LogRecordType.PagePatchRequest => $"{record.Body<PagePatch>().Time.Value:x},"
            + $"[{record.Body<PagePatch>().Database}:{record.Body<PagePatch>().Page}]",
        LogRecordType.Checksum => Checksum(LegacyLogChecksum.Read(record.Bytes)),
        LogRecordType.Nop2 or (>= LogRecordType.Ignored10 and <= LogRecordType.Ignored19) or LogRecordType.Ignored9 =>
            $"(lrtyp = {(int)record.Type}, {record.Tail.Length} bytes)",
        _ => $"({record.Bytes.Length} bytes)",
    });

    private static string Time(LogTime time) => $"({time.ToStringWithoutZone()})";

    private static string Create(in CreateDatabaseRecord record)
    {
        ref readonly var creation = ref record.Creation;
        return $"({creation.Session:x},{record.Path},{creation.Database}) "
            + $"Version: 0x{record.Version:x},0x{record.VersionUpdate:x} cpgMax: {creation.MaxPages} "
            + $"Sig: {Signature(creation.Signature)} sparse: {(record.IsSparse ? 1 : 0)}";
    }

    private static string Attach(in AttachDatabaseRecord record)
    {
        ref readonly var attachment = ref record.Attachment;
        return $"({attachment.Session:x},{record.Path},{attachment.Database}) cpgMax: {attachment.MaxPages} "
            + $"consistent:{Place(attachment.Consistent)}   SigDb: {Signature(attachment.Signature)}   "
            + $"SigLog: {Signature(attachment.LogSignature)} sparse: {(record.IsSparse ? 1 : 0)}";
    }

    private static string Detach(in DetachDatabaseRecord record) =>
        $"({record.Session:x},{record.Path},{record.Database})";

    private static string Reattach(in DatabaseReattachment record) =>
        $"[{record.Database}:], consistent:{Place(record.Consistent)} attach:{Place(record.Attached)} "
        + $"SigDb: {Signature(record.Signature)}";

    private static string Version(in DatabaseVersionChange record) =>
        $"(dbid:{record.Database}, DB ver:{record.Major}.{record.UpdateMajor}.{record.UpdateMinor})";

    private static string Backup(in BackupStep step)
    {
        string phase = step.Phase switch
        {
            BackupPhase.PrepareLogs => "PrepLogs",
            BackupPhase.Begin or BackupPhase.Truncate or BackupPhase.Update or BackupPhase.Abort or BackupPhase.Stop =>
                step.Phase.ToString(),
            _ => $"{(int)step.Phase}",
        };
        string type = step.Type switch
        {
            0 => "External",
            1 => "OSSnapshot",
            2 => "Snapshot",
            3 => "Surrogate",
            var other => $"{other}",
        };
        string scope = step.Scope switch
        {
            1 => "Full",
            2 => "Incremental",
            5 => "Copy",
            6 => "Differential",
            var other => $"{other}",
        };
        var info = step.Info;
        return $"{phase}( {type}:{scope}, dbid={step.Database}, phaseDetails[{Place(info.Mark)},"
            + $"{Time(info.MarkTime)},({info.LowGeneration.Value},{info.HighGeneration.Value})] )";
    }

    private static string Shrink(in DatabaseShrinkage record) =>
        $"[{record.Database}:{record.LastPage}:{record.Pages}]";

    private static string Trim(in DatabaseTrim record) => $"[{record.Database}:{record.First}:{record.Pages}]";

    private static string Scan(in PageScan scan) =>
        $"[{scan.Database}:{scan.Page}],{scan.PageTime.Value:x},{scan.CurrentTime.Value:x},0x{scan.Checksum:x}";

    private static string Scan(in PageScan2 scan) =>
        $"[{scan.Database}:{scan.Page}],0x{scan.Flags:x},{scan.PageTime.Value:x},{scan.CurrentTime.Value:x},"
        + $"0x{scan.Checksum:x}";

    // The second list names the pages behind the first one.
    private static string Freed(in ExtentRelease extent)
    {
        string flags = extent.Flags == 0 ? "" : $"0x{extent.Flags:x}";
        var text = new StringBuilder($"[{extent.Database}:{extent.First}+{extent.Pages}],[{flags}] (");
        // A damaged count must not make a text without end.
        for (uint i = 1; i < Math.Min(extent.Pages, 4096); i++)
            text.Append($"[{extent.Database}:{extent.First.Value + i}] ");
        return text.Append(')').ToString();
    }

    private static string Checksum(in LegacyLogChecksum record) =>
        $"({record.Backwards},{record.Forwards},{record.Next},0x{record.Long:x8},0x{record.Short:x8},"
        + $"{(record.HasShort ? 1 : 0)})";

    /// <summary>A position as the dump has it inside records: <c>(B,4,0)</c>.</summary>
    /// <param name="position">The position.</param>
    public static string Place(LogPosition position) =>
        $"({position.Generation.Value:X},{position.Sector:X},{position.Offset:X})";

    private static string Signature(Signature signature) =>
        signature.ToString() + (signature.Computer.Length == 0 ? "<None>" : "");
}
