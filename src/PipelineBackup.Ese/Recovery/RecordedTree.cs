namespace PipelineBackup.Ese;

/// <summary>Which tree a record about pages is about.</summary>
internal static class RecordedTree
{
    /// <summary>Object id of the tree; none when the record does not tell.</summary>
    /// <param name="record">The record.</param>
    public static ObjectId Of(in LogRecordView record)
    {
        if (record.IsNodeChange)
            return record.Node.Tree;
        return record.Type switch
        {
            LogRecordType.CreateMultipleExtentTree => record.Body<MultipleExtentTreeCreation>().Tree,
            LogRecordType.CreateSingleExtentTree => record.Body<SingleExtentTreeCreation>().Tree,
            LogRecordType.ConvertTree => record.Body<TreeConversion2>().Conversion.Tree,
            LogRecordType.NewPage => record.Body<PageCreation>().Tree,
            LogRecordType.RootPageMove => record.Body<RootMove>().Tree,
            _ => default,
        };
    }
}
