namespace PipelineBackup.Ese;

/// <summary>The pages of one database as redo gets them: which need a change, by their dbtimes, and which are missing.</summary>
/// <remarks>
/// <code>
/// the page's dbtime is        the change
///   = before                  is made
///   ≥ after                   was made before; an error once <see cref="MayHoldLaterChanges"/> is over
///   &lt; before                  is passed over, and the page goes into the map; an error once that is over
///   between the two           cannot be: −567
/// </code>
/// </remarks>
/// <param name="cache">The pages.</param>
internal sealed class RedoPages(PageCache cache)
{
    /// <summary>The dbtime of a page that lay behind the end of the database for a while.</summary>
    private static readonly DbTime s_shrunk = new(0xFFFFFFFFFFFFFFFD);

    /// <summary>The pages.</summary>
    public PageCache Cache { get; } = cache;

    /// <summary>Changes of pages that were needed, creations included.</summary>
    public long Redone { get; private set; }

    /// <summary>What waits for an explanation in later logs.</summary>
    public RedoMap Map { get; } = new();

    /// <summary>
    /// Whether changes of logs that are not replayed yet may be in the file: as long as the logs that its header
    /// requires are not all replayed.
    /// </summary>
    public bool MayHoldLaterChanges { get; set; } = true;

    /// <summary>
    /// Where replay would have to begin so that it makes the change that is being made; not set while it is replay
    /// itself that makes it.
    /// </summary>
    public LogPosition ChangeStart { get; set; }

    /// <summary>Where the size of the file last changed, by its header; stays up to date here.</summary>
    public LogPosition LastResize { get; set; }

    /// <summary>Whether the header tells where the size of the file last changed.</summary>
    public bool TracksResize { get; set; }

    /// <summary>
    /// A page that a record changes: the page, when it needs the change; null when it does not, or is missing for now.
    /// </summary>
    /// <param name="page">The page.</param>
    /// <param name="before">Its dbtime before the change; <see cref="DbTime.Nil"/> where the record does not tell.</param>
    /// <param name="after">Its dbtime after the change.</param>
    /// <param name="position">Where the record is.</param>
    /// <exception cref="EseException">
    /// −501 (no such page), −566, −567, −625 (its dbtime), −1018, −1118, −1206 (damaged), −1019, −1123, −4001 (missing).
    /// </exception>
    public CachedPage? ForChange(PageNumber page, DbTime before, DbTime after, LogPosition position)
    {
        RequireSound(page, after, position);
        if (Find(page, position) is not { } found)
            return null;
        var time = found.View.DbTime;
        if (after.CompareTo(time) <= 0)
        {
            if (MayHoldLaterChanges)
                return null;
            throw Mismatch(EseError.DbTimeBeyondMaxRequired, page, position,
                $"it has the dbtime {time} before the log makes it {after}");
        }

        int order = before == DbTime.Nil ? 0 : time.CompareTo(before);
        if (order == 0)
            return Touch(found);
        string what = $"its dbtime is {time}, the log changes it from {before} to {after}";
        if (order > 0)
            throw Mismatch(EseError.DbTimeTooNew, page, position, what);
        if (!MayHoldLaterChanges)
            throw Mismatch(EseError.DbTimeTooOld, page, position, what);
        Map.AddTooOld(page, position, what);
        return null;
    }

    /// <summary>
    /// A page that a record creates: empty bytes to be made a page, when it is needed; null when it is there already, or
    /// is missing since an earlier change.
    /// </summary>
    /// <param name="page">The page; the database grows where it lies behind the end.</param>
    /// <param name="after">Its dbtime from then on.</param>
    /// <param name="position">Where the record is.</param>
    /// <exception cref="EseException">−501: there can be no such page.</exception>
    public CachedPage? ForCreation(PageNumber page, DbTime after, LogPosition position)
    {
        RequireSound(page, after, position);

        // Changes of open transactions were passed over with it: what undo needs is lost, whatever comes later. Only that
        // the page is given up explains it.
        if (Map.IsMissing(page))
            return null;
        if (MayHoldLaterChanges)
        {
            Cache.Get(page, out var found);
            if (found != null && IsThere(found.View, after))
                return null;
        }

        return Touch(Cache.Create(page));
    }

