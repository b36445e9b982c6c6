using System.Runtime.CompilerServices;

namespace PipelineBackup.Ese;

/// <summary>
/// Redo of records about one node. The page changes when its dbtime says that it needs the change; what undo will need
/// is noted in any case: of an insertion and a moved counter the record tells it, of a replacing and a flag the page
/// does, and where the page does not need the change a later record will.
/// </summary>
internal static class RedoNodes
{
    /// <summary>A node is put in.</summary>
    public static void Insert(RedoContext context, InsertRecord record, LogPosition position)
    {
        ref readonly var node = ref record.Node;
        var page = Page(context, node, position);
        if (IsVersioned(node))
            context.Versions.Inserted(context.Session, node, node.Version, record.Key, Bookmark(node, record.Data));
        if (page == null)
            return;
        var editor = page.Edit();
        var flags = IsVersioned(node) ? LineFlags.Versioned : LineFlags.None;
        if (!editor.TryInsert(Line(node), record.Key, editor.Borrow(record.Key), record.Data, flags))
            throw NoRoom();
        editor.SetTime(node.Change.Time);
    }

    /// <summary>A node that was flagged deleted is there again, with its own data or with others.</summary>
    public static void FlagInsert(RedoContext context, FlagInsertRecord record, LogPosition position)
    {
        ref readonly var node = ref record.Node;
        var page = Page(context, node, position);
        if (IsVersioned(node))
        {
            context.Versions.Inserted(context.Session, node, node.Version, record.Key, Bookmark(node, record.Data));
            if (record.Replaces && page == null)
                context.Versions.Deferred(context.Session, record.ReplaceVersion);
        }

        if (page == null)
            return;
        var found = Find(page, node);
        RequireKey(found, record.Key, position);
        if (IsVersioned(node) && record.Replaces)
        {
            context.Versions.Replaced(context.Session, node, record.ReplaceVersion, record.Key,
                Bookmark(node, found.Data), found.Data, page.Number);
        }

        var editor = page.Edit();
        if (record.Replaces && !editor.TryReplaceData(Line(node), record.Data))
            throw NoRoom();
        Mark(editor, node, found.Flags & ~LineFlags.Deleted);
        editor.SetTime(node.Change.Time);
    }

    /// <summary>The data of a node are replaced.</summary>
    [SkipLocalsInit]
    public static void Replace(RedoContext context, ReplaceRecord record, LogPosition position)
    {
        ref readonly var node = ref record.Node;
        var page = Page(context, node, position);
        if (page == null)
        {
            if (IsVersioned(node))
                context.Versions.Deferred(context.Session, node.Version);
            return;
        }

        Span<byte> data = stackalloc byte[PageSize.Max.Bytes];
        if (record.NewLength > page.View.DataBytes)
            throw new EseException(EseError.LogFileCorrupt, $"the record at {position} makes more data than a page has");
        var found = Find(page, node);
        data = data[..record.NewLength];
        record.Apply(found.Data, data);
        if (IsVersioned(node))
        {
            Span<byte> key = stackalloc byte[NodeView.MaxKeyBytes];
            key = key[..found.CopyKey(key)];
            context.Versions.Replaced(context.Session, node, node.Version, key, Bookmark(node, found.Data), found.Data,
                page.Number);
        }

        var editor = page.Edit();
        if (!editor.TryReplaceData(Line(node), data))
            throw NoRoom();
        Mark(editor, node, found.Flags);
        editor.SetTime(node.Change.Time);
    }

    /// <summary>A node is flagged deleted.</summary>
    [SkipLocalsInit]
    public static void FlagDelete(RedoContext context, in NodeChange node, LogPosition position)
    {
        var page = Page(context, node, position);
        if (page == null)
        {
            if (IsVersioned(node))
                context.Versions.Deferred(context.Session, node.Version);
            return;
        }

        var found = Find(page, node);
        if (IsVersioned(node))
        {
            Span<byte> key = stackalloc byte[NodeView.MaxKeyBytes];
            key = key[..found.CopyKey(key)];
            context.Versions.FlagDeleted(context.Session, node, key, Bookmark(node, found.Data), page.Number);
        }

        var editor = page.Edit();
        Mark(editor, node, found.Flags | LineFlags.Deleted);
        editor.SetTime(node.Change.Time);
    }

    /// <summary>A node is taken out: nobody needs it any more.</summary>
    public static void Delete(RedoContext context, in NodeChange node, LogPosition position)
    {
        if (Page(context, node, position) is not { } page)
            return;
        var editor = page.Edit();
        editor.Delete(Line(node));
        editor.SetTime(node.Change.Time);
    }

