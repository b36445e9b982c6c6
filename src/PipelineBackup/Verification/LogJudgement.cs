using PipelineBackup.Ese;

namespace PipelineBackup;

/// <summary>A log of a backup and what its scan found.</summary>
/// <param name="Name">File name.</param>
/// <param name="Scan">The finding.</param>
internal sealed record ScannedLog(string Name, LogScanResult Scan)
{
    /// <summary>Its generation; 0 when neither name nor header tells.</summary>
    public int Generation => new LogFileEntry(Name, Scan).Generation.Value;
}

/// <summary>A database as far as logs are concerned.</summary>
internal readonly record struct LogNeed(string Database, int Min, int MaxRequired, int MaxCommitted)
{
    /// <summary>What the databases of a backup need.</summary>
    public static IEnumerable<LogNeed> Of(BackupManifest backup) => backup.Databases.Select(
        database => new LogNeed(database.Name, database.MinRequired, database.MaxRequired, database.MaxCommitted));
}

/// <summary>
/// Judges the logs of a backup as a whole: each one sound, each one the continuation of the one before, and none missing
/// that a database needs. The same judgement before a commit, in a verification and after a restore.
/// </summary>
internal static class LogJudgement
{
    /// <summary>Judges.</summary>
    /// <param name="baseName">Base name of the logs.</param>
    /// <param name="logs">The logs, in any order.</param>
    /// <param name="needs">What the databases need; with Min 0 nothing.</param>
    /// <returns>The first thing that is wrong; null when nothing is.</returns>
    public static LogFinding? Judge(string baseName, IEnumerable<ScannedLog> logs, IEnumerable<LogNeed> needs)
    {
        var chain = new LogChain(baseName, logs.Select(log => new LogFileEntry(log.Name, log.Scan)));
        // A backup set has no current log: its logs were all closed when they were copied.
        var finding = chain.Findings.FirstOrDefault(finding => finding.Error != EseError.MissingLogFile || finding.Generation.IsSet);
        return finding ?? needs.Where(need => need.Min > 0).Select(need => Missing(chain, need)).FirstOrDefault(missing => missing is not null);
    }

    private static LogFinding? Missing(LogChain chain, LogNeed need)
    {
        for (var generation = new LogGeneration(need.Min); generation.Value <= need.MaxCommitted; generation = generation.Next)
        {
            if (chain.Find(generation) is not null)
                continue;
            bool required = generation.Value <= need.MaxRequired;
            return new(
                required ? EseError.RequiredLogFilesMissing : EseError.CommittedLogFilesMissing, generation, "",
                required
                    ? $"generation {generation} is missing, which '{need.Database}' needs to become consistent"
                    : $"generation {generation} is missing, which holds committed transactions of '{need.Database}'");
        }

        return null;
    }
}
