using PipelineBackup.Retention;

namespace PipelineBackup.Tests.Retention;

/// <summary>Each rule alone, on backups at given times.</summary>
public class RetentionRulesTests
{
    [Fact]
    public void The_last_ones_are_the_newest() =>
        Assert.Equal([("20260102T000000Z", "of the last 2"), ("20260103T000000Z", "of the last 2")],
            Apply(new() { KeepLast = 2 }, "20260101T000000Z", "20260102T000000Z", "20260103T000000Z"));

    [Fact]
    public void Days_go_back_from_their_end_and_one_backup_further() =>
        Assert.Equal(
            [
                ("20260102T120000Z", "of the last 2 days"), ("20260103T120000Z", "of the last 2 days"), ("20260104T120000Z", "of the last 2 days"),
                ("20260102T115959Z", "the newest before the last 2 days"),
            ],
            Apply(new() { KeepDays = 2 }, "20260101T120000Z", "20260102T115959Z", "20260102T120000Z", "20260103T120000Z", "20260104T120000Z"));

    [Fact]
    public void A_week_goes_from_monday_to_sunday_and_its_newest_stays()
    {
        // 2026-01-01 is a Thursday, of week 1; 2025-12-28 the Sunday of week 52.
        var kept = Apply(new() { KeepWeekly = 2 }, "20251228T230000Z", "20251229T000000Z", "20260101T000000Z", "20260104T235959Z", "20260105T000000Z");
        Assert.Equal([("20260104T235959Z", "week 2026-W01"), ("20260105T000000Z", "week 2026-W02")], kept);
        Assert.Equal("week 2025-W52", Apply(new() { KeepWeekly = 3 }, "20251228T230000Z", "20251229T000000Z", "20260105T000000Z")[0].Reason);
    }

    [Fact]
    public void Weeks_and_months_without_a_backup_do_not_count() =>
        Assert.Equal([("20240229T000000Z", "month 2024-02"), ("20260131T235959Z", "month 2026-01")],
            Apply(new() { KeepMonthly = 2 }, "20200101T000000Z", "20240201T000000Z", "20240229T000000Z", "20260101T000000Z", "20260131T235959Z"));

    [Fact]
    public void Rules_add_up() =>
        Assert.Equal([("20260201T000000Z", "of the last 1"), ("20260101T000000Z", "month 2026-01"), ("20260201T000000Z", "month 2026-02")],
            Apply(new() { KeepLast = 1, KeepMonthly = 2 }, "20260101T000000Z", "20260201T000000Z"));

    private static List<(string Time, string Reason)> Apply(RetentionPolicy policy, params string[] times)
    {
        var ids = times.Select(time => BackupId.Parse($"{time}-F-00000000")).ToList();
        return [.. RetentionRules.Apply(policy, ids, ids[^1].Time).Select(kept => ($"{kept.Id}"[..16], kept.Reason))];
    }
}
