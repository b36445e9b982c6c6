using PipelineBackup.Format;

namespace PipelineBackup.Tests.Retention;

/// <summary>What an expiry keeps and removes, and in which order it deletes.</summary>
public class ExpiryTests
{
    private static readonly RetentionPolicy s_one = new() { KeepLast = 1 };

    private readonly BuiltSet _set = new();

    [Fact]
    public async Task What_no_rule_names_goes_and_everything_of_it()
    {
        string old = _set.Add(BackupKind.Full, 0, packs: 3), next = _set.Add(BackupKind.Full, 1), last = _set.Add(BackupKind.Full, 2);
        _set.Mark(old, "drill-20260302T030000Z-00000000");
        _set.Claim(old, "000001", "20250302T030000Z-I-00000000");
        var report = await RunAsync(new() { KeepLast = 2 });
        Assert.Equal((ExitCode.Done, null), (report.ExitCode, report.Failure));
        Assert.Equal([old], report.Removed);
        Assert.Equal([next, last], _set.Ids);
        Assert.DoesNotContain(_set.Names, name => name.Contains(old, StringComparison.Ordinal));
        // Commit, three packs, index, claim, receipt, and the mark of the removal itself.
        Assert.Equal(8, report.Objects);
    }

    [Fact]
    public async Task A_chain_stays_as_long_as_one_of_its_members_is_kept()
    {
        string full = _set.Add(BackupKind.Full, 0), one = _set.Add(BackupKind.Incremental, 1, full), two = _set.Add(BackupKind.Incremental, 2, one);
        string differential = _set.Add(BackupKind.Differential, 3, two), three = _set.Add(BackupKind.Incremental, 4, two);
        string next = _set.Add(BackupKind.Full, 5);
        var plan = await PlanAsync(new() { KeepLast = 2 });
        Assert.Equal([next, three, two, one, full], Kept(plan).Reverse());
        Assert.Equal(["of the last 2"], ReasonsOf(plan, three));
        Assert.Equal([$"{three} builds on it"], ReasonsOf(plan, two));
        var report = await RunAsync(s_one);
        Assert.Equal([three, differential, two, one, full], report.Removed);
        Assert.Equal(["default/backups/", "default/data/", "format.json"], Folders());
    }

    [Fact]
    public async Task The_last_child_goes_first_and_each_commit_before_its_data()
    {
        string full = _set.Add(BackupKind.Full, 0, packs: 2), one = _set.Add(BackupKind.Incremental, 1, full), two = _set.Add(BackupKind.Incremental, 2, one);
        _set.Add(BackupKind.Full, 5);
        var recording = new RecordingSink(_set.Store);
        await _set.Expiry(s_one, 6, recording).RunAsync();
        var deletes = recording.Calls.Where(call => call.Call == SinkCall.Delete).Select(call => call.Name).ToList();
        var commits = deletes.Where(name => name.StartsWith("default/backups/", StringComparison.Ordinal)).ToList();
        Assert.Equal(new[] { two, one, full }.Select(id => $"default/backups/{id}.json"), commits);
        foreach (string id in (string[])[two, one, full])
        {
            var own = deletes.Where(name => name.Contains(id, StringComparison.Ordinal) && !name.StartsWith("default/chain/", StringComparison.Ordinal)).ToList();
            Assert.StartsWith("default/backups/", own[0], StringComparison.Ordinal);
            Assert.Equal($"default/marks/{id}/expiring.json", own[^1]);
        }

        int firstDelete = recording.Calls.ToList().FindIndex(call => call.Call == SinkCall.Delete);
        Assert.Equal(3, recording.Calls.Take(firstDelete).Count(call => call.Call == SinkCall.Put));
        // Each commit is read once, however often is looked.
        Assert.All(recording.Calls.Where(call => call.Call == SinkCall.Read).GroupBy(call => call.Name)
            .Where(reads => reads.Key.StartsWith("default/backups/", StringComparison.Ordinal)), reads => Assert.Single(reads));
    }

