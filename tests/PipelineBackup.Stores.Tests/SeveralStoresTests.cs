using PipelineBackup.Cli.Demo;
using PipelineBackup.Engine;
using PipelineBackup.Sinks.FileSystem;
using PipelineBackup.Stores.Tests.Proxy;

namespace PipelineBackup.Stores.Tests;

/// <summary>One backup into a directory, S3 and Azure at the same time.</summary>
public sealed class SeveralStoresTests
{
    private static string Source => Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");

    [Fact]
    public async Task The_source_is_read_once_and_every_store_gets_the_same()
    {
        await using RealStore azure = RealStore.Of(RealStore.Azure), s3 = RealStore.Of(RealStore.S3);
        await using var file = FileSystemSink.Open(GoldenSets.NewFolder("store"), create: true);
        await using IBackupSink one = await azure.OpenAsync(), other = await s3.OpenAsync();
        azure.Proxy.Plan = s3.Proxy.Plan = new() { Seed = 3, Probability = 0.2 };
        var source = new CountingSource(new FileSetSource(new() { Path = Source }));
        IBackupSink[] sinks = [file, one, other];
        var report = await new BackupPipeline(source, sinks).RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, source.Sessions);
        Assert.Equal(report.Manifest.Totals.Files, source.BytesRead.Count);
        Assert.All(source.BytesRead, read => Assert.Equal(new FileInfo(Path.Combine(Source, read.Key)).Length, read.Value));
        var expected = await NamesAsync(file);
        foreach (var sink in sinks)
        {
            await Trip.VerifyAsync(sink);
            Assert.Equal(expected, await NamesAsync(sink));
        }

        static async Task<List<(ObjectName, long)>> NamesAsync(IBackupSink sink) =>
            await sink.ListAsync("", default).Select(item => (item.Name, item.Length)).ToListAsync();
    }

    [Fact]
    public async Task The_program_backs_up_into_all_of_them()
    {
        await using RealStore azure = RealStore.Of(RealStore.Azure), s3 = RealStore.Of(RealStore.S3);
        string[] stores = [GoldenSets.NewFolder("store"), azure.Address, s3.Address];
        using var child = Command.Start("backup", Source, "--to", stores[0], "--to", stores[1], "--to", stores[2]);
        var made = (await child.EndAsync()).Require(ExitCode.Done);
        Assert.Equal(3, made.Result["stores"]!.AsArray().Count);
        Assert.Empty(made.Result["droppedStores"]!.AsArray());
        foreach (string store in stores)
        {
            var verified = (await Command.RunAsync("verify", "latest", "--from", store)).Require(ExitCode.Done);
            Assert.Equal((string?)made.Result["id"], (string?)verified.Result["id"]);
        }
    }

    [Theory]
    [InlineData("pages-000001.lz4")]
    [InlineData("/backups/")]
    public async Task A_store_that_refuses_fails_the_backup_or_is_left_out(string refused)
    {
        await using RealStore azure = RealStore.Of(RealStore.Azure), s3 = RealStore.Of(RealStore.S3);
        string directory = GoldenSets.NewFolder("store");
        azure.Proxy.Denies = request => request.Kind == RequestKind.Put && request.Target.Contains(refused, StringComparison.Ordinal);

        using (var child = Command.Start("backup", Source, "--to", directory, "--to", s3.Address, "--to", azure.Address))
        {
            var failed = (await child.EndAsync()).Require(ExitCode.Failed);
            Assert.Contains("cannot store", (string?)failed.Result["error"]!["message"], StringComparison.Ordinal);
            Assert.Contains("check key, SAS", (string?)failed.Result["error"]!["hint"], StringComparison.Ordinal);
            Assert.Null(failed.Result["id"]);
        }

        // Nothing is left anywhere but what makes the store one.
        foreach (var objects in (IReadOnlyList<StoredObject>[])[await azure.ObjectsAsync(), await s3.ObjectsAsync(), await ListAsync(directory)])
            Assert.Equal("format.json", Assert.Single(objects).Name.ToString());

        using (var child = Command.Start("backup", Source, "--to", directory, "--to", s3.Address, "--to", azure.Address, "--require", "any"))
        {
            var made = (await child.EndAsync()).Require(ExitCode.Done);
            string? dropped = (string?)Assert.Single(made.Result["droppedStores"]!.AsArray());
            Assert.Contains("cannot store", dropped, StringComparison.Ordinal);
            Assert.Equal(1, made.Error.Split("warning: store 3 of 3 is dropped: ").Length - 1);
        }

        foreach (string store in (string[])[directory, s3.Address])
            (await Command.RunAsync("verify", "latest", "--from", store)).Require(ExitCode.Done);
        (await Command.RunAsync("verify", "latest", "--from", azure.Address)).Require(ExitCode.NotFound);
    }

    [Fact]
    public async Task Logs_are_deleted_only_once_every_store_that_must_have_the_backup_has_it()
    {
        await using RealStore azure = RealStore.Of(RealStore.Azure), s3 = RealStore.Of(RealStore.S3);
        await using IBackupSink one = await azure.OpenAsync(), other = await s3.OpenAsync();
        string folder = GoldenSets.NewFolder("live");
        await using var engine = await EmbeddedEngine.OpenAsync(new() { LogDirectory = folder, LogFileBytes = 256 << 10, CheckpointDepthBytes = 256 << 10 });
        var database = await engine.CreateDatabaseAsync(Path.Combine(folder, DemoTable.Database));
        using (var session = engine.CreateSession())
            DemoTable.Create(session, database);
        using (var ledger = new DemoLedger(DemoEngine.LedgerOf(folder, 0)))
            await new DemoWriter(engine, database, 0, ledger).WriteAsync(isFill: true, CancellationToken.None);
        var before = Logs(folder);

        s3.Proxy.Denies = request => request.Kind == RequestKind.Put && request.Target.Contains("/backups/", StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<SinkException>(() => new BackupPipeline(engine, [one, other]).RunAsync());
        Assert.Equal(SinkFailure.AccessDenied, refused.Failure);
        Assert.Empty(before.Except(Logs(folder)));
        Assert.Contains(azure.Proxy.Requests, request => request.Kind == RequestKind.Put && request.Target.Contains("/backups/", StringComparison.Ordinal) && request.Succeeded);
        Assert.DoesNotContain(await azure.ObjectsAsync(), item => item.Name.ToString().Contains("/backups/", StringComparison.Ordinal));

        var any = await new BackupPipeline(engine, [one, other], new() { Require = StoreRequirement.Any }).RunAsync();
        Assert.Single(any.DroppedStores);
        Assert.NotEmpty(any.TruncatedLogs);
        Assert.NotEmpty(before.Except(Logs(folder)));
    }

    private static async Task<IReadOnlyList<StoredObject>> ListAsync(string directory)
    {
        await using var sink = FileSystemSink.Open(directory, create: false);
        return await sink.ListAsync("", default).ToListAsync();
    }

    private static HashSet<string> Logs(string folder) => [.. Directory.GetFiles(folder, "*.log").Select(path => Path.GetFileName(path))];
}
