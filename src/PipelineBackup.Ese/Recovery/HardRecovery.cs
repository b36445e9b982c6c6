namespace PipelineBackup.Ese;

/// <summary>Recovery of databases from a backup set: its logs, logs to roll forward with, undo.</summary>
/// <remarks>
/// <code>
/// parameters ─► databases ─► ranges ─► logs, all scanned ─► headers rewritten ─► redo, undo
///             nothing was changed when it is refused here │ from here on a failure leaves databases
///                                                         │ that must be restored anew
/// </code>
/// </remarks>
/// <param name="options">On what, and how.</param>
public sealed class HardRecovery(HardRecoveryOptions options)
{
    /// <summary>Pages of each database that must fit into memory: the pages of a macro, and room to work.</summary>
    internal const int LeastPages = 16;

    private const int LeastBytes = 256 << 10;

    /// <summary>Judges the set, prepares the databases, replays the logs and undoes what was not committed.</summary>
    /// <param name="cancellationToken">Ends it between two records; the databases must then be restored anew.</param>
    /// <exception cref="EseException">
    /// It failed; the engine's error, what is wrong and what to do. What is refused before the logs are replayed has
    /// changed nothing; else the hint says that the databases must be restored anew.
    /// </exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read or written.</exception>
    public RecoveryReport Run(CancellationToken cancellationToken = default)
    {
        DemandParameters();
        var plan = RestoreScheme.Make(options, cancellationToken);
        if (plan.Set.Restored.All(database => database.Image.IsClean))
        {
            foreach (var (_, image) in plan.Set.Restored)
                image.MatchCopies(options.Disk);
            return Nothing(plan);
        }

        DemandMemory(plan.Set);
        foreach (var (_, image) in plan.Set.Restored.Where(database => !database.Image.IsClean))
            image.Prepare(options.Disk, plan.High);
        try
        {
            return Complete(new RecoveryRun(plan.ToSetup()).Execute(cancellationToken), plan);
        }
        catch (EseException failure)
        {
            throw new EseException(failure.Error, failure.Message, Anew(failure));
        }
    }

    private static string Anew(EseException failure)
    {
        const string Advice =
            "the databases are in no usable state: restore them anew from the backup before the next attempt";
        return failure.Hint.Length == 0 ? Advice : $"{failure.Hint}; {Advice}";
    }

    private static RecoveryReport Nothing(RestoreScheme plan) => new()
    {
        Databases = plan.Report([]),
        Remarks = [.. plan.Remarks, "an earlier recovery finished its work: nothing was left to do"],
    };

    private static RecoveryReport Complete(RecoveryReport report, RestoreScheme plan) => report with
    {
        Databases = plan.Report(report.Databases),
        Remarks = [.. plan.Remarks, .. report.Remarks],
    };

    private void DemandParameters()
    {
        if (options.TargetLogDirectory is null != options.TargetCheckpointDirectory is null)
        {
            throw Invalid(
                "a target directory for logs was given without one for the checkpoint, or the other way round",
                "give both or neither");
        }

        if (options.BaseName.Length != 3)
        {
            throw Invalid(
                $"'{options.BaseName}' is no base name of logs", "a base name has three characters, such as edb");
        }

        if (options.BackupLogDirectories.Count == 0)
            throw Invalid("there is no directory with the logs of the backup", "name at least one");
        if (options.Low.IsSet && options.High.IsSet && options.Low > options.High)
            throw Invalid($"the lowest generation, {options.Low}, is above the highest, {options.High}", "swap them");
        foreach (string directory in options.BackupLogDirectories.Append(options.LogDirectory)
            .Concat(options.TargetLogDirectory is { } target ? [target] : []))
        {
            if (!options.Disk.DirectoryExists(directory))
                throw new EseException(EseError.InvalidPath, $"there is no directory '{directory}'", "check the path");
        }
    }

    private void DemandMemory(RestoreSet set)
    {
        long least = LeastBytes + set.Restored.Sum(database => (long)LeastPages * database.Image.PageSize.Bytes);
        if (options.MemoryBytes < least)
        {
            throw new EseException(EseError.OutOfMemory,
                $"{options.MemoryBytes} bytes of memory do not suffice, at least {least} are needed",
                "allow more and run it again; nothing was changed");
        }
    }

    private static EseException Invalid(string message, string hint) => new(EseError.InvalidParameter, message, hint);
}
