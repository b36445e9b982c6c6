using System.Buffers.Binary;

namespace PipelineBackup.Engine;

// Split buffers: pages that trees of extents keep back for their own splits.
internal sealed partial class SpaceWriter
{
    // A root that is a leaf has room for so many bytes of nodes before it needs pages for a split.
    private const int NearlyFull = 160;

    private const uint UsualReserve = 8;

    /// <summary>
    /// Fills the split buffers of a tree where they could run short: before its extents change, so that no split of a
    /// tree of extents ever asks for space.
    /// </summary>
    private void FillReserves(ChangeOrigin origin, EngineTree tree, RootHeader header)
    {
        if (tree.IsFilling)
            return;
        tree.IsFilling = true;
        try
        {
            Fill(origin, tree, tree.OwnedExtents(header.OwnedRoot), header);
            Fill(origin, tree, tree.AvailableExtents(header.AvailableRoot), header);
        }
        finally
        {
            tree.IsFilling = false;
        }
    }

    private void Fill(ChangeOrigin origin, EngineTree tree, EngineTree extents, RootHeader header)
    {
        uint needed = Needed(extents);
        var buffer = SplitBuffer.Read(_editor.View(extents.Root).ExternalHeader);
        bool isFull = buffer.First.Count > 0 && buffer.Second.Count > 0;
        if (isFull || buffer.First.Count + buffer.Second.Count >= needed)
            return;
        uint wanted = Math.Max(needed, UsualReserve);
        PageExtent taken;
        while (!TryTake(origin, tree, header, extents.Root, needed, wanted, out taken))
            Grow(origin, tree, wanted);

        // Growing may have taken from what was there.
        buffer = SplitBuffer.Read(_editor.View(extents.Root).ExternalHeader);
        SetBuffer(origin, extents, buffer.First.Count == 0 ? new(taken, buffer.Second) : new(buffer.First, taken));
    }

    private uint Needed(EngineTree extents)
    {
        var page = _editor.View(extents.Root);
        if (page.IsLeaf)
            return page.FreeBytes < NearlyFull ? 4u : 0;
        uint levels = 1;
        for (; !page.IsLeaf && levels < TreeCursor.MaxDepth; levels++)
            page = _editor.View(NodeSearch.Node(page, 0).Child);
        return 2 * levels + 2;
    }

    private PageNumber TakeReserved(ChangeOrigin origin, EngineTree extents)
    {
        var (first, second) = SplitBuffer.Read(_editor.View(extents.Root).ExternalHeader);
        if (first.Count > 0)
            SetBuffer(origin, extents, new(Rest(first), second));
        else if (second.Count > 0)
            SetBuffer(origin, extents, new(first, Rest(second)));
        else
        {
            // Taking one from an extent that has several only changes a count.
            var owner = extents.Owner!;
            return TryTake(origin, owner, Header(owner), extents.Root, 1, 1, out var taken)
                ? taken.First
                : throw new EseException(
                    EseError.OutOfDatabaseSpace, $"the extents of tree {owner.Root} have no page left to split with");
        }

        return first.Count > 0 ? first.First : second.First;
    }

    private static PageExtent Rest(PageExtent extent) =>
        extent.Count == 1 ? default : new(extent.Last, extent.Count - 1);

    private void SetBuffer(ChangeOrigin origin, EngineTree extents, SplitBuffer buffer)
    {
        Span<byte> bytes = stackalloc byte[SplitBuffer.Size];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, buffer.First.Last.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], buffer.First.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], buffer.Second.Last.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], buffer.Second.Count);
        _writer.SetRootHeader(origin, extents, bytes);
    }
}
