using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Life;

/// <summary>
/// Databases and logs that the engine of Windows wrote are taken over, changed a little, and given back.
/// </summary>
public sealed class RealSetsTests
{
    private static readonly string[] s_names =
    [
        "clean-4096", "clean-8192", "clean-32768", "clean-efv8020-4096", "clean-misc-4096", "dirty-E00-32768",
        "dirty-basic-4096", "dirty-circular-4096", "dirty-efv8020-4096", "dirty-efv8920-4096", "dirty-keepattached-4096",
        "dirty-multidb-4096", "dirty-sigkill1-4096", "dirty-undo-flushed-4096",
    ];

    // Those of the project itself are always there.
    private static readonly string[] s_small =
        ["clean-4096", "clean-32768", "dirty-basic-4096", "dirty-undo-flushed-4096"];

    public static TheoryData<string> Sets =>
        GoldenSets.HasCorpus ? [.. GoldenSets.EngineSets.Where(s_names.Contains)] : [.. s_small];

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_set_of_the_engine_is_recovered_changed_and_closed(string set)
    {
        string folder = GoldenSets.HasCorpus ? GoldenSets.Engine(set) : GoldenSets.Small(set), files = Path.Combine(folder, "files");
        var disk = new SimulatedDisk();
        foreach (string file in Directory.EnumerateFiles(files))
            disk.Put(Path.Combine(LifeRig.Logs, Path.GetFileName(file)), File.ReadAllBytes(file));
        string? checkpoint = Directory.EnumerateFiles(files, "*.chk").FirstOrDefault();
        var rig = new LifeRig(disk) { BaseName = Path.GetFileNameWithoutExtension(checkpoint) ?? "edb" };
        string[] databases = [.. disk.Files.Where(file => Path.GetExtension(file) == ".edb")];
        var options = rig.Options with
        {
            PageSize = PageSizeOf(disk, databases[0]),
            Map = [.. databases.Select(file => new DatabaseMapping($@"X:\c\{Path.GetFileName(file)}", file))],
        };
        for (int run = 0; run < 2; run++)
        {
            var engine = LifeRig.Open(options);
            Assert.Equal(checkpoint is null && run == 0, engine.Recovery is null);
            foreach (string file in databases)
            {
                var database = LifeRig.Now(engine.AttachDatabaseAsync(file));
                DatabaseLifeTests.Fill(database, new(run), run * 5);
            }

            LifeRig.Now(engine.CloseAsync());
            foreach (string file in databases)
            {
                rig.RequireSound(file, $"{file} after run {run}", mayLeak: true);
                string[] dump = rig.Dump(file, system: false);
                string[] expected = File.ReadAllLines(Expected(set, folder, file));
                // Those of the project have no rows, but what their digest is.
                Assert.Equal(expected, GoldenSets.HasCorpus ? dump : [.. dump.Where(line => !IsRow(line))]);
            }
        }

        Assert.DoesNotContain(disk.Files, file => Path.GetExtension(file) == ".jfm");
    }

    private static string Expected(string set, string folder, string file) => GoldenSets.HasCorpus
        ? Path.Combine(folder, $"expected-{Path.GetFileName(file)}.jsonl")
        : Path.Combine(GoldenSets.Folder, "dumps", $"{set}.jsonl");

    private static bool IsRow(string line) => line.StartsWith("{\"type\":\"row\"", StringComparison.Ordinal);

    private static PageSize PageSizeOf(SimulatedDisk disk, string path)
    {
        using var file = disk.Open(path, DiskAccess.Read);
        return HeaderPair.Read(file).PageSize;
    }
}
