using System.Globalization;

namespace PipelineBackup.Retention;

/// <summary>The rules of a policy, applied to ids: they know nothing of chains, damage and pins.</summary>
internal static class RetentionRules
{
    /// <summary>Names the backups that rules keep, a backup as often as rules name it.</summary>
    /// <param name="policy">The rules.</param>
    /// <param name="oldestFirst">The backups, in the order of their ids.</param>
    /// <param name="end">Where the days of the policy end.</param>
    public static IEnumerable<(BackupId Id, string Reason)> Apply(
        RetentionPolicy policy, IReadOnlyList<BackupId> oldestFirst, DateTimeOffset end)
    {
        foreach (var id in oldestFirst.TakeLast(policy.KeepLast ?? 0))
            yield return (id, Invariant($"of the last {policy.KeepLast}"));
        if (policy.KeepDays is { } days)
        {
            var begin = (end - DateTimeOffset.MinValue).TotalDays > days ? end.AddDays(-days) : DateTimeOffset.MinValue;
            foreach (var id in oldestFirst.SkipWhile(id => id.Time < begin))
                yield return (id, Invariant($"of the last {Days(days)}"));
            foreach (var id in oldestFirst.TakeWhile(id => id.Time < begin).TakeLast(1))
                yield return (id, Invariant($"the newest before the last {Days(days)}"));
        }

        foreach (var (id, week) in Newest(oldestFirst, policy.KeepWeekly, Week))
            yield return (id, $"week {week}");
        foreach (var (id, month) in Newest(oldestFirst, policy.KeepMonthly, time => Invariant($"{time:yyyy-MM}")))
            yield return (id, $"month {month}");
    }

    private static IEnumerable<(BackupId Id, string Period)> Newest(
        IReadOnlyList<BackupId> oldestFirst, int? count, Func<DateTimeOffset, string> periodOf) => oldestFirst
        .GroupBy(id => periodOf(id.Time))
        .Select(period => (period.Last(), period.Key))
        .TakeLast(count ?? 0);

    private static string Week(DateTimeOffset time) =>
        Invariant($"{ISOWeek.GetYear(time.UtcDateTime):0000}-W{ISOWeek.GetWeekOfYear(time.UtcDateTime):00}");

    private static string Days(int days) => days == 1 ? "day" : Invariant($"{days} days");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
