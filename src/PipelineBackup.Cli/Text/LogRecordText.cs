using System.Text;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Text;

/// <summary>
/// Log records in the words of the engine's own dump: a line each, and more lines for the edits of a difference and the
/// settings of an engine that starts. Data are shown as <c>&lt;Data&gt;</c>.
/// </summary>
/// <remarks>
/// Of the types that the real engine's dumps at hand do not show, the lines are written in the same style.
/// </remarks>
internal static class LogRecordText
{
    private const string Indent = "                    ";

    /// <summary>Writes a record.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="record">The record.</param>
    /// <param name="version">Version of its log.</param>
    /// <exception cref="EseException">−501: a difference runs over its end.</exception>
    public static void Write(TextWriter writer, in LogRecordView record, LogVersion version)
    {
        writer.Write($">{Position(record.Position)} {Label(record.Type),-9}{Details(record, version)}\n");
        if (record.Type == LogRecordType.ReplaceDifference)
            WriteEdits(writer, record.AsReplace());
        else if (record.Type is LogRecordType.Init or LogRecordType.Init2)
            WriteSettings(writer, record.AsInit().Parameters);
        else if (record.Type == LogRecordType.RecoveryQuit)
            WriteRecoveryEnd(writer, record.Body<RunEnd>());
        else if (record.Type is LogRecordType.RecoveryQuit2 or LogRecordType.RecoveryQuitKeepAttachments)
            WriteRecoveryEnd(writer, record.Body<TimedRunEnd>().End);
    }

    /// <summary>A position as the dump has it: <c>0000000C,0001,0054</c>.</summary>
    /// <param name="position">The position.</param>
    public static string Position(LogPosition position) =>
        $"{position.Generation.Value:X8},{position.Sector:X4},{position.Offset:X4}";

    /// <summary>What the dump calls a type.</summary>
    /// <param name="type">The type.</param>
    public static string Label(LogRecordType type) => type switch
    {
        LogRecordType.Nop => "NOP",
        LogRecordType.Nop2 => "NOP2",
        LogRecordType.Ms => "MS",
        LogRecordType.Init or LogRecordType.Init2 => "Init",
        LogRecordType.Term or LogRecordType.Term2 => "Term",
        LogRecordType.RecoveryUndo or LogRecordType.RecoveryUndo2 => "RcvUndo",
        LogRecordType.RecoveryQuit or LogRecordType.RecoveryQuit2 => "RcvQuit",
        LogRecordType.RecoveryQuitKeepAttachments => "RcvQKA",
        LogRecordType.MacroBegin => "McroBegin",
        LogRecordType.MacroCommit => "McroComit",
        LogRecordType.MacroAbort => "McroAbort",
        LogRecordType.MacroInfo => "McroInfo",
        LogRecordType.MacroInfo2 => "McroInfo2",
        LogRecordType.CreateDatabase => "CreateDB",
        LogRecordType.CreateDatabaseFinish => "CrDBFinsh",
        LogRecordType.AttachDatabase => "AttachDB",
        LogRecordType.DetachDatabase => "DetachDB",
        LogRecordType.ReattachDatabase => "ReAttach",
        LogRecordType.SignalAttachDatabase => "SAttachDB",
        LogRecordType.SetDatabaseVersion => "SetDbVer",
        LogRecordType.FullBackup => "FullBkup",
        LogRecordType.IncrementalBackup => "IncBackup",
        LogRecordType.ExternalRestore => "ExtRestor",
        LogRecordType.ExternalRestore2 => "ExtRest2",
        LogRecordType.JetOperation => "JetOp",
        LogRecordType.ShutdownMark => "ShutDown",
        LogRecordType.CreateMultipleExtentTree => "Create M",
        LogRecordType.CreateSingleExtentTree => "Create S",
        LogRecordType.ConvertTree or LogRecordType.ConvertTreeOld => "Convert",
        LogRecordType.FreeTree => "FreeFDP",
        LogRecordType.Split => "Split2",
        LogRecordType.SplitOld => "Split",
        LogRecordType.Merge => "Merge2",
        LogRecordType.MergeOld => "Merge",
        LogRecordType.RootPageMove => "PageMoveR",
        LogRecordType.FlagInsert => "FInsert",
        LogRecordType.FlagInsertReplace => "FInsertRD",
        LogRecordType.FlagDelete => "FDelete",
        LogRecordType.ReplaceDifference => "ReplaceD",
        LogRecordType.SetExternalHeader => "SetExtHdr",
        LogRecordType.BeginDistributed => "BeginDT",
        LogRecordType.PrepareCommit => "PrepCmmt",
        LogRecordType.ForceWriteLog => "FWriteLog",
        LogRecordType.ForceLogRollover => "FRollLog",
        LogRecordType.CommitContext => "CommitCtx",
        LogRecordType.PagePatchRequest => "PagePatch",
        LogRecordType.ExtendDatabase => "ExtendDB",
        LogRecordType.ShrinkDatabase => "ShrinkDB",
        LogRecordType.ShrinkDatabase2 => "ShrinkDB2",
        LogRecordType.ShrinkDatabase3 => "ShrinkDB3",
        LogRecordType.TrimDatabase => "TrimDB",
        LogRecordType.ScanCheck2 => "ScanChk2",
        LogRecordType.ExtentFreed => "ExtFreed",
        LogRecordType.ExtentFreed2 => "ExtFreed2",
        _ => type.ToString(),
    };

