using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Text;

/// <summary>Records about nodes in the words of the engine's own dump, without position and label.</summary>
internal static class LogNodeText
{
    /// <summary>What the dump says of a record.</summary>
    /// <param name="record">A record about a node.</param>
    public static string Details(in LogRecordView record)
    {
        ref readonly var node = ref record.Node;
        string tree = $"objid:[{node.Change.Database}:{node.Tree}]", start = Start(node.Change) + "],";
        string unique = Unique(node.Change), space = $"{Space(node.Change)}:{System(node.Change)}";
        string flags = $"{unique}:{Versioned(node.Change)}:{space}:{Concurrent(node.Change)}";
        return record.Type switch
        {
            LogRecordType.Insert => Insert(record.AsInsert(), $"{start}{unique}:{Versioned(node.Change)}:"
                + $"{Deleted(node.Change)}:{space}:{Concurrent(node.Change)}", tree),
            LogRecordType.FlagInsert =>
                $"{start}{flags},{record.Tail.Length,5},rceid:{node.Version},{tree})<Data>",
            LogRecordType.FlagInsertReplace => $"{start}{flags},{record.Tail.Length,5},"
                + $"rceidInsert:{node.Version},rceidReplace:{record.AsFlagInsert().ReplaceVersion},{tree})<Data>",
            LogRecordType.FlagDelete => $"{start}{flags}),rceid:{node.Version},{tree}",
            LogRecordType.Delete => $"{start}{unique}:{space},{tree})",
            LogRecordType.Replace or LogRecordType.ReplaceDifference =>
                Replace(record.AsReplace(), start + flags, tree),
            LogRecordType.SetExternalHeader =>
                $"{WithoutLine(node.Change)},{unique}:{space},{record.Tail.Length,5})<Data>",
            LogRecordType.EmptyTree =>
                $"{WithoutLine(node.Change)},{tree},{unique}:{space},{record.Tail.Length})<Data>",
            LogRecordType.Delta or LogRecordType.Delta64 => Delta(record.AsDelta(), start, tree),
            LogRecordType.UndoInfo => UndoInfo(record.AsUndoInfo(), tree),
            LogRecordType.Undo => $"{start}{unique}:{System(node.Change)},{record.AsUndo().UndoneLevel},"
                + $"{(int)record.AsUndo().Operation},rceid:{node.Version})",
            LogRecordType.Scrub => $"{WithoutLine(node.Change)},{tree},flags:{record.AsScrub().Flags:x},"
                + $"{record.AsScrub().OperationCount},{record.Tail.Length})<Data>",
            _ => $"{start}{tree})",
        };
    }

    /// <summary>How lines about a change of a page begin: <c>16a0,169e,ebc:1(7,[1:142:7</c>.</summary>
    /// <param name="change">The change.</param>
    public static string Start(in PageChange change) =>
        $"{Times(change)}[{change.Database}:{change.Page}:{change.Line}";

    /// <summary>Dbtimes, transaction and session: <c>16a0,169e,ebc:1(7,</c>.</summary>
    /// <param name="change">The change.</param>
    public static string Times(in PageChange change) =>
        $"{change.Time.Value:x},{change.TimeBefore.Value:x},{change.Transaction}:{change.Level}({change.Session:x},";

    /// <summary>Whether the tree is unique: <c>U</c> or <c>NU</c>.</summary>
    public static string Unique(in PageChange change) => change.Has(PageChangeFlags.Unique) ? "U" : "NU";

    /// <summary>Whether it is a space tree: <c>SP</c> or <c>NSP</c>.</summary>
    public static string Space(in PageChange change) => change.Has(PageChangeFlags.SpaceTree) ? "SP" : "NSP";

    /// <summary>Who did it: <c>SYS</c> or <c>USR</c>.</summary>
    public static string System(in PageChange change) => change.Has(PageChangeFlags.SystemTask) ? "SYS" : "USR";

    /// <summary>Whether for an index that is being built: <c>CI</c> or <c>NCI</c>.</summary>
    public static string Concurrent(in PageChange change) => change.Has(PageChangeFlags.ConcurrentIndex) ? "CI" : "NCI";

    private static string Versioned(in PageChange change) => change.Has(PageChangeFlags.Versioned) ? "V" : "NV";

    private static string Deleted(in PageChange change) => change.Has(PageChangeFlags.Deleted) ? "D" : "ND";

    private static string WithoutLine(in PageChange change) => $"{Times(change)}[{change.Database}:{change.Page}]";

    private static string Insert(in InsertRecord insert, string start, string tree) =>
        $"{start},{insert.Prefix.Length},{insert.Suffix.Length},{insert.Data.Length},rceid:{insert.Node.Version},"
        + $"{tree})<Data>";

    private static string Replace(in ReplaceRecord replace, string start, string tree) =>
        $"{start},{replace.Data.Length,5},{replace.NewLength,5},{replace.OldLength,5},"
        + $"rceid:{replace.Node.Version},{tree})"
        + (replace.IsDifference ? "" : "<Data>");

    private static string Delta(in DeltaRecord delta, string start, string tree)
    {
        ref readonly var node = ref delta.Node;
        return $"{start}{Unique(node.Change)}:{Versioned(node.Change)}:{System(node.Change)}:{Concurrent(node.Change)},"
            + $"{delta.Delta},offset:{delta.Offset},rceid:{node.Version},{tree})";
    }

    private static string UndoInfo(in UndoInfoRecord info, string tree)
    {
        ref readonly var node = ref info.Node;
        var change = info.Node.Change;
        return $"{change.Transaction}:{change.Level}({change.Session:x},[{change.Database}:{change.Page}],"
            + $"{Unique(change)}:{System(change)},{info.BookmarkKey.Length},{info.BookmarkData.Length},"
            + $"{info.OldData.Length},rceid:{node.Version},{tree})<Data>";
    }
}
