using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>What of the corpus can be recovered, and how.</summary>
internal static class RecoveryCases
{
    private static readonly ConcurrentDictionary<string, Lazy<RecoveryCase>> s_cases = new();

    private static readonly string s_backup = Path.GetFullPath("/backup"), s_restored = Path.GetFullPath("/restored"),
        s_logs = Path.GetFullPath("/logs"), s_system = Path.GetFullPath("/system");

    /// <summary>Sets that soft recovery takes as they are: of the corpus, or the small ones.</summary>
    public static IReadOnlyList<string> Soft { get; } = GoldenSets.HasCorpus
        ? [.. GoldenSets.EngineSets.Where(set => set.StartsWith("dirty-", StringComparison.Ordinal)
            || set.StartsWith("snapshot-", StringComparison.Ordinal))]
        : ["dirty-basic-4096", "dirty-empty-4096", "dirty-undoddl-4096", "dirty-undo-flushed-4096"];

    /// <summary>Restores: a set and which of its results; of the corpus, or the small ones.</summary>
    public static IReadOnlyList<string> Hard { get; } = !GoldenSets.HasCorpus
        ? ["extbackup-4096/restore", "jetbackup-4096/restore", "jetbackup-4096/restore-full-incr"] :
    [
        "extbackup-4096/restore", "extbackup-4096/rollforward",
        "extbackup-32768/restore", "extbackup-32768/rollforward",
        "extbackup-nockpt-4096/restore", "extbackup-nockpt-4096/rollforward",
        "extincr-4096/restore-full", "extincr-4096/restore-full-incr1", "extincr-4096/restore-full-incr1-incr2",
        "extincr-4096/restore-gap", "extincr-4096/rollforward",
        "extmulti-4096/restore-both", "extmulti-4096/rollforward-both",
        "extmulti-4096/subset-db1", "extmulti-4096/subset-db2",
        "jetbackup-4096/restore", "jetbackup-4096/restore-full-incr",
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Soft, .. Hard];

    /// <summary>One of them.</summary>
    public static RecoveryCase Get(string name) => s_cases.GetOrAdd(name, key => new(() => Make(key))).Value;

    private static RecoveryCase Make(string name)
    {
        string[] parts = name.Split('/');
        string folder = GoldenSets.HasCorpus ? GoldenSets.Engine(parts[0]) : GoldenSets.Small(parts[0]);
        if (parts.Length == 1)
            return MakeSoft(name, folder);
        return parts[0] switch
        {
            "extincr-4096" => MakeIncremental(name, folder, parts[1]),
            "extmulti-4096" => MakeMultiple(name, folder, parts[1]),
            "jetbackup-4096" => MakeDirectory(name, folder, parts[1]),
            _ => Restore(name, folder, parts[1], [Path.Combine(folder, "backup")], ["db1.edb"], ["db1.edb"],
                parts[1] == "rollforward"),
        };
    }

    private static RecoveryCase MakeSoft(string name, string folder)
    {
        string files = Path.Combine(folder, "files");
        string log = Directory.EnumerateFiles(files, "*.chk").First();
        var disk = RecoveryCase.Load(files, RecoveryCase.Home, new() { Unit = UnitOf(Path.Combine(files, "db1.edb")) });
        return new()
        {
            Name = name,
            Disk = disk,
            Options = new()
            {
                BaseName = Path.GetFileNameWithoutExtension(log),
                LogDirectory = RecoveryCase.Home,
                DatabaseDirectory = RecoveryCase.Home,
                ScratchDirectory = RecoveryCase.Scratch,
                // A snapshot is taken without the current log.
                AllowMissingCurrentLog = name.StartsWith("snapshot-", StringComparison.Ordinal),
            },
            Databases = [.. Directory.EnumerateFiles(files, "*.edb").Order(StringComparer.Ordinal).Select(file =>
                (Path.Combine(RecoveryCase.Home, Path.GetFileName(file)),
                    Reference(folder, name, "expected", Path.GetFileName(file))))],
        };
    }

