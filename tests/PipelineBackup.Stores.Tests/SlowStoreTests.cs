using PipelineBackup.Sinks;
using PipelineBackup.Stores.Tests.Proxy;

namespace PipelineBackup.Stores.Tests;

/// <summary>What a store does that is slow, or stands still: the program waits, within its memory and its time limits.</summary>
public sealed class SlowStoreTests
{
    // The default of the program, and what the platform may need beyond what a small backup needs.
    private const long Budget = 160 << 20;
    private const long Slack = 64 << 20;

    [Theory]
    [InlineData(RealStore.S3)]
    public async Task Memory_stays_within_the_budget_while_a_store_is_slower_than_the_disk(string kind)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "how much memory a process had at most is asked of /proc");
        string small = LongDatabase.Of(1), large = LongDatabase.Of(400);
        await using var store = RealStore.Of(kind);
        long usual = await PeakOfAsync("backup", small, "--to", store.Address);
        store.Proxy.Pace = new(100 << 20);
        long most = await PeakOfAsync("backup", large, "--to", store.Address);
        Assert.True(most - usual < Budget + Slack, $"{most >> 20} MiB, and {usual >> 20} MiB of a small database");
        store.Proxy.Pace = null;
        long restored = await PeakOfAsync("restore", "latest", "--from", store.Address, "--to", Path.Combine(GoldenSets.NewFolder("large"), "target"));
        Assert.True(restored - usual < Budget + Slack, $"{restored >> 20} MiB to restore, and {usual >> 20} MiB of a small database");
        TestContext.Current.SendDiagnosticMessage($"{kind}: {usual >> 20} MiB usually, {most >> 20} MiB to a slow store, {restored >> 20} MiB back");
    }

    [Theory]
    [InlineData(RealStore.Azure)]
    public async Task A_store_that_stands_still_is_left_out_after_its_time_and_the_others_get_all(string kind)
    {
        string source = LongDatabase.Of(130);
        await using RealStore still = RealStore.Of(kind), fast = RealStore.Of(kind == RealStore.S3 ? RealStore.Azure : RealStore.S3);
        still.Proxy.Stalls = request => request.Target.Contains("/pages-000002", StringComparison.Ordinal);
        using var child = Command.Start(
            "backup", source, "--to", fast.Address, "--to", still.Address, "--require", "any", "--store-time-limit", "5s");
        var made = (await child.EndAsync()).Require(ExitCode.Done);
        string? dropped = (string?)Assert.Single(made.Result["droppedStores"]!.AsArray());
        Assert.Contains("took longer than 00:00:05", dropped, StringComparison.Ordinal);
        Assert.Equal(1, made.Error.Split("warning: store 2 of 2 is dropped: ").Length - 1);
        (await Command.RunAsync("verify", "latest", "--from", fast.Address)).Require(ExitCode.Done);
        (await Command.RunAsync("verify", "latest", "--from", still.Direct)).Require(ExitCode.NotFound);
        Assert.Contains(still.Proxy.Requests, request => request.Target.Contains("/pages-000002", StringComparison.Ordinal));
    }

    private static async Task<long> PeakOfAsync(params string[] args)
    {
        using var child = Command.Start(args);
        long peak = 0;
        var end = child.EndAsync();
        while (!end.IsCompleted)
        {
            peak = Math.Max(peak, child.PeakMemory);
            await Task.WhenAny(end, Task.Delay(5));
        }

        (await end).Require(ExitCode.Done);
        return peak;
    }
}
