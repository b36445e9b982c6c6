namespace PipelineBackup.Ese;

/// <summary>
/// The macros that are open while logs are replayed: records of a session with one dbtime, which count all together
/// when the macro is committed, or not at all.
/// </summary>
/// <param name="mostBytes">How many bytes their records may have, all together: far more than any engine needs.</param>
internal sealed class MacroSet(long mostBytes = MacroSet.UsualBytes)
{
    private const long UsualBytes = 256 << 20;
    private const int KeptRecords = 1 << 20;

    private readonly Dictionary<(ushort Session, DbTime Time), MacroRecords> _open = [];
    private MacroRecords? _spare;
    private MacroRecords? _last;
    private long _bytes;

    /// <summary>How many are open.</summary>
    public int Count => _open.Count;

    /// <summary>Those that are open, by session and dbtime.</summary>
    public IReadOnlyList<MacroBracket> Open =>
        [.. _open.Keys.Order().Select(key => new MacroBracket(key.Session, key.Time))];

    /// <summary>A macro begins. Macros of sessions that did not begin a transaction yet are not looked at.</summary>
    /// <param name="session">Its session.</param>
    /// <param name="record">The record.</param>
    /// <exception cref="EseException">-1852: it is open already.</exception>
    public void Begin(RedoSession session, in LogRecordView record)
    {
        if (!session.HasBegun)
            return;
        var time = record.Body<MacroBracket>().Time;
        if (!_open.TryAdd((session.Id, time), _spare ?? new()))
            throw Corrupt(EseError.LogCorrupted, session, time, record.Position, "begins though it is open");
        _spare = null;
    }

    /// <summary>Keeps a record for its macro.</summary>
    /// <param name="session">Session of the record, which has begun a transaction.</param>
    /// <param name="record">A record that changes pages.</param>
    /// <returns>False when it is in no macro: then it counts at once.</returns>
    /// <exception cref="EseException">
    /// -501: it is one that has to be in a macro, or the macros have more records than any engine's would.
    /// </exception>
    public bool TryAdd(RedoSession session, in LogRecordView record)
    {
        bool isBound = record.Type is LogRecordType.Split or LogRecordType.Merge or LogRecordType.RootPageMove;
        if (_open.Count == 0 && !isBound)
            return false;
        var time = TimeOf(record);
        if (record.Type == LogRecordType.UndoInfo || !_open.TryGetValue((session.Id, time), out var macro))
        {
            if (isBound)
            {
                throw Corrupt(EseError.LogFileCorrupt, session, time, record.Position,
                    $"is not open, and has a {record.Type} record");
            }

            return false;
        }

        int length = record.Bytes.Length;
        if (length > mostBytes - _bytes)
        {
            throw Corrupt(EseError.LogFileCorrupt, session, time, record.Position,
                $"and the other open ones have more than {mostBytes} bytes");
        }

        macro.Add(record);
        _bytes += length;
        return true;
    }

    /// <summary>A macro is committed.</summary>
    /// <param name="session">Its session.</param>
    /// <param name="record">The record.</param>
    /// <returns>
    /// Its records, at least one, good until the next macro is committed; null for a session that did not begin a
    /// transaction yet.
    /// </returns>
    /// <exception cref="EseException">-501: there are no records.</exception>
    public MacroRecords? Commit(RedoSession session, in LogRecordView record)
    {
        if (!session.HasBegun)
            return null;
        var time = record.Body<MacroBracket>().Time;
        if (!_open.Remove((session.Id, time), out var macro) || macro.Count == 0)
            throw Corrupt(EseError.LogFileCorrupt, session, time, record.Position, "is committed without a record");
        _bytes -= macro.Length;
        Keep(_last);
        _last = macro;
        return macro;
    }

    /// <summary>A macro is given up.</summary>
    /// <param name="session">Its session.</param>
    /// <param name="record">The record.</param>
    public void Abort(RedoSession session, in LogRecordView record)
    {
        if (!_open.Remove((session.Id, record.Body<MacroBracket>().Time), out var macro))
            return;
        _bytes -= macro.Length;
        Keep(macro);
    }

    /// <summary>Gives all of them up.</summary>
    public void Clear()
    {
        _open.Clear();
        _bytes = 0;
    }

    private static DbTime TimeOf(in LogRecordView record) => record.Type == LogRecordType.RootPageMove
        ? record.Body<RootMove>().Time
        : record.IsPageChange ? record.Page.Time : DbTime.Nil;

    private void Keep(MacroRecords? macro)
    {
        if (macro is null || macro.Length > KeptRecords)
            return;
        macro.Clear();
        _spare = macro;
    }

    private static EseException Corrupt(
        EseError error, RedoSession session, DbTime time, LogPosition position, string what) =>
        new(error, $"at {position} the macro {time} of session {session.Id} {what}");
}
