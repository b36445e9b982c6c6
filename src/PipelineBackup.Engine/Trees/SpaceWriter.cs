using System.Numerics;

namespace PipelineBackup.Engine;

/// <summary>Gives pages to trees and takes them back: bitmaps, trees of extents, the file.</summary>
/// <remarks>
/// <code>
///  a tree needs a page
///    one extent, a page of it is free ───────────► bitmap in the root
///    one extent, none is ────────────────────────► a second extent from the parent, with trees of extents in it
///    trees of extents, one of them has pages ────► its lowest pages
///    trees of extents, none has ─────────────────► one more extent from the parent; of page 1, from the file
///  a tree of extents needs a page for a split ───► its split buffer, which was filled before
/// </code>
/// All of it is done for good, whatever becomes of the transaction that asked: others may have used it meanwhile.
/// </remarks>
internal sealed partial class SpaceWriter
{
    // A tree that owns less than this grows by little at a time.
    private const uint SmallTree = 16, SmallRequest = 4;

    // Larger ones grow by a part of what they own, and the file by a part of what it has.
    private const uint GrowthPart = 16;

    // Less than this part of what is asked for is not taken from the parent: extents would become ever smaller.
    private const uint LeastPart = 4;

    private readonly DatabaseEditor _editor;
    private readonly TreeWriter _writer;

    /// <summary>A writer of all space of a database.</summary>
    /// <param name="editor">Makes the changes.</param>
    /// <param name="writer">Changes the trees of extents.</param>
    public SpaceWriter(DatabaseEditor editor, TreeWriter writer)
    {
        _editor = editor;
        _writer = writer;
        MostRequest = (uint)((4 << 20) / editor.PageSize.Bytes);
        MostExtension = (uint)((16 << 20) / editor.PageSize.Bytes);
    }

    /// <summary>By how many pages a tree grows at most, unless it needs more at once.</summary>
    public uint MostRequest { get; set; }

    /// <summary>By how many pages the file grows at least.</summary>
    public uint LeastExtension { get; set; } = 32;

    /// <summary>By how many pages the file grows at most, unless it needs more at once.</summary>
    public uint MostExtension { get; set; }

    /// <summary>Takes a page for a tree, and makes it ready for use.</summary>
    /// <param name="origin">Who does.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="hint">A page that it would best be near to.</param>
    /// <exception cref="EseException">−1012: the database cannot grow any more. And what pages throw.</exception>
    public PageNumber TakePage(ChangeOrigin origin, EngineTree tree, PageNumber hint)
    {
        var page = tree.IsSpaceTree ? TakeReserved(origin, tree) : TakeRun(origin, tree, hint, 1, 1).First;
        MakeReady(origin, tree.ObjectId, page);
        return page;
    }

    /// <summary>Gives a page back that was taken and not used.</summary>
    /// <param name="origin">Who does.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="page">The page.</param>
    public void GiveBack(ChangeOrigin origin, EngineTree tree, PageNumber page) =>
        Free(origin, tree.Owner ?? tree, new(page, 1));

    /// <summary>Takes neighbouring pages of a tree's space.</summary>
    /// <param name="origin">Who does.</param>
    /// <param name="tree">The tree; none of extents.</param>
    /// <param name="hint">A page that they would best be near to.</param>
    /// <param name="least">How many at least.</param>
    /// <param name="wanted">How many at most.</param>
    /// <exception cref="EseException">−1012: the database cannot grow any more. And what pages throw.</exception>
    public PageExtent TakeRun(ChangeOrigin origin, EngineTree tree, PageNumber hint, uint least, uint wanted)
    {
        var header = Header(tree);
        if (!header.HasSpaceTrees)
        {
            if (TryTakeBits(origin, tree, header, least, wanted, out var few))
                return few;
            Convert(origin, tree, header, least);
            header = Header(tree);
        }

        FillReserves(origin, tree, header);
        PageExtent taken;
        while (!TryTake(origin, tree, header, hint, least, wanted, out taken))
            Grow(origin, tree, least);
        return taken;
    }

    /// <summary>Makes a page ready for use, where the format has a record for that.</summary>
    private void MakeReady(ChangeOrigin origin, ObjectId objectId, PageNumber page)
    {
        if (!_editor.LogsNewPages)
            return;
        _editor.Records.Clear();
        _editor.Records.Add<PageCreation>(
            LogRecordType.NewPage, new(origin.Session.Id, _editor.Slot, page, objectId, _editor.NextTime()));
        _editor.Commit(origin);
    }

