using PipelineBackup.Ese;
using PipelineBackup.Shared;

namespace PipelineBackup.Restore;

/// <summary>
/// The room between staging and publishing: recovers the databases where they are put together, and proves every page of
/// the result.
/// </summary>
internal sealed class RecoverDatabase(RestorePlan plan, StagingDirectory staging, RestoreOptions options)
{
    private const string WorkName = "recovery";

    /// <summary>Recovers the staged databases.</summary>
    /// <param name="moves">All staged files with the names that they would be published under.</param>
    /// <param name="cancellationToken">Ends it; nothing is published.</param>
    /// <exception cref="BackupException">It failed; nothing is published.</exception>
    public async Task<RecoverySummary> RunAsync(
        IReadOnlyList<(string Staged, string Published)> moves, CancellationToken cancellationToken)
    {
        string work = staging.WorkFor(plan.LogDirectory, WorkName);
        var beside = moves.Where(move => Path.GetDirectoryName(move.Published) == plan.LogDirectory
            && LogFileName.TryParse(Path.GetFileName(move.Published.AsSpan()), out _));
        foreach (var (staged, published) in beside.Where(move => !IsDatabase(move.Published)))
            DurableFile.TryRenameNoReplace(staged, Path.Combine(work, Path.GetFileName(published)));
        DurableFile.FlushDirectory(work);
        var databases = plan.Files.Where(file => file.File.Kind == SourceFileKind.Database)
            .Select(file => (file.File, Staged: moves.First(move => move.Published == file.Published).Staged)).ToList();
        var summary = await RecoverAsync(
            new()
            {
                Databases = [.. databases.Select(database => new RecoveryTarget(database.File.OriginalPath, database.Staged))],
                BaseName = plan.Chain[^1].Manifest.BaseName,
                LogDirectory = work,
                RollForwardDirectory = options.RollForward is { } later ? Path.GetFullPath(later) : null,
                StopGeneration = options.StopGeneration,
                StopTime = options.StopTime,
                MemoryBytes = Math.Max(options.MemoryBudget / 2, 16 << 20),
            },
            cancellationToken).ConfigureAwait(false);
        foreach (var (file, staged) in databases)
            Prove(staged, file.Name, plan.Chain[0], file.File, cancellationToken);
        return summary;
    }

    private async Task<RecoverySummary> RecoverAsync(RecoveryRequest request, CancellationToken cancellationToken)
    {
        options.Logger.RecoveryBegins(request.Databases.Count);
        var summary = await options.Recovery.RecoverAsync(request, cancellationToken).ConfigureAwait(false);
        options.Logger.RecoveryComplete(summary.Records, summary.RolledBack, summary.Reached);
        return summary;
    }

    private bool IsDatabase(string published) =>
        plan.Files.Exists(file => file.Published == published && file.File.Kind == SourceFileKind.Database);

    // Pages that were recorded as bad and that no log mended are as bad as they were; no others may be.
    private static void Prove(string path, string name, StoredBackup backup, int number, CancellationToken cancellationToken)
    {
        using var file = DatabaseFile.Open(path, InspectionDepth.Checksum);
        if (file.Header.NeedsRecovery || file.Header.Judge() != EseError.Success)
        {
            throw Unproved($"'{name}' is not in clean shutdown after its recovery: {file.Header.State}",
                EseError.DatabaseDirtyShutdown);
        }

        byte[] page = new byte[file.PageSize.Bytes];
        for (uint at = 1; at <= file.LastPage.Value; at++)
        {
            if (at % 4096 == 0)
                cancellationToken.ThrowIfCancellationRequested();
            var verdict = file.Read(new(at), page);
            if (!verdict.IsAcceptable && !backup.BadPages.ContainsKey((number, at + PageNumber.HeaderPages - 1L)))
                throw Unproved($"page {at} of '{name}' does not verify after its recovery: {verdict}", verdict.Error);
        }
    }

    private static BackupException Unproved(string message, EseError error) => new(message)
    {
        Error = EseErrors.ToJet(error),
        Hint = "nothing was published; --no-recover restores the databases with their logs for an engine to recover; "
            + "report this",
        ExitCode = ExitCode.Refused,
    };
}
