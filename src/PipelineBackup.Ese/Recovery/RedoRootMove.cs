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
        int others = records.Count;
        for (int i = 1; i < records.Count; i++)
        {
            var record = records[i];
            switch (record.Type)
            {
                case LogRecordType.PageMove when i < others && moves.Count < 3
                    && record.AsPageMove().Move.Tree == root.Tree:
                    moves.Add(new(context, _pages, records, i));
                    break;
                case LogRecordType.SetExternalHeader or LogRecordType.Replace or LogRecordType.ReplaceDifference
                    when moves.Count > 0 && record.Page.Database == context.Database.Slot:
                    // Changed below; what cannot be got must fail before anything is changed.
                    context.Pages.ForChange(
                        record.Page.Page, record.Page.TimeBefore, record.Page.Time, record.Position);
                    others = Math.Min(others, i);
                    break;
                default:
                    throw RedoMacro.Contradiction(record, "is in the move of a root");
            }
        }

        foreach (var move in moves)
            move.Change();
        NameOwnedRoot(moves);
        _pages.Finish();
        for (int i = others; i < records.Count; i++)
        {
            var record = records[i];
            if (record.Type == LogRecordType.SetExternalHeader)
                RedoNodes.SetExternalHeader(context, record.Node, record.Tail, record.Position);
            else
                RedoNodes.Replace(context, record.AsReplace(), record.Position);
        }
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
}
