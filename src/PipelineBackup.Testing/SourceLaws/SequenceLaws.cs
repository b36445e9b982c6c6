namespace PipelineBackup.Testing;

/// <summary>What holds of the order of steps.</summary>
internal static class SequenceLaws
{
    public static IReadOnlyList<SourceLaw> All { get; } =
    [
        new(
            "databases-first", "Logs, truncation and completion are refused while the databases are being read.",
            DatabasesFirst),
        new("databases-end-once", "The databases end once; none is opened afterwards.", DatabasesEndOnce),
        new("closed-first", "The databases do not end while a file is open.", ClosedFirst),
        new("nothing-after-completion", "A completed session refuses every further step.", NothingAfterCompletion),
        new("only-its-files", "A file that the session did not offer is refused.", OnlyItsFiles),
    ];

    private static async Task DatabasesFirst(SourceTrial trial)
    {
        await using var session = await trial.BeginAsync();
        await trial.ExpectRefusedAsync(
            "truncating while the databases are read", () => session.TruncateLogsAsync(trial.Token).AsTask());
        await trial.ExpectRefusedAsync(
            "asking for truncatable logs while the databases are read", 
            () => session.TruncatableLogsAsync(trial.Token).AsTask());
        await trial.ExpectRefusedAsync(
            "completing while the databases are read", () => session.CompleteAsync(trial.Token).AsTask());
        await trial.ReadAllAsync(session);
        await session.CompleteAsync(trial.Token);
    }

    private static async Task DatabasesEndOnce(SourceTrial trial)
    {
        await using var session = await trial.BeginAsync();
        var database = session.Databases[0];
        await session.EndDatabasesAsync(trial.Token);
        await trial.ExpectRefusedAsync(
            "ending the databases twice", () => session.EndDatabasesAsync(trial.Token).AsTask());
        await trial.ExpectRefusedAsync(
            "opening a database after they have ended", () => Open(trial, session, database));
        await session.CompleteAsync(trial.Token);
    }

    private static async Task ClosedFirst(SourceTrial trial)
    {
        await using var session = await trial.BeginAsync();
        await using (await session.OpenAsync(session.Databases[0], trial.Token))
            await trial.ExpectRefusedAsync(
                "ending the databases with one open", () => session.EndDatabasesAsync(trial.Token).AsTask());
        await session.EndDatabasesAsync(trial.Token);
    }

    private static async Task NothingAfterCompletion(SourceTrial trial)
    {
        await using var session = await trial.BeginAsync();
        var database = session.Databases[0];
        var rest = await trial.ReadAllAsync(session);
        await session.CompleteAsync(trial.Token);
        await trial.ExpectRefusedAsync("completing twice", () => session.CompleteAsync(trial.Token).AsTask());
        await trial.ExpectRefusedAsync(
            "ending the databases after completion", () => session.EndDatabasesAsync(trial.Token).AsTask());
        await trial.ExpectRefusedAsync(
            "truncating after completion", () => session.TruncateLogsAsync(trial.Token).AsTask());
        await trial.ExpectRefusedAsync(
            "opening a file after completion", () => Open(trial, session, rest.Count > 0 ? rest[0] : database));
    }

    private static async Task OnlyItsFiles(SourceTrial trial)
    {
        await using var session = await trial.BeginAsync();
        var foreign = session.Databases[0] with { Name = "no-such-file.edb", OriginalPath = "no-such-file.edb" };
        try
        {
            await Open(trial, session, foreign);
        }
        catch (BackupException)
        {
            await trial.ReadAsync(session, session.Databases[0]);
            return;
        }

        throw trial.Broken("a file that the session did not offer was opened");
    }

    private static async Task Open(SourceTrial trial, IBackupSession session, SourceFile file)
    {
        await using var reader = await session.OpenAsync(file, trial.Token);
    }
}
