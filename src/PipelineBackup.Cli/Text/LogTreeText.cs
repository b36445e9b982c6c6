using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Text;

/// <summary>Records about the structure of trees in the words of the engine's own dump.</summary>
internal static class LogTreeText
{
    /// <summary>What the dump says of a record.</summary>
    /// <param name="record">A record about a page that is not about a node, or about a page or tree as a whole.</param>
    public static string Details(in LogRecordView record) => record.Type switch
    {
        LogRecordType.Split or LogRecordType.SplitOld => Split(record.AsSplit()),
        LogRecordType.Merge or LogRecordType.MergeOld => Merge(record.AsMerge()),
        LogRecordType.PageMove => PageMove(record.AsPageMove()),
        LogRecordType.CreateMultipleExtentTree => Create(record.Body<MultipleExtentTreeCreation>()),
        LogRecordType.CreateSingleExtentTree => Create(record.Body<SingleExtentTreeCreation>()),
        LogRecordType.ConvertTree => Convert(record.Body<TreeConversion2>().Conversion),
        LogRecordType.ConvertTreeOld => Convert(record.Body<TreeConversion>()),
        LogRecordType.NewPage => NewPage(record.Body<PageCreation>()),
        LogRecordType.RootPageMove => $"{record.Body<RootMove>().Time.Value:x},({record.Body<RootMove>().Session:x},"
            + $"objid:[{record.Body<RootMove>().Database}:{record.Body<RootMove>().Tree}])",
        _ => FreeTree(record.Body<TreeRelease>()),
    };

    private static string Split(in SplitRecord record)
    {
        ref readonly var split = ref record.Split;
        var change = split.Change;
        if (split.New == PageNumber.None)
        {
            return $"ParentOfSplitPage {LogNodeText.Times(change)}parent:{split.ParentBefore.Value:x},"
                + $"[{change.Database}:{change.Page}])";
        }

        string type = split.Type switch
        {
            SplitType.Vertical => "SplitVertical",
            SplitType.Right => split.IsHotpoint ? "SplitHotpoint" : "SplitRight",
            SplitType.Append => "Append",
            _ => $"Split{(int)split.Type}",
        };
        string operation = split.Operation == SplitOperation.FlagInsertReplace
            ? "FlagInsertAndReplaceData"
            : split.Operation.ToString();
        return $"{type} {LogNodeText.Times(change)}split:[{change.Database}:{change.Page}:{split.SplitLine}],"
            + $"oper/last:[{split.OperationLine}/{split.Lines - 1}],new:[{change.Database}:{split.New}],"
            + $"{Page("parent", change, split.Parent, split.ParentBefore)},"
            + $"{Page("right", change, split.Right, split.RightBefore)}, "
            + $"objid:[{change.Database}:{split.Tree}], {LogNodeText.Unique(change)}:{LogNodeText.Space(change)}:"
            + $"{LogNodeText.System(change)}:{LogNodeText.Concurrent(change)}, splitoper:{operation}, "
            + $"{Image(record.Image.Length, record.ImageFlags)})";
    }

    private static string Merge(in MergeRecord record)
    {
        ref readonly var merge = ref record.Merge;
        var change = merge.Change;
        return $"{LogNodeText.Times(change)}merge:[{change.Database}:{change.Page}:{merge.MergeLine}],"
            + $"{Page("right", change, merge.Right, merge.RightBefore)},"
            + $"{Page("left", change, merge.Left, merge.LeftBefore)},"
            + $"{Page("parent", change, merge.Parent, merge.ParentBefore)},{LogNodeText.Unique(change)}:"
            + $"{LogNodeText.Space(change)}:{LogNodeText.System(change)}:{Flag(merge, MergeFlags.KeyChange, "KC")}:"
            + $"{Flag(merge, MergeFlags.EmptyPage, "EP")}:{Flag(merge, MergeFlags.DeleteNode, "D")}:{merge.Type},"
            + $"size:{merge.Size},maxsize:{merge.MaxSize},uncfree:{merge.UncommittedFreeTarget},"
            + $"{Image(record.Image.Length, record.ImageFlags)})<Data>";
    }

    private static string PageMove(in PageMoveRecord record)
    {
        ref readonly var move = ref record.Move;
        var change = move.Change;
        return $"{LogNodeText.Times(change)}source:[{change.Database}:{change.Page}],"
            + $"destination:[{change.Database}:{move.Target}],{Page("right", change, move.Right, move.RightBefore)},"
            + $"{Page("left", change, move.Left, move.LeftBefore)},parent:{move.ParentBefore.Value:x},"
            + $"[{change.Database}:{move.Parent}:{(uint)move.ParentLine}],header:{record.Front.Length},"
            + $"trailer:{record.Back.Length},objid:[{change.Database}:{move.Tree}],flags:{move.Flags}, "
            + $"{LogNodeText.System(change)})";
    }

    private static string Create(in MultipleExtentTreeCreation tree)
    {
        byte database = tree.Change.Database;
        return $"{New(tree.Change)}FDP:[{database}:{tree.Change.Page}],OE:[{database}:{tree.Owned}],"
            + $"AE:[{database}:{tree.Available}],FDPParent:[{database}:{tree.ParentRoot}],"
            + $"objid:[{database}:{tree.Tree}],"
            + $"PageFlags:[0x{tree.PageFlags:x}],{tree.Pages},{Who(tree.Change)})";
    }

    private static string Create(in SingleExtentTreeCreation tree) =>
        $"{New(tree.Change)}[{tree.Change.Database}:{tree.Change.Page}],[{tree.Change.Database}:{tree.ParentRoot}],"
        + $"[{tree.Tree}],PageFlags:[0x{tree.PageFlags:x}]{tree.Pages},{Who(tree.Change)})";

    private static string Convert(in TreeConversion tree) =>
        $"{LogNodeText.Times(tree.Change)}[{tree.Change.Database}:{tree.Change.Page}],"
        + $"[{tree.Change.Database}:{tree.ParentRoot}],[{tree.Tree}],+{tree.PrimaryPages},"
        + $"[{tree.Change.Database}:{tree.SecondaryFirst}],+{tree.SecondaryPages},{Who(tree.Change)})";

    private static string NewPage(in PageCreation page) =>
        $"{page.Time.Value:x},({page.Session:x},page:[{page.Database}:{page.Page}],"
        + $"objid:[{page.Database}:{page.Tree}])";

    private static string FreeTree(in TreeRelease tree)
    {
        string kind = tree.Kind switch { 1 => "T", 2 => "I", _ => tree.Kind.ToString("x") };
        return $"{tree.Transaction}:([{tree.Database}:{tree.Root}] ({kind}))";
    }

    private static string New(in PageChange change) =>
        $"{change.Time.Value:x},{change.Transaction}:{change.Level}({change.Session:x},";

    private static string Who(in PageChange change) => $"{LogNodeText.Unique(change)}:{LogNodeText.System(change)}";

    // The time of a page that is not there is shown as 0, whatever the record holds.
    private static string Page(string name, in PageChange change, PageNumber page, DbTime before) =>
        $"{name}:{(page == PageNumber.None ? 0 : before.Value):x},[{change.Database}:{page}]";

    private static string Flag(in MergeChange merge, MergeFlags flag, string name) =>
        (merge.Flags & flag) != 0 ? name : "N" + name;

    private static string Image(int length, BeforeImageFlags flags) =>
        $"beforeImage:{length}[{(flags.HasFlag(BeforeImageFlags.Dehydrated) ? "D" : "")}"
        + $"{(flags.HasFlag(BeforeImageFlags.Compressed) ? "X" : "")}]";
}
