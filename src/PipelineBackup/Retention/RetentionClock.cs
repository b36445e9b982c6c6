namespace PipelineBackup.Retention;

/// <summary>
/// The time as retention sees it. Ids carry the clocks of those who made them, and any clock may be wrong: where a wrong one
/// would remove more, the earlier of two times counts.
/// </summary>
internal sealed class RetentionClock
{
    /// <summary>How far ahead of this clock the time of a backup may lie before it counts as wrong.</summary>
    private static readonly TimeSpan s_ahead = TimeSpan.FromDays(1);

    private readonly DateTimeOffset _now, _oldestUnderWay;

    public RetentionClock(StoreSurvey survey, DateTimeOffset now, TimeSpan grace)
    {
        _now = now;
        var newest = EarlierThanNow(survey.Ids.Concat(survey.Backups.Keys).Select(id => id.Time).DefaultIfEmpty(now).Max());
        _oldestUnderWay = newest - DateTimeOffset.MinValue > grace ? newest - grace : DateTimeOffset.MinValue;
    }

    /// <summary>Whether a run without a commit may still be under way.</summary>
    /// <remarks>
    /// Its age counts up to the newest run, not up to now when that is later: a clock that is ahead must not make litter of
    /// what is being written at this moment.
    /// </remarks>
    public bool MayBeUnderWay(BackupId id) => id.Time >= _oldestUnderWay;

    /// <summary>Whether a backup has a time that cannot be right, as far as this clock knows.</summary>
    public bool IsAhead(BackupId id) => id.Time - _now > s_ahead;

    /// <summary>A time, or now, whichever is earlier.</summary>
    public DateTimeOffset EarlierThanNow(DateTimeOffset time) => time < _now ? time : _now;
}
