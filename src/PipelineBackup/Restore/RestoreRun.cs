using PipelineBackup.Flow;
using PipelineBackup.Format;

namespace PipelineBackup.Restore;

/// <summary>One restore under way: brings the files of a plan into staging, judges the logs as a whole, and publishes.</summary>
internal sealed class RestoreRun(
    IBackupArchive archive, RestorePlan plan, StagingDirectory staging, RestoreOptions options, ProgressMeter progress)
{
    private readonly List<(string Staged, string Published)> _moves = [];
    private readonly List<StagedLog> _logs = [];

    /// <summary>Plain bytes written.</summary>
    public long WrittenBytes { get; private set; }

    /// <summary>Bytes read from the store.</summary>
    public long FetchedBytes { get; private set; }

    /// <summary>What the recovery did; null when there was none.</summary>
    public RecoverySummary? Recovery { get; private set; }

    /// <summary>Bad pages of the planned files, restored as recorded.</summary>
    public IReadOnlyList<DamagedPage> BadPages => [.. plan.Files.Where(file => file.File.Kind == SourceFileKind.Database)
        .SelectMany(file => plan.Chain[file.Backup].BadPages.Values.Where(page => page.File == file.File.File).OrderBy(page => page.Page)
            .Select(page => new DamagedPage(file.File.Name, page.Page, page.Error, page.Verdict)))];

    /// <summary>Puts everything together in staging, proved and durable.</summary>
    public async Task TransferAsync(CancellationToken cancellationToken)
    {
        RestorePlan.DemandFree(plan.Files.Select(file => file.Published));
        plan.DemandSpace();
        progress.Begin(ProgressPhase.Databases, plan.Bytes);
        using var memory = new UnpackMemory(options.MemoryBudget, options.Workers);
        using var ledger = new SlabLedger(options.Logger, memory.Runs, memory.Packs);
        try
        {
            for (int i = 0; i < plan.Chain.Count; i++)
                await TransferAsync(i, memory, cancellationToken).ConfigureAwait(false);
            ledger.DemandAllBack();
            progress.Begin(ProgressPhase.Publishing);
            MergeAndJudge();
            if (plan.Recovers)
                await RecoverAsync(cancellationToken).ConfigureAwait(false);
            RestorePlan.DemandFree(_moves.Select(move => move.Published));
            staging.Seal();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw RestoreFailure.Of(failure, $"the restore into '{staging.Target}' failed");
        }
    }

    /// <summary>Gives the files their names.</summary>
    /// <returns>Their full paths.</returns>
    public IReadOnlyList<string> Publish(string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PublishJournal? journal = null;
        try
        {
            journal = PublishJournal.Write(staging.Target, new(id, [.. staging.Directories], [.. _moves.Select(move => JournalMove.Of(move.Staged, move.Published))], plan.Goal));
            staging.HandOver();
            PublishDatabase.Run(journal);
            return [.. _moves.Select(move => move.Published)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw RestoreFailure.Of(failure, TryWithdraw(journal)
                ? $"publishing into '{staging.Target}' failed, and was rolled back"
                : $"publishing into '{staging.Target}' failed; the next restore into it finishes or rolls back");
        }
    }

    // What is published after a recovery are the databases: their logs, checkpoint and flush maps belong to the past.
    private async Task RecoverAsync(CancellationToken cancellationToken)
    {
        progress.Begin(ProgressPhase.Recovering);
        var recovery = new RecoverDatabase(plan, staging, options);
        Recovery = await recovery.RunAsync(_moves, cancellationToken).ConfigureAwait(false);
        progress.Begin(ProgressPhase.Publishing);
        var kept = plan.Files.Where(file => file.File.Kind is SourceFileKind.Database or SourceFileKind.StreamingCompanion)
            .Select(file => file.Published).ToHashSet(StringComparer.Ordinal);
        _moves.RemoveAll(move => !kept.Contains(move.Published));
    }

    private static bool TryWithdraw(PublishJournal? journal)
    {
        try
        {
            journal?.RollBack();
            if (journal is not null)
                PublishDatabase.Clear(journal);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The journal stays, and says what is left to do.
            return false;
        }
    }

    private async Task TransferAsync(int member, UnpackMemory memory, CancellationToken cancellationToken)
    {
        var backup = plan.Chain[member];
        using var place = new PlaceFiles();
        foreach (var file in plan.Files.Where(file => file.Backup == member))
        {
            string staged = staging.PathFor(file.Published);
            place.Create(backup, file.File, staged);
            _moves.Add((staged, file.Published));
        }

        var logs = plan.Logs.Where(log => log.Backup == member).Select(log => log.File).ToList();
        var paths = logs.ToDictionary(log => log.File, log => staging.PathFor(Path.Combine(plan.LogDirectory, $"{log.Name}.{member}")));
        foreach (var log in logs)
            place.Create(backup, log, paths[log.File]);

        var corridor = new UnpackCorridor(archive, options.Set, backup, memory, progress, (pack, reason) => throw Damaged(backup, pack, reason));
        await corridor.RunAsync(
            place.IsWanted, run => place.PlaceAsync(run, backup.Index.Files[run.Chunk.File].PageSize), cancellationToken).ConfigureAwait(false);
        place.DemandComplete();
        WrittenBytes += place.Written;
        FetchedBytes += corridor.FetchedBytes;
        foreach (var (file, scan) in corridor.Witness.Complete())
            _logs.Add(new(file, paths[file.File], scan, backup.Id.ToString()));
    }

    private void MergeAndJudge()
    {
        var chosen = MergeLogs.Merge(_logs);
        _moves.AddRange(chosen.Select(log => (log.Log.Path, Path.Combine(plan.LogDirectory, log.Name))));
        // A gap that the backup itself recorded is why it can be restored without recovery only.
        if (plan.Chain.Any(backup => backup.Manifest.Logs.Gap))
            return;
        var judged = chosen.Select(log => new ScannedLog(log.Name, log.Log.Scan));
        if (LogJudgement.Judge(plan.Chain[^1].Manifest.BaseName, judged, LogNeed.Of(plan.Chain[0].Manifest)) is { } finding)
        {
            throw new BackupException($"the logs of the backup do not suffice: {finding.Message}")
            {
                Error = EseErrors.ToJet(finding.Error),
                Hint = finding.Hint,
                ExitCode = ExitCode.Refused,
            };
        }
    }

    private BackupException Damaged(StoredBackup backup, int pack, string reason) =>
        new($"{options.Set.Data(backup.Id, backup.Index.Packs[pack - 1].Name)} is damaged: {reason}")
        {
            Error = JetError.ReadVerifyFailure,
            Hint = "restore from a second store, or an earlier backup; 'verify' lists all damage; nothing was published",
            ExitCode = ExitCode.Refused,
        };
}
