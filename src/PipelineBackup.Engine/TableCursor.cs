namespace PipelineBackup.Engine;

/// <summary>
/// Walks the rows of a table in the order of an index, as its session sees them. It holds nothing between two moves:
/// rows may come and go around it, even the one that it stands on.
/// </summary>
/// <remarks>
/// <code>
///             MoveNext, MoveFirst, Seek…                MoveNext
///   before  ─────────────────────────────►  on a row ───────────►  behind
///   the first ◄───────────────────────────          ◄───────────  the last
///             MovePrevious                            MovePrevious, MoveLast
/// </code>
/// </remarks>
public sealed partial class TableCursor
{
    private readonly Table _table;
    private readonly string? _index;
    private readonly NodeCursor _rows;
    private readonly NodeCursor? _entries;
    private TableAccess _access;
    private byte[] _key = [], _from = [], _to = [];
    private bool _hasRange;
    private long _seen;

    internal TableCursor(Table table, TableAccess access, string? index)
    {
        (_table, _access, _index) = (table, access, index);
        _rows = new(table.Tables, table.Session.Core, access.State.Rows);
        if (index is not null && FindIndex(access, index) is { IsPrimary: false } secondary)
            _entries = new(table.Tables, table.Session.Core, table.Tables.Tree(secondary));
    }

    /// <summary>Whether it stands on a row.</summary>
    public bool IsOnRow => Walker.IsOnNode;

    /// <summary>The key that the row stands under; good until the next move.</summary>
    /// <exception cref="EseException">−1603: it stands on no row.</exception>
    public ReadOnlySpan<byte> Bookmark => Walker.IsOnNode ? _rows.Key : throw NoRow();

    /// <summary>The normalised key of the row in the index; good until the next move.</summary>
    /// <exception cref="EseException">−1603: it stands on no row.</exception>
    public ReadOnlySpan<byte> Key => Walker.IsOnNode ? Walker.Key : throw NoRow();

    private NodeCursor Walker => _entries ?? _rows;

    /// <summary>Moves to the first row, of the range if there is one.</summary>
    /// <returns>False when there is none.</returns>
    /// <exception cref="EseException">−1305, −1404: table or index is gone. And what damaged trees throw.</exception>
    public bool MoveFirst()
    {
        using (Begin())
            return Arrive(_hasRange ? Walker.SeekAtLeast(_from) : Walker.MoveFirst(), isForward: true);
    }

    /// <summary>Moves to the last row, of the range if there is one.</summary>
    /// <returns>False when there is none.</returns>
    /// <exception cref="EseException">−1305, −1404: table or index is gone. And what damaged trees throw.</exception>
    public bool MoveLast()
    {
        using (Begin())
        {
            byte[] end = _hasRange ? Behind(_to) : [];
            return Arrive(end.Length > 0 ? Walker.SeekBelow(end) : Walker.MoveLast(), isForward: false);
        }
    }

    /// <summary>Moves to the next row; to the first from before it.</summary>
    /// <returns>False when there is none: it then stands behind the last.</returns>
    /// <exception cref="EseException">−1305, −1404: table or index is gone. And what damaged trees throw.</exception>
    public bool MoveNext()
    {
        if (_hasRange && !Walker.IsOnNode)
            return !Walker.IsBehindLast && MoveFirst();
        using (Begin())
            return Arrive(Walker.MoveNext(), isForward: true);
    }

    /// <summary>Moves to the row before; to the last from behind it.</summary>
    /// <returns>False when there is none: it then stands before the first.</returns>
    /// <exception cref="EseException">−1305, −1404: table or index is gone. And what damaged trees throw.</exception>
    public bool MovePrevious()
    {
        if (_hasRange && !Walker.IsOnNode)
            return Walker.IsBehindLast && MoveLast();
        using (Begin())
            return Arrive(Walker.MovePrevious(), isForward: false);
    }

    /// <summary>Leaves the rows: the next move is to the first.</summary>
    public void Reset() => Walker.Reset(isBehind: false);

    /// <summary>
    /// Moves to the first row of a key. Any range is forgotten.
    /// </summary>
    /// <param name="values">The values of the index's columns, all or the first ones; null is NULL.</param>
    /// <returns>False when there is none; it then stands on no row.</returns>
    /// <exception cref="EseException">
    /// −1519: rows are numbered, there is no index; −1047: a value does not suit its column; −1406: the index orders
    /// UTF-16 text.
    /// </exception>
    public bool Seek(params ReadOnlySpan<object?> values)
    {
        using (Begin())
        {
            _hasRange = false;
            byte[] key = MakeKey(values);
            if (Arrive(Walker.SeekAtLeast(key), isForward: true) && Walker.Key.StartsWith(key))
                return true;
            Walker.Reset(isBehind: false);
            return false;
        }
    }

    /// <summary>Moves to the first row whose key is not below one. Any range is forgotten.</summary>
    /// <param name="values">The values of the index's columns, all or the first ones; null is NULL.</param>
    /// <returns>False when there is none: it then stands behind the last.</returns>
    /// <exception cref="EseException">As <see cref="Seek"/> has them.</exception>
    public bool SeekAtLeast(params ReadOnlySpan<object?> values)
    {
        using (Begin())
        {
            _hasRange = false;
            return Arrive(Walker.SeekAtLeast(MakeKey(values)), isForward: true);
        }
    }

