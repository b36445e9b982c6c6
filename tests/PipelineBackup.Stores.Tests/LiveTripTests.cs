using PipelineBackup.Cli.Demo;
using PipelineBackup.Engine;
using PipelineBackup.Stores.Tests.Proxy;

namespace PipelineBackup.Stores.Tests;

/// <summary>
/// An engine that is written to, through a faulty store and back: each backup of the chain is row by row what was durable
/// when it was made.
/// </summary>
public sealed class LiveTripTests
{
    public static TheoryData<string> Kinds => [RealStore.Azure, RealStore.S3];

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task A_living_engine_comes_back_row_by_row(string kind) => Seeds.EachAsync(1, async seed =>
    {
        string folder = GoldenSets.NewFolder("live");
        await using var store = RealStore.Of(kind);
        store.Proxy.Plan = new() { Seed = seed, Probability = 0.2, LongDelay = RealStore.ClientLimit + TimeSpan.FromSeconds(1) };
        await using var sink = await store.OpenAsync();
        var made = new List<BackupManifest>();
        await using (var engine = await OpenAsync(folder))
        {
            var database = await engine.CreateDatabaseAsync(Path.Combine(folder, DemoTable.Database));
            using (var session = engine.CreateSession())
                DemoTable.Create(session, database);
            var ledgers = Enumerable.Range(0, DemoTable.Writers).Select(writer => new DemoLedger(DemoEngine.LedgerOf(folder, writer))).ToList();
            var writers = ledgers.Select((ledger, writer) => new DemoWriter(engine, database, writer, ledger)).ToList();
            foreach (var writer in writers)
                await writer.WriteAsync(isFill: true, CancellationToken.None);
            using var stopping = new CancellationTokenSource();
            var writing = writers.ConvertAll(writer => Task.Run(() => writer.WriteAsync(isFill: false, stopping.Token)));
            foreach (var backup in (BackupKind[])[BackupKind.Full, BackupKind.Incremental, BackupKind.Incremental])
            {
                await MoreAsync(writers, writing);
                var report = await new BackupPipeline(engine, [sink], new() { Kind = backup }).RunAsync(TestContext.Current.CancellationToken);
                Assert.Equal((ExitCode.Done, null), (report.ExitCode, report.FailureAfterCommit));
                made.Add(report.Manifest);
            }

            await MoreAsync(writers, writing);
            await stopping.CancelAsync();
            await Task.WhenAll(writing);
            ledgers.ForEach(ledger => ledger.Dispose());
        }

        await Trip.VerifyAsync(sink);
        var proof = new DemoProof([.. Enumerable.Range(0, DemoTable.Writers).Select(writer => DemoLedger.Read(DemoEngine.LedgerOf(folder, writer)))]);
        foreach (var manifest in made)
        {
            string target = await Trip.RestoreAsync(sink, recovers: true, manifest.Id);
            var (rows, _) = await DemoProof.ReadAsync(Path.Combine(target, DemoTable.Database), Path.Combine(target, "reader"), CancellationToken.None);
            var (ok, detail) = proof.Judge(rows, DemoLedger.ParsePosition(manifest.Position));
            Assert.True(ok, detail);
        }

        Assert.Contains(store.Proxy.Requests, request => request.Fault != ProxyFault.None);
    });

    private static ValueTask<EmbeddedEngine> OpenAsync(string folder) => EmbeddedEngine.OpenAsync(new()
    {
        LogDirectory = folder,
        LogFileBytes = 256 << 10,
        CacheBytes = 4 << 20,
        CheckpointDepthBytes = 1 << 20,
    });

    private static async Task MoreAsync(List<DemoWriter> writers, List<Task> writing)
    {
        for (int before = Commits(); Commits() < before + 40;)
        {
            await Task.Delay(5);
            Assert.DoesNotContain(writing, writer => writer.IsFaulted);
        }

        int Commits() => writers.Sum(writer => writer.Commits);
    }
}
