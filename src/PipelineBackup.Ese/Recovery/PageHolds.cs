using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>Pages that must not reach their database files, counted by the sessions that hold them.</summary>
internal sealed class PageHolds
{
    private readonly Dictionary<ulong, int> _sessions = [];

    /// <summary>How many pages are held.</summary>
    public int Count => _sessions.Count;

    /// <summary>Whether a page is held.</summary>
    /// <param name="database">Number of the database.</param>
    /// <param name="page">The page.</param>
    public bool IsHeld(byte database, PageNumber page) => _sessions.ContainsKey(Key(database, page));

    /// <summary>The holds of another session.</summary>
    public SessionHolds OfSession() => new(this);

    private static ulong Key(byte database, PageNumber page) => (ulong)database << 32 | page.Value;

    // True for the first.
    private static bool Add(Dictionary<ulong, int> counts, ulong key) =>
        CollectionsMarshal.GetValueRefOrAddDefault(counts, key, out _)++ == 0;

    // True for the last.
    private static bool Remove(Dictionary<ulong, int> counts, ulong key) =>
        --CollectionsMarshal.GetValueRefOrAddDefault(counts, key, out _) == 0 && counts.Remove(key);

    /// <summary>The pages that one session holds, and how many of its changes do.</summary>
    internal sealed class SessionHolds(PageHolds all)
    {
        private readonly Dictionary<ulong, int> _changes = [];

        /// <summary>Whether any change holds a page.</summary>
        public bool Any => _changes.Count > 0;

        /// <summary>One more change holds a page.</summary>
        /// <param name="database">Number of the database.</param>
        /// <param name="page">The page.</param>
        public void Hold(byte database, PageNumber page)
        {
            if (Add(_changes, Key(database, page)))
                Add(all._sessions, Key(database, page));
        }

        /// <summary>A change holds its page no longer.</summary>
        /// <param name="database">Number of the database.</param>
        /// <param name="page">The page; none for a change that holds none.</param>
        public void Release(byte database, PageNumber page)
        {
            if (page != PageNumber.None && Remove(_changes, Key(database, page)))
                Remove(all._sessions, Key(database, page));
        }

        /// <summary>The transaction ended.</summary>
        public void ReleaseAll()
        {
            foreach (ulong key in _changes.Keys)
                Remove(all._sessions, key);
            _changes.Clear();
        }
    }
}
