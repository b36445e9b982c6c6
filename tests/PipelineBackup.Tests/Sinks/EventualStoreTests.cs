using PipelineBackup.Testing;
using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Sinks;

/// <summary>
/// A store that tells of things late breaks laws of a sink, and cannot be found out by a single backup. Nothing false comes
/// of it: what is not seen yet is missing, in words, and all there when it is seen.
/// </summary>
public sealed class EventualStoreTests
{
    private static readonly TimeSpan s_lag = TimeSpan.FromMinutes(1);
    private static readonly string s_source = Path.Combine(GoldenSets.Small("clean-4096"), "files");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_backup_is_not_found_until_the_listing_shows_it_and_whole_then()
    {
        var time = new HurriedTime();
        var store = new MemorySink();
        var clock = new StandingClock();
        var sink = new EventualSink(store, s_lag, TimeSpan.Zero, clock);
        var report = await BackupAsync(sink, BackupKind.Full, time);

        var missing = await Assert.ThrowsAnyAsync<BackupException>(() => VerifyAsync(sink, "latest"));
        Assert.Equal(ExitCode.NotFound, missing.ExitCode);
        clock.Advance(s_lag);
        var verified = await VerifyAsync(sink, "latest");
        Assert.Equal((ExitCode.Done, report.Manifest.Id), (verified.ExitCode, verified.Manifest.Id));
    }

    [Fact]
    public async Task An_incremental_backup_whose_parent_is_not_seen_is_refused()
    {
        var time = new HurriedTime();
        var clock = new StandingClock();
        var sink = new EventualSink(new MemorySink(), s_lag, TimeSpan.Zero, clock);
        await BackupAsync(sink, BackupKind.Full, time);
        var refused = await Assert.ThrowsAnyAsync<BackupException>(() => BackupAsync(sink, BackupKind.Incremental, time));
        Assert.Equal((ExitCode.Refused, -560), (refused.ExitCode, refused.Error?.Number));
        Assert.NotEqual("", refused.Hint);
        clock.Advance(s_lag);
        Assert.Equal(ExitCode.Done, (await VerifyAsync(sink, "latest")).ExitCode);
    }

    [Fact]
    public async Task A_store_whose_objects_cannot_be_read_yet_counts_as_none()
    {
        var time = new HurriedTime();
        var clock = new StandingClock();
        var sink = new EventualSink(new MemorySink(), TimeSpan.Zero, s_lag, clock);
        await BackupAsync(sink, BackupKind.Full, time);
        var missing = await Assert.ThrowsAnyAsync<BackupException>(() => VerifyAsync(sink, "latest"));
        Assert.Equal(ExitCode.NotFound, missing.ExitCode);
        clock.Advance(s_lag);
        Assert.Equal(ExitCode.Done, (await VerifyAsync(sink, "latest")).ExitCode);
    }

    private static Task<BackupReport> BackupAsync(IBackupSink sink, BackupKind kind, TimeProvider time) =>
        new BackupPipeline(new FileSetSource(new() { Path = s_source }), [sink], new() { Kind = kind, Time = time }).RunAsync(Token);

    private static Task<VerificationReport> VerifyAsync(IBackupSink sink, string which) =>
        new VerificationPipeline(sink).RunAsync(which, Token);

    /// <summary>A clock that goes when it is told to.</summary>
    private sealed class StandingClock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan time) => _now += time.Ticks;
    }
}
