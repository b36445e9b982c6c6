namespace PipelineBackup.Ese;

/// <summary>
/// Makes the keys that a row has in an index: none, one, or with multi-valued columns and tuple indexes many. Reuses
/// its buffers.
/// </summary>
public sealed class IndexKeys
{
    /// <summary>
    /// The most keys of one row that are made: a bound for combinations of values, far above what rows have.
    /// </summary>
    public const int MostKeys = 1 << 16;

    private readonly TableReader? _reader;
    private readonly IValueSource _source;
    private readonly RowLayout _layout;
    private readonly IUnicodeOrder? _unicode;
    private readonly int[] _segments;
    private readonly (int Column, bool MustBeNull)[] _conditions;
    private readonly List<Range>[] _values;
    private readonly List<(int Start, int Length)> _keys = [];
    private readonly byte[] _key;
    private readonly Comparison<(int Start, int Length)> _order;
    private byte[] _valueBytes = [], _keyBytes = [];
    private int _valueUsed, _keyUsed;

    /// <summary>Prepares for the rows of a table.</summary>
    /// <param name="reader">The reader that stands on the rows.</param>
    /// <param name="index">An index of its table for which <see cref="KeyNormalizer.CanNormalize"/> says yes.</param>
    /// <exception cref="ArgumentException">
    /// The index is of another table, or has UTF-16 text or deleted columns.
    /// </exception>
    public IndexKeys(TableReader reader, IndexDefinition index)
        : this((reader ?? throw new ArgumentNullException(nameof(reader))).Layout, reader, index, null)
    {
        _reader = reader;
    }

    /// <summary>Prepares for records of a table, wherever they stand.</summary>
    /// <param name="table">The table.</param>
    /// <param name="values">Gives values that records hold compressed or apart from themselves.</param>
    /// <param name="index">An index of the table.</param>
    /// <param name="order">Orders UTF-16 text; needed only where the index has such columns.</param>
    /// <exception cref="ArgumentException">
    /// The index is of another table, has deleted columns, or has UTF-16 text without an order.
    /// </exception>
    public IndexKeys(TableDefinition table, IValueSource values, IndexDefinition index, IUnicodeOrder? order = null)
        : this(new RowLayout(table ?? throw new ArgumentNullException(nameof(table))), values, index, order)
    {
    }

    private IndexKeys(RowLayout layout, IValueSource values, IndexDefinition index, IUnicodeOrder? order)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (order is null && !KeyNormalizer.CanNormalize(index))
            throw new ArgumentException($"{index} orders UTF-16 text", nameof(index));
        (_layout, _source, _unicode) = (layout, values, order);
        Index = index;
        _segments = [.. index.Segments.Select(segment => Find(segment.Column))];
        _conditions = [.. index.Conditions.Select(condition => (Find(condition.Column), condition.MustBeNull))];
        _values = [.. _segments.Select(_ => new List<Range>())];
        _key = new byte[index.KeyMost];
        _order = (a, b) => Bytes(a).SequenceCompareTo(Bytes(b));

