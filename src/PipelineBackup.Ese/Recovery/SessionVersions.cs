using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>
/// The changes of one session's open transactions, by level and number: the order in which they were made.
/// </summary>
/// <remarks>
/// Nearly all come in their order. They stand in one list, each level behind the one that it is nested in:
/// <code>
/// entries   level 1 ········ level 2 ··· level 3 ······
/// bodies    in the same order
/// </code>
/// so that an inner commit forgets where its level begins, and a rollback cuts off the end. Those that come late, when
/// a record tells the old data of an earlier change, have a table for each level, and bodies of their own.
/// </remarks>
internal sealed class SessionVersions
{
    private readonly ScratchStream _entries, _bodies, _lateBodies;
    private readonly PageHolds.SessionHolds _holds;
    private readonly List<long> _starts = [];
    private readonly List<Dictionary<uint, VersionEntry>?> _late = [];

    // The late ones of the level that is undone, oldest first.
    private readonly List<VersionEntry> _order = [];
    private int _orderedLevel;

    /// <summary>No changes yet.</summary>
    /// <param name="memory">Where the lists are.</param>
    /// <param name="holds">Takes which pages are held.</param>
    public SessionVersions(ScratchMemory memory, PageHolds holds)
    {
        _entries = new(memory);
        _bodies = new(memory);
        _lateBodies = new(memory);
        _holds = holds.OfSession();
    }

    /// <summary>How many changes there are, those undone in the middle counted.</summary>
    public long Count => EntryCount + _late.Sum(table => (long)(table?.Count ?? 0));

    /// <summary>Whether any change holds a page.</summary>
    public bool HoldsPages => _holds.Any;

    /// <summary>The changes that hold pages of a database, with their levels, as they are now.</summary>
    /// <param name="database">Number of the database.</param>
    public List<(FoundVersion Found, int Level)> Held(byte database)
    {
        var held = new List<(FoundVersion, int)>();
        bool IsHolding(VersionEntry entry) => entry.Held != PageNumber.None && entry.Database == database;
        int level = 1;
        for (long i = 0; i < EntryCount; i++)
        {
            while (level + 1 < _starts.Count && _starts[level + 1] <= i)
                level++;
            if (At(i) is var entry && IsHolding(entry))
                held.Add((new(entry, i, 0), level));
        }

        for (level = 1; level < _late.Count; level++)
        {
            foreach (var entry in (IEnumerable<VersionEntry>?)_late[level]?.Values ?? [])
            {
                if (IsHolding(entry))
                    held.Add((new(entry, -1, level), level));
            }
        }

        return held;
    }

    private long EntryCount => _entries.Length / VersionEntry.Size;

    /// <summary>Finds a change.</summary>
    /// <param name="version">Number of the version.</param>
    /// <param name="found">The change, when it is known.</param>
    public bool TryFind(uint version, out FoundVersion found)
    {
        for (int level = _late.Count - 1; level > 0; level--)
        {
            if (_late[level] is { } table && table.TryGetValue(version, out var late))
            {
                found = new(late, -1, level);
                return true;
            }
        }

        long low = 0, high = EntryCount;
        while (low < high)
        {
            long middle = low + (high - low) / 2;
            var entry = At(middle);
            if (entry.Version == version)
            {
                found = new(entry, middle, 0);
                return true;
            }

            if (VersionEntry.IsNewer(version, entry.Version))
                low = middle + 1;
            else
                high = middle;
        }

        found = default;
        return false;
    }

