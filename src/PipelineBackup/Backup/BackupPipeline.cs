using System.Diagnostics;
using PipelineBackup.Backup;

namespace PipelineBackup;

/// <summary>
/// Backs up a source into one or several stores. The databases go through the first corridor, the logs, which a source
/// knows only once the databases have been read, through the second; then, and only if everything is as it should be,
/// the commit is written. Until then the backup does not exist; what a failed one stored is removed again, as far as
/// that goes.
/// </summary>
/// <remarks>
/// <code>
/// read ─► verify + compress ─► pack ─► store       databases
///                                       │
/// read ─► verify ─► compress ─► pack ─► store      logs, patch data, side files
///                                       │
///              judge the chain, ask the source ─► commit ─► truncate ─► complete
/// </code>
/// </remarks>
/// <param name="source">What to back up.</param>
/// <param name="sinks">Where to; at least one. Not disposed here.</param>
/// <param name="options">How.</param>
public sealed class BackupPipeline(IBackupSource source, IReadOnlyList<IBackupSink> sinks, BackupOptions? options = null)
{
    private readonly BackupOptions _options = options ?? new();

    /// <summary>Makes one backup.</summary>
    /// <param name="cancellationToken">Ends the backup; nothing is published then.</param>
    /// <exception cref="BackupException">Nothing was published; error, hint and exit code say why.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing was published.</exception>
    public async Task<BackupReport> RunAsync(CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sinks.Count, nameof(sinks));
        using var activity = Telemetry.Activities.StartActivity("backup");
        BackupReport report;
        try
        {
            report = await PublishAsync(activity, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            activity?.SetStatus(ActivityStatusCode.Error, failure.Message);
            if (failure is OperationCanceledException)
                _options.Logger.BackupCancelled();
            else
                _options.Logger.BackupFailed(failure.Message);
            throw;
        }

        string id = report.Manifest.Id;
        if (report.FailureAfterCommit is { } afterwards)
            _options.Logger.EndFailed(id, (afterwards.InnerException ?? afterwards).Message);
        _options.Logger.BackupComplete(id, report.Manifest.Position);
        Telemetry.Count("backup", report.ExitCode, report.Manifest.Totals.PlainBytes,
            report.Manifest.Totals.StoredBytes, report.BadPages.Count);
        return report;
    }

    private async Task<BackupReport> PublishAsync(Activity? activity, CancellationToken cancellationToken)
    {
        var group = new SinkGroup(sinks, _options);
        var progress = new ProgressMeter(_options.Progress, _options.Time);
        progress.Begin(ProgressPhase.Preparing);
        await group.OpenAsync(cancellationToken).ConfigureAwait(false);
        var parentage = _options.Kind is BackupKind.Incremental or BackupKind.Differential
            ? await BackupParentage.FindAsync(group, _options.Set, cancellationToken).ConfigureAwait(false)
            : null;
        var request = new BackupRequest
        {
            Kind = _options.Kind,
            Databases = _options.Databases,
            Parent = parentage?.ToRequest(),
            AcceptLogGap = _options.OnLogGap == LogGapPolicy.Record,
        };
        var session = await source.BeginAsync(request, cancellationToken).ConfigureAwait(false);
        BackupReport? report = null;
        try
        {
            await using (session.ConfigureAwait(false))
            {
                var run = new BackupRun(session, group, parentage, _options, progress);
                activity?.SetTag("backup.id", run.Id.ToString());
                if (_options.Kind is BackupKind.Full or BackupKind.Copy)
                    _options.Logger.FullBackupBegins(session.Stamp.Source, _options.Kind);
                else
                    _options.Logger.LogBackupBegins(session.Stamp.Source, _options.Kind);
                await PublishAsync(run, group, cancellationToken).ConfigureAwait(false);
                report = await run.FinishAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception failure) when (report is not null)
        {
            // The source could not let go of its session; the backup stands all the same.
            report = report with
            {
                ExitCode = ExitCode.Failed,
                FailureAfterCommit = report.FailureAfterCommit ?? BackupRun.AfterCommit(report.Manifest.Id, failure),
            };
        }

        progress.Begin(ProgressPhase.Done);
        return report;
    }

    private static async Task PublishAsync(BackupRun run, SinkGroup stores, CancellationToken cancellationToken)
    {
        try
        {
            await run.TransferAsync(cancellationToken).ConfigureAwait(false);
            await run.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await stores.RemoveStoredAsync().ConfigureAwait(false);
            throw;
        }
    }
}
