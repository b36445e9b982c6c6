using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Inspection;

/// <summary>A chain of logs as text and as JSON.</summary>
internal static class LogChainText
{
    /// <summary>The logs in a table.</summary>
    public static TextTable Table(IEnumerable<(LogChecksums Check, LogGeneration Generation, long Length)> logs)
    {
        var table = new TextTable(">GENERATION", "FILE", "CREATED", ">SEGMENTS USED", ">SIZE", "STATE");
        foreach (var (check, generation, length) in logs)
        {
            table.Add(generation.IsSet ? generation.ToString() : "-", check.FileName,
                check.Scan.Header?.Created.ToString() ?? "-",
                check.Segments, Quantity.Bytes(length), check.State);
        }

        return table;
    }

    /// <summary>The chain, what is wrong with it, and what recovery would meet.</summary>
    public static void Write(TextWriter output, JudgedChain judged)
    {
        var chain = judged.Chain;
        output.Write($"log stream {chain.BaseName}, signature {chain.Signature}\n\n");
        Table(chain.Generations.Select(log => (LogChecksums.Of(log.FileName, log.Scan!), log.Generation, log.Length)))
            .Write(output);
        output.Write("\n");
        foreach (var database in judged.Databases)
            output.Write($"{database.Name}: {Needs(database)}\n");
        foreach (var finding in judged.Findings)
            output.Write($"finding: {finding} [JET_err{finding.Error}]\n");
        foreach (string note in judged.Notes)
            output.Write($"note: {note}\n");
        output.Write((judged.Way, judged.Recovery) switch
        {
            (RecoveryWay.None, _) => "no database here needs the logs\n",
            (var way, null) => $"{Name(way)} would find all logs it needs\n",
            (var way, { } fault) => $"{Name(way)} would fail: {fault} [JET_err{fault.Error}]\n",
        });
    }

    /// <summary>The chain as JSON.</summary>
    public static JsonNode ToJson(JudgedChain judged) => new JsonObject
    {
        ["baseName"] = judged.Chain.BaseName,
        ["signature"] = judged.Chain.Signature.IsSet ? judged.Chain.Signature.ToHex() : null,
        ["logs"] = JsonOutput.List(judged.Chain.Generations.Select(log =>
            LogChecksums.Of(log.FileName, log.Scan!).ToJson())),
        ["databases"] = JsonOutput.List(judged.Databases.Select(database => new JsonObject
        {
            ["name"] = database.Name,
            ["state"] = database.Header is { } header ? JsonOutput.Name(header.State) : null,
            ["minRequired"] = database.Required.Min.Value,
            ["maxRequired"] = database.Required.Max.Value,
            ["maxCommitted"] = database.Required.Committed.Value,
        })),
        ["findings"] = JsonOutput.List(judged.Findings.Select(ToJson)),
        ["recovery"] = new JsonObject
        {
            ["way"] = JsonOutput.Name(judged.Way),
            ["error"] = judged.Recovery is { } fault ? ToJson(fault) : null,
        },
        ["notes"] = JsonOutput.List(judged.Notes),
    };

    private static JsonObject ToJson(LogFinding finding) => new()
    {
        ["code"] = (int)finding.Error,
        ["name"] = $"JET_err{finding.Error}",
        ["generation"] = finding.Generation.Value,
        ["file"] = finding.File,
        ["message"] = finding.Message,
        ["hint"] = finding.Hint,
    };

    private static string Needs(LogNeeds database) => database switch
    {
        { Header: null } => "its header cannot be read",
        { Required.Max.IsSet: false } => "needs no logs",
        { Required: var logs } => string.Create(CultureInfo.InvariantCulture,
            $"needs generations {logs.Min} to {logs.Max}, committed to {logs.Committed}"
            + $"{(database.IsStreamedCopy ? " (streamed copy)" : "")}"),
    };

    private static string Name(RecoveryWay way) => way == RecoveryWay.Restore ? "a restore" : "soft recovery";
}
