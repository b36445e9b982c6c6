namespace PipelineBackup.Ese;

/// <summary>
/// Checks the rows of one table: that each is a record under its own key, that the indexes list it, that the long values
/// it refers to are there.
/// </summary>
/// <param name="file">Where the pages come from.</param>
/// <param name="findings">Where findings go.</param>
/// <param name="valuesAtOnce">Long values whose references are counted in one pass over the rows.</param>
internal sealed class RowCheck(IPageFile file, FindingList findings, int valuesAtOnce = LongValueCheck.ValuesAtOnce)
{
    /// <summary>Rows so far, over all tables.</summary>
    public long Rows { get; private set; }

    /// <summary>Entries of secondary indexes so far, over all tables.</summary>
    public long IndexEntries { get; private set; }

    /// <summary>Long values so far, over all tables.</summary>
    public long LongValues { get; private set; }

    /// <summary>Checks a table.</summary>
    public void Run(TableDefinition table, CancellationToken cancellationToken)
    {
        var longValues = new LongValueCheck(file, table, findings, valuesAtOnce);
        long values = longValues.CheckChunks(cancellationToken);
        LongValues += Math.Max(0, values);
        try
        {
            var rows = new TableReader(file, table);
            var indexes = Indexes(rows);
            for (int share = 0; share < longValues.Shares && !findings.IsFull; share++)
            {
                // Where the long values cannot be read the rows still are.
                if (values >= 0)
                    longValues.Start(share);
                Walk(rows, share == 0 ? indexes : null, values >= 0 ? longValues : null, cancellationToken);
                if (values >= 0)
                    longValues.Finish();
            }

            foreach (var index in indexes)
            {
                if (findings.IsFull)
                    return;
                index.Finish(cancellationToken);
                IndexEntries += index.Entries;
            }
        }
        catch (EseException e)
        {
            findings.Add(e, table.Name);
        }
    }

    private List<IndexCheck> Indexes(TableReader rows)
    {
        var checks = new List<IndexCheck>();
        foreach (var index in rows.Table.Indexes)
        {
            try
            {
                checks.Add(new(file, rows, index, findings));
            }
            catch (ArgumentException e)
            {
                findings.Add(EseError.CatalogCorrupted, rows.Table.Name, PageNumber.None, e.Message);
            }
        }

        return checks;
    }

    /// <summary>Goes through the rows; everything but the references is looked at the first time only.</summary>
    private void Walk(TableReader rows, List<IndexCheck>? indexes, LongValueCheck? longValues,
        CancellationToken cancellationToken)
    {
        var cursor = rows.Cursor;
        cursor.Open(rows.Table.Root, rows.Table.ObjectId);
        while (!findings.IsFull && cursor.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            Rows += indexes is null ? 0 : 1;
            try
            {
                var record = rows.Row.Record;
                if (indexes is not null)
                    Look(rows.Layout, record);
                if (longValues is not null)
                    Refer(rows.Layout, record, cursor, longValues);
            }
            catch (EseException e)
            {
                if (indexes is not null)
                {
                    findings.Add(e.Error, rows.Table.Name, cursor.Page, $"line {cursor.Line}: {e.Message}");
                    indexes.ForEach(index => index.GiveUp());
                }

                continue;
            }

            if (indexes is null)
                continue;
            foreach (var index in indexes)
                index.Take();
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
