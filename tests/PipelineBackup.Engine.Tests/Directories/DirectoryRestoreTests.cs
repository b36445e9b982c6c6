using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Directories;

/// <summary>Restoring from a directory: sets of the engine of Windows and sets made here.</summary>
public sealed class DirectoryRestoreTests
{
    private static readonly string s_logs = Path.GetFullPath("/restored/logs"), s_data = Path.GetFullPath("/restored/data");

    private readonly DirectoryRig _made = new();
    private readonly List<EngineEvent> _events = [];

    [Theory]
    [InlineData("old", false)]
    [InlineData("new", false)]
    [InlineData("", false)]
    [InlineData("old", true)]
    [InlineData("", true)]
    public void Sets_of_the_engine_of_windows_restore_to_what_it_restored_itself(string place, bool isIncremental)
    {
        string set = GoldenSets.HasCorpus ? GoldenSets.Engine("jetbackup-4096") : GoldenSets.Small("jetbackup-4096");
        string result = isIncremental ? "restore-full-incr" : "restore", source = Path.GetFullPath("/backup");
        var disk = new SimulatedDisk().AddDirectory(source).AddDirectory(s_logs).AddDirectory(s_data);
        foreach (string file in Directory.EnumerateFiles(Path.Combine(set, "backup", "old")))
            disk.Put(Path.Combine(source, place, Path.GetFileName(file)), File.ReadAllBytes(file));
        foreach (string file in isIncremental ? Directory.GetFiles(Path.Combine(set, "incr")) : [])
            disk.Put(Path.Combine(source, place, Path.GetFileName(file)), File.ReadAllBytes(file));
        var rig = new LifeRig(disk);
        var engine = EmbeddedEngine.Create(rig.Options with { LogDirectory = s_logs, Events = new Heard<EngineEvent>(_events.Add) });
        var progress = new List<RecoveryProgress>();
        var report = LifeRig.Now(engine.RestoreDirectoryAsync(source, s_data, new Heard<RecoveryProgress>(progress.Add)));
        string restored = Path.Combine(s_data, "db1.edb");
        Assert.Equal((@"X:\e\db1.edb", restored, RecoveryOutcome.Recovered),
            (report.Databases[0].LoggedPath, report.Databases[0].Path, report.Databases[0].Outcome));
        rig.RequireSoundDatabase(restored, result, mayLeak: true);
        RequireExpected(result, rig.Dump(restored, system: false));
        Assert.Equal((RecoveryPhase.Begin, RecoveryPhase.Complete), (progress[0].Phase, progress[^1].Phase));
        Assert.Equal([EngineEvent.RestoreBegins, EngineEvent.RestoreEnds], _events.Select(told => told.Id));
        Assert.Equal(["edb.chk", "edb.log"], disk.ListFiles(s_logs).Select(path => Path.GetFileName(path)));

        // The engine goes on with it.
        LifeRig.Now(engine.InitializeAsync());
        LifeRig.Now(engine.AttachDatabaseAsync(restored));
        LifeRig.Now(engine.CloseAsync());
        RequireExpected(result, rig.Dump(restored, system: false));
    }

