using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>A damage of the corpus: a base, what was done to its files, and what the engine said to it.</summary>
internal sealed class DamagedCase
{
    private static readonly string s_backup = Path.GetFullPath("/backup"), s_logs = Path.GetFullPath("/logs"),
        s_restored = Path.GetFullPath("/restored");

    private readonly JsonNode _description;

    private DamagedCase(string name)
    {
        Name = name;
        _description = JsonNode.Parse(File.ReadAllText(Path.Combine(Root, name + ".json")))!;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Whether it is a restore.</summary>
    public bool IsHard => (string)_description["kind"]! == "hard";

    /// <summary>The engine's error.</summary>
    public EseError Error => (EseError)(int)_description["recover"]!["err"]!;

    /// <summary>The engine's error when it read all of what it had recovered; null when it could not begin to.</summary>
    public EseError? DumpError => _description["dump"] is { } dump ? (EseError)(int)dump["err"]! : null;

    /// <summary>Beginning of the path of the dump that the engine made of it.</summary>
    public string Reference
    {
        get
        {
            string own = Path.Combine(Root, Name + "-expected");
            string its = (bool?)_description["extra"] == true ? "base-hard+extra" : (string)_description["base"]!;
            return File.Exists(own + ".jsonl") ? own : Path.Combine(Root, its + "-expected");
        }
    }

    /// <summary>Where its database is, or would be.</summary>
    public string Database => Path.Combine(IsHard ? s_restored : RecoveryCase.Home, "db1.edb");

    /// <summary>All of them; one without a name where there is no corpus.</summary>
    public static TheoryData<string> Names => new(GoldenSets.HasCorpus
        ? Directory.GetFiles(Root, "*.json").Select(path => Path.GetFileNameWithoutExtension(path))
            .Where(name => name != "summary").Order(StringComparer.Ordinal)
        : [""]);

    private static string Root => GoldenSets.Engine("damaged");

    /// <summary>One of them. Skips the test without the corpus.</summary>
    public static DamagedCase Read(string name)
    {
        GoldenSets.RequireCorpus();
        return new(name);
    }

    /// <summary>A recovery of it, the disk damaged or not.</summary>
    /// <param name="damaged">Whether the damage is done.</param>
    public RecoveryCase Make(bool damaged) => IsHard ? Hard(damaged) : Soft(damaged);

    private RecoveryCase Soft(bool damaged)
    {
        var disk = RecoveryCase.Load(Path.Combine(Root, (string)_description["base"]!), RecoveryCase.Home);
        if (damaged)
            Apply("ops", disk, _ => RecoveryCase.Home);
        int grbit = _description["args"]!.AsArray().Select(arg => (string)arg!)
            .Where(arg => arg.StartsWith("grbit=0x", StringComparison.Ordinal))
            .Select(arg => int.Parse(arg[8..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)).FirstOrDefault();
        return new()
        {
            Name = Name,
            Disk = disk,
            Databases = [(Database, Reference)],
            Options = new()
            {
                BaseName = "edb",
                LogDirectory = RecoveryCase.Home,
                DatabaseDirectory = RecoveryCase.Home,
                ScratchDirectory = RecoveryCase.Scratch,
                IgnoreMissingDatabases = (grbit & 0x4) != 0,
                IgnoreLostLogs = (grbit & 0x80) != 0,
                AllowMissingCurrentLog = (grbit & 0x100) != 0,
            },
        };
    }

    private RecoveryCase Hard(bool damaged)
    {
        var disk = new SimulatedDisk().AddDirectory(s_logs);
        string backup = Path.Combine(Root, "base-hard", "backup");
        RecoveryCase.Load(backup, s_restored, disk, name => name == "db1.edb");
        RecoveryCase.Load(backup, s_backup, disk, name => name != "db1.edb");
        if ((bool)_description["extra"]!)
        {
            RecoveryCase.Load(Path.Combine(Root, "base-hard", "extra-logs"), s_logs, disk,
                name => Path.GetExtension(name) == ".log");
        }

        if (damaged)
        {
            Apply("ops", disk, file => file == "db1.edb" ? s_restored : s_backup);
            Apply("extraops", disk, _ => s_logs);
        }

        var generations = _description["gen"]!.AsArray();
        return new()
        {
            Name = Name,
            Disk = disk,
            Databases = [(Database, Reference)],
            Options = new HardRecoveryOptions
            {
                BaseName = "edb",
                LogDirectory = s_logs,
                BackupLogDirectories = [s_backup],
                Map = [new(@"X:\e\db1.edb", Database)],
                Low = new((int)generations[0]!),
                High = new((int)generations[1]!),
                ScratchDirectory = RecoveryCase.Scratch,
            },
        };
    }

    private void Apply(string operations, SimulatedDisk disk, Func<string, string> folder)
    {
        foreach (var operation in _description[operations]!.AsArray())
        {
            string file = (string)operation!["file"]!, path = Path.Combine(folder(file), file);
            if (Changed(operation, disk.ReadAll(path)) is { } bytes)
                disk.Put(path, bytes);
            else
                disk.Remove(path);
        }
    }

    // What the operation makes of a file; null when nothing is left of it.
    private static byte[]? Changed(JsonNode operation, byte[] bytes)
    {
        int At(string name) => (int?)operation[name] ?? 0;
        int offset = At("off"), length = At("len");
        switch ((string)operation["op"]!)
        {
            case "delete":
                return null;
            case "replace":
                return From(operation);
            case "truncate":
                return bytes[..length];
            case "xor":
                bytes[offset] ^= (byte)At("val");
                break;
            case "fill":
                bytes.AsSpan(offset, length).Fill((byte)At("byte"));
                break;
            case "paste":
                From(operation).CopyTo(bytes.AsSpan(offset));
                break;
            case "copy":
                bytes.AsSpan(At("src"), length).CopyTo(bytes.AsSpan(At("dst")));
                break;
            case var other:
                throw new NotSupportedException(other);
        }

        return bytes;
    }

    private static byte[] From(JsonNode operation) => File.ReadAllBytes(Path.Combine(Root, (string)operation["from"]!));
}
