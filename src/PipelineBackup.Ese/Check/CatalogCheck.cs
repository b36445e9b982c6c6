namespace PipelineBackup.Ese;

/// <summary>
/// Checks the catalog: against its shadow, against the list of object ids, and the trees that it names against each
/// other.
/// </summary>
/// <param name="file">Where the pages come from.</param>
/// <param name="findings">Where findings go.</param>
internal sealed class CatalogCheck(IPageFile file, FindingList findings)
{
    private const string Main = "MSysObjects", Shadow = "MSysObjectsShadow", Ids = "MSysObjids";

    /// <summary>Reads the catalog that can be read: the main copy, or the shadow with a finding.</summary>
    /// <returns>Null when neither can be.</returns>
    public DatabaseCatalog? Read()
    {
        foreach (var (copy, name) in new[] { (CatalogCopy.Main, Main), (CatalogCopy.Shadow, Shadow) })
        {
            try
            {
                return CatalogReader.Read(file, copy);
            }
            catch (EseException e)
            {
                findings.Add(e, name);
            }
        }

        return null;
    }

    /// <summary>Compares the two copies node by node; their rows are the same bytes but for one time.</summary>
    public void CompareCopies(CancellationToken cancellationToken)
    {
        var main = new TreeCursor(file, CatalogReader.RootOf(CatalogCopy.Main), CatalogReader.IdOf(CatalogCopy.Main));
        var shadow = new TreeCursor(file, CatalogReader.RootOf(CatalogCopy.Shadow),
            CatalogReader.IdOf(CatalogCopy.Shadow));
        string reading = Main;
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                reading = Main;
                bool hasMain = main.MoveNext();
                reading = Shadow;
                bool hasShadow = shadow.MoveNext();
                if (!hasMain && !hasShadow)
                    return;
                if (hasMain && hasShadow && main.Key.SequenceEqual(shadow.Key) && IsSameRow(main.Data, shadow.Data))
                    continue;

                // One row more or less shifts all that follow: say where it begins, not all of it.
                findings.Add(EseError.CatalogCorrupted, hasMain ? Main : Shadow, hasMain ? main.Page : shadow.Page,
                    $"line {(hasMain ? main : shadow).Line}: the catalog and its shadow differ from here on");
                return;
            }
        }
        catch (EseException e)
        {
            findings.Add(e, reading);
        }
    }

    /// <summary>Compares the objects of the catalog with the engine's list of object ids, where there is one.</summary>
    public void CompareIds(DatabaseCatalog catalog)
    {
        if (!catalog.TryFind(Ids, out var table))
            return;
        var listed = new HashSet<(uint Id, uint Table, ushort Kind)>();
        try
        {
            ReadIds(table, listed);
        }
        catch (EseException e)
        {
            findings.Add(e, Ids);
            return;
        }

        foreach (var entry in catalog.Tables.SelectMany(ObjectsOf))
        {
            if (!listed.Remove(entry))
                findings.Add(EseError.CatalogCorrupted, Ids, PageNumber.None, $"lacks {Name(entry)}");
        }

        foreach (var entry in listed.Order())
            findings.Add(EseError.CatalogCorrupted, Ids, PageNumber.None, $"has {Name(entry)}, which the catalog has not");
    }

    /// <summary>All trees of a table: the table itself, then those that get their space from it.</summary>
    public static IEnumerable<TreeIdentity> TreesOf(TableDefinition table)
    {
        yield return new(table.Name, table.Root, table.ObjectId, TreeIdentity.Database.Root);
        foreach (var index in table.Indexes.Where(index => !index.IsPrimary))
        {
            yield return new($"{table.Name}.{index.Name}", index.Root, index.ObjectId, table.Root)
            {
                Kind = PageFlags.Index | (index.HasUniqueKeys ? PageFlags.None : PageFlags.NonUniqueKeys),
            };
        }

        if (table.LongValueRoot != PageNumber.None)
        {
            yield return new(table.Name + " (long values)", table.LongValueRoot, table.LongValueObjectId, table.Root)
            {
                Kind = PageFlags.LongValue,
            };
        }
    }

    // When a root was moved last is noted in each copy by itself, a moment apart: fixed column 13.
    private static bool IsSameRow(ReadOnlySpan<byte> main, ReadOnlySpan<byte> shadow)
    {
        const int MoveTime = 43, End = MoveTime + 8, Column = 13;
        bool hasTime = main.Length >= End && shadow.Length >= End && main[0] >= Column && shadow[0] >= Column;
        return hasTime
            ? main[..MoveTime].SequenceEqual(shadow[..MoveTime]) && main[End..].SequenceEqual(shadow[End..])
            : main.SequenceEqual(shadow);
    }

    private void ReadIds(TableDefinition table, HashSet<(uint, uint, ushort)> listed)
    {
        var rows = new TableReader(file, table);
        int id = rows.IndexOf("objid"), owner = rows.IndexOf("objidTable"), kind = rows.IndexOf("type");
        while (rows.MoveNext())
        {
            var row = rows.Row;
            listed.Add((Number(row[id]), Number(row[owner]), (ushort)Number(row[kind])));
        }
    }

    private static uint Number(ColumnValues values)
    {
        uint number = 0;
        var bytes = values.IsNull ? [] : values[0].Stored;
        for (int i = Math.Min(bytes.Length, 4) - 1; i >= 0; i--)
            number = number << 8 | bytes[i];
        return number;
    }

    private static IEnumerable<(uint Id, uint Table, ushort Kind)> ObjectsOf(TableDefinition table)
    {
        uint owner = table.ObjectId.Value;
        yield return (owner, owner, (ushort)CatalogRowKind.Table);
        foreach (var index in table.Indexes.Where(index => !index.IsPrimary))
            yield return (index.ObjectId.Value, owner, (ushort)CatalogRowKind.Index);
        if (table.LongValueRoot != PageNumber.None)
            yield return (table.LongValueObjectId.Value, owner, (ushort)CatalogRowKind.LongValues);
    }

    private static string Name((uint Id, uint Table, ushort Kind) entry) =>
        $"the object {entry.Id} of the table {entry.Table} (kind {entry.Kind})";
}
