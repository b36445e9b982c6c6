using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Redo of records that make, convert or empty whole trees, and of pages made ready or overwritten.</summary>
/// <remarks>Every page is found, and what is wrong with one is told, before the first is changed.</remarks>
internal static class RedoTrees
{
    private const uint ScrubUnusedPage = 1;
    private const byte ScrubData = 1, ScrubChunk = 2;

    /// <summary>A page is made ready for use; it has no content yet.</summary>
    public static void NewPage(RedoPages pages, in PageCreation creation, LogPosition position) =>
        pages.ForCreation(creation.Page, creation.Time, position)?.Edit()
            .PreInitialize(creation.Page, creation.Tree, creation.Time);

    /// <summary>A tree in one extent is made.</summary>
    public static void Create(RedoPages pages, in SingleExtentTreeCreation creation, LogPosition position)
    {
        var change = creation.Change;
        if (pages.ForCreation(change.Page, change.Time, position) is not { } root)
            return;
        uint others = Math.Max(1, creation.Pages) - 1;
        uint free = others >= RootHeader.BitmapPages ? uint.MaxValue : (1u << (int)others) - 1;
        MakeRoot(root, creation.Tree, creation.PageFlags, change.Time,
            RootHeader.Of(creation.Pages, creation.ParentRoot, KeyFlags(change), free));
    }

    /// <summary>A tree with space trees is made.</summary>
    public static void Create(RedoPages pages, in MultipleExtentTreeCreation creation, LogPosition position)
    {
        var change = creation.Change;
        var time = change.Time;
        var whole = Extent(change.Page, creation.Pages, position);
        var root = pages.ForCreation(change.Page, time, position);
        var owned = pages.ForCreation(creation.Owned, time, position);
        var available = pages.ForCreation(creation.Available, time, position);
        if (root != null)
        {
            MakeRoot(root, creation.Tree, creation.PageFlags, time, RootHeader.Of(
                creation.Pages, creation.ParentRoot, KeyFlags(change) | SpaceFlags.MultipleExtent, creation.Owned.Value));
        }

        if (owned != null)
            MakeSpaceTree(owned, creation.Tree, creation.PageFlags, time, [whole]);

        // Its root and the roots of the space trees are taken already.
        const int Taken = 3;
        if (available != null)
        {
            MakeSpaceTree(available, creation.Tree, creation.PageFlags, time,
                creation.Pages > Taken ? [new(whole.Last, creation.Pages - Taken)] : []);
        }
    }

    /// <summary>A tree in one extent gets a second one, and space trees that stand at its start.</summary>
    public static void Convert(RedoPages pages, in TreeConversion2 record, LogPosition position)
    {
        var conversion = record.Conversion;
        var change = conversion.Change;
        var primary = Extent(change.Page, conversion.PrimaryPages, position);
        var secondary = Extent(conversion.SecondaryFirst, conversion.SecondaryPages, position);
        var root = pages.ForChange(change.Page, change.TimeBefore, change.Time, position);
        var owned = pages.ForCreation(conversion.Owned, change.Time, position);
        var available = pages.ForCreation(conversion.Available, change.Time, position);
        if (owned != null)
            MakeSpaceTree(owned, conversion.Tree, record.PageFlags, change.Time, [primary, secondary]);
        if (available != null)
        {
            // Two pages of the second extent are the roots of the space trees.
            const int Taken = 2;
            var free = FreeRuns(primary, record.AvailablePages);
            if (secondary.Count > Taken)
                free.Add(new(secondary.Last, secondary.Count - Taken));
            MakeSpaceTree(available, conversion.Tree, record.PageFlags, change.Time, free);
        }

        if (root == null)
            return;
        if (!RootHeader.TryRead(root.View.ExternalHeader, out var header))
            throw new EseException(EseError.DatabaseCorrupted, $"page {root.Number} has no space header");
        var editor = root.Edit();
        SetHeader(editor, header.With(conversion.PrimaryPages, conversion.ParentRoot,
            KeyFlags(change) | SpaceFlags.MultipleExtent, conversion.Owned.Value));
        editor.SetTime(change.Time);
    }

    /// <summary>The pages of a tree are given up, its root becomes an empty leaf.</summary>
    public static void Empty(RedoPages pages, EmptyTreeRecord record, LogPosition position)
    {
        var change = record.Node.Change;
        var root = pages.ForChange(change.Page, change.TimeBefore, change.Time, position);
        var emptied = new List<CachedPage>(record.Pages.Length);
        foreach (ref readonly var listed in record.Pages)
        {
            if (pages.ForChange(listed.Page, listed.TimeBefore, change.Time, position) is { } page)
                emptied.Add(page);

            // Nothing of it is needed any more.
            pages.Map.Remove(listed.Page);
        }

        foreach (var page in emptied)
        {
            var editor = page.Edit();
            editor.Clear();
            editor.SetFlags(editor.View.Flags | PageFlags.Empty);
            editor.SetTime(change.Time);
        }

        if (root == null)
            return;
        var rootEditor = root.Edit();
        DeleteNodes(rootEditor);
        rootEditor.SetFlags(rootEditor.View.Flags & ~PageFlags.ParentOfLeaf | PageFlags.Leaf);
        rootEditor.SetTime(change.Time);
    }