    /// <summary>What the dump says of a record behind its label, on the record's own line.</summary>
    /// <param name="record">The record.</param>
    /// <param name="version">Version of its log.</param>
    public static string Details(in LogRecordView record, LogVersion version) => record.Type switch
    {
        LogRecordType.Nop or LogRecordType.End or LogRecordType.ShutdownMark or LogRecordType.RecoveryUndo => "",
        _ when record.IsNodeChange => " " + LogNodeText.Details(record),
        _ when record.IsPageChange => " " + LogTreeText.Details(record),
        LogRecordType.NewPage or LogRecordType.RootPageMove or LogRecordType.FreeTree =>
            " " + LogTreeText.Details(record),
        LogRecordType.Begin => Begin(record.Body<InnerBegin>()),
        LogRecordType.Begin0 or LogRecordType.BeginDistributed =>
            $"{Begin(record.Body<OuterBegin>().Begin)} {record.Body<OuterBegin>().Transaction}",
        LogRecordType.Commit => Commit(record.Body<InnerCommit>()),
        LogRecordType.Commit0 =>
            $"{Commit(record.Body<OuterCommit>().Commit)} {record.Body<OuterCommit>().Transaction}",
        LogRecordType.Rollback =>
            $" ({record.Body<TransactionRollback>().Session:x},{record.Body<TransactionRollback>().Count})",
        LogRecordType.Refresh =>
            $" ({record.Body<TransactionRefresh>().Session:x},{record.Body<TransactionRefresh>().Transaction})",
        LogRecordType.MacroBegin or LogRecordType.MacroCommit or LogRecordType.MacroAbort =>
            $" ({record.Body<MacroBracket>().Session:x}) {record.Body<MacroBracket>().Time.Value:x}",
        LogRecordType.MacroInfo or LogRecordType.MacroInfo2 => MacroInfo(record.AsMacroInfo()),
        LogRecordType.ForceWriteLog => $" ({record.Body<LogForce>().Session:x})",
        LogRecordType.Trace or LogRecordType.ForceLogRollover =>
            $" ({record.AsText().Session:x}) {record.AsText().Text}",
        LogRecordType.CommitContext => CommitContext(record.AsCommitContext(version)),
        LogRecordType.JetOperation => $" ({record.Body<JetCall>().Session:x}) {record.Body<JetCall>().Operation}",
        _ => LogInstanceText.Details(record),
    };

    private static string Begin(in InnerBegin begin) =>
        $" ({begin.Session:x},from:{begin.From},to:{begin.From + begin.Count})";

    private static string Commit(in InnerCommit commit) => $" ({commit.Session:x},to:{commit.LevelAfter})";

    private static string MacroInfo(in MacroInfoRecord info)
    {
        var text = new StringBuilder(" ");
        foreach (var page in info.Pages)
            text.Append($"[{info.Database}:{page}],");
        return text.ToString();
    }

    private static string CommitContext(in CommitContextRecord context)
    {
        string flags = ((context.Flags & 1) != 0 ? "C" : "") + ((context.Flags & 2) != 0 ? "P" : "")
            + ((context.Flags & 4) != 0 ? "R" : "");
        return $" ({context.Session:x}) [{flags}]<Data>";
    }

    private static void WriteEdits(TextWriter writer, in ReplaceRecord replace)
    {
        ref readonly var node = ref replace.Node;
        string start = $"{Indent}ReplDiff  {LogNodeText.Start(node.Change)}],"
            + $"objid:[{node.Change.Database}:{node.Tree}],[ Offs:";
        foreach (var edit in replace.Difference)
        {
            string what = edit.IsSameLength ? $"ReplaceWithSameLength ({edit.NewData.Length})"
                : edit.IsInsertion ? $"InsertWithValue ({edit.NewData.Length})"
                : $"ReplaceWithNewValue ({edit.OldLength}=>{edit.NewData.Length})";
            writer.Write($"{start}{edit.Offset} {(edit.HasLongLengths ? 2 : 1)}B {what}: <Data>])\n");
        }
    }

    private static void WriteRecoveryEnd(TextWriter writer, in RunEnd end)
    {
        writer.Write($"      Quit on {(end.Hard != 0 ? "Hard" : "Soft")} Restore.\n");
        writer.Write($"      RedoFrom:{LogInstanceText.Place(end.RedoFrom)}\n");
        writer.Write($"      UndoRecordFrom:{LogInstanceText.Place(end.From)}\n\n");
    }

    private static void WriteSettings(TextWriter writer, InstanceParameters parameters)
    {
        writer.Write($"      Env SystemPath:{parameters.SystemPath}\n      Env LogFilePath:{parameters.LogPath}\n");
        AttachedDatabaseText.Write(writer, parameters);
        writer.Write("\n");
    }
}
