using PipelineBackup.Sources;

namespace PipelineBackup.Tests.Sources;

/// <summary>Files that change while they are backed up: nothing is published, and the exit code says in use.</summary>
public class ChangedFileTests
{
    private static string Dirty => Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");

    public static TheoryData<string> Accidents => ["longer", "shorter", "touched", "replaced", "header", "shadow header", "log tip", "log gone", "log replaced",
        "flush map", "checkpoint gone", "database gone"];

    [Theory]
    [MemberData(nameof(Accidents))]
    public async Task A_file_that_changes_after_it_was_read_is_noticed(string accident)
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Dirty);
        await trip.RefusedAsync(ExitCode.InUse, null, new HookedSource(new FileSetSource(new() { Path = source })) { AllRead = () => Happen(accident, source) });
    }

    [Theory]
    [MemberData(nameof(Accidents))]
    public async Task A_file_that_changes_between_the_look_at_its_header_and_the_backup_is_noticed(string accident)
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Dirty);
        var options = new FileSetOptions { Path = source };
        var inventory = FileSetInventory.Take(options, new());
        var logs = FileSetLogs.Choose(inventory, options, new());
        Happen(accident, source);
        var refusal = Record.Exception(() => new FileSetSession(inventory, logs, takesDatabases: true));
        // The content of the side files is not looked at before; of a log only its header.
        if (accident is "log tip" or "flush map")
            Assert.Null(refusal);
        else if (accident is "header" or "shadow header")
            Assert.Null(refusal); // A writer that sets the time back: only the digest of the ends tells, taken from here on.
        else
            Assert.True(refusal is SourceException { ExitCode: ExitCode.InUse } or FileNotFoundException, $"{refusal}");
    }

    [Fact]
    public async Task A_file_that_grows_or_shrinks_while_it_is_read_is_noticed()
    {
        await using var trip = new MemoryTrip();
        foreach (int length in new[] { 0, 4096, 900_000, 1_048_576, 1_572_864 + 4096, 4_000_000 })
        {
            string source = trip.Copy(Dirty, $"length-{length}"), database = Path.Combine(source, "db1.edb");
            await trip.RefusedAsync(length == 0 ? ExitCode.Refused : ExitCode.InUse, length == 0 ? -1018 : null, new HookedSource(new FileSetSource(new() { Path = source }))
            {
                Opened = file => Resize(file.Name == "db1.edb" ? database : null, length),
            }, new() { OnBadPage = BadPagePolicy.Record });
        }

        static void Resize(string? path, long length)
        {
            if (path is null)
                return;
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.SetLength(length);
        }
    }

    private static void Happen(string accident, string source)
    {
        string database = Path.Combine(source, "db1.edb"), log = Path.Combine(source, "edb00000005.log"), current = Path.Combine(source, "edb.log");
        switch (accident)
        {
            case "longer": Append(database, 4096); break;
            case "shorter": Append(database, -4096); break;
            case "touched": File.SetLastWriteTimeUtc(database, File.GetLastWriteTimeUtc(database).AddMilliseconds(10)); break;
            case "replaced": Replace(database); break;
            case "header": Quietly(database, () => FileSurgery.Flip(database, 0, 4096, (60, 1))); break;
            case "shadow header": Quietly(database, () => FileSurgery.Flip(database, 1, 4096, (60, 1))); break;
            case "log tip": Quietly(current, () => FileSurgery.Flip(current, 31, 4096, (2000, 1))); break;
            case "log gone": File.Delete(log); break;
            case "log replaced": Replace(log); break;
            case "flush map": Quietly(Path.Combine(source, "db1.jfm"), () => FileSurgery.Flip(Path.Combine(source, "db1.jfm"), 0, 4096, (70, 1))); break;
            case "checkpoint gone": File.Delete(Path.Combine(source, "edb.chk")); break;
            case "database gone": File.Delete(database); break;
            default: throw new ArgumentOutOfRangeException(nameof(accident));
        }
    }

    // The same bytes and the same time in another file.
    private static void Replace(string path)
    {
        string other = path + ".new";
        File.Copy(path, other);
        File.SetLastWriteTimeUtc(other, File.GetLastWriteTimeUtc(path));
        File.Move(other, path, overwrite: true);
    }

    private static void Quietly(string path, Action change)
    {
        var written = File.GetLastWriteTimeUtc(path);
        change();
        File.SetLastWriteTimeUtc(path, written);
    }

    private static void Append(string path, int bytes)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.SetLength(file.Length + bytes);
    }
}
