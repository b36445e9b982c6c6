using PipelineBackup.Stores.Tests.Proxy;

namespace PipelineBackup.Stores.Tests;

/// <summary>
/// The program, killed by the system at any of its requests, before the store heard of it, in the middle of it, when the
/// store had acted, or in the middle of the answer: what is listed is whole, and the next run is clean.
/// </summary>
public sealed class KilledTests
{
    private static readonly ProxyFault[] s_where =
        [ProxyFault.CutBefore, ProxyFault.CutUpload, ProxyFault.CutBeforeAnswer, ProxyFault.CutAnswer];

    // Later than what runs left is kept for, counted from the newest run.
    private static readonly TimeSpan s_later = TimeSpan.FromDays(8);

    private static string Source => Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");

    public static TheoryData<string> Kinds => [RealStore.Azure, RealStore.S3];

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task A_backup_that_is_killed_is_there_whole_or_not_at_all(string kind) => Seeds.EachAsync(3, async seed =>
    {
        var random = new Random(seed);
        await using var store = RealStore.Of(kind);
        (await Command.RunAsync("backup", Source, "--to", store.Direct)).Require(ExitCode.Done);
        string backup = seed % 2 == 0 ? "incremental" : "full";
        bool wasKilled = await KilledAtAsync(store, random, most: backup == "full" ? 9 : 14, "backup", Source, "--to", store.Address, "--kind", backup);

        await DemandWholeAsync(store, seed);
        int before = await CountAsync(store);
        Assert.InRange(before, 1, 2);
        // The next backup continues, or begins anew, whatever the dead one left.
        (await Command.RunAsync("backup", Source, "--to", store.Direct, "--kind", backup)).Require(ExitCode.Done);
        Assert.Equal(before + 1, await CountAsync(store));
        await DemandWholeAsync(store, seed);
        Assert.True(wasKilled || before == 2, $"seed {seed}: it ended by itself, and there is no backup");

        // What the dead one left is removed once it is old enough; no backup goes with it.
        (await Command.RunAsync("expire", "--from", store.Direct, "--keep-last", "9")).Require(ExitCode.Done);
        Assert.Equal(before + 1, await CountAsync(store));
        (await Command.RunAtAsync(FixedTime.Ahead(s_later), "backup", Source, "--to", store.Direct)).Require(ExitCode.Done);
        (await Command.RunAtAsync(FixedTime.Ahead(s_later), "expire", "--from", store.Direct, "--keep-last", "9")).Require(ExitCode.Done);
        Assert.Equal(before + 2, await CountAsync(store));
        await DemandNoLitterAsync(store);
    });

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task An_expiry_that_is_killed_leaves_what_restores_and_the_next_one_ends_it(string kind) => Seeds.EachAsync(2, async seed =>
    {
        var random = new Random(seed);
        await using var store = RealStore.Of(kind);
        // A minute apart: of backups of the same second nobody knows which is the newer one.
        foreach (var (minutes, made) in new[] { "full", "incremental", "full", "incremental" }.Index())
        {
            var time = FixedTime.Ahead(TimeSpan.FromMinutes(minutes - 10));
            (await Command.RunAtAsync(time, "backup", Source, "--to", store.Direct, "--kind", made)).Require(ExitCode.Done);
        }

        await KilledAtAsync(store, random, most: 40, "expire", "--from", store.Address, "--keep-last", "1");
        Assert.InRange(await CountAsync(store), 2, 4);
        await DemandWholeAsync(store, seed);
        (await Command.RunAsync("expire", "--from", store.Direct, "--keep-last", "1")).Require(ExitCode.Done);
        Assert.Equal(2, await CountAsync(store));
        await DemandWholeAsync(store, seed);
        (await Command.RunAtAsync(FixedTime.Ahead(s_later), "backup", Source, "--to", store.Direct, "--kind", "incremental")).Require(ExitCode.Done);
        (await Command.RunAtAsync(FixedTime.Ahead(s_later), "expire", "--from", store.Direct, "--keep-last", "9")).Require(ExitCode.Done);
        await DemandNoLitterAsync(store);
    });

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_restore_that_is_killed_publishes_nothing_and_the_next_one_all(string kind)
    {
        await using var store = RealStore.Of(kind);
        (await Command.RunAsync("backup", Source, "--to", store.Direct)).Require(ExitCode.Done);
        (await Command.RunAsync("backup", Source, "--to", store.Direct, "--kind", "incremental")).Require(ExitCode.Done);
        await using var direct = store.OpenDirect();
        string expected = await Trip.RestoreAsync(direct, recovers: true);
        await Seeds.EachAsync(2, async seed =>
        {
            string target = Path.Combine(GoldenSets.NewFolder("killed"), "target");
            bool wasKilled = await KilledAtAsync(store, new(seed), most: 12, "restore", "latest", "--from", store.Address, "--to", target);
            if (wasKilled && Directory.Exists(target))
                Assert.DoesNotContain(Directory.EnumerateFiles(target), file => file.EndsWith(".edb", StringComparison.Ordinal));
            if (wasKilled)
                (await Command.RunAsync("restore", "latest", "--from", store.Direct, "--to", target)).Require(ExitCode.Done);
            Assert.Equal(["db1.edb"], Directory.EnumerateFileSystemEntries(target).Select(Path.GetFileName));
            Assert.Equal(new FileInfo(Path.Combine(expected, "db1.edb")).Length, new FileInfo(Path.Combine(target, "db1.edb")).Length);
            (await Command.RunAsync("ese", "check", Path.Combine(target, "db1.edb"))).Require(ExitCode.Done);
        });
    }

