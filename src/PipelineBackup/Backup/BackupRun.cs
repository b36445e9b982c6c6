using System.Globalization;
using Microsoft.Extensions.Logging;
using PipelineBackup.Compression;
using PipelineBackup.Ese;
using PipelineBackup.Flow;
using PipelineBackup.Format;

namespace PipelineBackup.Backup;

/// <summary>One backup under way: builds both corridors, keeps what they find, and draws up the commit.</summary>
internal sealed class BackupRun
{
    private readonly IBackupSession _session;
    private readonly SinkGroup _sinks;
    private readonly BackupParentage? _parentage;
    private readonly BackupOptions _options;
    private readonly ProgressMeter _progress;
    private readonly BackupIndex _index = new();
    private readonly SortedDictionary<string, double> _rooms = new(StringComparer.Ordinal);
    private readonly List<BadPage> _badPages = [];
    private readonly DateTimeOffset _started;
    private readonly Lz4Codec _codec = Lz4Codec.Best;
    private List<DatabaseInFlight> _databases = [];
    private List<ScannedLog> _logs = [];
    private LogFinding? _logFinding;
    private BackupManifest? _manifest;
    private TaskScheduler? _threads;

    public BackupRun(
        IBackupSession session, SinkGroup sinks, BackupParentage? parentage, BackupOptions options, ProgressMeter progress)
    {
        (_session, _sinks, _parentage, _options, _progress) = (session, sinks, parentage, options, progress);
        _started = options.Time.GetUtcNow();
        Id = BackupId.Create(options.Kind, _started, parentage is null ? null : BackupId.Parse(parentage.Parent.Id));
    }

    /// <summary>The id of the backup.</summary>
    public BackupId Id { get; }

    private bool HasGap => _logFinding is not null || _session.Stamp.LogGap.Length > 0;

    private bool IsDamaged => _badPages.Count > 0 || HasGap || _databases.Any(database => database.IsDropped);

    /// <summary>Takes databases, then logs, through their corridors into the stores.</summary>
    public async Task TransferAsync(CancellationToken cancellationToken)
    {
        var plan = MemoryPlan.Of(_options.MemoryBudget, _options.Workers, _sinks.PutConcurrency);
        using var runs = new SlabPool(plan.Runs * MemoryPlan.SlabsPerRun);
        using var packs = new SlabPool(plan.Packs * MemoryPlan.SlabsPerPack);
        using var ledger = new SlabLedger(_options.Logger, runs, packs);

        // One for each worker, one that reads, and one that packs.
        using var threads = _options.YieldsProcessors ?? _session.Stamp.IsInUse
            ? new YieldingThreads(plan.Workers + 2) : null;
        _threads = threads;
        _progress.Begin(ProgressPhase.Databases, _session.Databases.Sum(file => file.Length));
        await TransferDatabasesAsync(plan, runs, packs, cancellationToken).ConfigureAwait(false);
        var others = await _session.EndDatabasesAsync(cancellationToken).ConfigureAwait(false);
        _progress.Begin(ProgressPhase.Logs, others.Sum(file => file.Length));
        var generations = others.Where(file => file.Kind == SourceFileKind.Log).Select(file => file.Generation).ToList();
        if (generations.Count > 0)
            _options.Logger.LogsChosen(generations.Min(), generations.Max());
        await TransferLogsAsync(others, plan, runs, packs, cancellationToken).ConfigureAwait(false);
        ledger.DemandAllBack();
    }

    /// <summary>Judges the whole, and commits it.</summary>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        _progress.Begin(ProgressPhase.Publishing);
        _badPages.AddRange(_databases.Where(database => !database.IsDropped).SelectMany(database => database.BadPages));
        DemandDatabases();
        _logFinding = LogJudgement.Judge(_session.Stamp.BaseName, _logs, _session.Stamp.Databases.Select(
            database => new LogNeed(database.Name, database.MinRequired, database.MaxRequired, database.MaxCommitted)));
        DemandLogs();
        DemandContinuation();
        await _session.ValidateAsync(cancellationToken).ConfigureAwait(false);

