namespace PipelineBackup.Ese;

/// <summary>
/// Checks the long values of one table: every value has all its chunks and no other, and its count of references is the
/// number of columns of rows that refer to it.
/// </summary>
/// <remarks>
/// Memory: a count for each of at most <see cref="ValuesAtOnce"/> values. A table with more is read several times, with
/// a share of the values each time.
/// </remarks>
internal sealed class LongValueCheck
{
    /// <summary>Values that are counted in one pass over the rows.</summary>
    public const int ValuesAtOnce = 1 << 20;

    private readonly FindingList _findings;
    private readonly TableDefinition _table;
    private readonly TreeCursor _cursor;
    private readonly string _name;
    private readonly Dictionary<LongValueId, long> _missing = [];
    private readonly int _valuesAtOnce;
    private long _values;
    private int _share;

    public LongValueCheck(IPageFile file, TableDefinition table, FindingList findings, int valuesAtOnce = ValuesAtOnce)
    {
        _findings = findings;
        _table = table;
        _name = table.Name + " (long values)";
        _cursor = new(file, table.LongValueRoot, table.LongValueObjectId);
        _valuesAtOnce = valuesAtOnce;
    }

    /// <summary>In how many passes over the rows the references have to be counted.</summary>
    public int Shares => (int)(_values / _valuesAtOnce) + 1;

    /// <summary>Checks that each value has its chunks.</summary>
    /// <returns>Number of values; -1 when the tree cannot be read to its end.</returns>
    public long CheckChunks(CancellationToken cancellationToken)
    {
        if (_table.LongValueRoot == PageNumber.None)
            return 0;
        _values = 0;
        try
        {
            Walk(cancellationToken);
            return _values;
        }
        catch (EseException e)
        {
            _findings.Add(e, _name);
            return -1;
        }
    }

    /// <summary>Takes the counts of one share of the values; <see cref="Refer"/> then takes references off.</summary>
    public void Start(int share)
    {
        _share = share;
        _missing.Clear();
        if (_table.LongValueRoot == PageNumber.None)
            return;
        _cursor.Open(_cursor.Root, _cursor.ObjectId);
        while (_cursor.MoveNext())
        {
            if (LongValueId.TryReadKey(_cursor.Key, out var id, out long offset) && offset < 0 && IsMine(id)
                && LongValueRoot.TryRead(_cursor.Data, out var root))
                _missing[id] = root.IsDeleted ? 0 : root.References;
        }
    }

    /// <summary>A column of a row refers to a value.</summary>
    /// <param name="reference">The reference as the row holds it.</param>
    /// <param name="page">The row's page.</param>
    /// <param name="line">The row's line.</param>
    public void Refer(ReadOnlySpan<byte> reference, PageNumber page, int line)
    {
        if (!LongValueId.TryReadReference(reference, out var id))
        {
            if (_share == 0)
                Found(page, $"line {line} refers to a long value by {reference.Length} bytes that are no id");
            return;
        }

        if (!IsMine(id))
            return;
        if (_missing.TryGetValue(id, out long missing))
            _missing[id] = missing - 1;
        else
            Found(page, $"line {line} refers to the long value {id}, which there is not");
    }

    /// <summary>All rows have been seen: what was not referred to as often as it says is wrong.</summary>
    public void Finish()
    {
        foreach (var (id, missing) in _missing.Where(entry => entry.Value != 0).OrderBy(entry => entry.Key))
        {
            _findings.Add(EseError.LVCorrupted, _name, PageNumber.None,
                $"the long value {id} counts {Math.Abs(missing)} {(missing > 0 ? "more" : "fewer")} references than there are");
        }
    }

    private void Walk(CancellationToken cancellationToken)
    {
        LongValueId current = default;
        long next = -1, length = -1;
        bool isBroken = false;
        var value = default(LongValueRoot);
        _cursor.Open(_cursor.Root, _cursor.ObjectId);
        while (!_findings.IsFull && _cursor.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!LongValueId.TryReadKey(_cursor.Key, out var id, out long offset))
            {
                Found(_cursor.Page, $"line {_cursor.Line} has no key of a long value");
                continue;
            }

            if (offset < 0)
            {
                CheckEnd(current, next, length, isBroken);
                _values++;
                (current, next) = (id, 0);
                isBroken = !LongValueRoot.TryRead(_cursor.Data, out value);
                length = isBroken ? 0 : value.Length;
                if (isBroken)
                    Found(_cursor.Page, $"the root of the long value {id} is broken");

                // What is deleted in part has lost some of its chunks.
                isBroken |= value.References == LongValueRoot.DeletedInPart;
            }
            else if (id != current || next < 0)
            {
                Found(_cursor.Page, $"a chunk of the long value {id}, which has no root");
                (current, next, length, isBroken) = (id, 0, 0, true);
            }
            else if (!isBroken)
            {
                isBroken = !CheckChunk(id, value, offset, next);
                next += Math.Min(_table.LongValueChunkBytes, length - next);
            }
        }

        CheckEnd(current, next, length, isBroken);
    }

    private void CheckEnd(LongValueId id, long next, long length, bool isBroken)
    {
        if (!isBroken && next >= 0 && next < length)
            Found(PageNumber.None, $"the long value {id} ends at {next} of {length} bytes");
    }

    private bool CheckChunk(LongValueId id, LongValueRoot value, long offset, long next)
    {
        if (offset != next || next >= value.Length)
        {
            Found(_cursor.Page, $"the long value {id} of {value.Length} bytes has a chunk at {offset}, not at {next}");
            return false;
        }

        long expected = Math.Min(_table.LongValueChunkBytes, value.Length - next);
        var stored = _cursor.Data;
        if (value.IsEncrypted || stored.Length == expected)
            return true;
        if (stored.Length > expected)
        {
            Found(_cursor.Page, $"the chunk at {offset} of the long value {id} has {stored.Length} bytes, not {expected}");
            return false;
        }

        try
        {
            int plain = ValueCompression.PlainLength(stored);
            if (plain == expected)
                return true;
            Found(_cursor.Page, $"the chunk at {offset} of the long value {id} is {plain} bytes compressed, not {expected}");
        }
        catch (EseException e)
        {
            Found(_cursor.Page, $"the chunk at {offset} of the long value {id}: {e.Message}");
        }

        return false;
    }

    private bool IsMine(LongValueId id) => Shares == 1 || (int)(id.Value % (uint)Shares) == _share;

    private void Found(PageNumber page, string message) => _findings.Add(EseError.LVCorrupted, _name, page, message);
}
