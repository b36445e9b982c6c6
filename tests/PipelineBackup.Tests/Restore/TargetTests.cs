using System.Diagnostics;
using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Restore;

/// <summary>What a restore does to the places it writes to: never overwrites, never stays, never shares.</summary>
public class TargetTests
{
    [Fact]
    public async Task A_restore_never_overwrites()
    {
        using var whole = await RestoreTrip.BeginAsync();
        foreach (string name in whole.Chain.Files.Keys)
        {
            using var trip = await RestoreTrip.BeginAsync();
            Directory.CreateDirectory(trip.Target);
            await File.WriteAllTextAsync(Path.Combine(trip.Target, name), "mine");
            var refusal = await Assert.ThrowsAsync<BackupException>(() => trip.RestoreAsync(trip.Chain));
            Assert.Contains(name, refusal.Message, StringComparison.Ordinal);
            Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(trip.Target, name)));
            trip.DemandOnly(name);

            // Nor a directory of that name.
            File.Delete(Path.Combine(trip.Target, name));
            Directory.CreateDirectory(Path.Combine(trip.Target, name));
            await Assert.ThrowsAsync<BackupException>(() => trip.RestoreAsync(trip.Chain));
            trip.DemandOnly(name);
        }
    }

    [Fact]
    public Task A_file_that_appears_while_a_restore_runs_is_left_alone() => Seeds.EachAsync(40, async (_, random) =>
    {
        using var trip = await RestoreTrip.BeginAsync();
        string name = trip.Chain.Files.Keys.ElementAt(random.Next(trip.Chain.Files.Count)), path = Path.Combine(trip.Target, name);
        int at = random.Next(1, 40);
        bool made = false;
        var archive = new SteppedArchive(trip.Store, step =>
        {
            if (step < at || made || !Directory.Exists(trip.Target))
                return;
            File.WriteAllText(path, "mine");
            made = true;
        });
        try
        {
            await trip.RestoreAsync(trip.Chain, archive);
            Assert.False(made);
            trip.DemandWhole(trip.Chain);
        }
        catch (BackupException)
        {
            Assert.Equal("mine", await File.ReadAllTextAsync(path));
            trip.DemandOnly(name);
        }
    });

    [Fact]
    public async Task Two_restores_do_not_share_a_target()
    {
        using var trip = await RestoreTrip.BeginAsync();
        Exception? second = null;
        var archive = new SteppedArchive(trip.Store, step =>
        {
            if (step == 20)
                second = Record.ExceptionAsync(() => trip.RestoreAsync(trip.Other)).AsTask().GetAwaiter().GetResult();
        });
        await trip.RestoreAsync(trip.Chain, archive);
        var refusal = Assert.IsType<BackupException>(second);
        Assert.Equal((ExitCode.InUse, -506), (refusal.ExitCode, refusal.Error!.Value.Number));
        trip.DemandWhole(trip.Chain);
    }

    [Fact]
    public async Task Many_restores_at_once_publish_one_backup_whole()
    {
        using var trip = await RestoreTrip.BeginAsync();
        for (int round = 0; round < 10; round++)
        {
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(async () => await Record.ExceptionAsync(() => trip.RestoreAsync(i % 2 == 0 ? trip.Chain : trip.Other)))));
            Assert.All(outcomes.OfType<Exception>(), failure => Assert.True(failure is BackupException, $"{failure}"));
            Assert.Single(outcomes, outcome => outcome is null);
            trip.DemandWhole(Array.FindIndex(outcomes, outcome => outcome is null) % 2 == 0 ? trip.Chain : trip.Other);
            Directory.Delete(trip.Target, recursive: true);
        }
    }

    [Fact]
    public async Task Databases_may_go_to_other_places_with_their_side_files()
    {
        using var trip = await RestoreTrip.BeginAsync();
        foreach (bool staging in new[] { false, true })
        {
            string elsewhere = trip.Scratch[$"elsewhere-{staging}"];
            var report = await trip.RestoreAsync(trip.Other, change: options => options with
            {
                Map = new Dictionary<string, string> { ["db1.edb"] = Path.Combine(elsewhere, "deep", "renamed.dat") },
                Staging = staging ? trip.Scratch["staging"] : null,
            });
            Assert.Equal([Path.Combine(elsewhere, "deep", "renamed.dat"), Path.Combine(elsewhere, "deep", "renamed.jfm")], report.Files.Order(StringComparer.Ordinal));
            Assert.True(File.ReadAllBytes(report.Files[0]).AsSpan().SequenceEqual(trip.Other.Files["db1.edb"]));
            Assert.Equal(2, Directory.EnumerateFileSystemEntries(Path.Combine(elsewhere, "deep")).Count());
            trip.DemandOnly();
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(trip.Scratch["staging"]));
    }

    [Fact]
    public async Task Two_databases_of_one_name_go_to_two_places_through_one_staging_directory()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Path.Combine(GoldenSets.Small("clean-4096"), "files"));
        File.Copy(Path.Combine(GoldenSets.Small("clean-32768"), "files", "db1.edb"), Path.Combine(source, "db2.edb"));
        await trip.BackupAsync(source);
        string a = trip.Scratch["a"], b = trip.Scratch["b"];
        var report = await trip.RestoreAsync(change: options => options with
        {
            Staging = trip.Scratch["staging"],
            Map = new Dictionary<string, string> { ["db1.edb"] = Path.Combine(a, "same.edb"), [Path.Combine(source, "db2.edb").ToUpperInvariant()] = Path.Combine(b, "same.edb") },
        });
        Assert.Equal(3, report.Files.Count);
        Assert.True(File.ReadAllBytes(Path.Combine(a, "same.edb")).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(source, "db1.edb"))));
        Assert.True(File.ReadAllBytes(Path.Combine(b, "same.edb")).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(source, "db2.edb"))));

        // Both to one place is refused, with the maps to give; a map that means nothing too.
        foreach (var map in new[] { new Dictionary<string, string> { ["db1.edb"] = "x/same.edb", ["db2.edb"] = "x/SAME.edb" }, new() { ["db3.edb"] = "y" } })
        {
            var refusal = await Assert.ThrowsAsync<BackupException>(() => trip.RestoreAsync(change: options => options with { Map = map }));
            Assert.Equal(ExitCode.Usage, refusal.ExitCode);
            Assert.NotEqual("", refusal.Hint);
        }
    }

    [Fact]
    public async Task A_name_as_long_as_names_can_be_comes_back()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Path.Combine(GoldenSets.Small("clean-4096"), "files")), name = new string('n', 251) + ".edb";
        File.Move(Path.Combine(source, "db1.edb"), Path.Combine(source, name));
        File.Delete(Path.Combine(source, "db1.jfm"));
        await trip.BackupAsync(source);
        await trip.ProveAsync(ExitCode.Done, source);
    }

    [Fact]
    public async Task A_staging_directory_on_another_volume_is_refused_before_the_work()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "there is no second volume here");
        using var trip = await RestoreTrip.BeginAsync();
        string other = GoldenSets.NewFolder("other-volume");
        Assert.SkipWhen(new DriveInfo(other).Name == new DriveInfo(trip.Scratch.Path).Name, "there is no second volume here");
        var refusal = await Assert.ThrowsAsync<BackupException>(() => trip.RestoreAsync(trip.Chain, change: options => options with { Staging = other }));
        Assert.Contains("--staging", refusal.Hint, StringComparison.Ordinal);
        trip.DemandOnly();
        Assert.Empty(Directory.EnumerateFileSystemEntries(other));
        await trip.RestoreAsync(trip.Chain);
        trip.DemandWhole(trip.Chain);
    }

    [Fact]
    public async Task A_disk_that_is_too_small_is_told_before_anything_is_written_and_one_that_fills_up_leaves_nothing()
    {
        using var trip = await RestoreTrip.BeginAsync();
        using var disk = SmallDisk.TryMount(trip.Scratch["disk"], mebibytes: 3);
        string target = Path.Combine(trip.Scratch["disk"], "target");

        // 3 MiB hold the backup, and not a file of most of a mebibyte beside it, whenever that comes.
        string filler = Path.Combine(trip.Scratch["disk"], "filler");
        int failures = 0;
        for (int at = 1; at < 60; at++)
        {
            var archive = new SteppedArchive(trip.Store, step =>
            {
                if (step == at)
                    Fill(filler);
            });
            var failure = await Record.ExceptionAsync(() => trip.RestoreAsync(trip.Other, archive, options => options with { Target = target }));
            if (failure is null)
            {
                Assert.Equal(2, Directory.EnumerateFileSystemEntries(target).Count());
                Directory.Delete(target, recursive: true);
            }
            else
            {
                failures++;
                var full = Assert.IsType<BackupException>(failure);
                Assert.Equal(-1808, full.Error!.Value.Number);
                Assert.NotEqual("", full.Hint);
                Assert.Empty(Directory.Exists(target) ? Directory.EnumerateFileSystemEntries(target) : []);
            }

            File.Delete(filler);
        }

        Assert.InRange(failures, 5, 59);

        // Takes what there is, at most 900 KiB.
        static void Fill(string path)
        {
            try
            {
                File.WriteAllBytes(path, new byte[900 << 10]);
            }
            catch (IOException)
            {
                // The restore has taken the space before.
            }
        }
    }

    [Fact]
    public async Task A_target_that_may_not_be_written_to_is_told()
    {
        using var trip = await RestoreTrip.BeginAsync();
        await File.WriteAllTextAsync(trip.Target, "a file where a directory should be");
        var refusal = await Assert.ThrowsAsync<BackupException>(() => trip.RestoreAsync(trip.Chain));
        Assert.Equal(ExitCode.Failed, refusal.ExitCode);
        Assert.Equal("a file where a directory should be", await File.ReadAllTextAsync(trip.Target));
    }

    /// <summary>A small file system in memory; only root may mount one.</summary>
    private sealed class SmallDisk(string path) : IDisposable
    {
        public static SmallDisk TryMount(string path, int mebibytes)
        {
            Assert.SkipUnless(OperatingSystem.IsLinux(), "small disks are mounted on Linux only");
            Directory.CreateDirectory(path);
            Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "tmpfs", path) == 0, "this user may not mount a small disk");
            return new(path);
        }

        public void Dispose() => Run("umount", "-l", path);

        private static int Run(string program, params string[] arguments)
        {
            try
            {
                using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
                process.WaitForExit();
                return process.ExitCode;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return -1;
            }
        }
    }
}
