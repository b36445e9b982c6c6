using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBackup.Cli.Inspection;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>ese checksum</c>: every page of databases and every segment of logs judged.</summary>
internal sealed class EseChecksumCommand : OperationCommand
{
    private readonly Argument<string> _path = new("file|directory")
    {
        Description = "A database or log, or a directory of which all databases and logs are taken",
    };

    public EseChecksumCommand()
        : base("checksum", "Judges every page of databases and every segment of logs (eseutil /k); writes nothing") =>
            Add(_path);

    /// <inheritdoc/>
    public override string Example => "pipelinebackup ese checksum /mnt/snapshot/ntds";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "all intact"),
        (ExitCode.Damaged,
            "the only findings are flipped bits that checksums correct, or one damaged copy of a header"),
        (ExitCode.Refused, "a page, header or log is damaged"),
        (ExitCode.NotFound, "the file is not there, or the directory holds no database or log"),
        (ExitCode.InUse, "a file is open for writing"),
    ];

    /// <inheritdoc/>
    public override Task<CommandResult> RunAsync(ParseResult parsed, Invocation run,
        CancellationToken cancellationToken) =>
        Task.Run(() => Check(parsed.GetValue(_path)!, run, cancellationToken), cancellationToken);

    private static CommandResult Check(string path, Invocation run, CancellationToken cancellationToken)
    {
        var (databases, logs, skipped) = Choose(path);
        long total = databases.Concat(logs).Sum(file => new FileInfo(file).Length), done = 0;
        using var progress = run.StartProgress("checksum");
        var checkedDatabases = new List<DatabaseChecksums>();
        foreach (string file in databases)
        {
            string name = Path.GetFileName(file);
            void Tell(long bytes) =>
                progress.Report(new(ProgressPhase.Databases, name, Interlocked.Add(ref done, bytes), total, 0));

            checkedDatabases.Add(DatabaseChecksums.Run(file, Tell, cancellationToken));
        }

        var checkedLogs = new List<LogChecksums>();
        foreach (string file in logs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var log = LogChecksums.Run(file);
            checkedLogs.Add(log);
            progress.Report(new(ProgressPhase.Logs, log.FileName, done += log.Scan.Length, total, 0));
        }

        var failure = FailureOf(checkedDatabases, checkedLogs);
        return new()
        {
            Exit = failure?.Exit ?? ExitCode.Done,
            Failure = failure,
            Fields = new JsonObject
            {
                ["path"] = Path.GetFullPath(path),
                ["databases"] = JsonOutput.List(checkedDatabases.Select(ToJson)),
                ["logs"] = JsonOutput.List(checkedLogs.Select(log => log.ToJson())),
                ["skipped"] = JsonOutput.List(skipped),
            },
            Text = output => Write(output, checkedDatabases, checkedLogs, skipped),
        };
    }

    private static (List<string> Databases, List<string> Logs, List<string> Skipped) Choose(string path)
    {
        bool isDirectory = Directory.Exists(path);
        List<string> databases = [], logs = [], skipped = [];
        string[] files = isDirectory ? Directory.GetFiles(path) : [path];
        foreach (string file in files.Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(file);
            bool isNamed = LogFileName.TryParse(name, out var log);
            using var handle = EseFile.Open(file);
            switch (EseFile.Recognize(EseFile.ReadStart(handle), name))
            {
                case EseFileKind.Database:
                    databases.Add(file);
                    break;
                case EseFileKind.Log when !(isDirectory && isNamed && IsAside(log)):
                    logs.Add(file);
                    break;
                case var kind:
                    skipped.Add($"{name}: {(isNamed && IsAside(log) ? "holds no transactions" : Describe(kind))}");
                    break;
            }
        }

        if (databases.Count + logs.Count > 0)
            return (databases, logs, skipped);
        throw isDirectory
            ? new FileNotFoundException($"there is no database or log in '{path}'", path)
            : new EseException(EseError.FileInvalidType, $"'{path}' is no database or log of the engine",
                "check the path; 'ese info' shows checkpoints");
    }

    private static bool IsAside(LogFileName log) => log.Kind is LogFileKind.Temporary or LogFileKind.Reserve;

    private static string Describe(EseFileKind kind) => kind switch
    {
        EseFileKind.Checkpoint => "a checkpoint",
        EseFileKind.FlushMap => "a flush map, used with its database",
        _ => "no database or log",
    };

    private static CommandFailure? FailureOf(List<DatabaseChecksums> databases, List<LogChecksums> logs)
    {
        long pages = databases.Sum(database => database.Bad);
        int badLogs = logs.Count(log => log.Error != EseError.Success);
        const string Hint =
            "restore what is damaged from a backup, or back it up with --on-bad-page record before anything else";
        if (pages > 0)
        {
            var first = databases.First(database => database.Bad > 0);
            var fault = first.Faults.First(fault => fault.Error is not null);
            string others = badLogs > 0 ? $" and {Quantity.Count(badLogs, "log")}" : "";
            return new(ExitCode.Refused,
                $"{Quantity.Count(pages, "page")}{others} damaged; first {first.Name} {Place(fault)}: {fault.Verdict}",
                Hint, fault.Error);
        }

        if (badLogs > 0)
        {
            var first = logs.First(log => log.Error != EseError.Success);
            return CommandFailure.Of(ExitCode.Refused, first.Error,
                $"{Quantity.Count(badLogs, "log")} damaged; first {first.FileName}: {first.Message}",
                "take the log from another copy or backup");
        }

        return databases.Any(database => database.Corrected > 0) || logs.Any(log => log.IsCorrected)
            ? new(ExitCode.Damaged, "there are flipped bits that checksums correct; nothing is lost",
                "the engine mends them when it writes; look after the disk or memory that flipped them")
            : null;
    }

    private static string Place(PageFault fault) =>
        fault.Page == 0 ? "header" : string.Create(CultureInfo.InvariantCulture, $"page {fault.Page}");

    private static JsonObject ToJson(DatabaseChecksums database) => new()
    {
        ["file"] = database.Name,
        ["pages"] = database.Pages,
        ["ok"] = database.Ok,
        ["zero"] = database.Zero,
        ["corrected"] = database.Corrected,
        ["bad"] = database.Bad,
        ["suspect"] = database.Suspect,
        ["faults"] = JsonOutput.List(database.Faults.Select(fault => new JsonObject
        {
            ["page"] = fault.Page,
            ["error"] = fault.Error?.Number,
            ["name"] = fault.Error?.Symbol,
            ["verdict"] = fault.Verdict,
        })),
        ["notes"] = JsonOutput.List(database.Notes),
    };

    private static void Write(TextWriter output, List<DatabaseChecksums> databases, List<LogChecksums> logs,
        List<string> skipped)
    {
        foreach (var database in databases)
        {
            output.Write(
                $"{database.Name}: {Quantity.Count(database.Pages, "page")}: {Quantity.Count(database.Ok)} ok, "
                + $"{Quantity.Count(database.Zero)} never written, "
                + $"{Quantity.Count(database.Corrected)} correctable, {Quantity.Count(database.Bad)} bad\n");
            foreach (var fault in database.Faults)
                output.Write($"  {Place(fault)}: {fault.Verdict}{(fault.Error is { } error ? $" [{error}]" : "")}\n");
            if (database.Corrected + database.Bad > database.Faults.Count)
                output.Write(
                    $"  and {Quantity.Count(database.Corrected + database.Bad - database.Faults.Count)} more\n");
            foreach (string note in database.Notes)
                output.Write($"  note: {note}\n");
        }

        foreach (var log in logs)
        {
            output.Write($"{log.FileName}: segments {log.Segments} used: {log.State}\n");
            if (log.Error != EseError.Success || log.IsCorrected)
                output.Write($"  {log.Message}\n");
        }

        foreach (string line in skipped)
            output.Write($"skipped: {line}\n");
    }
}
