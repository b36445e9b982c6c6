using System.Buffers.Binary;

namespace PipelineBackup.Engine;

// Splits: plans from the leaf up, pages, one macro from the root down.
internal sealed partial class TreeWriter
{
    // What a record says of a page on the right where there is none, and nobody looked for one.
    private static readonly DbTime s_noTime = new(0xFFFFFFFFFFFFFFFE);

    /// <summary>Splits the leaf of a way, and what is above it as far as necessary.</summary>
    /// <returns>Whether the node is in; else it is to be tried again.</returns>
    private bool Split(ChangeOrigin origin, EngineTree tree, TreePath path, in PendingNode pending)
    {
        // Its own first: what is got below may split other trees by the same code.
        var plans = new List<SplitPlan>();
        try
        {
            int topmost = PlanSplits(plans, tree, path, pending);
            TakePages(origin, tree, plans);
            LogSplit(origin, tree, path, plans, topmost, pending);
            return plans[^1].Page == path.Leaf && plans[^1].Operation != SplitOperation.None;
        }
        finally
        {
            foreach (var plan in plans)
                _plans.Push(plan);
        }
    }

    private void TakePages(ChangeOrigin origin, EngineTree tree, List<SplitPlan> plans)
    {
        int taken = 0;
        try
        {
            for (; taken < plans.Count; taken++)
                plans[taken].New = Space.TakePage(origin, tree, plans[taken].Page);
        }
        catch (Exception failure) when (failure is EseException or IOException)
        {
            GiveBack(origin, tree, plans, taken);
            throw;
        }
    }

    private void GiveBack(ChangeOrigin origin, EngineTree tree, List<SplitPlan> plans, int taken)
    {
        try
        {
            while (taken > 0)
                Space.GiveBack(origin, tree, plans[--taken].New);
        }
        catch (Exception failure) when (failure is EseException or IOException)
        {
            // The failure that led here is the one to tell; a page stays without a use.
        }
    }

    /// <summary>Plans from the leaf up. Plans stand from the root down then.</summary>
    /// <returns>Level of the topmost page that changes.</returns>
    internal int PlanSplits(List<SplitPlan> plans, EngineTree tree, TreePath path, in PendingNode pending)
    {
        Span<byte> child = stackalloc byte[4];
        int level = path.Depth;
        var page = Editor.View(path.Leaf);
        var plan = NewPlan(path.Leaf);
        plans.Add(plan);
        _planner.Plan(plan, page, tree, pending, path.Line, Editor.HeldBack(page));
        while (plan.Type != SplitType.Vertical)
        {
            level--;
            var (number, line) = path[level];
            var parent = Editor.View(number);
            if (HasRoom(parent, plan.Separator))
                return level;
            BinaryPrimitives.WriteUInt32LittleEndian(child, plan.Page.Value);
            var upper = NewPlan(number);
            plans.Insert(0, upper);
            _planner.Plan(upper, parent, tree,
                new() { Operation = SplitOperation.Insert, Key = plan.Separator, Data = child }, line, 0);
            if (upper.Operation == SplitOperation.None)
            {
                // The parent goes first, by itself: then there is room.
                foreach (var below in plans.Skip(1))
                    _plans.Push(below);
                plans.RemoveRange(1, plans.Count - 1);
            }

            plan = upper;
        }

        return level;
    }

    private SplitPlan NewPlan(PageNumber page)
    {
        var plan = _plans.TryPop(out var found) ? found : new();
        plan.Reset(page);
        return plan;
    }

    private static bool HasRoom(PageView parent, ReadOnlySpan<byte> separator)
    {
        int borrowed = Borrowed(parent, separator);
        return (borrowed > 0 ? 4 : 2) + separator.Length - borrowed + 4 + PageView.TagBytes <= parent.FreeBytes;
    }

