using System.CommandLine;
using System.Text.Json.Nodes;
using PipelineBackup.Cli.Inspection;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>ese logs</c>: the chain of logs, its gaps and damages, and what recovery with it would meet.</summary>
internal sealed class EseLogsCommand : OperationCommand
{
    private readonly Argument<string> _path = new("file|directory")
    {
        Description = "A log, or a directory of logs, with the databases that need them",
    };

    private readonly Option<bool> _records = new("--records")
    {
        Description = "Shows every log record too, as the engine's tool does (eseutil /ml /v)",
    };

    public EseLogsCommand()
        : base("logs",
            "Shows the chain of logs, its gaps and damages, and the error that recovery of the databases beside it "
            + "would meet; writes nothing")
    {
        Add(_path);
        Add(_records);
    }

    /// <inheritdoc/>
    public override string Example => "pipelinebackup ese logs /mnt/snapshot/ntds";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "the chain is sound"),
        (ExitCode.Damaged, "recovery would go through, but there is damage in logs that it does not need"),
        (ExitCode.Refused,
            "recovery or restore would fail, with the engine's error; or, with no database that needs the logs, "
            + "something is wrong with them"),
        (ExitCode.NotFound, "the file is not there, or the directory holds no logs"),
        (ExitCode.InUse, "a database is open for writing"),
    ];

    /// <inheritdoc/>
    public override Task<CommandResult> RunAsync(ParseResult parsed, Invocation run,
        CancellationToken cancellationToken) => Task.Run(() =>
    {
        string path = parsed.GetValue(_path)!;
        bool records = parsed.GetValue(_records);
        return Directory.Exists(path)
            ? InspectDirectory(path, records, run, cancellationToken)
            : InspectFile(path, records, run, cancellationToken);
    }, cancellationToken);

    private static CommandResult InspectFile(
        string path, bool records, Invocation run, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"'{path}' is not there", path);
        var check = LogChecksums.Of(Path.GetFileName(path), LogFileReader.Scan(path, collectSegments: records));
        var damage = records ? LogRecordDump.Write(run, path, check.Scan, cancellationToken) : null;
        var failure = check.Error != EseError.Success
            ? CommandFailure.Of(ExitCode.Refused, check.Error, $"'{check.FileName}': {check.Message}",
                "take the file from another copy or backup")
            : Damaged(check.FileName, damage);
        return new()
        {
            Exit = failure?.Exit ?? ExitCode.Done,
            Failure = failure,
            Fields = new JsonObject { ["path"] = Path.GetFullPath(path), ["logs"] = JsonOutput.List([check.ToJson()]) },
            Text = output => LogChainText
                .Table([(check, check.Scan.Header?.Generation ?? default, check.Scan.Length)]).Write(output),
        };
    }

    // Only who reads the records learns that they are none, though all checksums are right.
    private static CommandFailure? Damaged(string fileName, EseException? damage) => damage is null
        ? null
        : CommandFailure.Of(ExitCode.Refused, damage.Error, $"'{fileName}': {damage.Message}",
            "take the file from another copy or backup");

    private static CommandResult InspectDirectory(
        string path, bool records, Invocation run, CancellationToken cancellationToken)
    {
        var streams = LogChain.FindBaseNames(path);
        var databases = FindDatabases(path);
        if (streams.Count == 0)
            throw NoLogs(path, databases);
        using var progress = run.StartProgress("logs");
        var judged = new List<JudgedChain>();
        foreach (string name in streams)
        {
            var chain = LogChain.Open(path, name);
            var mine = databases.Where(database =>
                streams.Count == 1 || database.Header is not { } header || header.LogSignature == chain.Signature);
            Scan(chain, progress, cancellationToken);
            judged.Add(JudgedChain.Judge(path, chain, [.. mine]));
        }

        var failures = judged.Select(chain => chain.Failure);
        if (records)
            failures = failures.Concat(WriteRecords(judged, progress, run, cancellationToken));
        var worst = failures.OfType<CommandFailure>().OrderByDescending(failure => failure.Exit).FirstOrDefault();
        return new()
        {
            Exit = worst?.Exit ?? ExitCode.Done,
            Failure = worst,
            Fields = new JsonObject
            {
                ["path"] = Path.GetFullPath(path),
                ["streams"] = JsonOutput.List(judged.Select(LogChainText.ToJson)),
            },
            Text = output =>
            {
                foreach (var chain in judged)
                    LogChainText.Write(output, chain);
            },
        };
    }

    private static List<CommandFailure?> WriteRecords(
        List<JudgedChain> judged, ProgressLine progress, Invocation run, CancellationToken cancellationToken)
    {
        progress.Clear();
        var failures = new List<CommandFailure?>();
        foreach (var log in judged.SelectMany(chain => chain.Chain.Generations))
        {
            // The scans of a chain keep no lists of segments: there may be very many.
            var scan = LogFileReader.Scan(log.Path!, collectSegments: true);
            failures.Add(Damaged(log.FileName, LogRecordDump.Write(run, log.Path!, scan, cancellationToken)));
        }

        return failures;
    }

    private static Exception NoLogs(string path, List<LogNeeds> databases) =>
        databases.FirstOrDefault(database => database.Required.Max.IsSet) is { } dirty
            ? new EseException(EseError.RequiredLogFilesMissing,
                $"there are no logs in '{path}', and '{dirty.Name}' needs generations {dirty.Required.Min} to "
                + $"{dirty.Required.Max}",
                "take the missing logs from a backup, or name the directory that holds them")
            : new FileNotFoundException($"there are no logs in '{path}'", path);

    private static void Scan(LogChain chain, ProgressLine progress, CancellationToken cancellationToken)
    {
        long total = chain.Generations.Sum(log => log.Length), done = 0;
        foreach (var log in chain.Generations)
        {
            cancellationToken.ThrowIfCancellationRequested();
            log.Scan = LogFileReader.Scan(log.Path!);
            progress.Report(new(ProgressPhase.Logs, log.FileName, done += log.Length, total, 0));
        }
    }

    private static List<LogNeeds> FindDatabases(string path)
    {
        var databases = new List<LogNeeds>();
        foreach (string file in Directory.EnumerateFiles(path).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(file);
            if (LogFileName.TryParse(name, out _))
                continue;
            using var handle = EseFile.Open(file);
            if (EseFile.Recognize(EseFile.ReadStart(handle), name) == EseFileKind.Database)
                databases.Add(LogNeeds.Read(file));
        }

        return databases;
    }
}
