using PipelineBackup.Restore;

namespace PipelineBackup.Tests.Restore;

/// <summary>
/// The states in which a restore can die while it publishes: the journal is there, some files have their names. The next
/// restore finishes or rolls back, and touches nothing that is someone else's.
/// </summary>
public class InterruptedPublishTests
{
    public static TheoryData<int> Renamed => [0, 1, 2, 3, 4];

    [Theory]
    [MemberData(nameof(Renamed))]
    public async Task The_same_backup_is_finished(int renamed)
    {
        using var trip = await RestoreTrip.BeginAsync();
        await DieAsync(trip, trip.Chain, renamed);
        var report = await trip.RestoreAsync(trip.Chain);
        Assert.True(report.FinishedInterrupted);
        Assert.Equal(trip.Chain.Files.Keys.Order(StringComparer.Ordinal), report.Files.Select(Path.GetFileName).Order(StringComparer.Ordinal)!);
        trip.DemandWhole(trip.Chain);
    }

    [Theory]
    [MemberData(nameof(Renamed))]
    public async Task Another_backup_rolls_it_back(int renamed)
    {
        using var trip = await RestoreTrip.BeginAsync();
        var journal = await DieAsync(trip, trip.Chain, renamed);
        if (renamed == journal.Moves.Length)
        {
            // Everything was published, and only the clean-up was missing: those files stay, and one is in the way.
            var refusal = await Assert.ThrowsAsync<BackupException>(() => trip.RestoreAsync(trip.Other));
            Assert.Contains("already there", refusal.Message, StringComparison.Ordinal);
            trip.DemandWhole(trip.Chain);
            return;
        }

        var report = await trip.RestoreAsync(trip.Other);
        Assert.False(report.FinishedInterrupted);
        trip.DemandWhole(trip.Other);
    }

    [Theory]
    [MemberData(nameof(Renamed))]
    public async Task A_journal_without_its_staging_is_finished_or_settled(int renamed)
    {
        using var trip = await RestoreTrip.BeginAsync();
        var journal = await DieAsync(trip, trip.Chain, renamed);
        foreach (string directory in journal.Staging)
            Directory.Delete(directory, recursive: true);
        // Died between the removal of staging and that of the journal; or someone cleared staging away by hand.
        var report = await trip.RestoreAsync(trip.Chain);
        Assert.Equal(renamed == journal.Moves.Length, report.FinishedInterrupted);
        trip.DemandWhole(trip.Chain);
    }

