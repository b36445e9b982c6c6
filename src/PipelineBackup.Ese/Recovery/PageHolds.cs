using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>Pages that must not reach their database files, counted by the sessions that hold them.</summary>
internal sealed class PageHolds
{
    private readonly Dictionary<ulong, int> _holders = [];
    private readonly HashSet<SessionHolds> _sessions = [];

    /// <summary>How many pages are held.</summary>
    public int Count => _holders.Count;

    /// <summary>Whether a page is held.</summary>
    /// <param name="database">Number of the database.</param>
    /// <param name="page">The page.</param>
    public bool IsHeld(byte database, PageNumber page) => _holders.ContainsKey(Key(database, page));

    /// <summary>What holds a page holds another too, until its session ends its transaction.</summary>
    /// <param name="database">Number of the database.</param>
    /// <param name="from">The page.</param>
    /// <param name="to">The other.</param>
    public void Spread(byte database, PageNumber from, PageNumber to)
    {
        ulong key = Key(database, from);
        if (from == to || !_holders.ContainsKey(key))
            return;
        foreach (var session in _sessions)
        {
            if (session.Has(key))
                session.HoldToEnd(Key(database, to));
        }
    }

    /// <summary>The holds of another session.</summary>
    public SessionHolds OfSession() => new(this);

    private static ulong Key(byte database, PageNumber page) => (ulong)database << 32 | page.Value;

    private void Add(ulong key) => CollectionsMarshal.GetValueRefOrAddDefault(_holders, key, out _)++;

    private void Remove(ulong key)
    {
        if (--CollectionsMarshal.GetValueRefOrAddDefault(_holders, key, out _) == 0)
            _holders.Remove(key);
    }

    /// <summary>The pages that one session holds, and how many of its changes do.</summary>
    internal sealed class SessionHolds(PageHolds all)
    {
        // Added to the count of a page that is held to the end, whatever becomes of single changes.
        private const long ToEnd = 1L << 40;

        private readonly Dictionary<ulong, long> _counts = [];

        /// <summary>One more change holds a page.</summary>
        /// <param name="database">Number of the database.</param>
        /// <param name="page">The page.</param>
        public void Hold(byte database, PageNumber page) => Add(Key(database, page), 1);

        /// <summary>A change holds its page no longer.</summary>
        /// <param name="database">Number of the database.</param>
        /// <param name="page">The page; none for a change that holds none.</param>
        public void Release(byte database, PageNumber page)
        {
            if (page == PageNumber.None)
                return;
            ulong key = Key(database, page);
            if (--CollectionsMarshal.GetValueRefOrAddDefault(_counts, key, out _) != 0)
                return;
            _counts.Remove(key);
            all.Remove(key);
        }

        /// <summary>The transaction ended.</summary>
        public void ReleaseAll()
        {
            foreach (ulong key in _counts.Keys)
                all.Remove(key);
            _counts.Clear();
            all._sessions.Remove(this);
        }

        internal bool Has(ulong key) => _counts.ContainsKey(key);

        internal void HoldToEnd(ulong key)
        {
            if (_counts.GetValueOrDefault(key) < ToEnd)
                Add(key, ToEnd);
        }

        private void Add(ulong key, long count)
        {
            ref long held = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, key, out _);
            if (held == 0)
            {
                all.Add(key);
                all._sessions.Add(this);
            }

            held += count;
        }
    }
}
