using PipelineBackup.Ese;

namespace PipelineBackup.Shared;

/// <summary>What a recovery by managed code tells whoever asked for it through <see cref="IDatabaseRecovery"/>.</summary>
internal static class RecoveryTelling
{
    /// <summary>The report in the words of the contract.</summary>
    public static RecoverySummary ToSummary(this RecoveryReport report) => new()
    {
        Reached = report.End.ToString(),
        ReachedTime = report.EndTime.ToDateTimeOffset(),
        Records = report.Records,
        LogBytes = report.LogBytes,
        PagesRedone = report.PagesRedone,
        RolledBack = report.RolledBack,
        Remarks = [.. report.Databases.Where(database => database.Reason.Length > 0)
            .Select(database => $"{database.LoggedPath}: {database.Reason}"), .. report.Remarks],
    };

    /// <summary>Passes on how much is done, in the unit of <see cref="RecoveryProgress.Done"/>.</summary>
    /// <param name="target">Who is told; null when nobody asked.</param>
    public static IProgress<RecoveryProgress>? ToProgress(this IProgress<int>? target) =>
        target is null ? null : new Told(target);

    private sealed class Told(IProgress<int> target) : IProgress<RecoveryProgress>
    {
        public void Report(RecoveryProgress value) => target.Report(value.Done);
    }
}
