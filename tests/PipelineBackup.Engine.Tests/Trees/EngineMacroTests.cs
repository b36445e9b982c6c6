namespace PipelineBackup.Engine.Tests.Trees;

/// <summary>
/// Splits and merges are logged as the real engine logged them: its logs are replayed, and before each macro the same
/// change is planned and logged here, up to where its records are complete.
/// </summary>
public class EngineMacroTests
{
    private readonly List<string> _differences = [];
    private int _splits, _merges;

    [Theory]
    [InlineData("dirty-basic-4096")]
    [InlineData("dirty-smo-4096")]
    [InlineData("dirty-smo-32768")]
    [InlineData("dirty-ddl-4096")]
    [InlineData("dirty-lv-4096")]
    public void Records_of_macros_are_those_of_the_engine(string set)
    {
        int pageSize = int.Parse(set[(set.LastIndexOf('-') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
        using var cache = new PageCache(
            new MemoryFile(new byte[2 * pageSize]), PageSize.Of(pageSize), 1L << 30, () => new MemoryFile());
        using var memory = new ScratchMemory(
            LocalDisk.Instance, Path.Combine(GoldenSets.NewFolder("versions"), "versions.tmp"), 1L << 30);
        var versions = new VersionStore(memory);
        var database = new RecoveringDatabase(1, cache);
        var replay = new TreeReplay(database, versions)
        {
            BeforeMacro = macro =>
            {
                // An editor takes all pages for up to date; replay goes on as before.
                Compare(database, versions, macro);
                database.Redo.MayHoldLaterChanges = true;
            },
        };
        replay.ApplyDirectory(Path.Combine(GoldenSets.Engine(set), "files"));
        Assert.True(_splits > 20 && _merges > 5, $"{set} has {_splits} splits and {_merges} merges");
        Assert.True(_differences.Count == 0,
            $"{_differences.Count} of {_splits} and {_merges}:\n{string.Join('\n', _differences)}");
    }

    private void Compare(RecoveringDatabase database, VersionStore versions, MacroRecords theirs)
    {
        var first = theirs[0];
        var change = first.Page;
        var log = new CapturingLog();
        var editor = new DatabaseEditor(database, versions, log, new(change.Time.Value - 1), default);
        var writer = new TreeWriter(editor);
        var session = new RedoSession { Id = change.Session, Transaction = change.Transaction };
        session.Enter(change.Level);
        var origin = new ChangeOrigin(session, change.Has(PageChangeFlags.SystemTask));
        try
        {
            if (first.Type == LogRecordType.Split)
                Split(writer, origin, theirs);
            else if (first.Type == LogRecordType.Merge)
                Merge(writer, origin, theirs);
            return;
        }
        catch (CapturingLog.CapturedException)
        {
        }

        var mine = log.Members;
        for (int i = 0; i < Math.Max(mine.Count, theirs.Count); i++)
        {
            string here = i < mine.Count ? MacroText.Of(mine[i], editor.PageSize) : "nothing";
            string there = i < theirs.Count ? MacroText.Of(theirs[i], editor.PageSize) : "nothing";
            if (here != there)
                _differences.Add($"{theirs[0].Position}, record {i}: {there}\n    not {here}");
        }
    }

    private void Split(TreeWriter writer, ChangeOrigin origin, MacroRecords theirs)
    {
        var operation = theirs[theirs.Count - 1];
        if (operation.Type == LogRecordType.Split)
            return;
        var leaf = theirs[theirs.Count - 2].AsSplit().Split;
        var tree = Tree(writer, leaf.Change, leaf.Root, leaf.Tree);
        if (tree is null)
            return;
        var pending = Pending(operation, leaf.Operation);
        var page = writer.Editor.View(leaf.Change.Page);
        var key = pending.Operation == SplitOperation.Replace
            ? NodeSearch.Node(page, leaf.OperationLine).KeyToArray()
            : pending.Key;
        var path = new TreePath();
        path.Descend(writer.Editor, tree, key, pending.Data);
        var plans = new List<SplitPlan>();
        int topmost = writer.PlanSplits(plans, tree, path, pending);
        int at = theirs.Count - 1;
        for (int i = plans.Count - 1; i >= 0; i--)
            plans[i].New = --at >= 0 ? theirs[at].AsSplit().Split.New : PageNumber.None;
        _splits++;
        writer.LogSplit(origin, tree, path, plans, topmost, pending);
    }

    private void Merge(TreeWriter writer, ChangeOrigin origin, MacroRecords theirs)
    {
        var leaf = theirs[theirs.Count - 1].AsMerge().Merge;

        // What is moved to make pages fuller is another's decision.
        if (leaf.Type is not (MergeType.EmptyPage or MergeType.FullRight or MergeType.FullLeft))
            return;
        var tree = Tree(writer, leaf.Change, leaf.Root, leaf.Tree);
        if (tree is null)
            return;
        var node = NodeSearch.Node(writer.Editor.View(leaf.Change.Page), 0);
        _merges++;
        if (!writer.Merge(origin, tree, node.KeyToArray(), node.Data, leaf.Type))
            _differences.Add($"{theirs[0].Position}: no merge {leaf.Type}");
    }

    private static EngineTree? Tree(TreeWriter writer, PageChange change, PageNumber root, ObjectId tree) =>
        change.Has(PageChangeFlags.SpaceTree)
            ? null
            : new(root, tree, writer.Editor.View(change.Page).Flags, EngineTree.Database);

    private static PendingNode Pending(LogRecordView record, SplitOperation operation) => record.Type switch
    {
        LogRecordType.Insert => new()
        {
            Operation = operation, Key = record.AsInsert().Key, Data = record.AsInsert().Data,
            Version = record.Node.Version,
        },
        LogRecordType.FlagInsertReplace => new()
        {
            Operation = operation, Key = record.AsFlagInsert().Key, Data = record.AsFlagInsert().Data,
            Version = record.Node.Version, ReplaceVersion = record.AsFlagInsert().ReplaceVersion,
        },
        _ => new()
        {
            Operation = operation, Data = record.AsReplace().Data, OldLength = record.AsReplace().OldLength,
            Version = record.Node.Version,
        },
    };
}
