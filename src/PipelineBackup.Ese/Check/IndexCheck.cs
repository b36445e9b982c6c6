namespace PipelineBackup.Ese;

/// <summary>
/// Checks one index against the rows of its table. While the rows go by it adds up the entries they call for; then it
/// adds up those that are there. Only where the two differ it looks for the difference, entry by entry.
/// </summary>
/// <remarks>
/// Keys of UTF-16 text cannot be made here (their order comes from tables of Windows). Of such an index it is checked
/// which rows it lists, or, where a row may have several entries, that every entry leads to a row.
/// </remarks>
internal sealed class IndexCheck
{
    private readonly IPageFile _file;
    private readonly FindingList _findings;
    private readonly IndexDefinition _index;
    private readonly TableReader _rows;
    private readonly IndexKeys? _keys;
    private readonly (int Column, bool MustBeNull)[] _conditions;
    private readonly int[] _segments;
    private readonly bool _isCountable;
    private readonly string _name;
    private EntrySum _called;
    private bool _isKnown = true;

    /// <summary>Prepares for the rows of a table.</summary>
    /// <exception cref="ArgumentException">The index names columns that rows do not have.</exception>
    public IndexCheck(IPageFile file, TableReader rows, IndexDefinition index, FindingList findings)
    {
        _file = file;
        _findings = findings;
        _index = index;
        _rows = rows;
        _name = index.IsPrimary ? index.Table.Name : $"{index.Table.Name}.{index.Name}";
        var columns = rows.Columns.ToList();
        _conditions = [.. index.Conditions.Select(condition => (columns.IndexOf(condition.Column), condition.MustBeNull))];
        _segments = [.. index.Segments.Select(segment => columns.IndexOf(segment.Column))];
        _isCountable = index.Tuples is null && !index.Segments.Any(segment => segment.Column.IsMultiValued);
        if (KeyNormalizer.CanNormalize(index))
            _keys = new(rows, index);
        else if (_segments.Contains(-1) || _conditions.Any(condition => condition.Column < 0))
            throw new ArgumentException($"{index} names a column that rows lack", nameof(index));
    }

    /// <summary>Entries that the index holds; of the primary index none, as the rows are its entries.</summary>
    public long Entries { get; private set; }

    /// <summary>Takes the row that the reader stands on.</summary>
    public void Take()
    {
        if (!_isKnown)
            return;
        try
        {
            if (_keys is null)
            {
                if (!_index.IsPrimary && _isCountable && IsListed(_rows.Row))
                    _called.Add([], _rows.Row.Bookmark);
                return;
            }

            _keys.Make();
            var bookmark = _rows.Row.Bookmark;
            if (_index.IsPrimary && (_keys.Count != 1 || !_keys[0].SequenceEqual(bookmark)))
            {
                _findings.Add(EseError.PrimaryIndexCorrupted, _name, _rows.Cursor.Page,
                    $"line {_rows.Cursor.Line} stands under another key than its columns make");
            }

            for (int i = 0; i < _keys.Count; i++)
                _called.Add(_keys[i], bookmark);
        }
        catch (EseException e)
        {
            GiveUp();
            _findings.Add(e.Error, _name, _rows.Cursor.Page, $"line {_rows.Cursor.Line} has no key: {e.Message}");
        }
    }

    /// <summary>A row cannot be read: what it calls for is not known, so nothing can be said of what is missing.</summary>
    public void GiveUp() => _isKnown = false;

    /// <summary>All rows have gone by: compares with what the index holds.</summary>
    public void Finish(CancellationToken cancellationToken)
    {
        if (_index.IsPrimary)
            return;
        try
        {
            var held = new EntrySum();
            var entries = new TreeCursor(_file, _index.Root, _index.ObjectId);
            while (entries.MoveNext())
            {
                cancellationToken.ThrowIfCancellationRequested();
                held.Add(_keys is null ? [] : entries.Key, entries.Data);
            }

            Entries = held.Count;
            if (_keys is null && !_isCountable)
                FindForeign(entries, cancellationToken);
            else if (_isKnown && !held.Agrees(_called))
                FindDifference(entries, held, cancellationToken);
        }
        catch (EseException e)
        {
            _findings.Add(e, _name);
        }
    }

    private void FindDifference(TreeCursor entries, EntrySum held, CancellationToken cancellationToken)
    {
        int before = _findings.Findings.Count;
        if (_keys is not null)
            FindMissing(entries, cancellationToken);
        FindForeign(entries, cancellationToken);
        if (_findings.Findings.Count == before)
        {
            _findings.Add(EseError.SecondaryIndexCorrupted, _name, PageNumber.None,
                $"holds {held.Count} entries, not the {_called.Count} that the rows call for");
        }
    }

    /// <summary>Looks in the index for what each row calls for.</summary>
    private void FindMissing(TreeCursor entries, CancellationToken cancellationToken)
    {
        _rows.Cursor.Open(_index.Table.Root, _index.Table.ObjectId);
        while (!_findings.IsFull && _rows.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var bookmark = _rows.Row.Bookmark;
            _keys!.Make();
            for (int i = 0; i < _keys.Count; i++)
            {
                bool found = entries.SeekAtLeast(_keys[i], bookmark) && entries.Key.SequenceEqual(_keys[i])
                    && entries.Data.SequenceEqual(bookmark);
                if (!found)
                {
                    _findings.Add(EseError.SecondaryIndexCorrupted, _name, _rows.Cursor.Page,
                        $"lacks the row of line {_rows.Cursor.Line}, key {Text(_keys[i])}");
                }
            }
        }
    }

    /// <summary>Looks among the rows for what each entry leads to.</summary>
    private void FindForeign(TreeCursor entries, CancellationToken cancellationToken)
    {
        entries.Open(_index.Root, _index.ObjectId);
        while (!_findings.IsFull && entries.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!_rows.Seek(entries.Data))
            {
                _findings.Add(EseError.SecondaryIndexCorrupted, _name, entries.Page,
                    $"line {entries.Line} leads to the row {Text(entries.Data)}, which there is not");
            }
            else if (_keys is null ? _isCountable && !IsListed(_rows.Row) : !HasKey(entries.Key))
            {
                _findings.Add(EseError.SecondaryIndexCorrupted, _name, entries.Page,
                    $"line {entries.Line} lists the row {Text(entries.Data)} under a key that it has not");
            }
        }
    }

    private bool HasKey(ReadOnlySpan<byte> key)
    {
        _keys!.Make();
        for (int i = 0; i < _keys.Count; i++)
        {
            if (_keys[i].SequenceEqual(key))
                return true;
        }

        return false;
    }

    /// <summary>Whether a row has an entry, in an index of which it has at most one.</summary>
    private bool IsListed(in RowView row)
    {
        foreach (var (column, mustBeNull) in _conditions)
        {
            if (row[column].IsNull != mustBeNull)
                return false;
        }

        int nulls = 0;
        foreach (int column in _segments)
            nulls += row[column].IsNull ? 1 : 0;
        if (nulls == 0)
            return true;
        var needed = nulls == _segments.Length ? IndexFlags.AllowAllNulls
            : row[_segments[0]].IsNull ? IndexFlags.AllowFirstNull
            : IndexFlags.AllowSomeNulls;
        return (_index.Flags & needed) != 0;
    }

    private static string Text(ReadOnlySpan<byte> bytes) =>
        bytes.Length <= 32 ? Convert.ToHexStringLower(bytes) : Convert.ToHexStringLower(bytes[..32]) + "…";
}
