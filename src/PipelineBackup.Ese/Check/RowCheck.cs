namespace PipelineBackup.Ese;

/// <summary>Checks the rows of one table: that each is a record, and what it refers to.</summary>
/// <param name="file">Where the pages come from.</param>
/// <param name="findings">Where findings go.</param>
internal sealed class RowCheck(IPageFile file, FindingList findings)
{
    /// <summary>Rows so far, over all tables.</summary>
    public long Rows { get; private set; }

    /// <summary>Long values so far, over all tables.</summary>
    public long LongValues { get; private set; }

    /// <summary>Checks a table.</summary>
    public void Run(TableDefinition table, CancellationToken cancellationToken)
    {
        var longValues = new LongValueCheck(file, table, findings);
        long values = longValues.CheckChunks(cancellationToken);
        LongValues += Math.Max(0, values);
        try
        {
            for (int share = 0; share < longValues.Shares && !findings.IsFull; share++)
            {
                // Where the long values cannot be read the rows still are.
                if (values >= 0)
                    longValues.Start(share);
                Walk(table, values >= 0 ? longValues : null, isFirst: share == 0, cancellationToken);
                if (values >= 0)
                    longValues.Finish();
            }
        }
        catch (EseException e)
        {
            findings.Add(e, table.Name);
        }
    }

    private void Walk(TableDefinition table, LongValueCheck? longValues, bool isFirst,
        CancellationToken cancellationToken)
    {
        var layout = new RowLayout(table);
        var cursor = new TreeCursor(file, table.Root, table.ObjectId);
        while (!findings.IsFull && cursor.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            Rows += isFirst ? 1 : 0;
            try
            {
                var record = new RecordView(cursor.Data, cursor.View.RecordFormat());
                if (isFirst)
                    Look(layout, record);
                if (longValues is not null)
                    Refer(layout, record, cursor, longValues);
            }
            catch (EseException e)
            {
                if (isFirst)
                    findings.Add(e.Error, table.Name, cursor.Page, $"line {cursor.Line}: {e.Message}");
            }
        }
    }

    /// <summary>Looks at every column: where one does not lie within the record, looking throws.</summary>
    private static void Look(RowLayout layout, in RecordView record)
    {
        for (int i = 0; i < layout.Columns.Length; i++)
        {
            if (!layout.Columns[i].Id.IsTagged)
                layout.Values(record, i);
        }
    }

    private static void Refer(RowLayout layout, in RecordView record, TreeCursor cursor, LongValueCheck longValues)
    {
        // By the directory, not by the columns: values of a deleted column stay until their row is written again.
        for (int i = 0; i < record.DirectoryEntries; i++)
            Refer(record.At(i), cursor, longValues);
        if (record.DirectoryEntries > 0 || record.TaggedData.IsEmpty)
            return;
        for (int i = 0; i < layout.Columns.Length; i++)
        {
            if (layout.Columns[i].Id.IsTagged && layout.Values(record, i) is { IsDefault: false } values)
            {
                for (int k = 0; k < values.Count; k++)
                {
                    if (values[k].IsSeparated)
                        longValues.Refer(values[k].Stored, cursor.Page, cursor.Line);
                }
            }
        }
    }

    private static void Refer(in TaggedColumn values, TreeCursor cursor, LongValueCheck longValues)
    {
        for (int k = 0; k < values.Count; k++)
        {
            var value = values[k];
            if (value.IsSeparated)
                longValues.Refer(value.Stored, cursor.Page, cursor.Line);
        }
    }
}