    /// <summary>Adds a change that is not known.</summary>
    /// <param name="entry">Version, held page and database; it gets its body's place here.</param>
    /// <param name="level">Its level.</param>
    /// <param name="top">Level of the session.</param>
    /// <param name="body">Its body, all parts.</param>
    public void Add(in VersionEntry entry, int level, int top, ReadOnlySpan<byte> body)
    {
        if (entry.Held != PageNumber.None)
            _holds.Hold(entry.Database, entry.Held);
        if (level == top && IsNewest(entry.Version))
        {
            while (_starts.Count <= level)
                _starts.Add(EntryCount);
            var placed = new VersionEntry(entry.Version, entry.Held, entry.Database, _bodies.Length);
            _bodies.Append(body);
            _entries.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<VersionEntry>(in placed)));
        }
        else
        {
            Table(level)[entry.Version] = new(entry.Version, entry.Held, entry.Database, _lateBodies.Length);
            _lateBodies.Append(body);
        }
    }

    /// <summary>Adds a change that a later record has to tell how to undo.</summary>
    /// <param name="version">Number of the version.</param>
    /// <param name="level">Its level.</param>
    public void Defer(uint version, int level) => Table(level)[version] = VersionEntry.Bodiless(version);

    /// <summary>The old data of a change stand in a log record now: its page is held by it no longer.</summary>
    /// <param name="found">The change.</param>
    public void Logged(in FoundVersion found)
    {
        if (found.Entry.Held == PageNumber.None)
            return;
        _holds.Release(found.Entry.Database, found.Entry.Held);
        Put(found, found.Entry with { Held = PageNumber.None });
    }

    /// <summary>Forgets a change.</summary>
    /// <param name="found">The change.</param>
    public void Remove(in FoundVersion found)
    {
        _holds.Release(found.Entry.Database, found.Entry.Held);
        if (found.IsLate)
        {
            _late[found.Level]!.Remove(found.Entry.Version);
            if (_order.Count > 0 && _order[^1].Version == found.Entry.Version)
                _order.RemoveAt(_order.Count - 1);
            else
                _orderedLevel = 0;
            return;
        }

        Put(found, VersionEntry.Bodiless(found.Entry.Version));
        if (found.Index == EntryCount - 1)
            Cut(found.Index, found.Entry.Body);
    }

    /// <summary>Forgets a change by its number.</summary>
    /// <param name="version">Number of the version.</param>
    public void Forget(uint version)
    {
        if (TryFind(version, out var found))
            Remove(found);
    }

    /// <summary>The newest change of a level.</summary>
    /// <param name="level">The level, the top one.</param>
    /// <param name="found">The change.</param>
    /// <returns>False when there is none.</returns>
    public bool TryNewest(int level, out FoundVersion found)
    {
        SortLate(level);
        long count = EntryCount;
        bool hasEntry = level < _starts.Count && count > _starts[level];
        var entry = hasEntry ? At(count - 1) : default;
        if (_order.Count > 0 && (!hasEntry || VersionEntry.IsNewer(_order[^1].Version, entry.Version)))
        {
            found = new(_late[level]![_order[^1].Version], -1, level);
            return true;
        }

        found = new(entry, count - 1, 0);
        return hasEntry;
    }

    /// <summary>Reads the body of a change.</summary>
    /// <param name="found">The change; it has a body.</param>
    /// <param name="buffer">Takes the parts behind the fixed one; grows.</param>
    /// <returns>The fixed part.</returns>
    public VersionBody Read(in FoundVersion found, ref byte[] buffer)
    {
        var stream = found.IsLate ? _lateBodies : _bodies;
        VersionBody body = default;
        stream.Read(found.Entry.Body, MemoryMarshal.AsBytes(new Span<VersionBody>(ref body)));
        int length = body.KeyLength + body.BookmarkLength + body.OldLength;
        if (buffer.Length < length)
            buffer = new byte[Math.Max(length, buffer.Length * 2)];
        stream.Read(found.Entry.Body + VersionBody.Size, buffer.AsSpan(0, length));
        return body;
    }

    /// <summary>Transactions were committed into the one around them.</summary>
    /// <param name="level">The level from now on, at least 1.</param>
    public void Commit(int level)
    {
        if (_starts.Count > level + 1)
            _starts.RemoveRange(level + 1, _starts.Count - level - 1);
        for (int from = _late.Count - 1; from > level; from--)
        {
            var table = _late[from];
            _late.RemoveAt(from);
            if (table is { Count: > 0 })
                MergeInto(level, table);
        }
    }

    /// <summary>Transactions were rolled back: what they changed is forgotten.</summary>
    /// <param name="level">The level from now on, at least 1.</param>
    public void RollBack(int level)
    {
        for (int from = _late.Count - 1; from > level; from--)
        {
            foreach (var entry in (IEnumerable<VersionEntry>?)_late[from]?.Values ?? [])
                _holds.Release(entry.Database, entry.Held);
            _late.RemoveAt(from);
        }

        _orderedLevel = 0;
        if (_starts.Count <= level + 1)
            return;
        long start = _starts[level + 1], end = -1;
        for (long i = start; i < EntryCount; i++)
        {
            var entry = At(i);
            _holds.Release(entry.Database, entry.Held);
            if (end < 0 && !entry.IsBodiless)
                end = entry.Body;
        }

        Cut(start, end < 0 ? _bodies.Length : end);
        _starts.RemoveRange(level + 1, _starts.Count - level - 1);
    }

    /// <summary>The outermost transaction ended: everything is forgotten.</summary>
    public void Clear()
    {
        _holds.ReleaseAll();
        _entries.Truncate(0);
        _bodies.Truncate(0);
        _lateBodies.Truncate(0);
        _starts.Clear();
        _late.Clear();
        _order.Clear();
        _orderedLevel = 0;
    }

    private bool IsNewest(uint version)
    {
        long count = EntryCount;
        return count == 0
            || (VersionEntry.IsNewer(version, At(count - 1).Version) && VersionEntry.IsNewer(version, At(0).Version));
    }

    private VersionEntry At(long index)
    {
        VersionEntry entry = default;
        _entries.Read(index * VersionEntry.Size, MemoryMarshal.AsBytes(new Span<VersionEntry>(ref entry)));
        return entry;
    }

    private void Put(in FoundVersion found, VersionEntry entry)
    {
        if (found.IsLate)
            _late[found.Level]![entry.Version] = entry;
        else
        {
            _entries.Write(
                found.Index * VersionEntry.Size, MemoryMarshal.AsBytes(new ReadOnlySpan<VersionEntry>(ref entry)));
        }
    }

    /// <summary>Cuts the end off, and what was undone before it: the last entry is always one to undo.</summary>
    private void Cut(long count, long bodyLength)
    {
        // The body of a change undone before newer ones stays, until an older one goes.
        while (count > 0 && At(count - 1).IsBodiless)
            count--;
        if (count == 0)
            bodyLength = 0;
        _entries.Truncate(count * VersionEntry.Size);
        _bodies.Truncate(bodyLength);
        for (int level = _starts.Count - 1; level >= 0 && _starts[level] > count; level--)
            _starts[level] = count;
    }

    private Dictionary<uint, VersionEntry> Table(int level)
    {
        while (_late.Count <= level)
            _late.Add(null);
        _orderedLevel = 0;
        return _late[level] ??= [];
    }

    /// <summary>Moves the smaller table into the larger, so that a change is not moved at every commit.</summary>
    private void MergeInto(int level, Dictionary<uint, VersionEntry> table)
    {
        var target = Table(level);
        if (target.Count < table.Count)
            (_late[level], target, table) = (table, table, target);
        foreach (var (version, entry) in table)
            target[version] = entry;
    }

    private void SortLate(int level)
    {
        if (_orderedLevel == level)
            return;
        _orderedLevel = level;
        _order.Clear();
        if (level >= _late.Count || _late[level] is not { Count: > 0 } table)
            return;
        _order.AddRange(table.Values);

        // The numbers wrap around: any of them serves as the middle of those that are compared.
        uint middle = _order[0].Version;
        _order.Sort((a, b) => ((int)(a.Version - middle)).CompareTo((int)(b.Version - middle)));
    }
}

/// <summary>A change that was found among those of its session.</summary>
/// <param name="Entry">The change.</param>
/// <param name="Index">Its place in the list; -1 for one that came late.</param>
/// <param name="Level">Level of one that came late.</param>
internal readonly record struct FoundVersion(VersionEntry Entry, long Index, int Level)
{
    /// <summary>Whether it came late.</summary>
    public bool IsLate => Index < 0;
}
