using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Directories;

/// <summary>What backups to a directory refuse, with which documented code; nothing is changed then.</summary>
public sealed class DirectoryCodesTests
{
    private const DirectoryBackupOptions Atomic = DirectoryBackupOptions.Atomic,
        Incremental = DirectoryBackupOptions.Incremental;

    private static readonly string s_new = Path.Combine(DirectoryRig.Target, "new");

    private static long s_other = 1 << 20;

    [Theory]
    [InlineData(-900, "options")]
    [InlineData(-1003, "no path")]
    [InlineData(-1003, "the logs")]
    [InlineData(-1003, "below the logs")]
    [InlineData(-1003, "a directory of another engine")]
    [InlineData(-1003, "twins")]
    [InlineData(-1023, "no directory")]
    [InlineData(-1023, "a file")]
    [InlineData(-1023, "no atomic backup")]
    [InlineData(-504, "not empty")]
    [InlineData(-504, "full beside atomic")]
    [InlineData(-504, "incremental beside atomic")]
    [InlineData(-504, "atomic beside plain")]
    [InlineData(-560, "no full")]
    [InlineData(-526, "circular")]
    [InlineData(-515, "gap")]
    [InlineData(-515, "foreign base name")]
    [InlineData(-515, "other bytes")]
    [InlineData(-515, "longer")]
    [InlineData(-515, "later")]
    [InlineData(-530, "another stream")]
    [InlineData(-569, "logs gone")]
    [InlineData(-524, "stuck")]
    [InlineData(-525, "no room for work")]
    [InlineData(-505, "in progress")]
    [InlineData(-516, "logging off")]
    [InlineData(-1808, "disk full")]
    public void Each_code_is_reached(int error, string how) => Assert.Equal(error, Reach(how));

    [Theory]
    [InlineData(-1029, "Created")]
    [InlineData(-523, "Initialising")]
    [InlineData(-523, "Recovering")]
    [InlineData(-1329, "StoppingService")]
    [InlineData(-1090, "Unavailable")]
    [InlineData(-1000, "Terminating")]
    [InlineData(-1029, "Terminated")]
    public void The_state_of_the_engine_comes_first(int error, string state) =>
        LifeMoment.In(Enum.Parse<EngineState>(state), moment =>
        {
            foreach (string? path in new[] { null, "\0", DirectoryRig.Target })
            {
                Assert.Equal(error, Assert.Throws<SourceException>(() => LifeRig.Now(
                    moment.Engine.BackupToDirectoryAsync(path, (DirectoryBackupOptions)128))).Error!.Value.Number);
            }
        });

    [Fact]
    public void A_directory_that_is_missing_is_made_when_that_is_wanted_and_goes_when_it_fails()
    {
        string path = Path.GetFullPath("/disk/far/away");
        var rig = new DirectoryRig(with: options => options with { CreatePathIfNotExist = true });
        rig.Insert(100);
        rig.Engine.WriteBackAll();
        byte[] log = rig.Disk.ReadAll(LifeRig.Database);
        Damage(rig, LifeRig.Database, 5 * 4096 + 100);
        Assert.Equal(-1018, rig.ErrorOf(path: path));
        Assert.False(rig.Disk.DirectoryExists(Path.GetDirectoryName(path)!));
        rig.Disk.Put(LifeRig.Database, log);
        rig.Back(path: path);
        Assert.Equal(rig.Rows, DirectoryRig.Restore(rig.Disk, path));
    }

    [Fact]
    public void Damage_to_a_page_that_nobody_reads_fails_the_backup()
    {
        var rig = new DirectoryRig();
        rig.Insert(600);
        rig.Engine.WriteBackAll();
        int pages = rig.Disk.ReadAll(LifeRig.Database).Length / 4096, damaged = 0;
        byte[] sound = rig.Disk.ReadAll(LifeRig.Database);
        for (int page = 2; page < pages; page += 3)
        {
            if (!sound.AsSpan(page * 4096, 4096).ContainsAnyExcept((byte)0))
                continue;
            Damage(rig, LifeRig.Database, page * 4096 + 2048);
            rig.Events.Clear();
            Assert.Equal(-1018, rig.ErrorOf());
            Assert.Contains(rig.Events, told => told.Id == EngineEvent.ReadFailed
                && told.Message.Contains($"page {page - 1} ", StringComparison.Ordinal));
            rig.Disk.Put(LifeRig.Database, sound);
            damaged++;
        }

        Assert.True(damaged > 10);
        rig.Back();
    }

