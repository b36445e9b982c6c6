using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>ese check</c>: a whole database, its trees, space, catalog, indexes and long values.</summary>
internal sealed class EseCheckCommand : OperationCommand
{
    private readonly Argument<string> _database = new("database") { Description = "A database file" };

    public EseCheckCommand()
        : base("check", "Checks a whole database: pages, trees, space, catalog, indexes, long values (eseutil /g); writes nothing") =>
        Add(_database);

    /// <inheritdoc/>
    public override string Example => "pipelinebackup ese check /restored/ntds/ntds.dit";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "nothing is wrong"),
        (ExitCode.Damaged, "nothing is wrong but flipped bits that checksums correct"),
        (ExitCode.Refused, "something is wrong, or the file is no database that can be read"),
        (ExitCode.NotFound, "the file is not there"),
        (ExitCode.InUse, "the file is open for writing"),
    ];

    /// <inheritdoc/>
    public override Task<CommandResult> RunAsync(ParseResult parsed, Invocation run, CancellationToken cancellationToken) =>
        Task.Run(() => Check(parsed.GetValue(_database)!, cancellationToken), cancellationToken);

    private static CommandResult Check(string path, CancellationToken cancellationToken)
    {
        if (Directory.Exists(path))
            throw new UsageException($"'{path}' is a directory", "name one database file");
        using var file = DatabaseFile.Open(path, InspectionDepth.Full);
        var report = new DatabaseCheck(file, file.Header).Run(cancellationToken);
        bool dirty = file.Header.NeedsRecovery;
        var failure = FailureOf(report, Path.GetFileName(path), dirty);
        return new()
        {
            Exit = failure?.Exit ?? ExitCode.Done,
            Failure = failure,
            Fields = ToJson(path, report, dirty),
            Text = output => Write(output, Path.GetFileName(path), report),
        };
    }

    private static CommandFailure? FailureOf(CheckReport report, string name, bool dirty)
    {
        if (report.Findings is [var first, ..])
        {
            return CommandFailure.Of(ExitCode.Refused, first.Error, $"'{name}' is damaged: {Found(report)}", dirty
                ? "the database was not shut down cleanly: what is found may be gone once its logs are replayed"
                : "restore the database from a backup, or repair a copy of it");
        }

        return report.CorrectedPages == 0 ? null : new(ExitCode.Damaged,
            $"'{name}' has {report.CorrectedPages} pages with a flipped bit, which their checksums correct",
            "the engine corrects them when it reads them; look at the disk");
    }

    private static string Found(CheckReport report) =>
        $"{report.Findings.Count}{(report.IsCutShort ? " findings, then the check was ended" : report.Findings.Count == 1 ? " finding" : " findings")}";

    private static JsonObject ToJson(string path, CheckReport report, bool dirty) => new()
    {
        ["path"] = Path.GetFullPath(path),
        ["needsRecovery"] = dirty,
        ["pages"] = report.Pages,
        ["zeroPages"] = report.ZeroPages,
        ["correctedPages"] = report.CorrectedPages,
        ["leakedPages"] = report.LeakedPages,
        ["trees"] = report.Trees,
        ["treePages"] = report.TreePages,
        ["nodes"] = report.Nodes,
        ["rows"] = report.Rows,
        ["indexEntries"] = report.IndexEntries,
        ["longValues"] = report.LongValues,
        ["cutShort"] = report.IsCutShort,
        ["findings"] = JsonOutput.List(report.Findings.Select(finding => new JsonObject
        {
            ["error"] = (int)finding.Error,
            ["name"] = $"JET_err{finding.Error}",
            ["tree"] = finding.Tree,
            ["page"] = finding.Page == PageNumber.None ? null : finding.Page.Value,
            ["message"] = finding.Message,
        })),
    };

    private static void Write(TextWriter output, string name, CheckReport report)
    {
        foreach (var finding in report.Findings)
            output.Write($"{finding}\n");
        output.Write(string.Create(CultureInfo.InvariantCulture,
            $"{name}: {report.Pages} pages, {report.ZeroPages} never written, {report.CorrectedPages} correctable, {report.LeakedPages} lost\n"));
        output.Write(string.Create(CultureInfo.InvariantCulture,
            $"{report.Trees} trees of {report.TreePages} pages, {report.Nodes} nodes; {report.Rows} rows, {report.IndexEntries} index entries, "));
        output.Write(string.Create(CultureInfo.InvariantCulture, $"{report.LongValues} long values\n"));
        output.Write(report.Findings.Count == 0 ? "nothing is wrong\n" : $"{Found(report)}\n");
    }
}
