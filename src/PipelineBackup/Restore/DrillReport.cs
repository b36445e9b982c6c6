namespace PipelineBackup;

/// <summary>What a restore drill found in one database.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Pages">Pages of the file.</param>
/// <param name="Rows">Rows of all tables, those of the catalog included.</param>
/// <param name="IndexEntries">Entries of all secondary indexes.</param>
/// <param name="LongValues">Long values of all tables.</param>
/// <param name="Findings">What is wrong with it, at most the first hundred; empty for a sound database.</param>
public sealed record DrilledDatabase(
    string Name, long Pages, long Rows, long IndexEntries, long LongValues, IReadOnlyList<string> Findings);

/// <summary>What a restore drill proved.</summary>
public sealed record DrillReport
{
    /// <summary>The restore; its files are gone.</summary>
    public required RestoreReport Restore { get; init; }

    /// <summary>The databases as they were restored and recovered.</summary>
    public required IReadOnlyList<DrilledDatabase> Databases { get; init; }

    /// <summary>When it ended, UTC.</summary>
    public required DateTimeOffset Finished { get; init; }

    /// <summary>Time of the checks alone.</summary>
    public required TimeSpan CheckDuration { get; init; }

    /// <summary>Time from begin to end.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>
    /// How a program that ran only this drill should end: done; damaged when the backup's recorded damage is all there is;
    /// refused when a restored database is not sound.
    /// </summary>
    public ExitCode ExitCode => Restore.BadPages.Count == 0 && Databases.Any(database => database.Findings.Count > 0)
        ? ExitCode.Refused
        : Restore.ExitCode;
}
