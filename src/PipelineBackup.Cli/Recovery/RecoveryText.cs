using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Recovery;

/// <summary>How a recovery is told, before and after.</summary>
internal static class RecoveryText
{
    /// <summary>Writes the plan for people.</summary>
    public static void WritePlan(TextWriter output, RecoveryJob job, RecoverArguments arguments)
    {
        string kind = job.IsHard ? "hard recovery of a backup set" : "soft recovery, as after a crash";
        string legacy = job.Files.IsLegacy ? $", a backup of the engine to a directory: {job.Files.Directory}" : "";
        output.Write($"{kind}, base name {job.BaseName}{legacy}\n");
        foreach (var (database, path) in job.Databases)
        {
            output.Write($"  database   {database.Path}{(path == Path.GetFullPath(database.Path) ? "" : $" > {path}")}\n");
            output.Write($"             {Describe(database)}\n");
        }

        foreach (string directory in job.LogDirectories)
            output.Write($"  logs       {directory}: {Describe(LogChain.Open(directory, job.BaseName))}\n");
        if (arguments.StopAt is { } stop)
        {
            string place = stop.Generation.IsSet ? $"behind generation {stop.Generation}" : $"at {stop.Time}";
            output.Write($"  stop       {place}\n");
        }

        output.Write(arguments.CopyTo is null ? "  where      in place\n" : $"  where      in copies, in {job.Target}\n");
    }

    /// <summary>The plan as JSON.</summary>
    public static JsonObject PlanJson(RecoveryJob job) => new()
    {
        ["plan"] = new JsonObject
        {
            ["kind"] = job.IsHard ? "hard" : "soft",
            ["baseName"] = job.BaseName,
            ["legacyBackup"] = job.Files.IsLegacy,
            ["databases"] = JsonOutput.List(job.Databases.Select(database => new JsonObject
            {
                ["source"] = Path.GetFullPath(database.Database.Path),
                ["path"] = database.Path,
                ["state"] = database.Database.Needs.Header is { } header ? JsonOutput.Name(header.State) : null,
                ["minRequired"] = database.Database.Needs.Required.Min.Value,
                ["maxRequired"] = database.Database.Needs.Required.Max.Value,
            })),
            ["logDirectories"] = JsonOutput.List(job.LogDirectories),
            ["copies"] = job.Copies.Count,
        },
    };

    /// <summary>The report as JSON.</summary>
    public static JsonObject Fields(RecoveryJob job, RecoveryReport report, TimeSpan took) => new()
    {
        ["kind"] = job.IsHard ? "hard" : "soft",
        ["directory"] = job.Target,
        ["baseName"] = job.BaseName,
        ["result"] = (int)report.Result,
        ["databases"] = JsonOutput.List(report.Databases.Select(database => new JsonObject
        {
            ["logged"] = database.LoggedPath,
            ["path"] = database.Path,
            ["outcome"] = JsonOutput.Name(database.Outcome),
            ["reason"] = database.Reason,
        })),
        ["start"] = Position(report.Start),
        ["end"] = Position(report.End),
        ["endTime"] = report.EndTime.ToDateTimeOffset()?.ToString("O", CultureInfo.InvariantCulture),
        ["written"] = report.Written.Value,
        ["records"] = report.Records,
        ["logBytes"] = report.LogBytes,
        ["pagesRedone"] = report.PagesRedone,
        ["pagesRead"] = report.PagesRead,
        ["pagesWritten"] = report.PagesWritten,
        ["rolledBack"] = report.RolledBack,
        ["undone"] = report.Undone,
        ["remarks"] = JsonOutput.List(report.Remarks),
        ["durationSeconds"] = took.TotalSeconds,
    };

    /// <summary>Writes the report for people.</summary>
    public static void Write(TextWriter output, RecoveryReport report, TimeSpan took)
    {
        foreach (var database in report.Databases)
        {
            string reason = database.Reason.Length > 0 ? $" ({database.Reason})" : "";
            string name = database.Path.Length > 0 ? database.Path : database.LoggedPath;
            output.Write($"{name}: {Word(database.Outcome)}{reason}\n");
        }

        if (report.Start.IsSet)
        {
            string time = report.EndTime.IsSet ? $", {report.EndTime}" : "";
            output.Write($"  replayed   {report.Start} to {report.End}{time}\n");
            output.Write($"  work       {Quantity.Count(report.Records, "record")} in "
                + $"{Quantity.Bytes(report.LogBytes)} of logs, {Quantity.Count(report.PagesRedone, "change")} of pages, "
                + $"in {Quantity.Duration(took)}\n");
        }

        if (report.RolledBack > 0)
        {
            output.Write($"  rolled back {Quantity.Count(report.RolledBack, "transaction")}, "
                + $"{Quantity.Count(report.Undone, "operation")}\n");
        }

        if (report.Written.IsSet)
            output.Write($"  written    generation {report.Written}\n");
        foreach (string remark in report.Remarks)
            output.Write($"  note       {remark}\n");
    }

    private static string Describe(RecoverableDatabase database)
    {
        if (database.Needs.Header is not { } header)
            return "its headers cannot be read";
        var needs = database.Needs.Required;
        string copy = database.Needs.IsStreamedCopy ? ", a copy of a streaming backup" : "";
        return needs.Max.IsSet
            ? $"{header.State}{copy}, needs generations {needs.Min} to {needs.Max}"
            : $"{header.State}";
    }

    private static string Describe(LogChain chain) => chain.Generations.Count == 0
        ? $"no logs of {chain.BaseName}"
        : $"generations {chain.Lowest} to {chain.Highest}{(chain.Current is null ? "" : ", the last of them open")}";

    private static string? Position(LogPosition position) => position.IsSet ? position.ToString() : null;

    private static string Word(RecoveryOutcome outcome) => outcome switch
    {
        RecoveryOutcome.Recovered => "recovered, clean",
        RecoveryOutcome.Replayed => "replayed, open transactions not rolled back: still dirty",
        RecoveryOutcome.AlreadyClean => "was clean",
        RecoveryOutcome.Skipped => "left out",
        _ => "missing, left out",
    };
}