    private RootHeader Header(EngineTree tree) =>
        RootHeader.TryRead(_editor.View(tree.Root).ExternalHeader, out var header)
            ? header
            : throw new EseException(EseError.DatabaseCorrupted, $"page {tree.Root} has no space header");

    private void SetHeader(ChangeOrigin origin, EngineTree tree, RootHeader header)
    {
        Span<byte> bytes = stackalloc byte[RootHeader.Size + 9];
        _writer.SetRootHeader(origin, tree, bytes[..header.Write(bytes)]);
    }

    private static uint FreeBits(RootHeader header)
    {
        // The bitmap may say more than there are pages: that of a larger extent starts as all ones.
        uint bits = header.FreeBitmap;
        return header.Pages > RootHeader.BitmapPages ? bits : bits & (1u << Math.Max(0, (int)header.Pages - 1)) - 1;
    }

    private bool TryTakeBits(ChangeOrigin origin, EngineTree tree, RootHeader header, uint least, uint wanted,
        out PageExtent taken)
    {
        uint free = FreeBits(header), rest = free;
        taken = default;
        while (rest != 0)
        {
            int first = BitOperations.TrailingZeroCount(rest);
            int count = Math.Min((int)wanted, BitOperations.TrailingZeroCount(~(rest >> first)));
            uint run = (count == 32 ? uint.MaxValue : (1u << count) - 1) << first;
            if (count >= least)
            {
                taken = PageExtent.From(new(tree.Root.Value + 1 + (uint)first), (uint)count);
                SetHeader(origin, tree, header.With(header.Pages, header.Parent, header.Flags, free & ~run));
                return true;
            }

            rest &= ~run;
        }

        return false;
    }

    private bool TryTake(ChangeOrigin origin, EngineTree tree, RootHeader header, PageNumber hint, uint least,
        uint wanted, out PageExtent taken)
    {
        taken = default;
        var available = tree.AvailableExtents(header.AvailableRoot);
        if (!TryFindAvailable(available, hint, least, wanted, out var found))
            return false;
        uint count = Math.Min(found.Count, wanted);
        taken = PageExtent.From(found.First, count);
        if (count == found.Count)
            Remove(origin, available, found);
        else
            Put(origin, available, new(found.Last, found.Count - count), isThere: true);
        return true;
    }

    private void Grow(ChangeOrigin origin, EngineTree tree, uint least)
    {
        var header = Header(tree);
        var owned = tree.OwnedExtents(header.OwnedRoot);
        PageExtent extent;
        if (tree.Parent is null)
            extent = Extend(origin, owned, least);
        else
        {
            uint request = Math.Max(least, NextRequest(owned));
            if ((header.Flags & SpaceFlags.Version2) != 0 && header.Pages != request)
                SetHeader(origin, tree, header.With(request, header.Parent, header.Flags, header.OwnedRootOrFree));
            extent = TakeRun(origin, tree.Parent, tree.Root, Math.Max(least, request / LeastPart), request);
        }

        Put(origin, owned, extent, isThere: false);
        Put(origin, tree.AvailableExtents(header.AvailableRoot), extent, isThere: false);
    }

    private uint NextRequest(EngineTree owned)
    {
        ulong pages = 0;
        for (bool more = TryFirst(owned, default, out var place); more; more = TryNext(owned, ref place))
            pages += place.Extent.Count;
        return (uint)Math.Min(
            MostRequest, pages < SmallTree ? SmallRequest : Math.Max(SmallTree, pages / GrowthPart));
    }

    private PageExtent Extend(ChangeOrigin origin, EngineTree owned, uint least)
    {
        uint last = TryLast(owned, out var place) ? place.Extent.Last.Value : throw new EseException(
            EseError.SPOwnExtCorrupted, "the database owns no pages");
        uint part = Math.Min(MostExtension, Math.Max(LeastExtension, last / GrowthPart));
        uint count = Math.Max(least, part);
        count = Math.Min(count, Math.Max(last, _editor.LastPossible.Value) - last);
        if (count < least)
            throw new EseException(
                EseError.OutOfDatabaseSpace, $"the database has {last} pages, {_editor.LastPossible} are possible");
        var extent = PageExtent.From(new(last + 1), count);
        _editor.BeforeGrowth?.Invoke(extent.Last);
        _editor.Records.Clear();
        _editor.Records.Add<DatabaseExtension>(LogRecordType.ExtendDatabase, new(_editor.Slot, extent.Last));
        _editor.Commit(origin);
        return extent;
    }
}