    [Fact]
    public async Task What_reaches_furthest_stays_whatever_the_clock_said()
    {
        string far = _set.Add(BackupKind.Full, 0, position: 90), behind = _set.Add(BackupKind.Copy, 3, position: 20);
        var plan = await PlanAsync(s_one);
        Assert.Equal([far, behind], Kept(plan));
        Assert.Equal(["the newest that restores", "the newest without damage", "the next incremental backup continues it", "the newest of db1.edb without damage"], ReasonsOf(plan, far));
        Assert.Equal(far, (await new BackupCatalog(_set.Store, BackupSet.Default).FindAsync("latest")).Id);
    }

    [Fact]
    public async Task Damage_takes_no_place_of_a_sound_backup()
    {
        string a = _set.Add(BackupKind.Full, 0), b = _set.Add(BackupKind.Full, 1), c = _set.Add(BackupKind.Full, 2);
        string bad1 = _set.Add(BackupKind.Full, 3, damaged: true), bad2 = _set.Add(BackupKind.Full, 4, damaged: true);
        string onBad = _set.Add(BackupKind.Incremental, 5, bad2);
        Assert.Equal([b, c, bad2, onBad], Kept(await PlanAsync(new() { KeepLast = 2 })));
        var plan = await PlanAsync(s_one);
        Assert.Equal([c, bad2, onBad], Kept(plan));
        Assert.Equal(["of the last 1", "the newest without damage", "the next incremental backup continues it", "the newest of db1.edb without damage"], ReasonsOf(plan, c));
        Assert.Contains("the newest that restores", ReasonsOf(plan, onBad));
        Assert.Equal([bad1, b, a], (await RunAsync(s_one)).Removed);
    }

