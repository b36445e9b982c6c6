using System.Globalization;
using Microsoft.Extensions.Logging;
using PipelineBackup.Flow;
using PipelineBackup.Format;
using PipelineBackup.Restore;

namespace PipelineBackup;

/// <summary>
/// Proves a backup, and all that it builds on, as it lies in the store: every pack by its digest, every chunk by its
/// checksum, every page by the inspection it passed on its way in, every log from its first segment to its last, and the
/// logs as a chain. Reads only; finds all damage, not just the first.
/// </summary>
/// <param name="archive">The store.</param>
/// <param name="options">How.</param>
public sealed class VerificationPipeline(IBackupArchive archive, VerificationOptions? options = null)
{
    private const int MaxDamage = 1000;

    private readonly VerificationOptions _options = options ?? new();
    private readonly List<string> _damage = [];

    /// <summary>Verifies a backup.</summary>
    /// <param name="which">Its id, or <c>latest</c>.</param>
    /// <param name="cancellationToken">Ends the verification.</param>
    /// <exception cref="BackupException">There is no such backup, its chain or index cannot be read, or the store failed.</exception>
    public async Task<VerificationReport> RunAsync(string which, CancellationToken cancellationToken = default)
    {
        using var activity = Telemetry.Activities.StartActivity("verify");
        long started = _options.Time.GetTimestamp();
        var progress = new ProgressMeter(_options.Progress, _options.Time);
        progress.Begin(ProgressPhase.Preparing);
        var catalog = new BackupCatalog(archive, _options.Set);
        var manifest = await catalog.FindAsync(which, cancellationToken).ConfigureAwait(false);
        var chain = await catalog.ChainAsync(manifest, cancellationToken).ConfigureAwait(false);
        progress.Begin(ProgressPhase.Databases, chain.Sum(backup => backup.Totals.PlainBytes));
        using var memory = new UnpackMemory(_options.MemoryBudget, _options.Workers);
        using var ledger = new SlabLedger(_options.Logger, memory.Runs, memory.Packs);
        var logs = new LogMerge();
        var badPages = new List<DamagedPage>();
        long fetched = 0;
        foreach (var member in chain)
        {
            var backup = await StoredBackup.OpenAsync(archive, _options.Set, member, cancellationToken).ConfigureAwait(false);
            await JudgeLengthsAsync(backup, cancellationToken).ConfigureAwait(false);
            var corridor = new UnpackCorridor(archive, _options.Set, backup, memory, progress, (pack, reason) =>
                Note($"{backup.Id}: {(pack > 0 ? backup.Index.Packs[pack - 1].Name : "index")}: {reason}"),
                generation => chain.Count(other => generation >= other.Logs.First && generation <= other.Logs.Last) > 1);
            await corridor.RunAsync(_ => true, _ => ValueTask.CompletedTask, cancellationToken).ConfigureAwait(false);
            fetched += corridor.FetchedBytes;
            badPages.AddRange(backup.BadPages.Values.OrderBy(page => page.File).ThenBy(page => page.Page)
                .Select(page => new DamagedPage(backup.Index.Files[page.File].Name, page.Page, page.Error, page.Verdict)));
            foreach (var (file, scan) in corridor.Witness.Complete())
                logs.Add(file, scan, $"{backup.Id}");
        }

        JudgeLogs(chain, logs);
        ledger.DemandAllBack();
        progress.Begin(ProgressPhase.Done);
        var report = new VerificationReport
        {
            Manifest = manifest,
            Chain = [.. chain.Select(member => member.Id)],
            ExitCode = _damage.Count > 0 ? ExitCode.Refused : chain.Any(member => member.IsDamaged) ? ExitCode.Damaged : ExitCode.Done,
            Damage = _damage,
            BadPages = badPages,
            NeedsRecovery = chain.Count > 1 || manifest.NeedsRecovery,
            PlainBytes = progress.Done,
            FetchedBytes = fetched,
            Duration = _options.Time.GetElapsedTime(started),
        };
        Telemetry.Count("verify", report.ExitCode, report.PlainBytes, report.FetchedBytes, badPages.Count);
        return report;
    }

    // Bytes behind a pack's end hurt no restore of ours, but the stock program would stumble over them.
    private async Task JudgeLengthsAsync(StoredBackup backup, CancellationToken cancellationToken)
    {
        var lengths = backup.Index.Packs.ToDictionary(pack => _options.Set.Data(backup.Id, pack.Name), pack => pack.Length);
        await foreach (var stored in archive.ListAsync(_options.Set.DataPrefix(backup.Id), cancellationToken).ConfigureAwait(false))
        {
            if (lengths.TryGetValue(stored.Name, out long length) && stored.Length > length)
                Note($"{backup.Id}: {stored.Name} has {stored.Length} bytes instead of {length}");
        }
    }

    private void JudgeLogs(IReadOnlyList<BackupManifest> chain, LogMerge logs)
    {
        foreach (string conflict in logs.Conflicts)
            Note(conflict);
        // A gap that the backup itself recorded is no news.
        if (chain.Any(member => member.Logs.Gap) || _damage.Count > 0)
            return;
        if (LogJudgement.Judge(chain[^1].BaseName, logs.Newest, LogNeed.Of(chain[0])) is { } finding)
            Note(string.Create(CultureInfo.InvariantCulture, $"logs: {finding}"));
    }

    private void Note(string damage)
    {
        _options.Logger.LogError("{Damage}", damage);
        lock (_damage)
        {
            if (_damage.Count < MaxDamage)
                _damage.Add(damage);
        }
    }
}