    /// <summary>What nobody can see any more was overwritten.</summary>
    public static void Scrub(RedoPages pages, ScrubRecord record, LogPosition position)
    {
        var change = record.Node.Change;
        if (pages.ForChange(change.Page, change.TimeBefore, change.Time, position) is not { } page)
            return;
        var editor = page.Edit();
        bool isUnused = (record.Flags & ScrubUnusedPage) != 0;
        if (isUnused)
        {
            DeleteNodes(editor);
        }
        else
        {
            var operations = record.Operations;
            for (int line = 0; line < operations.Length; line++)
            {
                if (operations[line] is ScrubData or ScrubChunk)
                    editor.Data(line).Fill(operations[line] == ScrubData ? (byte)'D' : (byte)'L');
            }
        }

        editor.FillFree(isUnused ? (byte)'U' : (byte)'Z');
        editor.SetFlags(editor.View.Flags | PageFlags.Scrubbed);
        editor.SetTime(change.Time);
    }

    private static void MakeRoot(CachedPage page, ObjectId tree, uint flags, DbTime time, in RootHeader header)
    {
        var editor = page.Edit();
        editor.Initialize(page.Number, tree, (PageFlags)flags | PageFlags.Root | PageFlags.Leaf, time);
        SetHeader(editor, header);
    }

    private static void SetHeader(PageEditor editor, in RootHeader header)
    {
        Span<byte> bytes = stackalloc byte[RootHeader.MaxSize];
        if (!editor.TrySetExternalHeader(bytes[..header.Write(bytes)]))
            throw new EseException(EseError.DatabaseCorrupted, "no room for a space header");
    }

    private static void MakeSpaceTree(
        CachedPage page, ObjectId tree, uint flags, DbTime time, IReadOnlyList<PageExtent> extents)
    {
        var editor = page.Edit();
        editor.Initialize(page.Number, tree,
            (PageFlags)flags | PageFlags.Root | PageFlags.Leaf | PageFlags.SpaceTree, time);
        editor.TrySetExternalHeader(stackalloc byte[SplitBuffer.Size]);
        Span<byte> key = stackalloc byte[4], data = stackalloc byte[4];
        int line = 0;
        foreach (var extent in extents.OrderBy(extent => extent.Last))
        {
            BinaryPrimitives.WriteUInt32BigEndian(key, extent.Last.Value);
            BinaryPrimitives.WriteUInt32LittleEndian(data, extent.Count);
            editor.TryInsert(line++, key, 0, data, LineFlags.None);
        }
    }

    /// <summary>
    /// The runs of free pages of a tree's only extent: its bitmap tells of the first pages behind the root, all further
    /// ones are free.
    /// </summary>
    private static List<PageExtent> FreeRuns(PageExtent primary, uint bitmap)
    {
        var runs = new List<PageExtent>();
        uint root = primary.First.Value;
        for (uint i = 1; i < Math.Min(primary.Count, RootHeader.BitmapPages + 1); i++)
        {
            if ((bitmap >> (int)(i - 1) & 1) != 0)
                AddRun(runs, new(new(root + i), 1));
        }

        if (primary.Count > RootHeader.BitmapPages + 1)
            AddRun(runs, new(primary.Last, primary.Count - RootHeader.BitmapPages - 1));
        return runs;
    }

    private static void AddRun(List<PageExtent> runs, PageExtent run)
    {
        if (runs.Count > 0 && runs[^1].Last.Value + 1 == run.First.Value)
            runs[^1] = new(run.Last, runs[^1].Count + run.Count);
        else
            runs.Add(run);
    }

    private static void DeleteNodes(PageEditor editor)
    {
        for (int line = editor.View.NodeCount - 1; line >= 0; line--)
            editor.Delete(line);
    }

    private static SpaceFlags KeyFlags(in PageChange change) =>
        change.Has(PageChangeFlags.Unique) ? SpaceFlags.None : SpaceFlags.NonUnique;

    private static PageExtent Extent(PageNumber first, uint pages, LogPosition position)
    {
        if (pages == 0 || first.Value + (long)pages - 1 > PageNumber.Max.Value)
            throw new EseException(EseError.LogFileCorrupt, $"the record at {position} tells of {pages} pages from {first}");
        return new(new(first.Value + pages - 1), pages);
    }
}
