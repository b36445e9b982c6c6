using System.IO.Compression;
using System.Text.RegularExpressions;

namespace PipelineBackup.Engine.Tests.Life;

public sealed partial class DatabaseLifeTests
{
    [Theory]
    [InlineData(9600, 4096, "dirty-empty-4096")]
    [InlineData(9600, 8192, "clean-8192")]
    [InlineData(9600, 16384, "clean-32768")]
    [InlineData(9600, 32768, "clean-32768")]
    [InlineData(8020, 4096, "clean-efv8020-4096")]
    [InlineData(8920, 4096, "dirty-efv8920-4096")]
    public void A_new_database_has_the_system_tables_of_the_engine(int number, int pageSize, string like)
    {
        var rig = new LifeRig();
        var format = EngineFormat.All.Single(one => one.Number == number);
        var engine = LifeRig.Open(rig.Options with { PageSize = PageSize.Of(pageSize), Format = format });
        var database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        Assert.Equal(1, database.Number);
        Assert.Equal(format.Database, database.Version);
        LifeRig.Now(engine.CloseAsync());
        rig.RequireSound(LifeRig.Database, "new");

        string folder = GoldenSets.Engine(like);
        using var packed = new GZipStream(
            File.OpenRead(Path.Combine(folder, "expected-db1.edb-sys.jsonl.gz")), CompressionMode.Decompress);
        using var reader = new StreamReader(packed);
        var expected = reader.ReadToEnd().Split('\n').Where(IsOfSystem).Select(Timeless).ToList();
        var made = rig.Dump(LifeRig.Database).Where(line => line.StartsWith("{\"type\":\"row\"", StringComparison.Ordinal))
            .Select(Timeless).ToList();
        Assert.Equal(expected, made);
        Assert.True(made.Count > 140, $"{made.Count}");
    }