        int Find(ColumnDefinition column)
        {
            int at = Array.IndexOf(layout.Columns, column);
            return at >= 0 ? at : throw new ArgumentException($"{index} names a column that rows lack", nameof(index));
        }
    }

    /// <summary>The index.</summary>
    public IndexDefinition Index { get; }

    /// <summary>Number of keys of the row.</summary>
    public int Count => _keys.Count;

    /// <summary>One key; all are different and in the order of the index. Good until the next row.</summary>
    /// <param name="index">From 0.</param>
    public ReadOnlySpan<byte> this[int index] => Bytes(_keys[index]);

    /// <summary>Whether a segment of the row is NULL, in a row for which the conditions hold.</summary>
    public bool HasNull { get; private set; }

    /// <summary>Whether something of a key was cut off for lack of room.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Makes the keys of the row that the reader stands on.</summary>
    /// <exception cref="EseException">
    /// The row or one of its values is damaged, or has more than <see cref="MostKeys"/> keys (-1206).
    /// </exception>
    /// <exception cref="InvalidOperationException">There is no reader, or it stands on no row.</exception>
    public void Make()
    {
        if (_reader is null)
            throw new InvalidOperationException("without a reader there is no row to stand on");
        Make(_reader.Row.Record);
    }

    /// <summary>Makes the keys of a record.</summary>
    /// <param name="record">A record of the table.</param>
    /// <exception cref="EseException">
    /// The record or one of its values is damaged, or has more than <see cref="MostKeys"/> keys (-1206).
    /// </exception>
    public void Make(in RecordView record)
    {
        _keys.Clear();
        _valueUsed = _keyUsed = 0;
        HasNull = IsCut = false;
        foreach (var (column, mustBeNull) in _conditions)
        {
            if (_layout.Values(record, column).IsNull != mustBeNull)
                return;
        }

        for (int i = 0; i < _segments.Length; i++)
            Load(_layout.Values(record, _segments[i]), _values[i]);
        if (Index.Tuples is { } tuples)
            MakeTuples(tuples);
        else
            MakeCombinations();
        SortAndUnite();
    }

    private void Load(ColumnValues values, List<Range> ranges)
    {
        ranges.Clear();
        for (int i = 0; i < values.Count; i++)
        {
            var bytes = _source.Read(values[i]);
            Append(ref _valueBytes, ref _valueUsed, bytes);
            ranges.Add((_valueUsed - bytes.Length).._valueUsed);
        }
    }

    private void MakeTuples(TupleLimits limits)
    {
        foreach (var whole in _values[0])
        {
            long end = whole.End.Value, at = whole.Start.Value + (long)limits.Start;
            for (uint part = 0; part < limits.MaxParts && end - at >= Math.Max(1u, limits.MinLength); part++)
            {
                int length = (int)Math.Min(limits.MaxLength, end - at);
                MakeKey([], (int)at..(int)(at + length));
                at += Math.Max(1u, limits.Increment);
            }
        }
    }

    private void MakeCombinations()
    {
        Span<int> chosen = stackalloc int[_values.Length];
        bool isCross = (Index.Flags & IndexFlags.CrossProduct) != 0;
        bool isNested = (Index.Flags & IndexFlags.NestedTable) != 0;
        int most = 1;
        foreach (var values in _values)
            most = Math.Max(most, values.Count);
        int first = FirstMultiValued();

        if (!isCross)
        {
            int steps = isNested ? most : first < 0 ? 1 : Math.Max(1, _values[first].Count);
            for (int step = 0; step < steps; step++)
            {
                for (int i = 0; i < chosen.Length; i++)
                    chosen[i] = (isNested && _values[i].Count > 1) || (!isNested && i == first) ? step : 0;
                MakeIfListed(chosen);
            }

            return;
        }

        for (int at = 0; at >= 0;)
        {
            // Which segments are NULL is the same for all combinations: the first one tells whether any is listed.
            MakeIfListed(chosen);
            if (_keys.Count == 0)
                return;
            for (at = chosen.Length - 1; at >= 0 && ++chosen[at] >= Math.Max(1, _values[at].Count); at--)
                chosen[at] = 0;
        }
    }

    private int FirstMultiValued()
    {
        for (int i = 0; i < _segments.Length; i++)
        {
            if (_layout.Columns[_segments[i]].IsMultiValued)
                return i;
        }

        return -1;
    }

    private void MakeIfListed(ReadOnlySpan<int> chosen)
    {
        int nulls = 0;
        for (int i = 0; i < chosen.Length; i++)
            nulls += chosen[i] >= _values[i].Count ? 1 : 0;
        if (nulls > 0)
        {
            HasNull = true;
            var needed = nulls == chosen.Length ? IndexFlags.AllowAllNulls
                : chosen[0] >= _values[0].Count ? IndexFlags.AllowFirstNull
                : IndexFlags.AllowSomeNulls;
            if ((Index.Flags & needed) == 0)
                return;
        }

        MakeKey(chosen, null);
    }

    private void MakeKey(ReadOnlySpan<int> chosen, Range? part)
    {
        if (_keys.Count == MostKeys)
            throw RecordView.Corrupt($"a row has more than {MostKeys} keys in the index {Index}");
        var key = new KeyNormalizer(Index, _key, _unicode);
        for (int i = 0; i < _segments.Length; i++)
        {
            int value = chosen.IsEmpty ? 0 : chosen[i];
            if (i == 0 && part is { } range)
                key.Append(Index.Segments[i], _valueBytes.AsSpan(range));
            else if (value < _values[i].Count)
                key.Append(Index.Segments[i], _valueBytes.AsSpan(_values[i][value]));
            else
                key.AppendNull(Index.Segments[i]);
        }

        IsCut |= key.IsCut;
        Append(ref _keyBytes, ref _keyUsed, key.Key);
        _keys.Add((_keyUsed - key.Key.Length, key.Key.Length));
    }

    // Equal keys of one row are one entry.
    private void SortAndUnite()
    {
        if (_keys.Count < 2)
            return;
        _keys.Sort(_order);
        int kept = 1;
        for (int i = 1; i < _keys.Count; i++)
        {
            if (!Bytes(_keys[i]).SequenceEqual(Bytes(_keys[kept - 1])))
                _keys[kept++] = _keys[i];
        }

        _keys.RemoveRange(kept, _keys.Count - kept);
    }

    private Span<byte> Bytes((int Start, int Length) key) => _keyBytes.AsSpan(key.Start, key.Length);

    private static void Append(ref byte[] buffer, ref int used, ReadOnlySpan<byte> bytes)
    {
        if (buffer.Length - used < bytes.Length)
            Array.Resize(ref buffer, Math.Max(used + bytes.Length, 2 * buffer.Length));
        bytes.CopyTo(buffer.AsSpan(used));
        used += bytes.Length;
    }
}
