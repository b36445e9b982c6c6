using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Redo of the move of a tree's root, with the roots of its space trees.</summary>
/// <remarks>
/// <code>
/// RootPageMove              which tree
/// PageMove, up to thrice    the root, the roots of its owned and its available extents
/// SetExternalHeader         of the roots of trees inside the tree: they name their parent
/// Replace                   of the catalog and its shadow: they name the root
/// </code>
/// The header of the root itself names the root of the owned extents, and no record says that it changes.
/// </remarks>
internal sealed class RedoRootMove(RedoContext context, MacroRecords records)
{
    private const uint RootFlag = 1, OwnedFlag = 2;

    private readonly MacroPages _pages = new(context);

    /// <summary>Redoes it.</summary>
    public void Apply()
    {
        ref readonly var root = ref records[0].Body<RootMove>();
        List<RedoPageMove> moves = [];
        List<(int Index, CachedPage? Page)> others = [];
        for (int i = 1; i < records.Count; i++)
        {
            var record = records[i];
            switch (record.Type)
            {
                case LogRecordType.PageMove when others.Count == 0 && moves.Count < 3
                    && record.AsPageMove().Move.Tree == root.Tree:
                    moves.Add(new(context, _pages, records, i));
                    break;
                case LogRecordType.SetExternalHeader or LogRecordType.Replace or LogRecordType.ReplaceDifference
                    when moves.Count > 0:
                    others.Add((i, _pages.ChangeAgain(record, record.Page.Page, record.Page.TimeBefore)));
                    break;
                default:
                    throw RedoMacro.Contradiction(record, "is in the move of a root");
            }
        }

        foreach (var move in moves)
            move.Change();
        NameOwnedRoot(moves);
        foreach (var (index, page) in others)
            Change(records[index], page);
        _pages.Finish();
    }

    private void NameOwnedRoot(List<RedoPageMove> moves)
    {
        var moved = moves.Find(move => move.Move.Flags == RootFlag);
        var owned = moves.Find(move => move.Move.Flags == OwnedFlag);
        if (moved?.Target is not { } page || owned is null)
            return;
        byte[] header = page.View.ExternalHeader.ToArray();
        if (!RootHeader.TryRead(header, out var space) || space.OwnedRoot != owned.Move.Change.Page)
            throw RedoMacro.Unfit(records[0], page.Number, $"does not name page {owned.Move.Change.Page}");
        int extended = header.Length == RootHeader.Size ? 0 : 1;
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(extended + 12), owned.Move.Target.Value);
        page.Edit().TrySetExternalHeader(header);
    }

    private void Change(in LogRecordView record, CachedPage? page)
    {
        bool versioned = record.Page.Has(PageChangeFlags.Versioned);
        if (page is null)
        {
            if (versioned)
                context.Versions.Deferred(context.Session, record.Node.Version);
            return;
        }

        if (record.Type == LogRecordType.SetExternalHeader)
        {
            if (!page.Edit().TrySetExternalHeader(record.Tail))
                throw RedoMacro.Unfit(record, page.Number, "has no room for its header");
            return;
        }

        int line = record.Page.Line;
        var node = MacroPages.Node(record, page.View, page.Number, line);
        var (key, old, flags) = (node.KeyToArray(), node.Data.ToArray(), node.Flags);
        byte[] data = new byte[record.AsReplace().NewLength];
        record.AsReplace().Apply(old, data);
        if (!page.Edit().TryReplaceData(line, data))
            throw RedoMacro.Unfit(record, page.Number, "has no room for a node");
        if (!versioned)
            return;
        page.Edit().SetLineFlags(line, flags | LineFlags.Versioned);
        context.Versions.Replaced(context.Session, record.Node, record.Node.Version, key, [], old, page.Number);
    }
}
