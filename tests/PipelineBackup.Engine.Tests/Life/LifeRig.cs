using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Life;

/// <summary>
/// A disk in memory, with directories for logs and databases, and judges of what an engine leaves there.
/// </summary>
internal sealed class LifeRig
{
    private ulong _random = 1;

    public LifeRig(SimulatedDisk? disk = null)
    {
        Disk = disk ?? new();
        Disk.AddDirectory(Logs).AddDirectory(Data);
    }

    public static string Logs { get; } = Path.GetFullPath("/disk/logs");

    public static string Data { get; } = Path.GetFullPath("/disk/data");

    public static string Database { get; } = Path.Combine(Data, "a.edb");

    public SimulatedDisk Disk { get; }

    /// <summary>The characters that the names of the logs begin with.</summary>
    public string BaseName { get; init; } = "edb";

    /// <summary>Nothing happens by itself, and everything is small.</summary>
    public EngineOptions Options => new()
    {
        LogDirectory = Logs,
        BaseName = BaseName,
        LogFileBytes = 64 << 10,
        CacheBytes = 1 << 20,
        CheckpointDepthBytes = 256 << 10,
        HasBackgroundWork = false,
        Disk = Disk,
        Random = () => _random += 0x9E3779B97F4A7C15,
    };

    public static EmbeddedEngine Open(EngineOptions options) => Now(EmbeddedEngine.OpenAsync(options));

    public EmbeddedEngine Open() => Open(Options);

    /// <summary>Without background work nothing waits.</summary>
    public static T Now<T>(ValueTask<T> task)
    {
        Assert.True(task.IsCompleted, "a call of an engine without background work waits");
        return task.GetAwaiter().GetResult();
    }

    public static void Now(ValueTask task)
    {
        Assert.True(task.IsCompleted, "a call of an engine without background work waits");
        task.GetAwaiter().GetResult();
    }

    public static EseError ErrorOf<T>(Func<ValueTask<T>> call) =>
        Assert.Throws<EseException>(() => Now(call())).Error;

    /// <summary>The logs follow each other and are sound; the database is clean, and sound in every tree.</summary>
    public void RequireSound(string path, string what, bool mayLeak = false)
    {
        RequireSoundLogs(what);
        RequireSoundDatabase(path, what, mayLeak);
    }

    public void RequireSoundDatabase(string path, string what, bool mayLeak = false) =>
        OnLocalDisk(path, file =>
        {
            using var database = DatabaseFile.Open(file);
            Assert.True(database.Header.State == DatabaseState.CleanShutdown, $"{what}: {database.Header.State}");
            Assert.True(database.Headers.Copies == HeaderCopies.Identical, $"{what}: {database.Headers.Copies}");
            var report = new DatabaseCheck(database, database.Header).Run(TestContext.Current.CancellationToken);
            Assert.True(report.Findings.Count == 0, $"{what}: {string.Join('\n', report.Findings)}");
            Assert.True(mayLeak || report.LeakedPages == 0, $"{what}: {report.LeakedPages} pages leaked");
            return 0;
        });

    public void RequireSoundLogs(string what, string? directory = null)
    {
        directory ??= Logs;
        var chain = LogChain.Open(Disk, directory, BaseName);
        chain.ScanAll();
        Assert.True(chain.Findings.Count == 0, $"{what}: {string.Join('\n', chain.Findings)}");
        var plan = RecoveryPlan.Find(new() { BaseName = BaseName, LogDirectory = directory, Disk = Disk });
        Assert.True(plan.Refusal is null, $"{what}: {plan.Refusal}");
        Assert.True(plan.IsClean, $"{what}: recovery would begin at {plan.Start}");
    }

    /// <summary>The dump of a database, system tables too.</summary>
    public string[] Dump(string path, bool system = true) => OnLocalDisk(path, file =>
    {
        using var database = DatabaseFile.Open(file);
        using var output = new MemoryStream();
        DatabaseDump.Write(database, output, new() { SystemTables = system });
        return System.Text.Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    });

    /// <summary>A table has so many long values, whether or not anything refers to them.</summary>
    public void RequireLongValues(string table, int count) => OnLocalDisk(Database, file =>
    {
        using var database = DatabaseFile.Open(file);
        var definition = CatalogReader.Read(database).Find(table);
        var cursor = new TreeCursor(database, definition.LongValueRoot, definition.LongValueObjectId);
        int found = 0;
        while (cursor.MoveNext())
            found += LongValueId.TryReadKey(cursor.Key, out _, out long offset) && offset < 0 ? 1 : 0;
        Assert.Equal(count, found);
        return 0;
    });

    /// <summary>Does something with a database as it is on the disk.</summary>
    public T Read<T>(string path, Func<DatabaseFile, T> use) => OnLocalDisk(path, file =>
    {
        using var database = DatabaseFile.Open(file);
        return use(database);
    });

    private T OnLocalDisk<T>(string path, Func<string, T> use)
    {
        string folder = GoldenSets.NewFolder("life");
        string file = Path.Combine(folder, Path.GetFileName(path));
        File.WriteAllBytes(file, Disk.ReadAll(path));
        try
        {
            return use(file);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
