using PipelineBackup.Engine;
using PipelineBackup.Ese;
using PipelineBackup.Sinks;
using PipelineBackup.Sinks.FileSystem;

namespace PipelineBackup.Tests.Samples;

/// <summary>The program with a database in the README.</summary>
public class LiveDatabase
{
    [Fact]
    public async Task A_living_database_is_backed_up_and_restored()
    {
        string folder = GoldenSets.NewFolder("live");
        string storeFolder = GoldenSets.NewFolder("store");
        string target = Path.Combine(GoldenSets.NewFolder("restore"), "target");

        await using var engine = await EmbeddedEngine.OpenAsync(new() { LogDirectory = folder });
        var database = await engine.CreateDatabaseAsync(Path.Combine(folder, "people.edb"));
        using var session = engine.CreateSession();
        session.CreateTable(database, new("people")
        {
            Columns = [new("id", ColumnType.Long) { IsNotNull = true }, new("name", ColumnType.LongText)],
            Indexes = [new("primary", "id") { IsPrimary = true }],
        });
        await using (var transaction = session.BeginTransaction())
        {
            using var people = session.OpenTable(database, "people");
            people.Insert(people.NewRow().Set("id", 1).Set("name", "Ada"));
            await transaction.CommitAsync();
        }

        await using var store = new RetryingSink(FileSystemSink.Open(storeFolder, create: true));
        var backup = await new BackupPipeline(engine, [store]).RunAsync();
        var restored = await new RestorePipeline(store, new() { Target = target }).RunAsync("latest");

        Assert.All([backup.ExitCode, restored.ExitCode], exit => Assert.Equal(ExitCode.Done, exit));
        await using var other = await EmbeddedEngine.OpenAsync(new() { LogDirectory = GoldenSets.NewFolder("other") });
        using var reader = other.CreateSession();
        using var copy = reader.OpenTable(
            await other.AttachDatabaseAsync(Path.Combine(target, "people.edb")), "people");
        Assert.Equal("Ada", copy.Find(1)?.GetString("name"));
    }
}