    [Fact]
    public void A_database_is_detached_and_attached()
    {
        var rig = new LifeRig();
        var engine = rig.Open();
        var database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        LifeRig.Now(database.DetachAsync());
        Assert.Empty(engine.Databases);
        Assert.Equal(EseError.DatabaseNotFound, Assert.Throws<EseException>(() => LifeRig.Now(database.DetachAsync())).Error);
        var attached = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
        Assert.Same(attached, LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database)));
        Assert.Equal(database.Signature, attached.Signature);
        LifeRig.Now(engine.CloseAsync());
        rig.RequireSound(LifeRig.Database, "closed");
    }

    [Fact]
    public void An_engine_that_was_closed_goes_on_in_the_same_log()
    {
        var rig = new LifeRig();
        for (int run = 0; run < 5; run++)
        {
            var engine = rig.Open();
            Assert.Equal(run == 0, engine.Recovery is null);
            var database = run == 0
                ? LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database))
                : LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
            var rows = new LocaleRows(database);
            rows.Begin();
            rows.Insert($"row {run}", run);
            rows.CommitDurably();
            rows.Close();
            Assert.Equal(run + 1, LocaleRows.Read(database.Cache).Count);
            LifeRig.Now(engine.CloseAsync());
            rig.RequireSound(LifeRig.Database, $"run {run}");
        }

        Assert.Equal(0, rig.Disk.OpenFiles);
        Assert.True(LogChain.Open(rig.Disk, LifeRig.Logs, "edb").Highest.Value < 5);
    }

    [Fact]
    public void Many_changes_roll_logs_and_write_pages_meanwhile()
    {
        var rig = new LifeRig();
        var engine = rig.Open();
        var database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        var model = Fill(database, new(1), 400);
        Assert.Equal(model, LocaleRows.Read(database.Cache));
        Assert.True(database.Cache.PagesWritten > 100, $"{database.Cache.PagesWritten}");
        LifeRig.Now(engine.CloseAsync());
        rig.RequireSound(LifeRig.Database, "filled");
        Assert.True(LogChain.Open(rig.Disk, LifeRig.Logs, "edb").Highest.Value > 10);
    }

    [Fact]
    public void The_log_makes_a_database_again_that_is_gone()
    {
        var rig = new LifeRig();
        var engine = rig.Open();
        var database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        var model = Fill(database, new(2), 100);
        LifeRig.Now(engine.CloseAsync());
        string[] before = rig.Dump(LifeRig.Database);
        var disk = rig.Disk.Copy();
        disk.Remove(LifeRig.Database);
        disk.Remove(Path.Combine(LifeRig.Logs, "edb.chk"));
        var other = new LifeRig(disk);
        var report = new SoftRecovery(new() { BaseName = "edb", LogDirectory = LifeRig.Logs, Disk = disk }).Run(
            TestContext.Current.CancellationToken);
        Assert.Equal(RecoveryOutcome.Recovered, Assert.Single(report.Databases).Outcome);
        other.RequireSound(LifeRig.Database, "made again");
        Assert.Equal(before, other.Dump(LifeRig.Database));
        Assert.True(model.Count > 100);
    }

    [Fact]
    public void Circular_logging_keeps_only_what_recovery_needs()
    {
        var rig = new LifeRig();
        var engine = LifeRig.Open(rig.Options with { CircularLogging = true });
        var database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        Fill(database, new(3), 400);
        var chain = LogChain.Open(rig.Disk, LifeRig.Logs, "edb");
        Assert.True(chain.Highest.Value > 10 && chain.Lowest.Value > 4, $"{chain.Lowest} to {chain.Highest}");
        Assert.True(chain.Current!.Header!.Flags.HasFlag(LogHeaderFlags.Circular));
        LifeRig.Now(engine.CloseAsync());
        rig.RequireSound(LifeRig.Database, "circular");
        Assert.True(LogChain.Open(rig.Disk, LifeRig.Logs, "edb").Generations.Count <= 2);
    }

    [Fact]
    public void What_cannot_be_is_refused_with_the_engines_number()
    {
        var rig = new LifeRig();
        var engine = rig.Open();
        var database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        string other = Path.Combine(LifeRig.Data, "b.edb");
        Assert.Equal(EseError.DatabaseDuplicate, LifeRig.ErrorOf(() => engine.CreateDatabaseAsync(LifeRig.Database)));
        Assert.Equal(EseError.DatabaseNotFound, LifeRig.ErrorOf(() => engine.AttachDatabaseAsync(other)));
        Assert.Equal(EseError.InvalidPath, LifeRig.ErrorOf(() => engine.CreateDatabaseAsync(Path.GetFullPath("/no/b.edb"))));
        Assert.Equal(EseError.PageSizeMismatch,
            LifeRig.ErrorOf(() => engine.CreateDatabaseAsync(other, new() { PageSize = PageSize.Max })));
        Assert.Equal(EseError.InvalidParameter,
            LifeRig.ErrorOf(() => engine.CreateDatabaseAsync(other, new() { Version = new(0x620, 300, 0) })));
        var rows = new LocaleRows(database);
        rows.Begin();
        Assert.Equal(EseError.DatabaseInUse, Assert.Throws<EseException>(() => LifeRig.Now(database.DetachAsync())).Error);
        rows.CommitDurably();

        // The file as it is while it is in use.
        rig.Disk.Put(other, rig.Disk.ReadAll(LifeRig.Database));
        Assert.Equal(EseError.DatabaseDirtyShutdown, LifeRig.ErrorOf(() => engine.AttachDatabaseAsync(other)));
        LifeRig.Now(database.DetachAsync());
        rig.Disk.Put(other, rig.Disk.ReadAll(LifeRig.Database));
        LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
        Assert.Equal(EseError.DatabaseSignInUse, LifeRig.ErrorOf(() => engine.AttachDatabaseAsync(other)));
        rig.Disk.Put(other, new byte[1 << 17]);
        Assert.Throws<EseException>(() => LifeRig.Now(engine.AttachDatabaseAsync(other)));
        for (int i = 2; i <= EmbeddedEngine.MostDatabases; i++)
            LifeRig.Now(engine.CreateDatabaseAsync(Path.Combine(LifeRig.Data, $"{i}.edb")));
        Assert.Equal(EseError.TooManyAttachedDatabases,
            LifeRig.ErrorOf(() => engine.CreateDatabaseAsync(Path.Combine(LifeRig.Data, "7.edb"))));
        LifeRig.Now(engine.CloseAsync());
        Assert.Equal(EseError.NotInitialized, LifeRig.ErrorOf(() => engine.AttachDatabaseAsync(LifeRig.Database)));
        Assert.Equal(EseError.PageSizeMismatch,
            LifeRig.ErrorOf(() => EmbeddedEngine.OpenAsync(rig.Options with { PageSize = PageSize.Max })));
        rig.RequireSound(LifeRig.Database, "closed");
    }

    /// <summary>Inserts, replaces and deletes rows, several in a transaction.</summary>
    internal static SortedDictionary<string, int> Fill(EngineDatabase database, Random random, int transactions)
    {
        var rows = new LocaleRows(database);
        var model = LocaleRows.Read(database.Cache);
        for (int i = 0; i < transactions; i++)
        {
            rows.Begin();
            for (int change = random.Next(1, 20); change > 0; change--)
                Change(rows, model, random);
            if (random.Next(4) == 0)
                rows.Commit();
            else
                rows.CommitDurably();
        }

        rows.Close();
        return model;
    }

    internal static void Change(LocaleRows rows, SortedDictionary<string, int> model, Random random)
    {
        string key = $"{random.Next(600):D4} {new string('k', random.Next(100))}";
        string? like = model.Keys.FirstOrDefault(other => string.CompareOrdinal(other, key) >= 0);
        int value = random.Next();
        switch (random.Next(4))
        {
            case 0 when like is not null:
                rows.Delete(like);
                model.Remove(like);
                break;
            case 1 when like is not null:
                rows.Replace(like, value);
                model[like] = value;
                break;
            default:
                if (model.TryAdd(key, value))
                    rows.Insert(key, value);
                break;
        }
    }

    private static bool IsOfSystem(string line)
    {
        if (!line.StartsWith("{\"type\":\"row\"", StringComparison.Ordinal) || line.Contains("4d00530079", StringComparison.Ordinal)
            || line.Contains("\"Key\":\"4d0053", StringComparison.Ordinal))
            return false;
        var id = OwnerPattern().Match(line);
        return !id.Success || Convert.FromHexString(id.Groups[1].Value)[0] <= 7;
    }

    private static string Timeless(string line) => TimePattern().Replace(line, "\"PgnoFDPLastSetTime\":\"\"");

    [GeneratedRegex("\"(?:ObjidTable|objidTable)\":\"([0-9a-f]{8})\"")]
    private static partial Regex OwnerPattern();

    [GeneratedRegex("\"PgnoFDPLastSetTime\":\"[0-9a-f]+\"")]
    private static partial Regex TimePattern();
}
