using System.Text.Json.Nodes;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Demo;

/// <summary>
/// The main job: a database is backed up while sessions write to it, its engine is killed, and what comes back, from
/// the backup and from its own logs, is compared row by row with what the engine promised. The first step that ends
/// otherwise than it should ends the demonstration.
/// </summary>
/// <param name="folder">An empty directory to work in.</param>
/// <param name="run">Where to tell.</param>
internal sealed class Demonstration(string folder, Invocation run)
{
    private readonly List<DemoStep> _steps = [];
    private LogPosition _reached;

    /// <summary>The steps that were done; the last one failed if the demonstration did.</summary>
    public IReadOnlyList<DemoStep> Steps => _steps;

    /// <summary>Runs it.</summary>
    /// <returns>Whether every step ended as it should.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        Tell($"An engine in a process of its own, {DemoTable.Writers} sessions that write to its database, and an end without warning.");
        using (var child = DemoChild.Start(folder))
        {
            if (!await FollowAsync(child, cancellationToken)
                || !await CommandAsync("verify what is stored, while they write on",
                    ["verify", "latest", "--from", In(DemoEngine.Store)],
                    ExitCode.Done, result => $"{Bytes(result, "plainBytes")} are right to the last page and digest",
                    cancellationToken)
                || !await DoAsync("kill the process", async () => (await child.KillAsync(cancellationToken),
                    "nothing was closed, nobody was asked")))
                return false;
        }

        return await ProveAsync(cancellationToken);
    }

    private async Task<bool> ProveAsync(CancellationToken cancellationToken)
    {
        var proof = new DemoProof(
            [.. Enumerable.Range(0, DemoTable.Writers)
                .Select(writer => DemoLedger.Read(DemoEngine.LedgerOf(folder, writer)))]);
        string target = In("restored"), restored = Path.Combine(target, DemoTable.Database);
        string live = In(DemoEngine.Live), database = Path.Combine(live, DemoTable.Database);
        return await CommandAsync("restore the backups elsewhere",
                ["restore", "latest", "--from", In(DemoEngine.Store), "--to", target], ExitCode.Done, Restore,
                cancellationToken)
            && await CheckAsync("check every tree and index of it", restored, cancellationToken)
            && await DoAsync($"compare it, row by row, with what was promised up to {Text(_reached)}", async () =>
                proof.Judge((await DemoProof.ReadAsync(restored, In("reader"), cancellationToken)).Rows, _reached))
            && await DoAsync("open the engine that was killed, and compare with all that was promised", async () =>
            {
                var (rows, recovery) = await DemoProof.ReadAsync(database, live, cancellationToken);
                var (ok, detail) = proof.Judge(rows, end: null);
                return (ok && recovery is not null, $"{Quantity.Count(recovery?.Records ?? 0, "log record")} replayed, "
                    + $"{Quantity.Count(recovery?.RolledBack ?? 0, "transaction")} rolled back; {detail}");
            })
            && await CheckAsync("check every tree and index of it too", database, cancellationToken);
    }

    // The process tells when a step begins and ends; a step without a title is the end of all.
    private async Task<bool> FollowAsync(DemoChild child, CancellationToken cancellationToken)
    {
        while (true)
        {
            string title = "start the engine";
            long started = run.Terminal.Time.GetTimestamp();
            try
            {
                title = (string)(await child.NextAsync(cancellationToken))["begin"]!;
                if (title.Length == 0)
                    return true;
                Announce(title);
                var end = await child.NextAsync(cancellationToken);
                if ((string?)end["position"] is { } position)
                    _reached = DemoLedger.ParsePosition(position);
                Note(new(title, "", true, (string)end["end"]!, Since(started)));
            }
            catch (InvalidOperationException failure)
            {
                return Note(new(title, "", false, failure.Message, Since(started)));
            }
        }
    }

    private Task<bool> CheckAsync(string title, string database, CancellationToken cancellationToken) => CommandAsync(
        title, ["ese", "check", database], ExitCode.Done, result =>
            $"{Quantity.Count((long)result["pages"]!, "page")}, {Quantity.Count((long)result["rows"]!, "row")}, nothing is wrong",
        cancellationToken);

    private static string Restore(JsonNode result) =>
        $"{Quantity.Count(result["files"]!.AsArray().Count, "file")}, {Bytes(result, "plainBytes")}; recovered with "
        + Quantity.Count((long)result["recovery"]!["records"]!, "log record");

    private static string Bytes(JsonNode node, string name) => Quantity.Bytes((long)node[name]!);

    private static string Text(LogPosition position) =>
        $"{position.Generation.Value:X8}:{position.Sector:X4}:{position.Offset:X4}";

    private async Task<bool> CommandAsync(
        string title, string[] args, ExitCode expected, Func<JsonNode, string> describe,
        CancellationToken cancellationToken)
    {
        Announce(title);
        using var output = new StringWriter();
        long started = run.Terminal.Time.GetTimestamp();
        var terminal = new Terminal { Output = output, Error = TextWriter.Null, Time = run.Terminal.Time };
        var exit = await CommandLine.RunAsync([.. args, "--json"], terminal, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        var result = JsonNode.Parse(output.ToString().TrimEnd('\n').Split('\n')[^1])!;
        bool ok = exit == expected;
        string command = "pipelinebackup "
            + string.Join(' ', args.Select(arg => arg.Contains(' ', StringComparison.Ordinal) ? $"\"{arg}\"" : arg));
        return Note(new(title, command, ok,
            ok ? describe(result) : $"exit {(int)exit}, not {(int)expected}: {(string?)result["error"]?["message"]}",
            Since(started)));
    }

    private async Task<bool> DoAsync(string title, Func<Task<(bool Ok, string Detail)>> action)
    {
        Announce(title);
        long started = run.Terminal.Time.GetTimestamp();
        var (ok, detail) = await action();
        return Note(new(title, "", ok, detail, Since(started)));
    }

    private bool Note(DemoStep step)
    {
        _steps.Add(step);
        if (!run.Json)
            step.Write(run.Terminal.Output);
        return step.Ok;
    }

    private void Announce(string title) =>
        Tell($"\n{_steps.Count + 1}. {char.ToUpperInvariant(title[0])}{title[1..]}");

    private void Tell(string text)
    {
        if (!run.Json)
            run.Terminal.Output.Write(text + "\n");
        run.Terminal.Output.Flush();
    }

    private TimeSpan Since(long started) => run.Terminal.Time.GetElapsedTime(started);

    private string In(string name) => Path.Combine(folder, name);
}
