using System.Diagnostics;
using PipelineBackup.Restore;

namespace PipelineBackup;

/// <summary>
/// Restores a backup into a directory: everything is put together and proved in staging, made durable, and only then given
/// its names, by renames that never overwrite. A crash at any point leaves either nothing or a journal by which the next
/// restore into the same directory finishes or rolls back.
/// </summary>
/// <remarks>
/// <code>
/// plan ─► claim the target ─► fetch ─► open ─► prove ─► place ─► merge and judge logs ─► recover ─► prove ─► seal ─► publish
/// </code>
/// </remarks>
/// <param name="archive">The store.</param>
/// <param name="options">Where to, and how.</param>
public sealed class RestorePipeline(IBackupArchive archive, RestoreOptions options)
{
    /// <summary>Restores a backup.</summary>
    /// <param name="which">Its id, or <c>latest</c>.</param>
    /// <param name="cancellationToken">Ends the restore; nothing is published then.</param>
    /// <exception cref="BackupException">Nothing was published; error, hint and exit code say why.</exception>
    public async Task<RestoreReport> RunAsync(string which, CancellationToken cancellationToken = default)
    {
        using var activity = Telemetry.Activities.StartActivity("restore");
        try
        {
            return await PublishAsync(which, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            activity?.SetStatus(ActivityStatusCode.Error, failure.Message);
            if (failure is not OperationCanceledException)
                options.Logger.RestoreFailed(failure.Message);
            throw;
        }
    }

    private async Task<RestoreReport> PublishAsync(string which, CancellationToken cancellationToken)
    {
        long started = options.Time.GetTimestamp();
        var progress = new ProgressMeter(options.Progress, options.Time);
        progress.Begin(ProgressPhase.Preparing);
        var catalog = new BackupCatalog(archive, options.Set);
        var manifest = await catalog.FindAsync(which, cancellationToken).ConfigureAwait(false);
        var manifests = await catalog.ChainAsync(manifest, cancellationToken).ConfigureAwait(false);
        var chain = new List<StoredBackup>();
        foreach (var member in manifests)
            chain.Add(await StoredBackup.OpenAsync(archive, options.Set, member, cancellationToken).ConfigureAwait(false));
        var plan = RestorePlan.Make(chain, options);
        cancellationToken.ThrowIfCancellationRequested();
        using var staging = StagingDirectory.Claim(options.Target, options.Staging);
        var finished = InterruptedRestore.Settle(staging, manifest.Id, plan.Goal, options.Logger);
        var run = new RestoreRun(archive, plan, staging, options, progress);
        options.Logger.RestoreBegins(manifest.Id, staging.Target);
        if (finished is null)
            await run.TransferAsync(cancellationToken).ConfigureAwait(false);
        var files = finished ?? run.Publish(manifest.Id, cancellationToken);
        progress.Begin(ProgressPhase.Done);
        options.Logger.RestoreComplete(manifest.Id, files.Count);

        var badPages = run.BadPages;
        bool damaged = badPages.Count > 0 || manifests.Any(member => member.Logs.Gap || member.DroppedDatabases.Count > 0);
        Telemetry.Count("restore", damaged ? ExitCode.Damaged : ExitCode.Done, run.WrittenBytes, run.FetchedBytes, badPages.Count);
        return new()
        {
            Manifest = manifest,
            Chain = [.. manifests.Select(member => member.Id)],
            ExitCode = damaged ? ExitCode.Damaged : ExitCode.Done,
            Target = staging.Target,
            Files = files,
            NeedsRecovery = plan.NeedsRecovery && !plan.Recovers,
            Recovery = run.Recovery,
            FinishedInterrupted = finished is not null,
            BadPages = badPages,
            PlainBytes = run.WrittenBytes,
            FetchedBytes = run.FetchedBytes,
            Duration = options.Time.GetElapsedTime(started),
        };
    }
}
