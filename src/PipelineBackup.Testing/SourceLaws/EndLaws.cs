namespace PipelineBackup.Testing;

/// <summary>What holds of beginning and ending sessions.</summary>
internal static class EndLaws
{
    public static IReadOnlyList<SourceLaw> All { get; } =
    [
        new(
            "abort",
            "Disposing a session in any state aborts it, twice too, and the next one begins and offers the same.",
            Abort),
        new("again", "After a completed session the next one begins.", Again),
        new(
            "two-sessions",
            "A second session beside one under way works, or is refused with -505, and does not disturb the first.",
            TwoSessions),
        new("begin-cancelled", "A begin that is cancelled ends so, and the next one works.", BeginCancelled),
        new("copy-keeps-logs", "A copy truncates nothing.", CopyKeepsLogs),
        new("truncatable", "Only logs are truncated, and only generations older than all that is kept; of a source that goes on working, "
            + "whose databases may need less by now, also generations that the backup holds.", Truncatable),
    ];

    private static async Task Abort(SourceTrial trial)
    {
        string[] offered = await Offered(trial);
        var reading = await trial.BeginAsync(BackupKind.Full);
        var open = await reading.OpenAsync(reading.Databases[0], trial.Token);
        await reading.DisposeAsync();
        await reading.DisposeAsync();
        await open.DisposeAsync();
        Same(await Offered(trial), "an abort while a database was open");

        await using (var ended = await trial.BeginAsync(BackupKind.Full))
            await trial.ReadAllAsync(ended);
        Same(await Offered(trial), "an abort after the last file");

        await using (await trial.BeginAsync(BackupKind.Full))
        {
        }

        Same(await Offered(trial), "an abort right after the begin");

        void Same(string[] now, string after) => trial.Require(
            !trial.IsAtRest || now.SequenceEqual(offered),
            $"after {after} the source offers {string.Join(", ", now)} instead of {string.Join(", ", offered)}");
    }

    private static async Task Again(SourceTrial trial)
    {
        for (int i = 0; i < 3; i++)
        {
            await using var session = await trial.BeginAsync();
            await trial.ReadAllAsync(session);
            await session.ValidateAsync(trial.Token);
            await session.CompleteAsync(trial.Token);
        }
    }

    private static async Task TwoSessions(SourceTrial trial)
    {
        await using var first = await trial.BeginAsync();
        try
        {
            await using var second = await trial.BeginAsync();
            await trial.ReadAllAsync(second);
        }
        catch (BackupException refusal)
        {
            trial.Require(
                refusal.Error == JetError.BackupInProgress,
                $"a second session was refused with {refusal.Error?.ToString() ?? "no engine error"} instead of {JetError.BackupInProgress}");
            trial.Require(refusal.ExitCode == ExitCode.InUse,
                $"a second session was refused with exit code {refusal.ExitCode}");
        }

        await trial.ReadAllAsync(first);
        await first.CompleteAsync(trial.Token);
    }

    private static async Task BeginCancelled(SourceTrial trial)
    {
        try
        {
            await using var none = await trial.BeginAsync(new CancellationToken(canceled: true));
        }
        catch (OperationCanceledException)
        {
            await using var next = await trial.BeginAsync();
            await trial.ReadAllAsync(next);
            return;
        }

        throw trial.Broken("a begin succeeded though it was cancelled");
    }

    private static async Task CopyKeepsLogs(SourceTrial trial)
    {
        string[] before = await Offered(trial);
        await using (var session = await trial.BeginAsync())
        {
            await trial.ReadAllAsync(session);
            var logs = await session.TruncatableLogsAsync(trial.Token);
            trial.Require(logs.Count == 0, $"a copy would truncate {logs.Count} logs");
            await session.CompleteAsync(trial.Token);
        }

        string[] after = await Offered(trial);
        trial.Require(!trial.IsAtRest || before.SequenceEqual(after), "after a copy the source offers something else");
    }

    private static async Task Truncatable(SourceTrial trial)
    {
        await using var session = await trial.BeginAsync(BackupKind.Full);
        var held = await trial.ReadAllAsync(session);
        var truncatable = await session.TruncatableLogsAsync(trial.Token);
        trial.Require(
            truncatable.All(file => file.Kind == SourceFileKind.Log), "something other than a log would be truncated");
        int newest = truncatable.Where(file => trial.IsAtRest || !held.Any(log => log.Generation == file.Generation))
            .Select(file => file.Generation).DefaultIfEmpty(0).Max();
        foreach (var database in session.Stamp.Databases)
        {
            trial.Require(
                database.MinRequired == 0 || newest < database.MinRequired,
                $"log generation {newest} would be truncated, and '{database.Name}' needs {database.MinRequired}");
        }
    }

    // What a session offers, by name.
    private static async Task<string[]> Offered(SourceTrial trial)
    {
        await using var session = await trial.BeginAsync();
        string[] databases = [.. session.Databases.Select(file => file.Name)];
        return [.. databases, .. (await session.EndDatabasesAsync(trial.Token)).Select(file => file.Name)];
    }
}
