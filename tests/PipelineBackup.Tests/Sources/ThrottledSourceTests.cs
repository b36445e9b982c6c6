using PipelineBackup.Backup;
using PipelineBackup.Ese;
using PipelineBackup.Golden;
using PipelineBackup.Sinks;
using PipelineBackup.Tests.Sinks;

namespace PipelineBackup.Tests.Sources;

public sealed class ThrottledSourceTests
{
    private readonly FakeTime _time = new();

    [Fact]
    public async Task Reads_and_rereads_keep_to_the_rate()
    {
        await using var session = await Begin(bytesPerSecond: 1 << 20);
        await using var reader = await session.OpenAsync(session.Databases[0], CancellationToken.None);
        byte[] buffer = new byte[1 << 20];
        long length = await _time.RunAsync(async () =>
        {
            long read = 0;
            while (await reader.ReadAsync(buffer, CancellationToken.None) is > 0 and var count)
                read += count;
            return read;
        });
        Assert.Equal(session.Databases[0].Length, length);
        // Each waits for those before it; nobody waits for the last.
        double seconds = (length - 1) / buffer.Length;
        Assert.InRange(_time.Passed.TotalSeconds, seconds, seconds + 0.001);

        var rereads = Assert.IsAssignableFrom<IRereadPages>(reader);
        Assert.Equal(2, rereads.MaxRereads);
        double rest = (double)length / buffer.Length;
        await _time.RunAsync(async () =>
        {
            await rereads.RereadAsync(8192, buffer.AsMemory(0, 4096), CancellationToken.None);
            return 0;
        });
        Assert.InRange(_time.Passed.TotalSeconds, rest - 0.001, rest + 0.001);
    }

    [Fact]
    public async Task What_the_source_can_do_beside_the_contract_goes_through()
    {
        await using var session = await Begin(bytesPerSecond: 1 << 30);
        using var file = File.OpenHandle(session.Databases[0].OriginalPath);
        var header = HeaderPair.Read(file).Require("db1.edb");
        Assert.True(Assert.IsAssignableFrom<IFlushMaps>(session).FlushMapOf(session.Databases[0], header)!.IsExact);
    }

    private ValueTask<IBackupSession> Begin(long bytesPerSecond)
    {
        string path = Path.Combine(GoldenSets.Small("clean-4096"), "files");
        var source = new ThrottledSource(new FileSetSource(new FileSetOptions { Path = path }), new RateLimit(bytesPerSecond, _time));
        return source.BeginAsync(new BackupRequest(), CancellationToken.None);
    }
}
