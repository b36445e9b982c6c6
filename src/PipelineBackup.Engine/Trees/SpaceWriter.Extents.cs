using System.Buffers.Binary;

namespace PipelineBackup.Engine;

// Nodes of the trees of extents.
internal sealed partial class SpaceWriter
{
    private const int KeyBytes = 4;

    /// <summary>An extent, and where its node is; good until the tree changes.</summary>
    private readonly record struct ExtentPlace(PageNumber Page, int Line, PageExtent Extent);

    private static void WriteKey(Span<byte> key, PageExtent extent) =>
        BinaryPrimitives.WriteUInt32BigEndian(key, extent.Last.Value);

    /// <summary>Puts the node of an extent in, or gives the one that is there another count.</summary>
    private void Put(ChangeOrigin origin, EngineTree extents, PageExtent extent, bool isThere)
    {
        Span<byte> key = stackalloc byte[KeyBytes], data = stackalloc byte[4];
        WriteKey(key, extent);
        BinaryPrimitives.WriteUInt32LittleEndian(data, extent.Count);
        bool isDone = isThere
            ? _writer.Replace(origin, extents, key, data)
            : _writer.Insert(origin, extents, key, data);
        if (!isDone)
            throw Corrupt(extents, extent, isThere ? "is not there" : "is there twice");
    }

    private void Remove(ChangeOrigin origin, EngineTree extents, PageExtent extent)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        WriteKey(key, extent);
        if (!_writer.RemoveExtent(origin, extents, key))
            throw Corrupt(extents, extent, "is not there");
    }

    /// <summary>The first extent that ends with a page or behind it.</summary>
    private bool TryFirst(EngineTree extents, PageNumber last, out ExtentPlace place)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        BinaryPrimitives.WriteUInt32BigEndian(key, last.Value);
        var path = _writer.RentPath();
        path.Descend(_editor, extents, key, []);
        place = new(path.Leaf, path.Line - 1, default);
        _writer.Return(path);
        return TryNext(extents, ref place);
    }

    /// <summary>The last extent that ends before a page.</summary>
    private bool TryBefore(EngineTree extents, PageNumber last, out ExtentPlace place)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        BinaryPrimitives.WriteUInt32BigEndian(key, last.Value);
        var path = _writer.RentPath();
        path.Descend(_editor, extents, key, []);
        place = new(path.Leaf, path.Line, default);
        _writer.Return(path);
        return TryPrevious(extents, ref place);
    }

    private bool TryLast(EngineTree extents, out ExtentPlace place) =>
        TryBefore(extents, new(uint.MaxValue), out place);

    private bool TryNext(EngineTree extents, ref ExtentPlace place)
    {
        var page = _editor.View(place.Page);
        int line = place.Line + 1;
        for (uint left = _editor.Cache.LastPage.Value; ; left--)
        {
            for (; line < page.NodeCount; line++)
            {
                if (TryRead(extents, page, place.Page, line, out place))
                    return true;
            }

            if (page.Next == PageNumber.None || left == 0)
                return false;
            (place, line) = (place with { Page = page.Next }, 0);
            page = Sibling(extents, page.Next);
        }
    }

    private bool TryPrevious(EngineTree extents, ref ExtentPlace place)
    {
        var page = _editor.View(place.Page);
        int line = place.Line - 1;
        for (uint left = _editor.Cache.LastPage.Value; ; left--)
        {
            for (; line >= 0; line--)
            {
                if (TryRead(extents, page, place.Page, line, out place))
                    return true;
            }

            if (page.Previous == PageNumber.None || left == 0)
                return false;
            place = place with { Page = page.Previous };
            page = Sibling(extents, page.Previous);
            line = page.NodeCount - 1;
        }
    }

    private PageView Sibling(EngineTree extents, PageNumber number)
    {
        var page = _editor.View(number);
        return page.ObjectId == extents.ObjectId && page.IsLeaf && (page.Flags & PageFlags.Empty) == 0
            ? page
            : throw new EseException(
                EseError.BadPageLink, $"page {number} is no leaf of the extents of {extents.RecordRoot}");
    }

    // Keys of other pools than the general one are longer; who reserved those pages may still come for them.
    private static bool TryRead(
        EngineTree extents, PageView page, PageNumber number, int line, out ExtentPlace place)
    {
        var node = NodeSearch.Node(page, line);
        place = new(number, line, default);
        if (node.IsDeleted || node.KeyLength != KeyBytes)
            return false;
        Span<byte> key = stackalloc byte[KeyBytes];
        node.CopyKey(key);
        if (node.Data.Length != 4)
            throw Corrupt(extents, default, $"at page {number} line {line} is none");
        var extent = new PageExtent(
            new(BinaryPrimitives.ReadUInt32BigEndian(key)), BinaryPrimitives.ReadUInt32LittleEndian(node.Data));
        if (!extent.IsValid || extent.Count == 0)
            throw Corrupt(extents, extent, "is none");
        place = new(number, line, extent);
        return true;
    }

    /// <summary>A free extent: near a page for a single one, else the first large enough, or the largest.</summary>
    private bool TryFindAvailable(
        EngineTree available, PageNumber hint, uint least, uint wanted, out PageExtent found)
    {
        found = default;
        if (wanted == 1)
        {
            bool isNear = TryFirst(available, hint, out var near) || TryBefore(available, hint, out near);
            found = near.Extent;
            return isNear;
        }

        for (bool more = TryFirst(available, default, out var place); more; more = TryNext(available, ref place))
        {
            if (place.Extent.Count >= least && place.Extent.Count > found.Count)
                found = place.Extent;
            if (found.Count >= wanted)
                break;
        }

        return found.Count > 0;
    }

    private static EseException Corrupt(EngineTree extents, PageExtent extent, string what) => new(
        EseError.SPAvailExtCorrupted, $"tree {extents.RecordRoot}: the extent {extent} {what}");
}
