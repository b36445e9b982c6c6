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

    public EseLogsCommand()
        : base("logs",
            "Shows the chain of logs, its gaps and damages, and the error that recovery of the databases beside it "
            + "would meet; writes nothing") => Add(_path);

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
        return Directory.Exists(path) ? InspectDirectory(path, run, cancellationToken) : InspectFile(path);
    }, cancellationToken);

    private static CommandResult InspectFile(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"'{path}' is not there", path);
        var check = LogCheck.Of(Path.GetFileName(path), LogFileReader.Scan(path));
        var failure = check.Error == EseError.Success ? null
            : CommandFailure.Of(ExitCode.Refused, check.Error, $"'{check.FileName}': {check.Message}",
                "take the file from another copy or backup");
        return new()
        {
            Exit = failure?.Exit ?? ExitCode.Done,
            Failure = failure,
            Fields = new JsonObject { ["path"] = Path.GetFullPath(path), ["logs"] = JsonOutput.List([check.ToJson()]) },
            Text = output => LogChainText
                .Table([(check, check.Scan.Header?.Generation ?? default, check.Scan.Length)]).Write(output),
        };
    }

    private static CommandResult InspectDirectory(string path, Invocation run, CancellationToken cancellationToken)
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

        var worst = judged.Select(chain => chain.Failure).OfType<CommandFailure>()
            .OrderByDescending(failure => failure.Exit).FirstOrDefault();
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