    [Fact]
    public void A_restore_over_the_living_rolls_forward_with_its_logs()
    {
        _made.Insert(200);
        _made.Back();
        _made.Insert(300);
        int rows = _made.Rows;
        _made.Close();
        _made.Disk.Put(LifeRig.Database, [1, 2, 3]);
        var engine = EmbeddedEngine.Create(_made.Rig.Options);
        var report = LifeRig.Now(engine.RestoreDirectoryAsync(DirectoryRig.Target));
        Assert.Equal(LifeRig.Database, report.Databases[0].Path);
        LifeRig.Now(engine.InitializeAsync());
        Assert.Equal(rows, DirectoryRig.Count(engine, LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database))));
        LifeRig.Now(engine.CloseAsync());
        _made.Rig.RequireSound(LifeRig.Database, "restored");
    }

    [Fact]
    public void Several_databases_are_restored_together_and_one_may_be_mapped_elsewhere()
    {
        string second = Path.Combine(LifeRig.Data, "b.edb"), moved = Path.Combine(s_data, "c.edb");
        LifeRig.Now(_made.Engine.CreateDatabaseAsync(second));
        _made.Insert(100);
        _made.Back(DirectoryBackupOptions.Atomic);
        _made.Close();
        _made.Disk.AddDirectory(s_logs).AddDirectory(s_data);
        var engine = EmbeddedEngine.Create(_made.Rig.Options with { LogDirectory = s_logs, Map = [new(second, moved)] });
        var report = LifeRig.Now(engine.RestoreDirectoryAsync(DirectoryRig.Target));
        Assert.Equal([LifeRig.Database, moved], report.Databases.Select(database => database.Path).Order(StringComparer.Ordinal));
        LifeRig.Now(engine.InitializeAsync());
        LifeRig.Now(engine.AttachDatabaseAsync(moved));
        Assert.Equal(100, DirectoryRig.Count(engine, LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database))));
        LifeRig.Now(engine.CloseAsync());
    }

    [Theory]
    [InlineData(-1850, "opened")]
    [InlineData(-1029, "closed")]
    [InlineData(-506, "another restore")]
    [InlineData(-1023, "no backup")]
    [InlineData(-1023, "no path")]
    [InlineData(-1023, "no destination")]
    [InlineData(-1023, "no logs directory")]
    [InlineData(-538, "no mark")]
    [InlineData(-1811, "no logs")]
    [InlineData(-1811, "no database")]
    [InlineData(-1811, "other base name")]
    [InlineData(-1003, "onto itself")]
    [InlineData(-1003, "logs onto itself")]
    [InlineData(-1811, "a log is missing")]
    [InlineData(-535, "no trailer")]
    public void Each_code_of_restore_is_reached_and_nothing_was_changed(int error, string how)
    {
        using (_made.BeginRow())
        {
            _made.Insert(300);
            _made.Back();
        }

        _made.Close();
        var disk = _made.Disk.AddDirectory(s_logs).AddDirectory(s_data);
        string kept = Path.Combine(s_data, "a.edb"), path = DirectoryRig.Target, destination = s_data;
        disk.Put(kept, [1, 2, 3]);
        var options = _made.Rig.Options with { LogDirectory = s_logs };
        int[] logs = _made.Generations(path);
        switch (how)
        {
            case "no backup":
                path = Path.GetFullPath("/none");
                break;
            case "no path":
                path = "\0";
                break;
            case "no destination":
                destination = Path.GetFullPath("/none");
                break;
            case "no logs directory":
                options = options with { LogDirectory = Path.GetFullPath("/none") };
                break;
            case "no mark":
                disk.Remove(Path.Combine(path, "a.pat"));
                break;
            case "no logs":
                foreach (string log in disk.ListFiles(path).Where(file => Path.GetExtension(file) == ".log"))
                    disk.Remove(log);
                break;
            case "no database":
                disk.Remove(Path.Combine(path, "a.edb"));
                break;
            case "other base name":
                options = options with { BaseName = "abc" };
                break;
            case "onto itself":
                destination = path;
                break;
            case "logs onto itself":
                options = options with { LogDirectory = path };
                break;
            case "a log is missing":
                Assert.True(logs.Length > 2);
                disk.Remove(Path.Combine(path, LogFileName.Numbered("edb", new(logs[1])).ToString()));
                break;
            case "no trailer":
                byte[] database = disk.ReadAll(Path.Combine(path, "a.edb"));
                disk.Put(Path.Combine(path, "a.edb"), database[..^4096]);
                break;
            default:
                break;
        }

        var engine = EmbeddedEngine.Create(options);
        using var other = how == "another restore" ? engine.EnterRestore() : default(IDisposable?);
        if (how is "opened" or "closed")
            LifeRig.Now(engine.InitializeAsync());
        if (how == "closed")
            LifeRig.Now(engine.CloseAsync());
        var before = DirectoryRig.Content(disk, Path.GetFullPath("/"));
        Assert.Equal((EseError)error, LifeRig.ErrorOf(() => engine.RestoreDirectoryAsync(path, destination)));
        Assert.Equal(before, DirectoryRig.Content(disk, Path.GetFullPath("/")));
    }

    [Fact]
    public void A_place_that_is_none_here_needs_a_destination()
    {
        string set = GoldenSets.HasCorpus ? GoldenSets.Engine("jetbackup-4096") : GoldenSets.Small("jetbackup-4096");
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there it is a place");
        var disk = new SimulatedDisk().AddDirectory(s_logs);
        foreach (string file in Directory.EnumerateFiles(Path.Combine(set, "backup", "old")))
            disk.Put(Path.Combine(DirectoryRig.Target, Path.GetFileName(file)), File.ReadAllBytes(file));
        var engine = EmbeddedEngine.Create(new LifeRig(disk).Options with { LogDirectory = s_logs });
        Assert.Equal(EseError.InvalidPath, LifeRig.ErrorOf(() => engine.RestoreDirectoryAsync(DirectoryRig.Target)));
    }

    [Fact]
    public void A_failure_of_the_disk_loses_no_backup_and_it_can_be_tried_again()
    {
        _made.Insert(120);
        _made.Back();
        _made.Close();
        _made.Disk.AddDirectory(s_logs).AddDirectory(s_data).Put(Path.Combine(s_data, "a.edb"), [1, 2, 3]);
        var backup = DirectoryRig.Content(_made.Disk, DirectoryRig.Target);
        for (int step = 1; ; step++)
        {
            var disk = _made.Disk.Copy();
            var engine = EmbeddedEngine.Create(new LifeRig(disk).Options with { LogDirectory = s_logs });
            disk.FailAtStep = disk.Steps + step;
            var failure = Record.Exception(() => LifeRig.Now(engine.RestoreDirectoryAsync(DirectoryRig.Target, s_data)));
            if (disk.Steps < disk.FailAtStep)
                break;
            Assert.True(failure is null or EseException or IOException, $"step {step}: {failure}");
            Assert.Equal(backup, DirectoryRig.Content(disk, DirectoryRig.Target));
            Assert.Equal(0, disk.OpenFiles);
            disk.FailAtStep = 0;
            foreach (string log in disk.ListFiles(s_logs))
                disk.Delete(log);
            LifeRig.Now(engine.RestoreDirectoryAsync(DirectoryRig.Target, s_data));
            LifeRig.Now(engine.InitializeAsync());
            Assert.Equal(120, DirectoryRig.Count(engine, LifeRig.Now(engine.AttachDatabaseAsync(Path.Combine(s_data, "a.edb")))));
            LifeRig.Now(engine.CloseAsync());
        }
    }

    // Without the corpus there are the frames of the dumps, which count and sum up the rows.
    private static void RequireExpected(string result, IEnumerable<string> dump)
    {
        if (GoldenSets.HasCorpus)
        {
            Assert.Equal(File.ReadAllLines(Path.Combine(GoldenSets.Engine("jetbackup-4096"), $"{result}-db1.edb.jsonl")), dump);
            return;
        }

        string frame = Path.Combine(GoldenSets.Folder, "dumps", $"jetbackup-4096-{result}.jsonl");
        Assert.Equal(File.ReadAllLines(frame), dump.Where(line => !line.StartsWith("{\"type\":\"row\"", StringComparison.Ordinal)));
    }
}
