using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Inspection;

/// <summary>How the databases beside a chain of logs would be brought up to date.</summary>
internal enum RecoveryWay
{
    /// <summary>Not at all: there is no database that needs the logs.</summary>
    None,

    /// <summary>Soft recovery, as after a crash.</summary>
    Soft,

    /// <summary>A restore of streamed copies, every log of the set mandatory.</summary>
    Restore,
}

/// <summary>A scanned chain of logs, and what recovery of the databases beside it would meet.</summary>
/// <param name="Chain">The chain.</param>
/// <param name="Databases">The databases.</param>
/// <param name="Way">How they would be recovered.</param>
/// <param name="Recovery">The error that would meet; null when it would go through, or nothing is to recover.</param>
/// <param name="Findings">What is wrong with the logs, whether or not recovery needs them.</param>
/// <param name="Notes">What else is worth telling.</param>
internal sealed record JudgedChain(
    LogChain Chain, IReadOnlyList<LogNeeds> Databases, RecoveryWay Way, LogFinding? Recovery,
    IReadOnlyList<LogFinding> Findings, IReadOnlyList<string> Notes)
{
    /// <summary>What it means for the command; null when all is well.</summary>
    public CommandFailure? Failure => this switch
    {
        { Recovery: { } fault } => CommandFailure.Of(ExitCode.Refused, fault.Error, Sentence(fault), fault.Hint),
        { Findings.Count: 0 } => null,
        { Way: RecoveryWay.None } =>
            CommandFailure.Of(ExitCode.Refused, Findings[0].Error, Sentence(Findings[0]), Findings[0].Hint),
        _ => CommandFailure.Of(ExitCode.Damaged, Findings[0].Error,
            $"recovery does not need it, but {Sentence(Findings[0])}", Findings[0].Hint),
    };

    /// <summary>Judges a chain that was scanned.</summary>
    /// <param name="directory">Where the logs are.</param>
    /// <param name="chain">The chain.</param>
    /// <param name="databases">The databases beside it.</param>
    public static JudgedChain Judge(string directory, LogChain chain, IReadOnlyList<LogNeeds> databases)
    {
        var notes = new List<string>();
        // A set of closed logs, as in a backup, has no current one.
        var findings = chain.Findings
            .Where(finding => finding.Error != EseError.MissingLogFile || finding.Generation.IsSet)
            .ToList();
        if (chain.Current is null && chain.Generations.Count > 0)
            notes.Add("there is no current log: a set of closed logs, as in a backup");
        if (chain.Temporary is not null)
            notes.Add($"{chain.Temporary.FileName} is the next log in preparation and holds no transactions");
        var required = databases.Select(database => database.Required).ToList();
        bool anyNeeds = databases.Any(database => database.Header is null || database.Header.NeedsRecovery);
        if (!anyNeeds)
            return new(chain, databases, RecoveryWay.None, null, findings, notes);
        var broken = databases.Select(database => database.Fault).FirstOrDefault(fault => fault is not null);
        if (databases.Any(database => database.IsStreamedCopy))
        {
            var lowest = required.Where(logs => logs.Min.IsSet).MinBy(logs => logs.Min);
            var restore = broken ?? chain.JudgeRestore(required, low: lowest.Min);
            return new(chain, databases, RecoveryWay.Restore, restore, findings, notes);
        }

        var start = StartOf(directory, chain, notes);
        var stream = databases.FirstOrDefault(database =>
            database.Header is { NeedsRecovery: true } header && header.LogSignature != chain.Signature);
        var foreign = stream is null ? null : new LogFinding(EseError.BadLogSignature, default, stream.Name,
            "the database belongs to another log stream", "name the directory with its own logs");
        var soft = broken ?? chain.JudgeSoftRecovery(required, new SoftRecoveryOptions { Start = start }) ?? foreign;
        return new(chain, databases, RecoveryWay.Soft, soft, findings, notes);
    }

    // Without a checkpoint that can be used the engine starts with the lowest log there is.
    private static LogGeneration StartOf(string directory, LogChain chain, List<string> notes)
    {
        string? path = Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal).FirstOrDefault(file =>
            LogFileName.TryParse(Path.GetFileName(file.AsSpan()), out var name) && name.Kind == LogFileKind.Checkpoint
            && name.Base.Equals(chain.BaseName, StringComparison.OrdinalIgnoreCase));
        if (path is null)
        {
            notes.Add($"there is no checkpoint: recovery starts with the lowest log, generation {chain.Lowest}");
            return chain.Lowest;
        }

        var checkpoint = EseFile.ReadCheckpoint(path, out var fault);
        if (checkpoint is not null && (fault = checkpoint.CheckStream(chain.Signature)) is null)
        {
            notes.Add($"recovery starts at the checkpoint, {checkpoint.Position}");
            return checkpoint.Position.Generation;
        }

        notes.Add($"the checkpoint cannot be used ({fault!.Message}): recovery starts with the lowest log, "
            + $"generation {chain.Lowest}");
        return chain.Lowest;
    }

    private static string Sentence(LogFinding finding) =>
        finding.File.Length > 0 ? $"{finding.File}: {finding.Message}" : finding.Message;
}