    /// <summary>A counter is moved.</summary>
    public static void Delta(RedoContext context, DeltaRecord record, LogPosition position)
    {
        ref readonly var node = ref record.Node;
        var page = Page(context, node, position);
        if (IsVersioned(node))
        {
            context.Versions.Moved(context.Session, node, record.BookmarkKey, record.BookmarkData, record.Offset,
                record.Delta, record.Is64Bit);
        }

        if (page == null)
            return;
        var found = Find(page, node);
        RequireKey(found, record.BookmarkKey, position);
        if (record.Offset + (record.Is64Bit ? 8 : 4) > found.Data.Length)
            throw Inconsistent(position, $"it moves a counter at {record.Offset}, the data has {found.Data.Length} bytes");
        var editor = page.Edit();
        var counter = editor.Data(Line(node))[record.Offset..];
        if (record.Is64Bit)
            Counter.Move64(counter, record.Delta);
        else
            Counter.Move32(counter, (int)record.Delta);
        Mark(editor, node, found.Flags);
        editor.SetTime(node.Change.Time);
    }

    /// <summary>The external header of a page is set.</summary>
    public static void SetExternalHeader(
        RedoContext context, in NodeChange node, ReadOnlySpan<byte> header, LogPosition position)
    {
        if (Page(context, node, position) is not { } page)
            return;
        var view = page.View;
        bool isPrefix = !view.IsRoot && (view.Flags & PageFlags.SpaceTree) == 0;
        if (isPrefix && LongestBorrowed(view) > header.Length)
            throw Inconsistent(position, "it makes the prefix shorter than nodes need it");
        var editor = page.Edit();
        if (!editor.TrySetExternalHeader(header))
            throw NoRoom();
        editor.SetTime(node.Change.Time);
    }

    /// <summary>A change is taken back.</summary>
    public static void Undo(RedoContext context, UndoRecord record, LogPosition position)
    {
        ref readonly var node = ref record.Node;
        var page = Page(context, node, position);

        // What is undone is forgotten whether or not the page needs it.
        bool isKnown = context.Versions.TryTake(
            context.Session, node, record.BookmarkKey, record.BookmarkData, out var inverse);
        if (page == null)
            return;
        var editor = page.Edit();
        if (isKnown)
        {
            RequireKey(Find(page, node), record.BookmarkKey, position);
            inverse.Apply(editor, Line(node));
        }

        editor.SetTime(node.Change.Time);
    }

    private static CachedPage? Page(RedoContext context, in NodeChange node, LogPosition position) =>
        context.Pages.ForChange(node.Change.Page, node.Change.TimeBefore, node.Change.Time, position);

    private static int Line(in NodeChange node) => node.Change.Line;

    private static bool IsVersioned(in NodeChange node) => node.Change.Has(PageChangeFlags.Versioned);

    /// <summary>What tells nodes of the same key apart.</summary>
    private static ReadOnlySpan<byte> Bookmark(in NodeChange node, ReadOnlySpan<byte> data) =>
        node.Change.Has(PageChangeFlags.Unique) ? [] : data;

    private static NodeView Find(CachedPage page, in NodeChange node)
    {
        var view = page.View;
        int line = Line(node);
        if (line >= view.NodeCount)
            throw new EseException(EseError.BadLineCount, $"line {line} of a page of {view.NodeCount}");
        var rule = view.Node(line, out var found);
        return rule == PageRule.None
            ? found
            : throw new EseException(EseError.DatabaseCorrupted, $"line {line}: {rule.Describe()}");
    }

    private static void Mark(PageEditor editor, in NodeChange node, LineFlags flags) =>
        editor.SetLineFlags(Line(node), IsVersioned(node) ? flags | LineFlags.Versioned : flags);

    private static void RequireKey(NodeView node, ReadOnlySpan<byte> key, LogPosition position)
    {
        if (node.CompareKey(key) != 0)
            throw Inconsistent(position, "the node on its line has another key");
    }

    private static int LongestBorrowed(PageView page)
    {
        int longest = 0;
        for (int line = 0; line < page.NodeCount; line++)
        {
            if (page.Node(line, out var node) == PageRule.None)
                longest = Math.Max(longest, node.KeyHead.Length);
        }

        return longest;
    }

    private static EseException NoRoom() =>
        new(EseError.DatabaseCorrupted, "there is less room than when the change was made");

    private static EseException Inconsistent(LogPosition position, string what) => new(
        EseError.LogOperationInconsistentWithDatabase, $"the record at {position} does not fit its page: {what}");
}