    /// <summary>A page as it stands, whatever its time; null when it is missing.</summary>
    /// <param name="page">The page.</param>
    /// <exception cref="EseException">−1018, −1118, −1206: it is damaged.</exception>
    public CachedPage? AsItStands(PageNumber page)
    {
        var verdict = Cache.Get(page, out var found);
        if (found == null && !IsAbsent(verdict))
            throw Damaged(page, verdict);
        return found != null && found.View.DbTime.IsMarker ? null : found;
    }

    /// <summary>The database has at least so many pages from now on.</summary>
    /// <param name="last">The last page.</param>
    /// <param name="position">Where the record is.</param>
    /// <exception cref="EseException">−501: there can be no such page.</exception>
    public void Extend(PageNumber last, LogPosition position)
    {
        RequireSound(last, default, position);
        Cache.Extend(last);
        LastResize = Later(LastResize, position);
    }

    /// <summary>The database ends with a page from now on, unless the file changed its size once more later.</summary>
    /// <param name="last">The last page.</param>
    /// <param name="pages">How many pages went.</param>
    /// <param name="time">When; the default value where the record does not tell.</param>
    /// <param name="position">Where the record is.</param>
    /// <exception cref="EseException">−501: there can be no such page.</exception>
    public void Shrink(PageNumber last, long pages, DbTime time, LogPosition position)
    {
        RequireSound(last, default, position);
        Map.Remove(new(last.Value + 1), uint.MaxValue);
        bool isLater = TracksResize ? LastResize.CompareTo(position) > 0 : MayHoldLaterChanges;
        if (!isLater)
        {
            Cache.Shrink(last);
            LastResize = position;
            return;
        }

        if (time == default)
            return;

        // The file may have grown again since. What it holds there from before must not be taken for what comes.
        long end = Math.Min(last.Value + pages, Cache.LastPage.Value);
        for (long number = last.Value + 1L; number <= end; number++)
        {
            Cache.Get(new((uint)number), out var page);
            if (page != null && page.View.DbTime.CompareTo(time) < 0)
                page.Edit().PreInitialize(page.Number, default, s_shrunk);

            // Nobody holds a page between two records.
            Cache.Trim();
        }
    }

    /// <summary>What some pages held does not matter: they were given back.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="count">How many.</param>
    public void Release(PageNumber first, long count) => Map.Remove(first, count);

    private CachedPage Touch(CachedPage page)
    {
        Redone++;
        if (ChangeStart.IsSet)
            page.Touch(ChangeStart);
        return page;
    }

    private static LogPosition Later(LogPosition a, LogPosition b) => a.CompareTo(b) > 0 ? a : b;

    // Of whichever tree: dbtimes count for the whole database, so a page that is newer was given to that tree later. Made
    // anew it would lack the changes of transactions that began before replay does, which are passed over.
    private static bool IsThere(PageView page, DbTime after) =>
        !page.DbTime.IsMarker && page.DbTime.CompareTo(after) >= 0;

    private static bool IsAbsent(PageVerdict verdict) =>
        verdict.Finding is PageFinding.Uninitialized or PageFinding.Truncated;

    /// <summary>A page, unless it is missing and may be.</summary>
    private CachedPage? Find(PageNumber page, LogPosition position)
    {
        if (Map.IsMissing(page))
            return null;
        var verdict = Cache.Get(page, out var found);
        if (found == null && !IsAbsent(verdict))
            throw Damaged(page, verdict);
        if (found != null && !found.View.DbTime.IsMarker)
            return found;

        var error = found == null ? verdict.Error : EseError.RecoveryVerifyFailure;
        string what = found == null ? verdict.ToString() : "it was behind the end of the database when it was written";
        if (!MayHoldLaterChanges)
            throw Mismatch(error, page, position, what);
        Map.AddMissing(page, position, error, what);
        return null;
    }

    private static void RequireSound(PageNumber page, DbTime after, LogPosition position)
    {
        if (page == PageNumber.None || page.CompareTo(PageNumber.Max) > 0)
            throw new EseException(EseError.LogFileCorrupt, $"the record at {position} is about page {page}");
        if (after.IsMarker)
            throw new EseException(EseError.LogFileCorrupt, $"the record at {position} gives page {page} no dbtime");
    }

    private static EseException Damaged(PageNumber page, PageVerdict verdict) =>
        new(verdict.Error, $"page {page}: {verdict}", "restore the database from a backup");

    private static EseException Mismatch(EseError error, PageNumber page, LogPosition position, string what) => new(
        error, $"page {page}: {what}, at {position}",
        "the database is not the one that these logs were written with; restore it from a backup");
}
