namespace PipelineBackup.Ese;

/// <summary>
/// Pages that redo met otherwise than the log has them while later logs could still explain it: the page is given up
/// there, and what it held does not matter. What nothing explained fails the recovery.
/// </summary>
internal sealed class RedoMap
{
    private readonly Dictionary<uint, Entry> _missing = [];
    private readonly Dictionary<uint, Entry> _tooOld = [];

    private readonly record struct Entry(LogPosition Position, EseError Error, string What);

    /// <summary>Whether everything is explained.</summary>
    public bool IsEmpty => _missing.Count == 0 && _tooOld.Count == 0;

    /// <summary>Whether a page is missing: changes of it are passed over until it was given up.</summary>
    /// <param name="page">The page.</param>
    public bool IsMissing(PageNumber page) => _missing.ContainsKey(page.Value);

    /// <summary>A page that is not there; of one that is known already the first place counts.</summary>
    /// <param name="page">The page.</param>
    /// <param name="position">The record that needs it.</param>
    /// <param name="error">What reading it gave.</param>
    /// <param name="what">The same in words.</param>
    public void AddMissing(PageNumber page, LogPosition position, EseError error, string what) =>
        _missing.TryAdd(page.Value, new(position, error, what));

    /// <summary>A page that is older than the log has it; of one that is known already the first place counts.</summary>
    /// <param name="page">The page.</param>
    /// <param name="position">The record that changes it.</param>
    /// <param name="what">What is wrong.</param>
    public void AddTooOld(PageNumber page, LogPosition position, string what) =>
        _tooOld.TryAdd(page.Value, new(position, EseError.DbTimeTooOld, what));

    /// <summary>What a page held does not matter.</summary>
    /// <param name="page">The page.</param>
    public void Remove(PageNumber page)
    {
        _missing.Remove(page.Value);
        _tooOld.Remove(page.Value);
    }

    /// <summary>What some pages held does not matter.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="count">How many; they may reach behind the last page that there can be.</param>
    public void Remove(PageNumber first, long count)
    {
        Remove(_missing, first.Value, first.Value + count);
        Remove(_tooOld, first.Value, first.Value + count);
    }

    /// <summary>Refuses to go on when something was left unexplained.</summary>
    /// <param name="now">How far replay is.</param>
    /// <exception cref="EseException">
    /// The error of the oldest entry, the missing pages first: −1019, −4001 or −1123, then −566.
    /// </exception>
    public void RequireEmpty(LogPosition now)
    {
        var entries = _missing.Count > 0 ? _missing : _tooOld;
        if (entries.Count == 0)
            return;
        var (page, entry) = entries.MinBy(static pair => (pair.Value.Position, pair.Key));
        throw new EseException(entry.Error,
            $"page {page}: {entry.What}, at {entry.Position}; unexplained up to {now}, with {entries.Count - 1} others",
            "the database is not the one that these logs were written with; restore it from a backup");
    }

    private static void Remove(Dictionary<uint, Entry> entries, long first, long end)
    {
        foreach (uint page in entries.Keys.Where(page => page >= first && page < end).ToList())
            entries.Remove(page);
    }
}
