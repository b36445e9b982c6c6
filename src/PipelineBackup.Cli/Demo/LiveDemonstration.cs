using PipelineBackup.Engine;

namespace PipelineBackup.Cli.Demo;

/// <summary>
/// A living database: backed up while four sessions write, its engine killed, restored elsewhere and proved row by row.
/// </summary>
/// <remarks>
/// <code>
/// writers  ═══════════════════════════════════════════════════════╳ killed
///               ├── full ──roll─┤      ├─ incremental ─roll─┤
///                                                       │          └─► recovered where it is: all that was promised
///                                                       └────────────► restored elsewhere: the state at this moment
/// </code>
/// What each transaction does is fixed beforehand. The journal says which of them were durable before a moment and
/// which began to commit behind it: all of the former must be there, none of the latter may be.
/// </remarks>
/// <param name="folder">An empty directory to work in.</param>
/// <param name="run">Where to tell.</param>
/// <param name="steps">Takes the steps that were done.</param>
internal sealed class LiveDemonstration(string folder, Invocation run, List<DemoStep> steps)
    : DemoSteps(folder, run, steps)
{
    private const string Full = "full", Incremental = "incremental";
    private const int Pause = 150;

    /// <summary>Runs it.</summary>
    /// <returns>Whether every step ended as it should.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        Tell("A database that four sessions write to, in a process of its own.");
        string live = Directory.CreateDirectory(In("live")).FullName, store = Path.Combine(live, "store");
        string target = In("live-restored"), database = Path.Combine(target, DemoLedger.FileName);
        DemoProcess? process = null;
        try
        {
            bool isBackedUp = await DoAsync("make a database, and have four sessions write to it", async () =>
                {
                    process = await DemoProcess.StartAsync(live, Progress, cancellationToken);
                    await process.WorkAsync(Pause, cancellationToken);
                    return (true, $"{process.Journal.Count} transactions are durable so far");
                })
                && await BackUpAsync(process!, Full, cancellationToken)
                && await BackUpAsync(process!, Incremental, cancellationToken)
                && await DoAsync("kill the process in the middle of its work", async () =>
                {
                    await process!.WorkAsync(Pause, cancellationToken);
                    await process.KillAsync();
                    return (true, $"{Quantity.Count(process.Journal.Count, "transaction")} had been durable");
                });
            return isBackedUp && await ProveAsync(process!.Journal, store, target, database, cancellationToken)
                && await DoAsync("open the killed engine's own files: its logs bring back all that it had promised",
                    () => RecoverAsync(process.Journal, DemoEngine.Data(live), cancellationToken));
        }
        finally
        {
            if (process is not null)
                await process.DisposeAsync();
        }
    }

    private Task<bool> BackUpAsync(DemoProcess process, string kind, CancellationToken cancellationToken) =>
        DoAsync($"take {(kind == Full ? "a full" : "an incremental")} online backup while they write", async () =>
        {
            long before = process.Journal.Count;
            var report = await process.BackUpAsync(kind, cancellationToken);
            long meanwhile = process.Journal.Count - before;
            await process.WorkAsync(Pause, cancellationToken);
            return ((int)report["exit"]! == 0 && meanwhile > 0,
                $"{report["id"]}: {Quantity.Bytes((long)report["plainBytes"]!)}, "
                + $"{Quantity.Count((long)report["logs"]!, "log")}; it reaches {report["position"]}; "
                + $"{Quantity.Count(meanwhile, "transaction")} meanwhile; {report["truncated"]} logs truncated");
        });

    private async Task<bool> ProveAsync(
        DemoJournal journal, string store, string target, string database, CancellationToken cancellationToken) =>
        await CommandAsync("verify the newest backup and what it builds on", ["verify", "latest", "--from", store],
            ExitCode.Done,
            result => $"{Quantity.Bytes((long)result["plainBytes"]!)} are right to the last page and digest",
            cancellationToken)
        && await CommandAsync("restore it elsewhere; hard recovery replays its logs and rolls back what was open",
            ["restore", "latest", "--from", store, "--to", target], ExitCode.Done, Restore, cancellationToken)
        && await CommandAsync("check every tree and index", ["ese", "check", database], ExitCode.Done, Check,
            cancellationToken)
        && await DoAsync(
            "prove it row by row: what was durable before the log roll is there, what began behind it is not",
            () => ProveAsync(journal, database, cancellationToken));

    private async Task<(bool Ok, string Detail)> ProveAsync(
        DemoJournal journal, string database, CancellationToken cancellationToken)
    {
        string logs = Directory.CreateDirectory(In("live-proof")).FullName;
        await using var engine = await EmbeddedEngine.OpenAsync(DemoEngine.Options(logs), cancellationToken);
        var (least, most) = journal.At(Incremental);
        return DemoLedger.Prove(await engine.AttachDatabaseAsync(database, cancellationToken), least, most);
    }

    private async Task<(bool Ok, string Detail)> RecoverAsync(
        DemoJournal journal, string data, CancellationToken cancellationToken)
    {
        await using var engine = await EmbeddedEngine.OpenAsync(DemoEngine.Options(data), cancellationToken);
        var database = await engine.AttachDatabaseAsync(Path.Combine(data, DemoLedger.FileName), cancellationToken);
        var (least, most) = journal.At("");
        var (ok, detail) = DemoLedger.Prove(database, least, most);
        return (ok, $"{Quantity.Count(engine.Recovery!.Records, "log record")} replayed; {detail}");
    }

    private void Progress(string text)
    {
        if (!Run.Json)
            Run.Tell($"backup: {text}");
    }
}