    // Kills the program at one of its requests. The last ones may be more than it makes: then it ends by itself.
    private static async Task<bool> KilledAtAsync(RealStore store, Random random, int most, params string[] args)
    {
        var starting = new TaskCompletionSource<ChildCommand>();
        store.Proxy.Forget();
        store.Proxy.Trigger = new(random.Next(1, most + 1), s_where[random.Next(s_where.Length)], () => starting.Task.Result.Kill());
        using var child = Command.Start(args);
        starting.SetResult(child);
        var outcome = await child.EndAsync();
        store.Proxy.Trigger = null;
        if (outcome.Exit is not 137)
            outcome.Require(ExitCode.Done);
        return outcome.Exit == 137;
    }

    private static async Task<int> CountAsync(RealStore store)
    {
        var list = (await Command.RunAsync("list", "--from", store.Direct)).Require(ExitCode.Done);
        Assert.Empty(list.Result["unreadable"]!.AsArray());
        return list.Result["backups"]!.AsArray().Count;
    }

    private static async Task DemandWholeAsync(RealStore store, int seed)
    {
        var list = (await Command.RunAsync("list", "--from", store.Direct)).Require(ExitCode.Done);
        foreach (string id in list.Result["backups"]!.AsArray().Select(backup => (string)backup!["id"]!))
        {
            var verified = await Command.RunAsync("verify", id, "--from", store.Direct);
            Assert.True(verified.Exit == 0, $"seed {seed}: {id} is listed and not whole: {verified.Output}{verified.Error}");
        }
    }

    // No data, claim or mark of anything that is no backup.
    private static async Task DemandNoLitterAsync(RealStore store)
    {
        var objects = (await store.ObjectsAsync()).Select(item => item.Name.ToString()).ToList();
        var backups = objects.Where(name => name.StartsWith("default/backups/", StringComparison.Ordinal))
            .Select(name => Path.GetFileNameWithoutExtension(name)).ToHashSet();
        var others = objects.Select(name => name.Split('/')).Where(parts => parts.Length > 3).Select(parts => parts[2]).Distinct();
        Assert.Empty(others.Except(backups));
        Assert.DoesNotContain(objects, name => name.EndsWith("/expiring.json", StringComparison.Ordinal));
    }
}
