using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Engine.Tests.Tables;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Interop;

/// <summary>Databases and logs in formats for engines that know no newer.</summary>
public sealed class FormatTests
{
    // Since which log version there are records; those that are not here there were always.
    private static readonly Dictionary<LogRecordType, LogVersion> s_since = new()
    {
        [LogRecordType.Nop2] = new(8, 4000, 4, 3),
        [LogRecordType.MacroInfo2] = new(8, 4000, 5, 14),
        [LogRecordType.FreeTree] = new(8, 4000, 5, 16),
        [LogRecordType.SetDatabaseVersion] = new(8, 4000, 6, 20),
        [LogRecordType.Delta64] = new(8, 4000, 20, 60),
        [LogRecordType.NewPage] = new(8, 4000, 40, 100),
        [LogRecordType.RootPageMove] = new(8, 4000, 50, 120),
        [LogRecordType.ScanCheck2] = new(8, 4000, 60, 140),
        [LogRecordType.ShrinkDatabase3] = new(8, 4000, 70, 160),
        [LogRecordType.ExtentFreed] = new(8, 4000, 90, 200),
        [LogRecordType.ExtentFreed2] = new(8, 4000, 120, 260),
    };

    public static TheoryData<int> Formats => [.. EngineFormat.All.Select(format => format.Number)];

