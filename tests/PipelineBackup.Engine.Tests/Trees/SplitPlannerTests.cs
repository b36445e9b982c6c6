namespace PipelineBackup.Engine.Tests.Trees;

/// <summary>Pages are split as the real engine split them.</summary>
public class SplitPlannerTests
{
    private readonly SplitPlanner _planner = new();
    private readonly List<string> _differences = [];
    private int _splits;

    [Theory]
    [InlineData("dirty-basic-4096")]
    [InlineData("dirty-smo-4096")]
    [InlineData("dirty-smo-32768")]
    [InlineData("dirty-ddl-4096")]
    [InlineData("dirty-lv-4096")]
    public void The_engine_chose_the_same_splits(string set)
    {
        int pageSize = int.Parse(set[(set.LastIndexOf('-') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
        using var cache = new PageCache(
            new MemoryFile(new byte[2 * pageSize]), PageSize.Of(pageSize), 1L << 30, () => new MemoryFile());
        using var memory = new ScratchMemory(
            LocalDisk.Instance, Path.Combine(GoldenSets.NewFolder("versions"), "versions.tmp"), 1L << 30);
        var replay = new TreeReplay(new(1, cache), new(memory)) { BeforeMacro = macro => Compare(cache, macro) };
        replay.ApplyDirectory(Path.Combine(GoldenSets.Engine(set), "files"));
        Assert.True(_splits > 20, $"{set} has only {_splits} splits");
        Assert.True(_differences.Count == 0, $"{_differences.Count} of {_splits}:\n{string.Join('\n', _differences)}");
    }

    private void Compare(PageCache cache, MacroRecords macro)
    {
        var operation = macro[macro.Count - 1];
        if (macro[0].Type != LogRecordType.Split || operation.Type == LogRecordType.Split)
            return;
        var record = macro[macro.Count - 2].AsSplit();
        var split = record.Split;
        if (split.New == PageNumber.None)
            return;
        var page = cache.Require(split.Change.Page).View;
        var tree = new EngineTree(split.Root, split.Tree, page.Flags, EngineTree.Database);
        if (split.Change.Has(PageChangeFlags.SpaceTree))
            return;
        var plan = new SplitPlan();
        plan.Reset(split.Change.Page);
        _planner.Plan(plan, page, tree, Pending(operation, split.Operation), split.OperationLine, 0);
        string theirs = $"{split.Type} {split.Operation} {split.OperationLine} at {split.SplitLine} of {split.Lines} "
            + $"prefixes {split.PrefixLineSplit} {split.PrefixLineNew} key {Convert.ToHexString(record.ParentKey)}";
        string mine = $"{plan.Type} {plan.Operation} {plan.OperationLine} at {plan.SplitLine} of {plan.Lines} "
            + $"prefixes {plan.PrefixLineSplit} {plan.PrefixLineNew} key {Convert.ToHexString(plan.Separator)}";
        _splits++;
        if (mine != theirs)
            _differences.Add($"{macro[0].Position}: {theirs}\n    not {mine}");
    }

    private static PendingNode Pending(LogRecordView record, SplitOperation operation) => record.Type switch
    {
        LogRecordType.Insert => new()
        {
            Operation = operation, Key = record.AsInsert().Key, Data = record.AsInsert().Data,
        },
        LogRecordType.FlagInsertReplace => new()
        {
            Operation = operation, Key = record.AsFlagInsert().Key, Data = record.AsFlagInsert().Data,
        },
        _ => new() { Operation = operation, Data = new byte[record.AsReplace().NewLength] },
    };
}
