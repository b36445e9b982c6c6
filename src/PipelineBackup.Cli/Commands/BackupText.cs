using System.Globalization;
using System.Text.Json.Nodes;

namespace PipelineBackup.Cli.Commands;

/// <summary>Backups as <c>backup</c>, <c>list</c> and <c>show</c> tell them.</summary>
internal static class BackupText
{
    /// <summary>What <c>backup</c> tells.</summary>
    public static CommandResult Result(BackupReport report, BackupSet set, IReadOnlyList<string> stores) => new()
    {
        Exit = report.ExitCode,
        Failure = FailureOf(report),
        Fields = new JsonObject
        {
            ["id"] = report.Manifest.Id,
            ["set"] = set.ToString(),
            ["stores"] = JsonOutput.List(stores),
            ["durationSeconds"] = report.Duration.TotalSeconds,
            ["manifest"] = JsonOutput.Of(report.Manifest, ReportJson.Default.BackupManifest),
            ["badPages"] = Pages(report.BadPages),
            ["repairedPages"] = Pages(report.RepairedPages),
            ["droppedStores"] = JsonOutput.List(report.DroppedStores),
            ["truncatedLogs"] = JsonOutput.List(report.TruncatedLogs),
        },
        Text = output =>
        {
            var manifest = report.Manifest;
            output.Write($"backup {manifest.Id} is published\n");
            WriteContent(output, manifest);
            output.Write(
                $"  time       {Quantity.Duration(report.Duration)}, "
                + $"{Rate(manifest.Totals.PlainBytes, report.Duration)}\n");
            WriteDamage(output, "bad page", report.BadPages);
            WriteDamage(output, "repaired page", report.RepairedPages);
            foreach (string dropped in report.DroppedStores)
                output.Write($"  dropped store: {dropped}\n");
        },
    };

    /// <summary>Databases, logs, sizes and remarks of a backup.</summary>
    public static void WriteContent(TextWriter output, BackupManifest manifest)
    {
        output.Write($"  source     {manifest.Source}\n");
        foreach (var database in manifest.Databases)
        {
            string pages =
                $"{Quantity.Count(database.VerifiedPages)} pages verified, "
                + $"{Quantity.Count(database.ZeroPages)} never written";
            if (database.RepairedPages > 0)
                pages += $", {Quantity.Count(database.RepairedPages)} repaired";
            if (database.BadPages > 0)
                pages += $", {Quantity.Count(database.BadPages)} BAD";
            output.Write(
                $"  database   {database.Name}: {database.State}{(database.NeedsRecovery ? ", needs recovery" : "")}; "
                + $"{pages}\n");
        }

        foreach (string dropped in manifest.DroppedDatabases)
            output.Write($"  database   {dropped}: LEFT OUT because of bad pages\n");
        output.Write($"  logs       {Logs(manifest)}\n");
        output.Write(
            $"  stored     {Quantity.Bytes(manifest.Totals.StoredBytes)} of "
            + $"{Quantity.Bytes(manifest.Totals.PlainBytes)}"
            + $"{Share(manifest.Totals)} in {Quantity.Count(manifest.Totals.Packs, "pack")}, "
            + $"{Quantity.Count(manifest.Totals.Files, "file")}\n");
        foreach (string remark in manifest.Remarks)
            output.Write($"  note       {remark}\n");
    }

    /// <summary>Bad or repaired pages, the first ones.</summary>
    public static void WriteDamage(TextWriter output, string what, IReadOnlyList<DamagedPage> pages)
    {
        const int Shown = 20;
        foreach (var page in pages.Take(Shown))
            output.Write(string.Create(CultureInfo.InvariantCulture,
                $"  {what}: {page.File} page {page.Page - 1}: {page.Verdict}\n"));
        if (pages.Count > Shown)
            output.Write($"  and {Quantity.Count(pages.Count - Shown, what)} more; --json lists all\n");
    }

    /// <summary>Pages as JSON.</summary>
    public static JsonArray Pages(IEnumerable<DamagedPage> pages) =>
        JsonOutput.List(pages.Select(page => JsonOutput.Of(page, ReportJson.Default.DamagedPage)));

    /// <summary>The range of a backup's logs.</summary>
    public static string Logs(BackupManifest manifest) => manifest.Logs switch
    {
        { Count: 0 } => manifest.Logs.Gap ? "none, although the databases need some" : "none",
        var logs => string.Create(CultureInfo.InvariantCulture,
            $"{manifest.BaseName} {logs.First}–{logs.Last} "
            + $"({Quantity.Count(logs.Count, "file")}){(logs.Gap ? ", WITH A GAP" : "")}"),
    };

    /// <summary>One word for the state of a backup: damaged before dirty before clean.</summary>
    public static string State(BackupManifest manifest) =>
        manifest.IsDamaged ? "damaged"
        : manifest.Databases.Count == 0 ? "logs"
        : manifest.NeedsRecovery ? "dirty" : "clean";

    /// <summary>What recorded damage means for the exit of a command; null when there is none.</summary>
    /// <param name="manifest">The backup.</param>
    /// <param name="done">What was done nevertheless, for instance <c>published</c>.</param>
    /// <param name="bad">Its bad pages.</param>
    public static CommandFailure RecordedDamage(BackupManifest manifest, string done, IReadOnlyList<DamagedPage> bad)
    {
        var parts = new List<string>();
        if (bad.Count > 0)
            parts.Add(Quantity.Count(bad.Count, "bad page"));
        if (manifest.DroppedDatabases.Count > 0)
            parts.Add($"without {string.Join(", ", manifest.DroppedDatabases)}");
        if (manifest.Logs.Gap)
            parts.Add("with a log gap");
        if (parts.Count == 0)
            parts.Add("with recorded damage");
        var error = bad.Count > 0 ? (PipelineBackup.Ese.EseError)bad[0].Error : default;
        return CommandFailure.Of(ExitCode.Damaged, error, $"{manifest.Id} is {done} {string.Join(", ", parts)}",
            manifest.Logs.Gap
                ? "it restores with --no-recover only; find the missing logs before you rely on it"
                : "mend the database and make a full backup");
    }

    private static CommandFailure? FailureOf(BackupReport report) => report.ExitCode switch
    {
        ExitCode.Done => null,
        ExitCode.Damaged => RecordedDamage(report.Manifest, "published", report.BadPages),
        var exit when report.FailureAfterCommit is { } failure =>
            new(exit, $"{report.Manifest.Id} is published, but {failure.Message}", failure.Hint, failure.Error),
        var exit => new(exit, $"{report.Manifest.Id} is published, but something failed afterwards"),
    };

    private static string Share(ManifestTotals totals) => totals.PlainBytes == 0
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $" ({100.0 * totals.StoredBytes / totals.PlainBytes:0} %)");

    private static string Rate(long bytes, TimeSpan time) =>
        time.TotalSeconds > 0 ? $"{Quantity.Bytes((long)(bytes / time.TotalSeconds))}/s" : "";
}