    [Theory]
    [InlineData(8020, "dirty-efv8020-4096")]
    [InlineData(8920, "dirty-efv8920-4096")]
    [InlineData(9600, "dirty-basic-4096")]
    public void Headers_are_those_of_the_engine_of_Windows(int number, string like)
    {
        // Checksums, dbtime, identities, times, positions, generations, the system, extents, flush signatures.
        (int At, int Length)[] differ =
        [
            (0, 4), (16, 8), (24, 28), (72, 16), (108, 28), (208, 24), (296, 8), (348, 8), (416, 4), (508, 8), (540, 12),
            (584, 56), (640, 4), (656, 24),
        ];
        string files = Path.Combine(GoldenSets.Engine(like), "files");
        var rig = new LifeRig();
        _ = new Life(rig, Of(number));
        byte[] made = rig.Disk.ReadAll(LifeRig.Database), real = File.ReadAllBytes(Path.Combine(files, "db1.edb"));
        RequireSame(real.AsSpan(0, 4096), made.AsSpan(0, 4096), differ);
        Assert.Equal(made.AsSpan(0, 4096), made.AsSpan(4096, 4096));

        // Checksum, length, times, identity, settings, the mark of this engine.
        differ = [(0, 4), (12, 2), (16, 8), (44, 28), (72, 567), (640, 8), (665, 2)];
        byte[] log = rig.Disk.ReadAll(Path.Combine(LifeRig.Logs, "edb.log"));
        RequireSame(File.ReadAllBytes(Path.Combine(files, "edb00000001.log")).AsSpan(0, 4096), log.AsSpan(0, 4096), differ);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_log_has_no_records_that_its_version_does_not_know(int number)
    {
        var format = Of(number);
        var rig = new LifeRig();
        string other = Path.Combine(LifeRig.Data, "b.edb");
        {
            var life = new Life(rig, format);
            var second = LifeRig.Now(life.Engine.CreateDatabaseAsync(other));
            life.Work(life.Database);
            life.Work(second);
            LifeRig.Now(life.Engine.Log.FlushAsync(life.Engine.Log.Tip, CancellationToken.None));
            rig.Disk.Crash(CrashKind.PowerLoss, new(number));
        }

        {
            var life = new Life(rig, format);
            Assert.Equal(format.Database, life.Database.Version);
            LifeRig.Now(life.Engine.AttachDatabaseAsync(other));
            life.Close();
        }

        rig.RequireSound(LifeRig.Database, "recovered", mayLeak: true);
        rig.RequireSoundDatabase(other, "recovered", mayLeak: true);
        var seen = new HashSet<LogRecordType>();
        foreach (string path in rig.Disk.Files.Where(path => Path.GetExtension(path) == ".log"))
        {
            using var log = LogRecordReader.Over(rig.Disk.ReadAll(path));
            Assert.Equal(format.Log, log.Header.Version);
            while (log.TryRead(out var record))
                seen.Add(record.Type);
        }

        LogVersion[] since = [.. seen.Where(s_since.ContainsKey).Select(type => s_since[type])];
        Assert.All(since, version => Assert.True(EngineFormat.IsAtLeast(format.Log, version), string.Join(' ', seen)));
        Assert.Equal(number == 9600, seen.Contains(LogRecordType.ExtentFreed2));
        Assert.Equal(number > 8020, seen.Contains(LogRecordType.FreeTree));
        Assert.Contains(LogRecordType.Split, seen);
    }

    [Fact]
    public void A_newer_engine_takes_over_what_an_older_one_would_refuse()
    {
        var rig = new LifeRig();
        string newer = Path.Combine(LifeRig.Data, "newer.edb");
        {
            var life = new Life(rig, EngineFormat.Efv8020);
            Assert.Equal(EseError.InvalidParameter, LifeRig.ErrorOf(
                () => life.Engine.CreateDatabaseAsync(newer, new() { Version = FormatVersion.Newest })));
            life.Work(life.Database);
            life.Close();
        }

        {
            var life = new Life(rig, EngineFormat.Efv9600);
            Assert.Equal(EngineFormat.Efv8020.Database, life.Database.Version);
            life.Work(life.Database);
            LifeRig.Now(life.Engine.CreateDatabaseAsync(newer));
            life.Close();
        }

        {
            var life = new Life(rig, EngineFormat.Efv8920);
            Assert.Equal(LogVersion.Newest, life.Engine.Log.Header.Version);
            Assert.Equal(EseError.EngineFormatTooLowForDatabase, LifeRig.ErrorOf(() => life.Engine.AttachDatabaseAsync(newer)));
            life.Work(life.Database);
            life.Close();
        }

        rig.RequireSound(LifeRig.Database, "used by three");
    }

    private static EngineFormat Of(int number) => EngineFormat.All.Single(format => format.Number == number);

    private static void RequireSame(ReadOnlySpan<byte> real, ReadOnlySpan<byte> made, (int At, int Length)[] differ)
    {
        var differing = new List<int>();
        for (int i = 0; i < real.Length; i++)
        {
            if (real[i] != made[i] && !differ.Any(part => i >= part.At && i < part.At + part.Length))
                differing.Add(i);
        }

        Assert.Empty(differing);
    }

    /// <summary>An engine with one database.</summary>
    private sealed class Life
    {
        public Life(LifeRig rig, EngineFormat format)
        {
            Engine = LifeRig.Open(rig.Options with { Format = format });
            Database = rig.Disk.FileExists(LifeRig.Database)
                ? LifeRig.Now(Engine.AttachDatabaseAsync(LifeRig.Database))
                : LifeRig.Now(Engine.CreateDatabaseAsync(LifeRig.Database));
            LifeRig.Now(Engine.Log.FlushAsync(Engine.Log.Tip, CancellationToken.None));
        }

        public EmbeddedEngine Engine { get; }

        public EngineDatabase Database { get; }

        // Tables come, are filled, and go, with their indexes and long values.
        public void Work(EngineDatabase database)
        {
            using var session = Engine.CreateSession();
            for (int i = 0; i < 2; i++)
            {
                using var transaction = session.BeginTransaction();
                session.CreateTable(database, TableRig.Things);
                using var table = session.OpenTable(database, "things");
                for (int id = 0; id < 150; id++)
                    table.Insert(table.NewRow().Set("id", id).Set("name", $"name {id}").Set("note", new byte[2000]));
                table.Find(3)!.EscrowUpdate("count", 4);
                LifeRig.Now(transaction.CommitAsync(CommitMode.Lazy));
                session.DeleteTable(database, "things");
                Engine.CleanUp();
            }
        }

        public void Close() => LifeRig.Now(Engine.CloseAsync());
    }
}