        // What a restore will demand of the index is demanded before anything depends on it.
        IndexCoverage.Demand(_index, reason => throw new InvalidOperationException($"the index of {Id} is not sound: {reason}"));
        var commit = new CommitBackup(_sinks, _options.Set, Id);
        var index = await commit.StoreIndexAsync(_index, cancellationToken).ConfigureAwait(false);
        var badPages = await commit.StoreBadPagesAsync(_badPages, cancellationToken).ConfigureAwait(false);
        if (_parentage is not null)
            await commit.AnnounceAsync(_parentage, _options.Kind, cancellationToken).ConfigureAwait(false);
        await commit.DemandLastingAsync(_parentage, cancellationToken).ConfigureAwait(false);
        _manifest = DrawUp(index, badPages);
        await commit.CommitAsync(_manifest, cancellationToken).ConfigureAwait(false);
        _options.Logger.LogInformation("backup {Id} is committed", Id);
    }

    /// <summary>After the commit: truncates logs where that is allowed, and ends the session.</summary>
    public async Task<BackupReport> FinishAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<string> truncated = [];
        BackupException? failure = null;
        try
        {
            if (_options.TruncateLogs && !IsDamaged && _options.Kind is BackupKind.Full or BackupKind.Incremental)
            {
                var logs = await _session.TruncatableLogsAsync(cancellationToken).ConfigureAwait(false);
                await _session.TruncateLogsAsync(cancellationToken).ConfigureAwait(false);
                truncated = [.. logs.Select(log => log.Name)];
                if (truncated.Count > 0)
                    _options.Logger.LogsDeleted(truncated[0], truncated[^1]);
                else
                    _options.Logger.NoLogsDeleted();
            }

            await _session.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception cause)
        {
            // Whatever it is: the backup stands, and the caller must learn its id.
            failure = AfterCommit(Id.ToString(), cause);
        }

        return new()
        {
            Manifest = _manifest!,
            ExitCode = failure is not null ? ExitCode.Failed : IsDamaged ? ExitCode.Damaged : ExitCode.Done,
            Duration = _options.Time.GetUtcNow() - _started,
            BadPages = [.. _databases.SelectMany(database => database.BadPages)
                .Select(page => new DamagedPage(_index.Files[page.File].Name, page.Page, page.Error, page.Verdict))],
            RepairedPages = [.. _databases.SelectMany(database => database.Repaired.Select(page => new DamagedPage(
                database.Source.Name, page, 0, "one flipped bit was put right; the page is stored repaired")))],
            DroppedStores = [.. _sinks.Dropped.OfType<SinkException>().Select(drop => drop.Message)],
            TruncatedLogs = truncated,
            FailureAfterCommit = failure,
        };
    }

    /// <summary>What failed at the source once the backup stood.</summary>
    public static BackupException AfterCommit(string id, Exception cause) =>
        new($"backup {id} is published, but ending it at the source failed: {cause.Message}", cause)
        {
            Error = (cause as BackupException)?.Error,
            Hint = "the backup can be restored; no log was deleted that it does not hold",
        };

    private async Task TransferDatabasesAsync(MemoryPlan plan, SlabPool runs, SlabPool packs, CancellationToken cancellationToken)
    {
        using var conduit = new Conduit(cancellationToken, _threads);
        using var pack = new PackFrames(packs, _index, Id, "pages", _threads);
        var read = new ReadPages(_session, _index, runs, _progress, _options.Logger, conduit.Stopping, _threads);
        var verify = new VerifyPages(_options, conduit.Stopping);
        var pages = conduit.Source<PageRun>("read-pages", plan.Workers, read.ReadDatabasesAsync);
        // Two rooms in one block: a run is verified and compressed while it is in the worker's cache.
        var frames = conduit.Transform<PageRun, PageRun>(pages, "verify-and-compress", plan.Workers, async run =>
        {
            await verify.VerifyAsync(run).ConfigureAwait(false);
            CompressPages.Compress(run, _codec);
            return run;
        });
        Store(conduit, conduit.Regroup<PageRun, Pack>(frames, "pack-frames", pack.AddAsync, pack.FinishAsync), plan);
        await RunAsync(conduit).ConfigureAwait(false);
        _databases = read.Databases;
        foreach (var dropped in _databases.Where(database => database.IsDropped))
        {
            _index.Files[dropped.Number] = _index.Files[dropped.Number] with { Dropped = true };
            _index.Extents.RemoveAll(extent => extent.File == dropped.Number);
        }
    }

    private async Task TransferLogsAsync(
        IReadOnlyList<SourceFile> files, MemoryPlan plan, SlabPool runs, SlabPool packs, CancellationToken cancellationToken)
    {
        using var conduit = new Conduit(cancellationToken, _threads);
        using var pack = new PackFrames(packs, _index, Id, "logs", _threads);
        var read = new ReadPages(_session, _index, runs, _progress, _options.Logger, conduit.Stopping, _threads);
        var verify = new VerifyLogs();
        var pages = conduit.Source<PageRun>("read-logs", plan.Workers, emit => read.ReadFilesAsync(files, emit));
        var verified = conduit.Transform<PageRun, PageRun>(pages, "verify-logs", workers: 1, verify.VerifyAsync);
        var frames = conduit.Transform<PageRun, PageRun>(verified, "compress-logs", plan.Workers, run =>
        {
            CompressPages.Compress(run, _codec);
            return new ValueTask<PageRun?>(run);
        });
        Store(conduit, conduit.Regroup<PageRun, Pack>(frames, "pack-logs", pack.AddAsync, pack.FinishAsync), plan);
        await RunAsync(conduit).ConfigureAwait(false);
        verify.Finish();
        _logs = verify.Logs;
    }

    private void Store(Conduit conduit, Lane<Pack> packs, MemoryPlan plan) =>
        conduit.Sink(packs, "store-packs", plan.Packs - 1, async pack =>
        {
            long stored = pack.Line.Length;
            await _sinks.StoreAsync(_options.Set, Id, pack, conduit.Stopping).ConfigureAwait(false);
            _progress.Stored(stored);
        });

    private async Task RunAsync(Conduit conduit)
    {
        await conduit.RunAsync().ConfigureAwait(false);
        foreach (var (room, busy) in conduit.Busy)
            _rooms[room] = Math.Round(_rooms.GetValueOrDefault(room) + busy.TotalSeconds, 3);
    }

    private void DemandDatabases()
    {
        if (_databases.Count > 0 && _databases.All(database => database.IsDropped))
        {
            throw new BackupException("every database has bad pages; nothing is left to publish")
            {
                Error = JetError.ReadVerifyFailure,
                Hint = "--on-bad-page record keeps what can still be read",
                ExitCode = ExitCode.Refused,
            };
        }
    }

    private void DemandLogs()
    {
        if (_logFinding is not { } finding || _options.OnLogGap == LogGapPolicy.Record)
            return;
        throw new BackupException($"the logs do not suffice: {finding.Message}")
        {
            Error = EseErrors.ToJet(finding.Error),
            Hint = finding.Hint.Length > 0 ? finding.Hint : "--on-log-gap record keeps a forensic copy, which can be restored but not recovered",
            ExitCode = ExitCode.Refused,
        };
    }

    // A volume that was set back to an earlier state has the logs of the last backup again, as they were then or otherwise
    // continued: no chain can hold both.
    private void DemandContinuation()
    {
        if (_parentage?.Parent is not { } parent || _logs.Find(log => log.Generation == parent.Logs.Last) is not { } again)
            return;
        bool shorter = string.CompareOrdinal(LogPositionText.Of(again.Scan.End), parent.Position) < 0
            && parent.Position.StartsWith(LogPositionText.Of(again.Scan.End)[..8], StringComparison.Ordinal);
        if (!shorter && LogPrefixes.Has(parent.Logs.LastPrefix, again.Scan))
            return;
        throw new BackupException($"'{again.Name}' does not continue the log that backup {parent.Id} holds of it")
        {
            Error = EseErrors.ToJet(EseError.InvalidLogSequence),
            Hint = "the volume was set back to an earlier state; make a full backup",
            ExitCode = ExitCode.Refused,
        };
    }

    private BackupManifest DrawUp(ObjectDigest index, ObjectDigest? badPages)
    {
        var stamp = _session.Stamp;
        var generations = _logs.Select(log => log.Generation).Order().ToList();
        var tip = _logs.MaxBy(log => log.Generation);
        return new()
        {
            Version = FormatDocument.CurrentVersion,
            Tool = Telemetry.ToolName,
            Id = Id.ToString(),
            Kind = _options.Kind,
            Parent = _parentage?.Parent.Id,
            Full = _parentage?.Full.Id ?? Id.ToString(),
            Source = stamp.Source,
            EngineVersion = stamp.EngineVersion,
            PageSize = stamp.PageSize,
            BaseName = stamp.BaseName,
            LogSignature = stamp.LogSignature,
            Started = _started,
            Finished = _options.Time.GetUtcNow(),
            Databases = [.. _databases.Where(database => !database.IsDropped).Select(Describe)],
            DroppedDatabases = [.. _databases.Where(database => database.IsDropped).Select(database => database.Source.Name)],
            Logs = new()
            {
                First = generations.FirstOrDefault(),
                Last = generations.LastOrDefault(),
                Count = generations.Count,
                Gap = HasGap,
                LastCreated = tip?.Scan.Header is { } header ? header.Created.Value.ToString("x16", CultureInfo.InvariantCulture) : "",
                LastIsOpen = tip is not null && LogFileName.TryParse(tip.Name, out var name) && name.Kind == LogFileKind.Current,
                LastPrefix = tip is null ? null : LogPrefixes.FinalOf(tip.Scan),
                LastChecksum = tip?.Scan is { IsGood: true, Header.Version.IsLegacy: false } scan
                    ? scan.AccumulatedChecksum.ToString("x16", CultureInfo.InvariantCulture) : "",
            },
            Position = Position(tip),
            Index = index,
            BadPages = badPages,
            Options = new(_codec.Name, _options.OnBadPage.ToString(), _options.OnLogGap.ToString()),
            Totals = new(
                _index.Files.Count(file => !file.Dropped), _index.Packs.Count,
                _index.Files.Where(file => !file.Dropped).Sum(file => file.Length), _index.Packs.Sum(pack => pack.Length)),
            Requests = Requests(),
            Rooms = _rooms,
            Remarks = Remarks(),
        };
    }

    // The commit itself is not counted: it is drawn up before it is sent.
    private SortedDictionary<string, long> Requests()
    {
        var totals = _options.Meters.Select(meter => meter.Totals).ToList();
        return totals.Count == 0 ? new(StringComparer.Ordinal) { ["put"] = _sinks.Puts } : new(StringComparer.Ordinal)
        {
            ["put"] = totals.Sum(total => total.Puts),
            ["read"] = totals.Sum(total => total.Reads),
            ["list"] = totals.Sum(total => total.Lists),
            ["delete"] = totals.Sum(total => total.Deletes),
            ["failed"] = totals.Sum(total => total.Failures),
            ["retried"] = totals.Sum(total => total.Retries),
            ["bytesUp"] = totals.Sum(total => total.BytesUp),
            ["bytesDown"] = totals.Sum(total => total.BytesDown),
        };
    }

    private string Position(ScannedLog? tip)
    {
        string reached = _session.Stamp.Databases.Where(database => !database.NeedsRecovery)
            .Select(database => database.Position).DefaultIfEmpty(LogPositionText.Of(default)).Max(StringComparer.Ordinal)!;
        string logged = LogPositionText.Of(tip?.Scan.End ?? default);
        return string.CompareOrdinal(logged, reached) > 0 ? logged : reached;
    }

    // A commit is small: of many remarks it holds the first ones, and how many there are.
    private List<string> Remarks()
    {
        const int MostBytes = 16 * 1024;
        var all = AllRemarks();
        int bytes = 0;
        int fit = all.TakeWhile(remark => (bytes += System.Text.Encoding.UTF8.GetByteCount(remark) + 4) <= MostBytes).Count();
        return fit == all.Count ? all : [.. all[..fit], $"{all.Count - fit} more remarks were made"];
    }

    private List<string> AllRemarks()
    {
        var remarks = _session.Stamp.Remarks.ToList();
        if (HasGap)
            remarks.Add($"log gap, the databases cannot be recovered: {(_session.Stamp.LogGap.Length > 0 ? _session.Stamp.LogGap : _logFinding)}");
        remarks.AddRange(_databases.Where(database => database.SuspectPages > 0).Select(database => string.Create(CultureInfo.InvariantCulture,
            $"'{database.Source.Name}': {database.SuspectPages} pages lack a write that the flush map remembers; replay repeats it or proves it lost")));
        remarks.AddRange(_logs.Where(log => log.Scan.IsGood && log.Scan.Message != "sound").Select(log => $"'{log.Name}': {log.Scan.Message}"));
        return remarks;
    }

    private ManifestDatabase Describe(DatabaseInFlight database)
    {
        var stamp = _session.Stamp.Databases.First(stamp => stamp.Name == database.Source.Name);
        return new()
        {
            Name = database.Source.Name,
            OriginalPath = database.Source.OriginalPath,
            Signature = stamp.Signature,
            State = stamp.State,
            NeedsRecovery = stamp.NeedsRecovery,
            MinRequired = stamp.MinRequired,
            MaxRequired = stamp.MaxRequired,
            MaxCommitted = stamp.MaxCommitted,
            VerifiedPages = database.VerifiedPages,
            ZeroPages = database.ZeroPages,
            RepairedPages = database.Repaired.Count,
            BadPages = database.BadPages.Count,
            Repaired = [.. database.Repaired.Take(ManifestDatabase.MaxRepairedListed)],
        };
    }
}
