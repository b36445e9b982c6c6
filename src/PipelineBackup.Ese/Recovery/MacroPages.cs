using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>The pages of one macro while they are got and changed.</summary>
internal sealed class MacroPages(RedoContext context)
{
    private readonly HashSet<PageNumber> _seen = [];
    private readonly List<(CachedPage Page, DbTime Time)> _changed = [];

    /// <summary>The page size.</summary>
    public PageSize Size => context.Database.Cache.PageSize;

    /// <summary>A page that is changed: null when there is none, it does not need the change or is missing.</summary>
    /// <param name="record">The record.</param>
    /// <param name="page">The page; none where the record names none.</param>
    /// <param name="before">Its dbtime before.</param>
    /// <exception cref="EseException">Two records of the macro are about the page.</exception>
    public CachedPage? Change(in LogRecordView record, PageNumber page, DbTime before)
    {
        if (page == PageNumber.None)
            return null;
        Once(record, page);
        return Noted(context.Pages.ForChange(page, before, record.Page.Time, record.Position), record.Page.Time);
    }

    /// <summary>A page that is made: null when it is there already.</summary>
    /// <param name="record">The record.</param>
    /// <param name="page">The page.</param>
    /// <exception cref="EseException">Two records of the macro are about the page.</exception>
    public CachedPage? Create(in LogRecordView record, PageNumber page)
    {
        Once(record, page);
        return Noted(context.Pages.ForCreation(page, record.Page.Time, record.Position), record.Page.Time);
    }

    /// <summary>A copy of a page as it stands, to make others from.</summary>
    /// <param name="page">The page.</param>
    public static byte[] Copy(CachedPage page) => page.View.Bytes.ToArray();

    /// <summary>A page as a record has it.</summary>
    /// <param name="record">The record.</param>
    /// <param name="page">Its number.</param>
    /// <param name="tree">Its tree.</param>
    /// <param name="image">The image.</param>
    /// <param name="flags">What was done to it.</param>
    /// <exception cref="EseException">−255: there is none. −501, −1852: it is no page, or another one.</exception>
    public byte[] Restore(
        in LogRecordView record, PageNumber page, ObjectId tree, ReadOnlySpan<byte> image, BeforeImageFlags flags)
    {
        if (image.IsEmpty)
        {
            throw new EseException(EseError.DatabaseBufferDependenciesCorrupted,
                $"page {page} is newer than the page that the {record.Type} record at {record.Position} makes from it",
                "restore the database from a backup");
        }

        byte[] bytes = new byte[Size.Bytes];
        BeforeImage.Restore(image, flags, Size, bytes);
        RequireSound(record, page, tree, bytes);
        return bytes;
    }

    /// <summary>Makes sure that bytes are a sound page of a number and a tree.</summary>
    /// <param name="record">The record they are from.</param>
    /// <param name="page">The number.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="EseException">−1852.</exception>
    public static void RequireSound(in LogRecordView record, PageNumber page, ObjectId tree, ReadOnlySpan<byte> bytes)
    {
        var view = new PageView(bytes);
        if (view.ObjectId != tree || (!view.Size.IsSmall && view.StoredNumber != page))
            throw RedoMacro.Contradiction(record, "has the image of another page");
        if (PageLogic.Check(view, InspectionDepth.Full) is var rule and not PageRule.None)
            throw RedoMacro.Contradiction(record, $"has an image of a broken page: {rule.Describe()}");
    }

    /// <summary>Takes a page out of its tree.</summary>
    /// <param name="page">The page.</param>
    public static void Empty(CachedPage page)
    {
        var editor = page.Edit();
        editor.Clear();
        editor.SetFlags(editor.View.Flags | PageFlags.Empty);
    }

    /// <summary>Puts a node in at a line, with as much of the page's prefix as it shares.</summary>
    /// <param name="record">The record.</param>
    /// <param name="page">The page.</param>
    /// <param name="line">The line.</param>
    /// <param name="key">The whole key.</param>
    /// <param name="data">The data.</param>
    /// <param name="flags">The marks.</param>
    /// <exception cref="EseException">−1206: it does not fit. −354: there is no such line.</exception>
    public static void Insert(in LogRecordView record, CachedPage page, int line, ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> data, LineFlags flags)
    {
        var editor = page.Edit();
        if (!editor.TryInsert(line, key, editor.Borrow(key), data, flags))
            throw RedoMacro.Unfit(record, page.Number, "has no room for a node");
    }

    /// <summary>Points a node of an inner page to another page.</summary>
    /// <param name="record">The record.</param>
    /// <param name="page">The inner page.</param>
    /// <param name="line">Line of the node.</param>
    /// <param name="from">The page it points to.</param>
    /// <param name="to">The page it points to from now on.</param>
    /// <exception cref="EseException">−1206: it does not.</exception>
    public static void Point(in LogRecordView record, CachedPage page, int line, PageNumber from, PageNumber to)
    {
        if (Node(record, page.View, page.Number, line).Child != from)
            throw RedoMacro.Unfit(record, page.Number, $"does not point to page {from} at line {line}");
        page.Edit().TryReplaceData(line, Bytes(to));
    }

    /// <summary>A node that must be there.</summary>
    /// <param name="record">The record.</param>
    /// <param name="view">The page.</param>
    /// <param name="page">Its number.</param>
    /// <param name="line">Line of the node.</param>
    /// <exception cref="EseException">−1206: it is not.</exception>
    public static NodeView Node(scoped in LogRecordView record, PageView view, PageNumber page, int line) =>
        view.Node(line, out var node) == PageRule.None
            ? node
            : throw RedoMacro.Unfit(record, page, $"has no sound node at line {line}");

    /// <summary>A page number as the data of a node.</summary>
    /// <param name="page">The number.</param>
    public static byte[] Bytes(PageNumber page)
    {
        byte[] data = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(data, page.Value);
        return data;
    }

    /// <summary>Gives all pages that were got for a change their new dbtime: when all are changed.</summary>
    public void Finish()
    {
        foreach (var (page, time) in CollectionsMarshal.AsSpan(_changed))
            page.Edit().SetTime(time);
    }

    private void Once(in LogRecordView record, PageNumber page)
    {
        if (!_seen.Add(page))
            throw RedoMacro.Contradiction(record, $"names page {page} once more");
    }

    private CachedPage? Noted(CachedPage? page, DbTime time)
    {
        if (page is not null)
            _changed.Add((page, time));
        return page;
    }
}