    [Fact]
    public void A_page_is_read_again_sixteen_times_with_longer_and_longer_waits()
    {
        var time = new HastyTime();
        var rig = new DirectoryRig(with: options => options with { Time = time });
        rig.Insert(200);
        rig.Engine.WriteBackAll();
        Damage(rig, LifeRig.Database, 7 * 4096 + 1000);
        Assert.Equal(-1018, rig.ErrorOf());
        Assert.Equal(Enumerable.Range(1, 16).Select(round => round * 100), time.Waits);
    }

    [Fact]
    public void A_page_that_is_whole_when_it_is_read_again_is_taken()
    {
        byte[] bytes = [];
        int reads = 0;
        var disk = new SimulatedDisk();
        var held = new HeldDisk(disk, path =>
        {
            // The third read of it is sound again.
            if (path == LifeRig.Database && bytes.Length > 0 && ++reads == 3)
                bytes[(7 * 4096) + 1000] ^= 0xFF;
        });
        var rig = new DirectoryRig(disk, options => options with { Disk = held });
        rig.Insert(200);
        rig.Engine.WriteBackAll();
        byte[] file = rig.Disk.ReadAll(LifeRig.Database);
        file[(7 * 4096) + 1000] ^= 0xFF;
        rig.Disk.Put(LifeRig.Database, file);
        bytes = file;
        rig.Back();
        Assert.Equal(rig.Rows, DirectoryRig.Restore(rig.Disk, isSoundToo: true));
        Assert.Contains("2 times", rig.Events.Single(told => told.Id == EngineEvent.ReadRepeated).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_flipped_bit_is_corrected_in_the_copy()
    {
        var rig = new DirectoryRig();
        rig.Insert(200);
        rig.Engine.WriteBackAll();
        byte[] file = rig.Disk.ReadAll(LifeRig.Database), sound = [.. file];
        file[(7 * 4096) + 1000] ^= 0x10;
        rig.Disk.Put(LifeRig.Database, file);
        rig.Back();
        Assert.Equal(sound.AsSpan(7 * 4096, 4096),
            rig.Disk.ReadAll(Path.Combine(DirectoryRig.Target, "a.edb")).AsSpan(7 * 4096, 4096));
    }

    [Fact]
    public void Damage_to_any_log_fails_the_backup()
    {
        var rig = new DirectoryRig();
        using var open = rig.BeginRow();
        int first = rig.Engine.LogEnd.Generation.Value;
        rig.Insert(600);
        rig.Engine.Log.Flush();
        int[] logs = [.. rig.Logs.Where(generation => generation >= first)];
        Assert.True(logs.Length > 2);
        foreach (int generation in logs)
        {
            string path = Path.Combine(LifeRig.Logs, LogFileName.Numbered("edb", new(generation)).ToString());
            foreach (int offset in new[] { 200, 4096 + 50, 9 * 4096 + 3000 })
            {
                byte[] sound = rig.Disk.ReadAll(path);
                Damage(rig, path, offset);
                rig.Events.Clear();
                Assert.Equal(-612, rig.ErrorOf());
                Assert.Contains(rig.Events, told => told.Id == EngineEvent.ReadFailed
                    && told.Message.Contains(path, StringComparison.Ordinal));
                rig.Disk.Put(path, sound);
            }
        }

        rig.Back();
    }

    [Fact]
    public void A_log_of_another_time_between_the_others_fails_the_backup()
    {
        var other = new DirectoryRig();
        other.Insert(600);
        var rig = new DirectoryRig(with: options => options with { Random = Other });
        using var open = rig.BeginRow();
        rig.Insert(600);
        rig.Engine.Log.Flush();
        string path = Path.Combine(LifeRig.Logs, LogFileName.Numbered("edb", new(rig.Logs[^2])).ToString());
        rig.Disk.Put(path, other.Disk.ReadAll(path));
        Assert.Equal(-530, rig.ErrorOf());
    }

    private static int Reach(string how)
    {
        var rig = how switch
        {
            "circular" => new DirectoryRig(with: options => options with { CircularLogging = true }),
            "logging off" => new DirectoryRig(with: options => options with { LoggingDisabled = true }),
            _ => new DirectoryRig(),
        };
        rig.Insert(300);
        string Log(string place, int generation) =>
            Path.Combine(place, LogFileName.Numbered("edb", new(generation)).ToString());
        switch (how)
        {
            case "options":
                Assert.Equal(-900, rig.ErrorOf((DirectoryBackupOptions)2));
                Assert.Equal(-900, rig.ErrorOf(Atomic | (DirectoryBackupOptions)8));
                return rig.ErrorOf(Incremental | (DirectoryBackupOptions)0x10, null);
            case "no path":
                return rig.ErrorOf(path: "a\0b");
            case "the logs":
                rig.Back();
                Assert.Equal(-1003, rig.ErrorOf(Incremental, LifeRig.Data));
                return rig.ErrorOf(Incremental, LifeRig.Logs + Path.DirectorySeparatorChar);
            case "below the logs":
                var below = new DirectoryRig(with: options => options with
                {
                    CheckpointDirectory = s_new, CreatePathIfNotExist = true,
                });
                return Assert.Throws<SourceException>(() => below.Back(Atomic)).Error!.Value.Number;
            case "a directory of another engine":
                rig.Back();
                rig.Disk.Put(Path.Combine(DirectoryRig.Target, "edb.log"), [1]);
                return rig.ErrorOf(Incremental);
            case "twins":
                LifeRig.Now(rig.Engine.CreateDatabaseAsync(Path.Combine(LifeRig.Data, "a.mdb")));
                return rig.ErrorOf();
            case "no directory":
                Assert.Equal(-1023, rig.ErrorOf(Atomic, Path.GetFullPath("/disk/none")));
                return rig.ErrorOf(path: Path.GetFullPath("/disk/none"));
            case "a file":
                return rig.ErrorOf(path: LifeRig.Database);
            case "no atomic backup":
                rig.Back();
                return rig.ErrorOf(Incremental | Atomic);
            case "not empty":
                rig.Disk.Put(Path.Combine(DirectoryRig.Target, "readme"), []);
                return rig.ErrorOf();
            case "full beside atomic":
                rig.Back(Atomic);
                return rig.ErrorOf();
            case "incremental beside atomic":
                rig.Back(Atomic);
                return rig.ErrorOf(Incremental);
            case "atomic beside plain":
                rig.Back();
                return rig.ErrorOf(Atomic);
            case "no full" or "circular":
                return rig.ErrorOf(Incremental);
            case "in progress":
                var session = LifeRig.Now(rig.Engine.BeginBackupAsync(new()));
                Assert.Equal(-505, rig.ErrorOf(path: null));
                int refused = rig.ErrorOf(Atomic);
                LifeRig.Now(session.DisposeAsync());
                return refused;
            case "logging off":
                return Assert.Throws<SourceException>(() => rig.Back()).Error!.Value.Number;
            case "stuck":
                rig.Disk.Put(Path.Combine(DirectoryRig.Target, "temp", "deep", "a"), []);
                return rig.ErrorOf();
            case "no room for work":
                rig.Disk.Watch = step =>
                {
                    if (step.Kind == DiskStepKind.CreateDirectory)
                        throw new IOException("refused");
                };
                return rig.ErrorOf();
            case "disk full":
                rig.Disk.Capacity = rig.Disk.Used + 100_000;
                return rig.ErrorOf(Atomic);
        }

        rig.Back();
        int last = rig.Generations(DirectoryRig.Target)[^1];
        string twin = Log(DirectoryRig.Target, last);
        rig.Insert(300);
        switch (how)
        {
            case "gap":
                rig.Disk.AddDirectory(Path.GetFullPath("/disk/second"));
                rig.Engine.WriteBackAll();
                rig.Back(path: Path.GetFullPath("/disk/second"));
                rig.Insert(300);
                break;
            case "foreign base name":
                rig.Disk.Put(Path.Combine(DirectoryRig.Target, "abc00000001.log"), []);
                break;
            case "other bytes":
                Damage(rig, twin, 5000);
                break;
            case "longer":
                rig.Disk.Put(twin, [.. rig.Disk.ReadAll(twin), 0]);
                break;
            case "later":
                rig.Disk.Put(Log(DirectoryRig.Target, 1000), rig.Disk.ReadAll(twin));
                break;
            case "another stream":
                var other = new DirectoryRig(with: options => options with { Random = Other });
                other.Insert(300);
                other.Back();
                rig.Disk.Put(twin, other.Disk.ReadAll(Log(DirectoryRig.Target, other.Generations(DirectoryRig.Target)[^1])));
                rig.Disk.Remove(Log(LifeRig.Logs, last));
                foreach (int generation in rig.Logs.Where(generation => generation < last))
                    rig.Disk.Remove(Log(LifeRig.Logs, generation));
                break;
            case "logs gone":
                foreach (int generation in rig.Logs.Where(generation => generation <= last + 1))
                    rig.Disk.Remove(Log(LifeRig.Logs, generation));
                break;
        }

        return rig.ErrorOf(Incremental);
    }

    // Numbers for another log stream.
    private static Func<ulong> Other => () => (ulong)Interlocked.Increment(ref s_other);

    private static void Damage(DirectoryRig rig, string path, int offset)
    {
        byte[] bytes = rig.Disk.ReadAll(path);
        bytes[offset] ^= 0xFF;
        bytes[offset + 1] ^= 0xFF;
        rig.Disk.Put(path, bytes);
    }
}