    [Fact]
    public async Task Each_database_keeps_its_last_sound_backup()
    {
        string one = _set.Add(BackupKind.Full, 0, databases: ["db1.edb"]), old = _set.Add(BackupKind.Full, 1, databases: ["db2.edb"]);
        string two = _set.Add(BackupKind.Full, 2, databases: ["DB2.edb"]), other = _set.Add(BackupKind.Full, -9, stream: "0e", databases: ["db3.edb"]);
        var plan = await PlanAsync(s_one);
        Assert.Equal([one, two], Kept(plan));
        Assert.Equal(["the newest of db1.edb without damage"], ReasonsOf(plan, one));
        Assert.Equal([old, other], (await RunAsync(s_one)).Removed.OrderDescending(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_the_next_incremental_backup_continues_stays_below_a_copy_that_reaches_further()
    {
        string full = _set.Add(BackupKind.Full, 0), one = _set.Add(BackupKind.Incremental, 1, full), copy = _set.Add(BackupKind.Copy, 2);
        var plan = await PlanAsync(s_one);
        Assert.Equal([full, one, copy], Kept(plan));
        Assert.Equal(["the next incremental backup continues it"], ReasonsOf(plan, one));
    }

    [Fact]
    public async Task A_pinned_backup_stays_with_all_that_it_builds_on()
    {
        string full = _set.Add(BackupKind.Full, 0), one = _set.Add(BackupKind.Incremental, 1, full), two = _set.Add(BackupKind.Incremental, 2, one);
        string last = _set.Add(BackupKind.Full, 3);
        var pins = new BackupPins(_set.Store, BackupSet.Default);
        await pins.PinAsync(one, "before the move");
        var plan = await PlanAsync(s_one);
        Assert.Equal([full, one, last], Kept(plan));
        Assert.Equal(["pinned"], ReasonsOf(plan, one));
        Assert.Equal([two], (await RunAsync(s_one)).Removed);
        Assert.Single(await pins.UnpinAsync(one));
        Assert.Equal([one, full], (await RunAsync(s_one)).Removed);
    }

    [Fact]
    public async Task A_backup_that_cannot_be_read_stays_with_all_that_it_may_build_on()
    {
        string copy = _set.Add(BackupKind.Copy, 0), full = _set.Add(BackupKind.Full, 1), one = _set.Add(BackupKind.Incremental, 2, full);
        string spoilt = _set.Add(BackupKind.Differential, 3, one), later = _set.Add(BackupKind.Full, 4), last = _set.Add(BackupKind.Full, 5);
        string spoiltFull = _set.Add(BackupKind.Full, -1);
        string lost = _set.AddLeftover(BackupKind.Full, -30);
        _set.Spoil(spoilt);
        _set.Spoil(spoiltFull);
        var report = await RunAsync(s_one);
        Assert.Equal(ExitCode.Refused, report.ExitCode);
        Assert.Equal([spoiltFull, spoilt], report.Plan.Unreadable.Select(commit => $"{commit.Id}"));
        Assert.Equal([$"{spoilt}, which cannot be read, may build on it"], ReasonsOf(report.Plan, one));
        Assert.Equal([later, copy], report.Removed);
        Assert.Contains(_set.Names, name => name.Contains(lost, StringComparison.Ordinal));
        Assert.All((string[])[spoilt, spoiltFull], id => Assert.Equal(2, _set.Names.Count(name => name.StartsWith($"default/data/{id}/", StringComparison.Ordinal))));

        // Without the one that may build on anything, the rest goes its way.
        _set.Lose(spoilt);
        string newest = _set.Add(BackupKind.Full, 30);
        Assert.Equal([last, one, full, lost, spoilt], (await RunAsync(s_one, day: 31)).Removed);
        Assert.Equal([spoiltFull, newest], _set.Ids);
    }

    [Fact]
    public async Task A_chain_with_a_hole_counts_for_nothing_and_what_is_left_below_the_hole_stays()
    {
        string full = _set.Add(BackupKind.Full, 0), hole = _set.Add(BackupKind.Incremental, 1, full), end = _set.Add(BackupKind.Incremental, 2, hole);
        string older = _set.Add(BackupKind.Full, -5, position: 0);
        _set.Lose(hole);
        var plan = await PlanAsync(s_one);
        // The end is the newest of all, and what restores is the full one.
        Assert.Equal([full, end], Kept(plan));
        Assert.Contains($"{end} builds on it, and its commit is missing", Assert.Single(plan.Leftovers).Reasons);
        Assert.Equal([older], (await RunAsync(s_one)).Removed);
        Assert.Contains(_set.Names, name => name.StartsWith($"default/data/{hole}/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_run_left_that_died_goes_after_a_time()
    {
        _set.Add(BackupKind.Full, 0);
        string dead = _set.AddLeftover(BackupKind.Full, -20), young = _set.AddLeftover(BackupKind.Full, -5), pinned = _set.AddLeftover(BackupKind.Copy, -40);
        _set.Mark(dead, "drill-20260302T030000Z-00000000");
        _set.Mark(pinned, "pin-20260302T030000Z-00000000");
        _set.Put("default/data/nobodys/object", "x");
        _set.Put("default/data/readme", "x");
        // No backup has begun since: nobody knows whether the clock or the source stands still.
        var report = await RunAsync(s_one, day: 300);
        Assert.Equal([dead], report.Removed);
        Assert.Equal(["may still be under way"], report.Plan.Leftovers.Single(left => $"{left.Id}" == young).Reasons);
        Assert.Equal(["pinned"], report.Plan.Leftovers.Single(left => $"{left.Id}" == pinned).Reasons);
        Assert.DoesNotContain(_set.Names, name => name.Contains(dead, StringComparison.Ordinal));
        Assert.Contains("default/data/nobodys/object", _set.Names);
        _set.Add(BackupKind.Full, 4);
        Assert.Equal([young], (await RunAsync(new() { KeepLast = 5 }, day: 4)).Removed);
    }

    [Fact]
    public async Task A_clock_that_is_wrong_removes_no_more()
    {
        string[] days = [.. Enumerable.Range(0, 10).Select(day => _set.Add(BackupKind.Full, day))];
        string running = _set.AddLeftover(BackupKind.Full, 10);
        var week = new RetentionPolicy { KeepDays = 7 };
        string[] kept = Kept(await PlanAsync(week, day: 10));
        Assert.Equal(days[1..], kept);
        // Ten years ahead, and ten behind.
        Assert.Equal(kept, Kept(await PlanAsync(week, day: 3650)));
        Assert.Equal(["may still be under way"], Assert.Single((await PlanAsync(week, day: 3650)).Leftovers).Reasons);
        Assert.Equal(days, Kept(await PlanAsync(s_one, day: -3650)));
        // Of others: one that was ahead takes nobody's place.
        string ahead = _set.Add(BackupKind.Full, 4000, position: 0);
        var plan = await PlanAsync(s_one, day: 10);
        Assert.Equal([days[^1], ahead], Kept(plan));
        Assert.Equal(["its time lies ahead of this clock", "the newest by its time"], ReasonsOf(plan, ahead));
        Assert.Contains(plan.Leftovers, left => $"{left.Id}" == running && !left.IsRemoved);
    }

    [Fact]
    public async Task What_the_store_has_locked_stays_and_so_does_what_it_builds_on()
    {
        string full = _set.Add(BackupKind.Full, 0), one = _set.Add(BackupKind.Incremental, 1, full, packs: 3), two = _set.Add(BackupKind.Incremental, 2, one);
        string last = _set.Add(BackupKind.Full, 3);
        string left = _set.AddLeftover(BackupKind.Full, -90);
        var store = new LockedSink(_set.Store, BuiltSet.Start.AddDays(9));
        store.Locks[$"default/data/{one}/pages-000002.lz4"] = new(BuiltSet.Start.AddDays(20), false);
        store.Locks[$"default/data/{one}/pages-000003.lz4"] = new(BuiltSet.Start.AddDays(40), false);
        store.Locks[$"default/backups/{two}.json"] = new(BuiltSet.Start.AddDays(5), false);
        store.Locks[$"default/data/{left}/index.jsonl"] = new(null, true);
        var report = await _set.Expiry(s_one, 9, store).RunAsync();
        Assert.Equal([two], report.Removed);
        Assert.Equal(["locked until 2026-04-11 03:00:00Z"], ReasonsOf(report.Plan, one));
        Assert.Equal([$"{one} builds on it"], ReasonsOf(report.Plan, full));
        Assert.Equal(["locked until someone releases it"], Assert.Single(report.Plan.Leftovers).Reasons);
        Assert.Equal([full, one, last], _set.Ids);
        Assert.Empty(store.Refused);
    }

    [Fact]
    public async Task A_mark_that_the_store_keeps_is_told_and_no_failure()
    {
        string old = _set.Add(BackupKind.Full, 0), last = _set.Add(BackupKind.Full, 3);
        string receipt = $"default/marks/{old}/drill-20260302T030000Z-00000000";
        _set.Mark(old, "drill-20260302T030000Z-00000000");
        var store = new LockedSink(_set.Store, BuiltSet.Start.AddDays(9));
        store.Locks[receipt + ".json"] = new(BuiltSet.Start.AddDays(20), false);
        var report = await _set.Expiry(s_one, 9, store).RunAsync();
        Assert.Equal(ExitCode.Done, report.ExitCode);
        Assert.Contains(receipt, Assert.Single(report.Remarks), StringComparison.Ordinal);
        Assert.Equal([last], _set.Ids);
    }

    [Fact]
    public async Task A_store_that_refuses_a_commit_keeps_the_whole_backup()
    {
        string full = _set.Add(BackupKind.Full, 0), one = _set.Add(BackupKind.Incremental, 1, full);
        _set.Add(BackupKind.Full, 2);
        var before = _set.Names.ToList();
        var faulty = new FaultySink(_set.Store, [PlannedFault.Before(SinkCall.Delete, 1) with { Transient = false, Failure = SinkFailure.AccessDenied }]);
        var report = await _set.Expiry(s_one, 9, faulty).RunAsync();
        faulty.VerifyAllHappened();
        Assert.Equal((ExitCode.Failed, SinkFailure.AccessDenied), (report.ExitCode, Assert.IsType<SinkException>(report.Failure).Failure));
        Assert.Empty(report.Removed);
        Assert.Equal(before, _set.Names.Where(name => !name.EndsWith("/expiring.json", StringComparison.Ordinal)));
        Assert.Equal([one, full], (await RunAsync(s_one)).Removed);
    }

    [Fact]
    public async Task A_mark_of_an_expiry_that_died_is_taken_away_where_the_backup_stays()
    {
        string full = _set.Add(BackupKind.Full, 0), last = _set.Add(BackupKind.Full, 1);
        _set.Mark(full, "expiring", BuiltSet.Start.AddDays(1.5));
        var both = new RetentionPolicy { KeepLast = 2 };
        await RunAsync(both, day: 2);
        Assert.Contains($"default/marks/{full}/expiring.json", _set.Names);
        await RunAsync(both, day: 3);
        Assert.DoesNotContain($"default/marks/{full}/expiring.json", _set.Names);
        Assert.Equal([full, last], _set.Ids);
    }

    [Fact]
    public async Task A_policy_without_a_rule_is_refused()
    {
        _set.Add(BackupKind.Full, 0);
        await Assert.ThrowsAsync<ArgumentException>(() => PlanAsync(new()));
        await Assert.ThrowsAsync<ArgumentException>(() => RunAsync(new() { KeepDays = 0 }));
        await Assert.ThrowsAsync<ArgumentException>(() => RunAsync(new() { KeepDays = 3, KeepLast = -1 }));
        Assert.Single(_set.Ids);
    }

    [Fact]
    public async Task An_address_without_a_store_is_not_found()
    {
        var refusal = await Assert.ThrowsAsync<BackupException>(() => new BackupExpiry(new MemorySink(), new() { Policy = s_one }).RunAsync());
        Assert.Equal(ExitCode.NotFound, refusal.ExitCode);
    }

    [Fact]
    public async Task The_smallest_and_the_largest_numbers_are_good_for_all_dates()
    {
        _set.Put("default/backups/readme.json", "x");
        string first = "00010101T000000Z-F-00000000", last = "99991231T235959Z-F-00000000";
        _set.Put($"default/data/{first}/index.jsonl", "x");
        _set.Put($"default/data/{last}/index.jsonl", "x");
        string now = _set.Add(BackupKind.Full, 0);
        var plan = await PlanAsync(new() { KeepLast = int.MaxValue, KeepDays = int.MaxValue, KeepWeekly = int.MaxValue, KeepMonthly = int.MaxValue });
        Assert.Equal([now], Kept(plan));
        Assert.Equal([true, false], plan.Leftovers.Select(left => left.IsRemoved));
        Assert.Equal([now], Kept(await PlanAsync(s_one, day: -739000)));
    }

    private static string[] Kept(ExpiryPlan plan) => [.. plan.Backups.Where(backup => !backup.IsRemoved).Select(backup => backup.Manifest.Id)];

    private static IReadOnlyList<string> ReasonsOf(ExpiryPlan plan, string id) => plan.Backups.Single(backup => backup.Manifest.Id == id).Reasons;

    private Task<ExpiryPlan> PlanAsync(RetentionPolicy policy, double day = 9) => _set.Expiry(policy, day).PlanAsync();

    private async Task<ExpiryReport> RunAsync(RetentionPolicy policy, double day = 9)
    {
        var plan = await PlanAsync(policy, day);
        var report = await _set.Expiry(policy, day).RunAsync();
        Assert.Equivalent(plan, report.Plan, strict: true);
        Assert.Equal(
            plan.Backups.Where(backup => backup.IsRemoved).Select(backup => backup.Manifest.Id).Reverse()
                .Concat(plan.Leftovers.Where(left => left.IsRemoved).Select(left => $"{left.Id}")), report.Removed);
        return report;
    }

    private IEnumerable<string> Folders() => _set.Names
        .Select(name => name.Contains('/', StringComparison.Ordinal) ? string.Join('/', name.Split('/')[..2]) + "/" : name).Distinct();
}
