using PipelineBackup.Backup;
using PipelineBackup.Compression;
using PipelineBackup.Flow;
using PipelineBackup.Format;

namespace PipelineBackup.Restore;

/// <summary>
/// The way out of a store, shared by restore and verification: packs are fetched and their digest proved, opened, chunks
/// decompressed and their pages proved, then handed to whoever wants them.
/// </summary>
/// <param name="archive">The store.</param>
/// <param name="set">The set.</param>
/// <param name="backup">The backup.</param>
/// <param name="memory">How memory is divided.</param>
/// <param name="progress">Told what is done.</param>
/// <param name="damage">Told what is wrong, with the pack's number; throws, or notes it and lets the rest go on.</param>
/// <param name="collects">Of which log generations the scans list the segments; null for none.</param>
internal sealed class UnpackCorridor(
    IBackupArchive archive, BackupSet set, StoredBackup backup, UnpackMemory memory, ProgressMeter progress, Action<int, string> damage,
    Func<int, bool>? collects = null)
{
    private readonly ChunkMap _map = new(backup.Index);
    private readonly ProvePages _prove = new(backup, Lz4Codec.Best);
    private readonly WitnessLogs _witness = new(backup, collects ?? (_ => false));

    /// <summary>Bytes that were read from the store.</summary>
    public long FetchedBytes { get; private set; }

    /// <summary>The scans of the backup's logs, complete after both runs.</summary>
    public WitnessLogs Witness => _witness;

    /// <summary>Bad pages that were met as recorded.</summary>
    public long RecordedBadPages => _prove.RecordedBadPages;

    /// <summary>Takes everything that is wanted through the corridor: packs of pages on all workers, packs of logs in order.</summary>
    /// <param name="wanted">Which files are wanted.</param>
    /// <param name="place">Takes a proved chunk; called by several workers.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public async Task RunAsync(Func<FileLine, bool> wanted, Func<ChunkRun, ValueTask> place, CancellationToken cancellationToken)
    {
        var packs = backup.Index.Packs.Where(pack => _map.In(pack.Pack).Any(extent => wanted(backup.Index.Files[extent.File]))).ToList();
        var logs = packs.Where(pack => _map.In(pack.Pack).Any(extent => backup.Index.Files[extent.File].Kind == SourceFileKind.Log)).ToHashSet();
        await RunAsync(packs.Where(pack => !logs.Contains(pack)), memory.Workers, wanted, place, cancellationToken).ConfigureAwait(false);
        await RunAsync(packs.Where(logs.Contains), 1, wanted, run =>
        {
            _witness.Take(run.Chunk, run.Plain.Span);
            return place(run);
        }, cancellationToken).ConfigureAwait(false);
    }

    private async Task RunAsync(
        IEnumerable<PackLine> packs, int placers, Func<FileLine, bool> wanted, Func<ChunkRun, ValueTask> place, CancellationToken cancellationToken)
    {
        using var conduit = new Conduit(cancellationToken);
        var fetch = new FetchPacks(archive, set, backup.Id, memory.Packs, conduit.Stopping);
        var tickets = conduit.Source<PackTicket>("list-packs", 1, async emit =>
        {
            foreach (var pack in packs)
                await emit(new PackTicket(pack)).ConfigureAwait(false);
        });
        var fetched = conduit.Transform<PackTicket, FetchedPack>(tickets, "fetch-packs", memory.Fetchers, async ticket =>
        {
            var (pack, reason) = await fetch.FetchAsync(ticket.Line).ConfigureAwait(false);
            progress.Stored(ticket.Line.Length);
            if (reason is not null)
                damage(ticket.Line.Pack, reason);
            return pack;
        });
        var chunks = conduit.Regroup<FetchedPack, ChunkRun>(fetched, "open-packs", (pack, emit) => OpenAsync(pack, wanted, emit, conduit.Stopping));
        var proved = conduit.Transform<ChunkRun, ChunkRun>(chunks, "decompress-and-prove", memory.Workers, run =>
        {
            if (_prove.Prove(run) is not { } reason)
                return new(run);
            damage(run.Pack.Pack, $"{Describe(run.Chunk)}: {reason}");
            run.Dispose();
            return default;
        });
        conduit.Sink(proved, "place-pages", placers, async run =>
        {
            using var own = run;
            await place(run).ConfigureAwait(false);
            progress.Read(run.Chunk.PlainLength);
        });
        try
        {
            await conduit.RunAsync().ConfigureAwait(false);
        }
        finally
        {
            FetchedBytes += fetch.FetchedBytes;
        }
    }

    private async ValueTask OpenAsync(
        FetchedPack pack, Func<FileLine, bool> wanted, Func<ChunkRun, ValueTask> emit, CancellationToken stopping)
    {
        using var own = pack;
        string? reason = PackReader.Open(pack.Bytes, pack.Line, backup.Id, out var chunks) ?? _map.Judge(pack.Line, chunks);
        if (reason is not null)
        {
            damage(pack.Line.Pack, reason);
            return;
        }

        foreach (var chunk in chunks.Where(chunk => !backup.Index.Files[chunk.File].Dropped && wanted(backup.Index.Files[chunk.File])))
        {
            progress.Enter(backup.Index.Files[chunk.File].Name);
            var plain = await memory.Runs.RentAsync(stopping).ConfigureAwait(false);
            await emit(new ChunkRun(pack.Share(), chunk, plain)).ConfigureAwait(false);
        }
    }

    private string Describe(PackChunk chunk) =>
        $"'{backup.Index.Files[chunk.File].Name}' pages {chunk.FirstPage} to {chunk.FirstPage + chunk.Pages - 1} of the file";
}