    /// <summary>Logs and makes the splits of a plan.</summary>
    internal void LogSplit(ChangeOrigin origin, EngineTree tree, TreePath path, List<SplitPlan> plans, int topmost,
        in PendingNode pending)
    {
        var time = Editor.NextTime();
        Span<PageNumber> pages = stackalloc PageNumber[2 * plans.Count + 2];
        int count = 0;
        Editor.BeginMacro(origin, time);
        var parent = PageNumber.None;
        if (path.PageAt(topmost) != plans[0].Page)
        {
            parent = pages[count++] = path.PageAt(topmost);
            LogParent(origin, tree, parent, path[topmost].Line, time);
        }

        foreach (var plan in plans)
        {
            LogLevel(origin, tree, plan, parent, time);
            parent = pages[count++] = plan.Page;
            pages[count++] = plan.New;
        }

        var leaf = plans[^1];
        if (leaf.Page == path.Leaf && leaf.Type == SplitType.Right && Right(leaf.Page) is { Value: > 0 } right)
            pages[count++] = right;
        if (leaf.Page == path.Leaf && leaf.Operation != SplitOperation.None)
            LogOperation(origin, tree, leaf, pending, time);
        Editor.CommitMacro(origin, time, pages[..count]);
    }

    private PageNumber Right(PageNumber page) => Editor.View(page).Next;

    // A page that only takes a separator.
    private void LogParent(ChangeOrigin origin, EngineTree tree, PageNumber page, int line, DbTime time)
    {
        var change = Editor.Change(origin, tree, page, Editor.View(page).DbTime, time);
        var split = new SplitChange(change, default, default, DbTime.Nil, default, DbTime.Nil, tree.RecordRoot,
            tree.ObjectId, SplitType.Vertical, SplitOperation.None, (ushort)line, 0, 0, 0, 0, 0, 0, 0, 0);
        Editor.Records.Split(split, [], [], [], BeforeImageFlags.None, []);
        Editor.Member();
    }

    private void LogLevel(ChangeOrigin origin, EngineTree tree, SplitPlan plan, PageNumber parent, DbTime time)
    {
        var page = Editor.View(plan.Page);
        var flags = page.Flags & ~(PageFlags.FlushType | PageFlags.EccChecksum | PageFlags.Scrubbed);
        var newFlags = flags & ~(PageFlags.Root | PageFlags.RootDeleted);
        if (plan.Type == SplitType.Vertical)
            flags = page.IsLeaf ? (flags | PageFlags.ParentOfLeaf) & ~PageFlags.Leaf : flags & ~PageFlags.ParentOfLeaf;
        var right = page.IsLeaf && plan.Type == SplitType.Right ? page.Next : PageNumber.None;
        var rightBefore = right != PageNumber.None ? Editor.View(right).DbTime : page.IsLeaf ? DbTime.Nil : s_noTime;
        var parentBefore = parent != PageNumber.None ? Editor.View(parent).DbTime : DbTime.Nil;
        bool isLeaf = page.IsLeaf;
        var split = new SplitChange(
            Editor.Change(origin, tree, plan.Page, page.DbTime, time), plan.New, right, rightBefore, parent,
            parentBefore, tree.RecordRoot, tree.ObjectId, plan.Type, plan.Operation, (ushort)plan.OperationLine,
            (ushort)plan.SplitLine, (ushort)plan.Lines, (uint)newFlags, (uint)flags,
            (short)(isLeaf ? plan.HeldSource : 0), (short)(isLeaf ? plan.HeldTarget : 0), plan.PrefixLineSplit,
            plan.PrefixLineNew);
        var image = plan.NeedsImage ? _image.Take(page, time, out var imageFlags) : Nothing(out imageFlags);
        Editor.Records.Split(split, plan.Separator, page.PrefixKey, plan.Prefix, imageFlags, image);
        Editor.Member();
    }

    private static ReadOnlySpan<byte> Nothing(out BeforeImageFlags flags)
    {
        flags = BeforeImageFlags.None;
        return [];
    }

    private void LogOperation(
        ChangeOrigin origin, EngineTree tree, SplitPlan leaf, in PendingNode pending, DbTime time)
    {
        var change = Editor.Change(
            origin, tree, leaf.Page, DbTime.Nil, time, leaf.OperationLine, pending.Version != 0);
        var node = new NodeChange(change, pending.Version, tree.RecordRoot, tree.ObjectId);
        if (pending.Operation == SplitOperation.Insert)
            Editor.Records.Insert(node, [], pending.Key, pending.Data);
        else if (pending.Operation == SplitOperation.FlagInsertReplace)
            Editor.Records.FlagInsertReplace(node, pending.ReplaceVersion, pending.Key, pending.Data);
        else
            Editor.Records.Replace(node, pending.OldLength, pending.Data);
        Editor.Member();
    }
}
