namespace PipelineBackup.Ese;

/// <summary>Does once more what a log record says was done to pages.</summary>
internal static class Redo
{
    /// <summary>Replays a record that changes pages by itself; those of macros come in another way.</summary>
    /// <param name="context">Database and session of the record.</param>
    /// <param name="record">The record.</param>
    /// <returns>False when it is none of these records, and nothing was done.</returns>
    /// <exception cref="EseException">
    /// The page cannot take the change: −354, −501, −514 (a record of engines that nobody replays any more), −626, −1206;
    /// and all that <see cref="RedoPages"/> throws.
    /// </exception>
    public static bool Apply(RedoContext context, in LogRecordView record)
    {
        try
        {
            return ApplyToNode(context, record) || ApplyToTree(context, record)
                || RedoSize.Apply(context.Pages, record);
        }
        catch (EseException e) when (e.Error is EseError.BadLineCount or EseError.DatabaseCorrupted)
        {
            string page = record.IsPageChange ? $" of page {record.Page.Page}" : "";
            throw new EseException(e.Error, $"{record.Type}{page} at {record.Position}: {e.Message}", e.Hint);
        }
    }

    private static bool ApplyToNode(RedoContext context, in LogRecordView record)
    {
        var position = record.Position;
        switch (record.Type)
        {
            case LogRecordType.Insert:
                RedoNodes.Insert(context, record.AsInsert(), position);
                return true;
            case LogRecordType.FlagInsert or LogRecordType.FlagInsertReplace:
                RedoNodes.FlagInsert(context, record.AsFlagInsert(), position);
                return true;
            case LogRecordType.Replace or LogRecordType.ReplaceDifference:
                RedoNodes.Replace(context, record.AsReplace(), position);
                return true;
            case LogRecordType.FlagDelete:
                RedoNodes.FlagDelete(context, record.Node, position);
                return true;
            case LogRecordType.Delete:
                RedoNodes.Delete(context, record.Node, position);
                return true;
            case LogRecordType.Delta or LogRecordType.Delta64:
                RedoNodes.Delta(context, record.AsDelta(), position);
                return true;
            case LogRecordType.SetExternalHeader:
                RedoNodes.SetExternalHeader(context, record.Node, record.Tail, position);
                return true;
            case LogRecordType.Undo:
                RedoNodes.Undo(context, record.AsUndo(), position);
                return true;
            case LogRecordType.UndoInfo:
                context.Versions.UndoInfo(context.Session, record.AsUndoInfo());
                return true;
            default:
                return false;
        }
    }

    private static bool ApplyToTree(RedoContext context, in LogRecordView record)
    {
        var position = record.Position;
        switch (record.Type)
        {
            case LogRecordType.PageMove:
                RedoPageMove.Apply(context, record);
                return true;
            case LogRecordType.EmptyTree:
                RedoTrees.Empty(context.Pages, record.AsEmptyTree(), position);
                return true;
            case LogRecordType.Scrub:
                RedoTrees.Scrub(context.Pages, record.AsScrub(), position);
                return true;
            case LogRecordType.NewPage:
                RedoTrees.NewPage(context.Pages, record.Body<PageCreation>(), position);
                return true;
            case LogRecordType.CreateSingleExtentTree:
                RedoTrees.Create(context.Pages, record.Body<SingleExtentTreeCreation>(), position);
                return true;
            case LogRecordType.CreateMultipleExtentTree:
                RedoTrees.Create(context.Pages, record.Body<MultipleExtentTreeCreation>(), position);
                return true;
            case LogRecordType.ConvertTree:
                RedoTrees.Convert(context.Pages, record.Body<TreeConversion2>(), position);
                return true;
            case LogRecordType.ConvertTreeOld:
                throw new EseException(EseError.BadLogVersion,
                    $"a {record.Type} record at {position}: older engines wrote such, none of today replays it");
            default:
                return false;
        }
    }
}
