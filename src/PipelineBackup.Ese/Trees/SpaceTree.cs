using System.Buffers.Binary;
using System.Numerics;

namespace PipelineBackup.Ese;

/// <summary>
/// The space of one tree: the extents it owns ("OE") and those of their pages that are free ("AE"). What is owned and
/// not free is in use: by pages of the tree, by pages of its space trees, by their split buffers, or owned in turn by
/// trees that got it from this one.
/// </summary>
/// <remarks>
/// <para>A small tree has no space trees: one extent from its root on, and a bitmap of the free pages behind the root.</para>
/// <code>
/// owned node       key    4  last page, big endian
///                  data   4  how many pages
/// available node   key    4  last page, big endian                                the general pool
///                         5  0x80 | pool, then last page, big endian              other pools
///                  data   4  how many pages; 0 is a marker of the continuous pool
/// </code>
/// </remarks>
public sealed class SpaceTree
{
    private readonly IPageFile _file;

    /// <summary>Reads the header of a tree's root.</summary>
    /// <param name="file">Where the pages come from.</param>
    /// <param name="root">Root of the tree whose space it is.</param>
    /// <param name="objectId">Its id.</param>
    /// <exception cref="EseException">
    /// The root could not be read; -338: it is of another tree; -1206: it is no root or has no space header.
    /// </exception>
    public SpaceTree(IPageFile file, PageNumber root, ObjectId objectId)
    {
        ArgumentNullException.ThrowIfNull(file);
        _file = file;
        Root = root;
        ObjectId = objectId;
        var page = ReadRoot(root);
        if ((page.Flags & PageFlags.SpaceTree) != 0 || !RootHeader.TryRead(page.ExternalHeader, out var header))
            throw new EseException(EseError.DatabaseCorrupted, $"page {root} has no space header");
        Header = header;
    }

    /// <summary>Root of the tree whose space it is.</summary>
    public PageNumber Root { get; }

    /// <summary>Its id.</summary>
    public ObjectId ObjectId { get; }

    /// <summary>The header in its root.</summary>
    public RootHeader Header { get; }

    /// <summary>The extents it owns, in order.</summary>
    /// <exception cref="EseException">
    /// -343: a node is no extent of the file; else as a <see cref="TreeCursor"/> throws.
    /// </exception>
    public IEnumerable<PageExtent> Owned()
    {
        if (!Header.HasSpaceTrees)
        {
            yield return Require(PageExtent.From(Root, Header.Pages), SpacePool.General, EseError.SPOwnExtCorrupted);
            yield break;
        }

        var cursor = new TreeCursor(_file, Header.OwnedRoot, ObjectId);
        while (cursor.MoveNext())
        {
            if (cursor.Key.Length != 4)
                throw Broken(cursor, EseError.SPOwnExtCorrupted);
            yield return ReadExtent(cursor, EseError.SPOwnExtCorrupted, out _);
        }
    }

    /// <summary>The extents that are free, in order within each pool. Markers without pages are told too.</summary>
    /// <exception cref="EseException">
    /// -341: a node is no extent of the file; else as a <see cref="TreeCursor"/> throws.
    /// </exception>
    public IEnumerable<AvailableExtent> Available()
    {
        if (!Header.HasSpaceTrees)
        {
            foreach (var extent in ReadBitmap())
                yield return new(extent, SpacePool.General);
            yield break;
        }

        var cursor = new TreeCursor(_file, Header.AvailableRoot, ObjectId);
        while (cursor.MoveNext())
        {
            var extent = ReadExtent(cursor, EseError.SPAvailExtCorrupted, out var pool);
            yield return new(extent, pool);
        }
    }

    /// <summary>
    /// The pages that the space trees keep back for their own splits, which count as in use: none for a single extent.
    /// </summary>
    /// <exception cref="EseException">A root of a space tree could not be read, or is none.</exception>
    public IEnumerable<PageExtent> Reserved()
    {
        if (!Header.HasSpaceTrees)
            yield break;
        foreach (var root in new[] { Header.OwnedRoot, Header.AvailableRoot })
        {
            var (first, second) = SplitBuffer.Read(ReadRoot(root).ExternalHeader);
            if (first.Count > 0)
                yield return Require(first, SpacePool.General, EseError.SPAvailExtCorrupted);
            if (second.Count > 0)
                yield return Require(second, SpacePool.General, EseError.SPAvailExtCorrupted);
        }
    }

    private PageView ReadRoot(PageNumber number)
    {
        byte[] buffer = new byte[_file.PageSize.Bytes];
        _file.Require(number, buffer);
        var page = new PageView(buffer);
        if (page.ObjectId != ObjectId || (page.Flags & PageFlags.Empty) != 0)
            throw new EseException(EseError.BadParentPageLink, $"page {number} is no root of the object {ObjectId}");
        return page.IsRoot ? page : throw new EseException(EseError.DatabaseCorrupted, $"page {number} is no root");
    }

    private IEnumerable<PageExtent> ReadBitmap()
    {
        // The bitmap may say more than there are pages: that of a larger extent starts as all ones.
        uint bits = Header.FreeBitmap;
        if (Header.Pages <= RootHeader.BitmapPages)
            bits &= (1u << Math.Max(0, (int)Header.Pages - 1)) - 1;
        while (bits != 0)
        {
            int first = BitOperations.TrailingZeroCount(bits), count = BitOperations.TrailingZeroCount(~(bits >> first));
            bits &= count == 32 ? 0 : ~(((1u << count) - 1) << first);
            var extent = PageExtent.From(new(Root.Value + 1 + (uint)first), (uint)count);
            yield return Require(extent, SpacePool.General, EseError.SPAvailExtCorrupted);
        }
    }

    private PageExtent ReadExtent(TreeCursor cursor, EseError error, out SpacePool pool)
    {
        ReadOnlySpan<byte> key = cursor.Key, data = cursor.Data;
        pool = SpacePool.General;
        if (key.Length == 5 && (key[0] & 0x80) != 0)
        {
            pool = (SpacePool)(key[0] & 0x7F);
            key = key[1..];
        }

        if (key.Length != 4 || data.Length != 4 || pool > SpacePool.Shelved)
            throw Broken(cursor, error);
        var last = new PageNumber(BinaryPrimitives.ReadUInt32BigEndian(key));
        return Require(new(last, BinaryPrimitives.ReadUInt32LittleEndian(data)), pool, error);
    }

    private PageExtent Require(PageExtent extent, SpacePool pool, EseError error)
    {
        bool inFile = pool == SpacePool.Shelved || extent.Last.CompareTo(_file.LastPage) <= 0;
        if (!extent.IsValid || !inFile || (extent.Count == 0 && pool != SpacePool.Continuous))
            throw new EseException(error, $"tree {Root}: {extent.Count} pages up to {extent.Last} are no extent of the file");
        return extent;
    }

    private EseException Broken(TreeCursor cursor, EseError error) =>
        new(error, $"tree {Root}: page {cursor.Page} line {cursor.Line} is no extent");
}