    [Fact]
    public async Task A_journal_that_was_never_given_its_name_counts_for_nothing()
    {
        using var trip = await RestoreTrip.BeginAsync();
        await DieAsync(trip, trip.Chain, 0);
        File.Move(Path.Combine(trip.Target, PublishJournal.FileName), Path.Combine(trip.Target, PublishJournal.FileName + ".new"));
        await File.WriteAllLinesAsync(Path.Combine(trip.Target, StagingDirectory.LockName), Directory.EnumerateDirectories(trip.Target, StagingDirectory.Prefix + "*"));
        Assert.False((await trip.RestoreAsync(trip.Chain)).FinishedInterrupted);
        trip.DemandWhole(trip.Chain);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_name_that_someone_took_meanwhile_stays_theirs(int renamed)
    {
        using var trip = await RestoreTrip.BeginAsync();
        var journal = await DieAsync(trip, trip.Chain, renamed);
        string taken = journal.Moves[^1].Published;
        await File.WriteAllTextAsync(taken, "someone else's");
        var refusal = await Assert.ThrowsAsync<BackupException>(() => trip.RestoreAsync(trip.Chain));
        Assert.Contains(Path.GetFileName(taken), refusal.Message, StringComparison.Ordinal);
        Assert.Contains("nothing was published", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("someone else's", await File.ReadAllTextAsync(taken));
        trip.DemandOnly(Path.GetFileName(taken));
    }

    [Fact]
    public async Task A_published_file_that_someone_changed_is_never_taken_away()
    {
        using var trip = await RestoreTrip.BeginAsync();
        var journal = await DieAsync(trip, trip.Chain, 2);
        string mine = journal.Moves[0].Published, taken = journal.Moves[^1].Published;
        await File.WriteAllTextAsync(mine, "changed since");

        // Of another backup: refused, nothing touched.
        var refusal = await Assert.ThrowsAsync<BackupException>(() => trip.RestoreAsync(trip.Other));
        Assert.Equal(ExitCode.Refused, refusal.ExitCode);
        Assert.Contains(Path.GetFileName(mine), refusal.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(trip.Target, PublishJournal.FileName)));

        // Of the same one, which cannot be finished: withdrawn but for the changed file.
        await File.WriteAllTextAsync(taken, "someone else's");
        await Assert.ThrowsAsync<BackupException>(() => trip.RestoreAsync(trip.Chain));
        Assert.Equal("changed since", await File.ReadAllTextAsync(mine));
        Assert.Equal("someone else's", await File.ReadAllTextAsync(taken));
        trip.DemandOnly(Path.GetFileName(mine), Path.GetFileName(taken));
    }

    [Fact]
    public async Task A_restore_that_was_to_recover_is_not_finished_as_one_that_was_not()
    {
        using var trip = await RestoreTrip.BeginAsync();
        await DieAsync(trip, trip.Chain, 2, "recovered to 0//");
        Assert.False((await trip.RestoreAsync(trip.Chain)).FinishedInterrupted);
        trip.DemandWhole(trip.Chain);
    }

    [Fact]
    public async Task A_published_file_that_is_gone_since_makes_a_new_restore()
    {
        using var trip = await RestoreTrip.BeginAsync();
        var journal = await DieAsync(trip, trip.Chain, 2);
        File.Delete(journal.Moves[0].Published);
        Assert.False((await trip.RestoreAsync(trip.Chain)).FinishedInterrupted);
        trip.DemandWhole(trip.Chain);
    }

    public static TheoryData<string> Journals =>
    [
        "", "null", "{}", "[]", "not json", "{\"backup\":\"x\"}", "{\"backup\":\"x\",\"staging\":null,\"moves\":[]}", "{\"backup\":\"x\",\"staging\":[null],\"moves\":[]}",
        "{\"backup\":\"x\",\"staging\":[],\"moves\":[null]}", "{\"backup\":\"x\",\"staging\":[\"VICTIM\"],\"moves\":[]}",
        "{\"backup\":\"x\",\"staging\":[],\"moves\":[{\"staged\":\"VICTIM/a\",\"published\":\"TARGET/b\",\"length\":1,\"written\":1}]}",
    ];

    [Theory]
    [MemberData(nameof(Journals))]
    public async Task A_journal_that_no_restore_wrote_is_refused_and_does_no_harm(string content)
    {
        using var trip = await RestoreTrip.BeginAsync();
        string victim = Directory.CreateDirectory(trip.Scratch["victim"]).FullName;
        await File.WriteAllTextAsync(Path.Combine(victim, "a"), "a");
        Directory.CreateDirectory(trip.Target);
        await File.WriteAllTextAsync(Path.Combine(trip.Target, PublishJournal.FileName),
            content.Replace("VICTIM", victim, StringComparison.Ordinal).Replace("TARGET", trip.Target, StringComparison.Ordinal));
        var refusal = await Assert.ThrowsAsync<BackupException>(() => trip.RestoreAsync(trip.Chain));
        Assert.Equal(ExitCode.Refused, refusal.ExitCode);
        Assert.Equal(["a"], Directory.EnumerateFiles(victim).Select(Path.GetFileName));
        trip.DemandOnly(PublishJournal.FileName);
    }

    // Makes the state that a restore leaves which dies behind so many renames.
    private static async Task<JournalContent> DieAsync(RestoreTrip trip, Restored which, int renamed, string goal = "as it was")
    {
        await trip.RestoreAsync(which);
        string staging = Directory.CreateDirectory(Path.Combine(trip.Target, StagingDirectory.Prefix + "0123456789ab")).FullName;
        var moves = new List<JournalMove>();
        foreach (string published in Directory.EnumerateFiles(trip.Target).Order(StringComparer.Ordinal))
            moves.Add(JournalMove.Of(published, published) with { Staged = Path.Combine(staging, $"{moves.Count + 1}") });
        Assert.Equal(4, moves.Count);
        foreach (var move in moves.Skip(renamed))
            File.Move(move.Published, move.Staged);
        var content = new JournalContent(which.Id, [staging], [.. moves], goal);
        PublishJournal.Write(trip.Target, content);
        await File.WriteAllTextAsync(Path.Combine(trip.Target, StagingDirectory.LockName), staging + "\n");
        return content;
    }
}