    private static RecoveryCase MakeIncremental(string name, string folder, string result)
    {
        string[] sets = result switch
        {
            "restore-full" => ["full"],
            "restore-full-incr1" => ["full", "incr1"],
            "restore-gap" => ["full", "incr2"],
            _ => ["full", "incr1", "incr2"],
        };
        return Restore(name, folder, result, [.. sets.Select(set => Path.Combine(folder, "backup", set))], ["db1.edb"],
            ["db1.edb"], result == "rollforward");
    }

    private static RecoveryCase MakeMultiple(string name, string folder, string result) => Restore(
        name, folder, result.StartsWith("subset", StringComparison.Ordinal) ? "restore-both" : result,
        [Path.Combine(folder, "backup")],
        ["db1.edb", "db2.edb"],
        result switch { "subset-db1" => ["db1.edb"], "subset-db2" => ["db2.edb"], _ => ["db1.edb", "db2.edb"] },
        result == "rollforward-both");

    private static RecoveryCase MakeDirectory(string name, string folder, string result) => Restore(
        name, folder, result,
        result == "restore"
            ? [Path.Combine(folder, "backup", "old")]
            : [Path.Combine(folder, "backup", "old"), Path.Combine(folder, "incr")],
        ["db1.edb"], ["db1.edb"], rollForward: false);

    // The copies of the databases are where they are to be, the logs of the set and those of the crash elsewhere.
    private static RecoveryCase Restore(
        string name, string folder, string result, string[] sets, string[] logged, string[] chosen, bool rollForward)
    {
        var disk = new SimulatedDisk { Unit = UnitOf(Path.Combine(sets[0], chosen[0])) };
        disk.AddDirectory(s_logs).AddDirectory(s_system);
        RecoveryCase.Load(sets[0], s_restored, disk, file => chosen.Contains(file));
        RecoveryCase.Load(sets[0], s_restored, disk, file => chosen.Contains(Path.ChangeExtension(file, ".edb"))
            && file.EndsWith(".pat", StringComparison.Ordinal));
        for (int i = 0; i < sets.Length; i++)
        {
            RecoveryCase.Load(sets[i], s_backup + i, disk,
                file => Path.GetExtension(file) is ".log" || (i == 0 && Path.GetExtension(file) is ".pat"));
        }

        if (rollForward)
            RecoveryCase.Load(Path.Combine(folder, "extra-logs"), s_logs, disk, file => Path.GetExtension(file) is ".log");
        return new()
        {
            Name = name,
            Disk = disk,
            Options = new HardRecoveryOptions
            {
                BaseName = "edb",
                LogDirectory = s_logs,
                CheckpointDirectory = s_system,
                BackupLogDirectories = [.. sets.Select((_, i) => s_backup + i)],
                Map = [.. chosen.Select(file => new DatabaseMapping(@"X:\e\" + file, Path.Combine(s_restored, file)))],
                OnlyMapped = chosen.Length < logged.Length,
                ScratchDirectory = RecoveryCase.Scratch,
            },
            Databases = [.. chosen.Select(file =>
                (Path.Combine(s_restored, file), Reference(folder, name, result, file)))],
        };
    }

    /// <summary>What the engine said when it made a set.</summary>
    public static JsonNode Case(string set) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(GoldenSets.Engine(set), "case.json")))!;

    // Without the corpus: the frames of the dumps in the project, whose lines of rows are left out.
    private static string Reference(string folder, string name, string result, string file) => GoldenSets.HasCorpus
        ? Path.Combine(folder, $"{result}-{file}")
        : Path.Combine(GoldenSets.Folder, "dumps", name.Replace('/', '-'));

    // What the format relies on: a page, or a segment of a log, is written whole or not at all.
    private static int UnitOf(string database)
    {
        using var file = DatabaseFile.Open(database);
        return Math.Max(4096, file.PageSize.Bytes);
    }
}
