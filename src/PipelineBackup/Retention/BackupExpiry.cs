using System.Diagnostics;
using Microsoft.Extensions.Logging;
using PipelineBackup.Format;
using PipelineBackup.Retention;

namespace PipelineBackup;

/// <summary>
/// Removes old backups by a policy, and what runs left behind that died. At every moment, and wherever it is killed, each
/// backup that is listed restores.
/// </summary>
/// <remarks>
/// <code>
/// look ─► judge ─► locks? ─► mark what is to go ─► look again ─► last child first: commit ─► data ─► claims, marks
/// </code>
/// A backup announces itself by a claim before it looks whether its parent is marked; an expiry marks before it looks for
/// claims. So of two that meet at least one sees the other: then the expiry keeps the chain, or the backup is refused.
/// Pins are set the same way.
/// </remarks>
/// <param name="sink">The store. Not disposed here.</param>
/// <param name="options">What stays.</param>
public sealed class BackupExpiry(IBackupSink sink, ExpiryOptions options)
{
    /// <summary>How long a mark of a removal counts as one of an expiry that is under way.</summary>
    internal static readonly TimeSpan MarkLife = TimeSpan.FromDays(1);

    private readonly BackupCatalog _catalog = new(sink, options.Set);

    /// <summary>Says what would be removed. Changes nothing.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ArgumentException">The options make no sense.</exception>
    /// <exception cref="BackupException">The store is none, or failed.</exception>
    public async Task<ExpiryPlan> PlanAsync(CancellationToken cancellationToken = default)
    {
        options.Validate();
        var locks = new ObjectLocks(sink, options.Set, options.Time.GetUtcNow());
        return await JudgeAsync(await LookAsync(cancellationToken).ConfigureAwait(false), locks, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes what the policy does not keep.</summary>
    /// <param name="cancellationToken">Ends the call; the next run goes on where it was.</param>
    /// <exception cref="ArgumentException">The options make no sense.</exception>
    /// <exception cref="BackupException">The store is none, or failed before anything was removed.</exception>
    public async Task<ExpiryReport> RunAsync(CancellationToken cancellationToken = default)
    {
        options.Validate();
        using var activity = Telemetry.Activities.StartActivity("expire");
        long started = options.Time.GetTimestamp();
        var locks = new ObjectLocks(sink, options.Set, options.Time.GetUtcNow());
        var look = await LookAsync(cancellationToken).ConfigureAwait(false);
        var plan = await JudgeAsync(look, locks, cancellationToken).ConfigureAwait(false);
        if (plan.Backups.Any(backup => backup.IsRemoved) || plan.Leftovers.Any(leftover => leftover.IsRemoved))
        {
            await MarkAsync(plan, look, cancellationToken).ConfigureAwait(false);
            plan = await SpareAsync(plan, look.Clock, locks, cancellationToken).ConfigureAwait(false);
        }

        var remover = new BackupRemover(sink, options.Set, locks, options.Logger);
        BackupException? failure = null;
        try
        {
            foreach (var backup in plan.Backups.Where(backup => backup.IsRemoved).Reverse())
                await remover.RemoveAsync(BackupId.Parse(backup.Manifest.Id), look.UnderWay.ClaimOf(backup.Manifest), cancellationToken).ConfigureAwait(false);
            foreach (var leftover in plan.Leftovers.Where(leftover => leftover.IsRemoved))
                await remover.RemoveAsync(leftover.Id, cancellationToken).ConfigureAwait(false);
            await UnmarkAsync(plan, look.Survey, remover, cancellationToken).ConfigureAwait(false);
        }
        catch (BackupException stopped)
        {
            failure = stopped;
            activity?.SetStatus(ActivityStatusCode.Error, stopped.Message);
        }

        var report = new ExpiryReport
        {
            Plan = plan,
            Removed = remover.Removed,
            Objects = remover.Objects,
            Bytes = remover.Bytes,
            Remarks = remover.Remarks,
            Failure = failure,
            Duration = options.Time.GetElapsedTime(started),
        };
        Telemetry.Count("expire", report.ExitCode, 0, 0, 0);
        return report;
    }

    private async Task<Look> LookAsync(CancellationToken cancellationToken)
    {
        var survey = await StoreSurvey.TakeAsync(_catalog, sink, options.Set, withData: true, cancellationToken).ConfigureAwait(false);
        var clock = new RetentionClock(survey, options.Time.GetUtcNow(), options.Grace);
        return new(survey, clock, new(sink, options.Set, survey, clock));
    }

    // What is stored beside the commits is most of the objects, and says nothing new; so the time is that of the first look.
    private async Task<Look> LookAgainAsync(RetentionClock clock, CancellationToken cancellationToken)
    {
        var survey = await StoreSurvey.TakeAsync(_catalog, sink, options.Set, withData: false, cancellationToken).ConfigureAwait(false);
        return new(survey, clock, new(sink, options.Set, survey, clock));
    }

    // Locks and claims are asked for what would go only; what they keep may keep more, so it is judged again.
    private async Task<ExpiryPlan> JudgeAsync(
        Look look, ObjectLocks locks, CancellationToken cancellationToken, Func<BackupId, bool>? stays = null)
    {
        var also = look.Survey.Backups.Keys.Where(stays ?? (_ => false)).ToDictionary(id => id, _ => "it stays for now");
        var asked = new HashSet<BackupId>();
        while (true)
        {
            var plan = RetentionJudge.Judge(look.Survey, options.Policy, look.Clock, also);
            int kept = also.Count;
            foreach (var backup in plan.Backups.Where(backup => backup.IsRemoved).Select(backup => backup.Manifest).Reverse())
            {
                var id = BackupId.Parse(backup.Id);
                if (!asked.Add(id))
                    continue;
                if (backup.Kind is BackupKind.Full or BackupKind.Incremental && BackupId.TryParse(backup.Full, out var full)
                    && await look.UnderWay.FindAsync(full, cancellationToken).ConfigureAwait(false) is { } underWay)
                {
                    also[id] = underWay;
                }
                else if (await locks.OfAsync(id, cancellationToken).ConfigureAwait(false) is { } locked)
                {
                    // What it builds on stays too, and need not be asked for.
                    also[id] = locked;
                    break;
                }
            }

            foreach (var leftover in plan.Leftovers.Where(leftover => leftover.IsRemoved && asked.Add(leftover.Id)))
            {
                if (await locks.OfAsync(leftover.Id, cancellationToken).ConfigureAwait(false) is { } reason)
                    also[leftover.Id] = reason;
            }

            if (also.Count == kept)
                return plan;
        }
    }

    private async Task MarkAsync(ExpiryPlan plan, Look look, CancellationToken cancellationToken)
    {
        var removed = plan.Backups.Where(backup => backup.IsRemoved).Select(backup => (Id: BackupId.Parse(backup.Manifest.Id), Claim: look.UnderWay.ClaimOf(backup.Manifest)))
            .Concat(plan.Leftovers.Where(leftover => leftover.IsRemoved).Select(leftover => (leftover.Id, Claim: (ObjectName?)null)));
        foreach (var (id, claim) in removed.Where(each => !look.Survey.IsExpiring(each.Id)))
        {
            try
            {
                byte[] mark = BackupMark.Expiring(id, options.Time.GetUtcNow(), claim).ToJson();
                await sink.PutAsync(options.Set.Expiring(id), ObjectBody.Of(mark), cancellationToken).ConfigureAwait(false);
            }
            catch (SinkException failure) when (failure.Failure == SinkFailure.AlreadyExists)
            {
                // Another expiry wants it to go too.
            }
        }
    }

    // What has come to need a backup since the first look is seen by the second one, or sees the mark.
    private async Task<ExpiryPlan> SpareAsync(ExpiryPlan plan, RetentionClock clock, ObjectLocks locks, CancellationToken cancellationToken)
    {
        // What this expiry does not remove, a backup that was made meanwhile for one, keeps what it builds on.
        var look = await LookAgainAsync(clock, cancellationToken).ConfigureAwait(false);
        var going = plan.Backups.Where(backup => backup.IsRemoved).Select(backup => BackupId.Parse(backup.Manifest.Id)).ToHashSet();
        var now = await JudgeAsync(look, locks, cancellationToken, id => !going.Contains(id)).ConfigureAwait(false);
        var verdicts = now.Backups.ToDictionary(backup => backup.Manifest.Id, backup => backup.Reasons);
        var leftovers = new List<LeftoverVerdict>();
        foreach (var leftover in plan.Leftovers)
        {
            leftovers.Add(!leftover.IsRemoved ? leftover
                : now.Leftovers.FirstOrDefault(other => other.Id == leftover.Id) is not { } again ? leftover with { Reasons = ["it has become a backup meanwhile, or is gone"] }
                : await DataOfAsync(leftover.Id, cancellationToken).ConfigureAwait(false) != new StoredData(leftover.Objects, leftover.Bytes)
                    ? leftover with { Reasons = ["its run is still under way"] }
                : leftover with { Reasons = again.Reasons });
        }

        return plan with
        {
            Backups = [.. plan.Backups.Select(backup => !backup.IsRemoved ? backup
                : backup with { Reasons = verdicts.GetValueOrDefault(backup.Manifest.Id) ?? ["another expiry has removed it meanwhile"] })],
            Leftovers = leftovers,
        };
    }

    private async Task<StoredData> DataOfAsync(BackupId id, CancellationToken cancellationToken)
    {
        var data = default(StoredData);
        await foreach (var stored in sink.ListAsync(options.Set.DataPrefix(id), cancellationToken).ConfigureAwait(false))
            data = data.And(stored);
        return data;
    }

    // An expiry that was interrupted leaves marks on what another policy may keep; they would stand in the way of backups.
    private async Task UnmarkAsync(ExpiryPlan plan, StoreSurvey survey, BackupRemover remover, CancellationToken cancellationToken)
    {
        foreach (var id in plan.Backups.Where(backup => !backup.IsRemoved).Select(backup => BackupId.Parse(backup.Manifest.Id)).Where(survey.IsExpiring))
        {
            if (await IsStaleAsync(sink, options.Set, id, options.Time.GetUtcNow(), cancellationToken).ConfigureAwait(false))
                await remover.UnmarkAsync(id, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether no expiry is at work on a backup that is marked: the mark is old, or cannot be read, or is gone.</summary>
    internal static async Task<bool> IsStaleAsync(
        IBackupArchive archive, BackupSet set, BackupId id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            return await BackupMark.TryReadAsync(archive, set.Expiring(id), cancellationToken).ConfigureAwait(false) is not { } mark
                || now - mark.Time > MarkLife;
        }
        catch (BackupException damaged) when (damaged is not SinkException)
        {
            return true;
        }
    }

    /// <summary>A look at the store, the time it goes by, and the runs that it shows.</summary>
    private sealed record Look(StoreSurvey Survey, RetentionClock Clock, RunsUnderWay UnderWay);
}