    /// <summary>
    /// Moves to the first row of a range; moves stay within it until another seek, or <see cref="ClearRange"/>.
    /// </summary>
    /// <param name="from">
    /// Values of the lower end in the order of the index, all or the first ones; empty for none.
    /// </param>
    /// <param name="to">Values of the upper end, which is within the range; empty for none.</param>
    /// <returns>False when there is none: it then stands behind the last.</returns>
    /// <exception cref="EseException">As <see cref="Seek"/> has them.</exception>
    public bool SeekRange(ReadOnlySpan<object?> from, ReadOnlySpan<object?> to)
    {
        using (Begin())
        {
            _from = MakeKey(from);
            _to = MakeKey(to);
            _hasRange = true;
            return Arrive(Walker.SeekAtLeast(_from), isForward: true);
        }
    }

    /// <summary>Moves go through all rows from now on.</summary>
    public void ClearRange() => _hasRange = false;

    /// <summary>
    /// Moves to the row of a bookmark, in the order of the primary index. Of a cursor over another index only
    /// <see cref="Seek"/> finds rows.
    /// </summary>
    /// <param name="bookmark">The key that it stands under.</param>
    /// <returns>False when there is no such row; it then stands on no row.</returns>
    /// <exception cref="InvalidOperationException">The cursor is one over a secondary index.</exception>
    public bool Goto(ReadOnlySpan<byte> bookmark)
    {
        if (_entries is not null)
            throw new InvalidOperationException("a cursor over a secondary index goes by keys of that index");
        using (Begin())
        {
            _hasRange = false;
            if (Arrive(_rows.Seek(bookmark), isForward: true))
                return true;
            _rows.Reset(isBehind: false);
            return false;
        }
    }

    private EngineSession.Operation Begin(bool mayWrite = false)
    {
        var operation = _table.Session.Enter(mayWrite);
        try
        {
            var access = _table.Resolve();
            if (access != _access)
            {
                _access = access;
                if (_entries is not null && FindIndex(access, _index!) is var index
                    && _table.Tables.Tree(index) != _entries.Tree)
                    throw new EseException(EseError.IndexNotFound, $"the index {index} is another one now");
            }

            return operation;
        }
        catch
        {
            operation.Dispose();
            throw;
        }
    }

    // Within the range, and on the row that the entry leads to.
    private bool Arrive(bool isThere, bool isForward)
    {
        _seen = _table.Session.Core.Changes;
        if (!isThere)
            return false;
        if (_hasRange && (isForward ? IsBehind(Walker.Key) : Walker.Key.SequenceCompareTo(_from) < 0))
        {
            Walker.Reset(isForward);
            return false;
        }

        if (_entries is null || _rows.Seek(_entries.Data))
            return true;
        throw new EseException(EseError.SecondaryIndexCorrupted,
            $"the index {_index} of {_access.Definition} leads to a row that is not there");
    }

    private bool IsBehind(ReadOnlySpan<byte> key) =>
        _to.Length > 0 && key.SequenceCompareTo(_to) > 0 && !key.StartsWith(_to);

    private byte[] MakeKey(ReadOnlySpan<object?> values)
    {
        if (values.IsEmpty)
            return [];
        var index = _index is null ? _access.Definition.PrimaryIndex : FindIndex(_access, _index);
        if (index is null)
        {
            throw new EseException(EseError.NoCurrentIndex, $"the rows of {_access.Definition} are numbered",
                "go to a row by its bookmark");
        }

        if (values.Length > index.Segments.Count)
            throw new ArgumentException($"the index {index} has {index.Segments.Count} columns", nameof(values));
        var order = _table.Session.Engine.Options.UnicodeOrder;
        if (order is null && !KeyNormalizer.CanNormalize(index))
        {
            throw new EseException(EseError.IndexInvalidDef,
                $"the index {index} orders UTF-16 text, and nobody says how",
                "walk along it, or seek by another index");
        }

        if (_key.Length < index.KeyMost)
            _key = new byte[index.KeyMost];
        var key = new KeyNormalizer(index, _key, order);
        for (int i = 0; i < values.Length; i++)
        {
            var segment = index.Segments[i];
            if (values[i] is { } value)
                key.Append(segment, ColumnCodec.Write(segment.Column, value));
            else
                key.AppendNull(segment);
        }

        return key.Key.ToArray();
    }

    // The first bytes behind all that begin with some; none when there are none.
    private static byte[] Behind(ReadOnlySpan<byte> prefix)
    {
        int length = prefix.Length;
        while (length > 0 && prefix[length - 1] == byte.MaxValue)
            length--;
        byte[] end = prefix[..length].ToArray();
        if (length > 0)
            end[^1]++;
        return end;
    }

    private static IndexDefinition FindIndex(TableAccess access, string name) => access.Definition.FindIndex(name)
        ?? throw new EseException(EseError.IndexNotFound, $"the table {access.Definition} has no index {name}");

    private EseException NoRow() =>
        new(EseError.NoCurrentRecord, $"the cursor over {_access.Definition} stands on no row");
}
