using System.Buffers.Binary;
using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Sources;

/// <summary>What a file set takes, what it leaves out, and that it says so.</summary>
public class InventoryTests
{
    private static string Clean => Path.Combine(GoldenSets.Small("clean-4096"), "files");

    private static string Dirty => Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");

    [Fact]
    public async Task Databases_are_known_by_their_header_whatever_their_names()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Clean);
        File.Move(Path.Combine(source, "db1.edb"), Path.Combine(source, "qmgr0.dat"));
        File.Delete(Path.Combine(source, "db1.jfm"));
        File.Copy(Path.Combine(GoldenSets.Small("clean-32768"), "files", "db1.edb"), Path.Combine(source, "no-extension"));
        await File.WriteAllTextAsync(Path.Combine(source, "letter.edb"), "not a database");
        await File.WriteAllBytesAsync(Path.Combine(source, "empty.edb"), []);
        await File.WriteAllBytesAsync(Path.Combine(source, "page.RAW"), new byte[4096]);
        await File.WriteAllTextAsync(Path.Combine(source, "readme.txt"), "nothing to say about this one");
        var backup = await trip.BackupAsync(source);
        Assert.Equal(["no-extension", "qmgr0.dat"], backup.Manifest.Databases.Select(database => database.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["empty.edb", "letter.edb", "page.RAW"], backup.Manifest.Remarks.Select(remark => remark.Split('\'')[1]).Order(StringComparer.Ordinal));
        await trip.ProveAsync(ExitCode.Done, source);
    }

    [Fact]
    public async Task A_temporary_database_is_left_out_and_taken_only_when_it_is_named()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Clean), temporary = Path.Combine(source, "tmp.edb");
        File.Copy(Path.Combine(source, "db1.edb"), temporary);
        FileSurgery.RewriteHeaders(temporary, 4096, header => BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(667), 5));
        var backup = await trip.BackupAsync(source);
        Assert.Equal(["db1.edb"], backup.Manifest.Databases.Select(database => database.Name));
        Assert.Contains(backup.Manifest.Remarks, remark => remark.Contains("'tmp.edb' is left out: a temporary database", StringComparison.Ordinal));
        var named = await trip.BackupAsync(temporary);
        Assert.Equal(["tmp.edb"], named.Manifest.Databases.Select(database => database.Name));
    }

    [Fact]
    public async Task Temporary_and_reserve_logs_are_left_out_and_said()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Dirty);
        await File.WriteAllBytesAsync(Path.Combine(source, "edbres00001.jrs"), new byte[131072]);
        var backup = await trip.BackupAsync(source);
        Assert.Contains("left out, as they hold no transactions: edbres00001.jrs, edbtmp.log", backup.Manifest.Remarks);
        Assert.Equal((1, 12, 12), (backup.Manifest.Logs.First, backup.Manifest.Logs.Last, backup.Manifest.Logs.Count));
        var restored = await trip.ProveAsync(ExitCode.Done, source);
        Assert.DoesNotContain(restored.Files, file => file.EndsWith("tmp.log", StringComparison.Ordinal) || file.EndsWith(".jrs", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_symbolic_link_is_never_followed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Dirty), outside = trip.Copy(Clean, "outside");
        File.CreateSymbolicLink(Path.Combine(source, "linked.edb"), Path.Combine(outside, "db1.edb"));
        File.Delete(Path.Combine(source, "db1.jfm"));
        File.CreateSymbolicLink(Path.Combine(source, "db1.jfm"), Path.Combine(outside, "db1.jfm"));
        Directory.CreateSymbolicLink(Path.Combine(source, "linked"), outside);
        var backup = await trip.BackupAsync(source);
        Assert.Equal(["db1.edb"], backup.Manifest.Databases.Select(database => database.Name));
        Assert.Contains("'linked.edb' is left out: a symbolic link", backup.Manifest.Remarks);
        Assert.Contains("'db1.jfm' is left out: a symbolic link", backup.Manifest.Remarks);
        Assert.DoesNotContain((await trip.RestoreAsync()).Files, file => file.EndsWith(".jfm", StringComparison.Ordinal));

        // A log that is a link is missing: it may be anything by the time it is read.
        File.Move(Path.Combine(source, "edb00000005.log"), Path.Combine(outside, "edb00000005.log"));
        File.CreateSymbolicLink(Path.Combine(source, "edb00000005.log"), Path.Combine(outside, "edb00000005.log"));
        await trip.RefusedAsync(ExitCode.Refused, -515, source);
    }

    [Fact]
    public async Task Directories_are_not_searched_however_many_there_are()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Clean);
        for (int i = 0; i < 1500; i++)
            Directory.CreateDirectory(Path.Combine(source, $"a directory with a name of some length, number {i}"));
        var backup = await trip.BackupAsync(source);
        Assert.Contains(backup.Manifest.Remarks, remark => remark.Contains("directories", StringComparison.Ordinal) && remark.Contains("1500", StringComparison.Ordinal));
        await trip.ProveAsync(ExitCode.Done, source);
    }

    [Fact]
    public async Task More_remarks_than_a_commit_can_hold_are_counted()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Clean);
        for (int i = 0; i < 1500; i++)
            await File.WriteAllTextAsync(Path.Combine(source, $"a file with a name of some length, number {i:0000}.edb"), "no");
        var backup = await trip.BackupAsync(source);
        Assert.InRange(backup.Manifest.Remarks.Count, 10, 200);
        Assert.Contains("more", backup.Manifest.Remarks[^1], StringComparison.Ordinal);
        await trip.ProveAsync(ExitCode.Done, source);
    }

    [Fact]
    public async Task Of_several_log_streams_the_databases_own_is_taken()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Dirty), other = Path.Combine(GoldenSets.Small("dirty-empty-4096"), "files");
        File.Copy(Path.Combine(other, "edb.log"), Path.Combine(source, "abc.log"));
        File.Copy(Path.Combine(other, "edb.chk"), Path.Combine(source, "abc.chk"));
        var backup = await trip.BackupAsync(source);
        Assert.Equal(("edb", 12), (backup.Manifest.BaseName, backup.Manifest.Logs.Count));
        Assert.DoesNotContain((await trip.ProveAsync(ExitCode.Done, source)).Files, file => Path.GetFileName(file).StartsWith("abc", StringComparison.Ordinal));

        await trip.RefusedAsync(ExitCode.Refused, -530, source, baseName: "abc");
        var refusal = await trip.RefusedAsync(ExitCode.NotFound, -1811, source, baseName: "xyz");
        Assert.Contains("abc, edb", refusal.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Streams_that_no_database_tells_apart_must_be_named()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Clean), other = Path.Combine(GoldenSets.Small("dirty-empty-4096"), "files");
        foreach (string stream in new[] { "edb", "abc" })
            File.Copy(Path.Combine(other, "edb.log"), Path.Combine(source, stream + ".log"));
        await trip.RefusedAsync(ExitCode.Usage, null, source);
        var backup = await trip.BackupAsync(source, baseName: "abc");
        Assert.Contains(backup.Manifest.Remarks, remark => remark.Contains("the logs 'abc' are left out", StringComparison.Ordinal));
        Assert.Equal(0, backup.Manifest.Logs.Count);
        await trip.ProveAsync(ExitCode.Done, source);
    }

    [Fact]
    public async Task Logs_may_lie_in_another_directory()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Dirty), logs = Directory.CreateDirectory(trip.Scratch["logs"]).FullName;
        foreach (string file in Directory.EnumerateFiles(source, "edb*"))
            File.Move(file, Path.Combine(logs, Path.GetFileName(file)));
        await trip.RefusedAsync(ExitCode.Refused, -543, source);
        await trip.RefusedAsync(ExitCode.NotFound, -1811, source, logs: trip.Scratch["nowhere"]);
        var backup = await trip.BackupAsync(source, logs: logs);
        Assert.Equal(12, backup.Manifest.Logs.Count);
        await trip.ProveAsync(ExitCode.Done, Dirty);
    }

    [Fact]
    public async Task Only_the_databases_that_are_asked_for_are_taken()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Clean);
        File.Copy(Path.Combine(GoldenSets.Small("clean-32768"), "files", "db1.edb"), Path.Combine(source, "db2.edb"));
        var one = await trip.BackupAsync(source, new() { Databases = ["DB2.edb"] });
        Assert.Equal(["db2.edb"], one.Manifest.Databases.Select(database => database.Name));
        Assert.Equal(1, one.Manifest.Totals.Files);
        var both = await trip.BackupAsync(source);
        Assert.Equal(["db1.edb", "db2.edb"], both.Manifest.Databases.Select(database => database.Name));
        var refusal = await trip.RefusedAsync(ExitCode.NotFound, -1811, source, new() { Databases = ["db3.edb"] });
        Assert.Contains("db1.edb, db2.edb", refusal.Hint, StringComparison.Ordinal);
        var restored = await trip.RestoreAsync(both.Manifest.Id, options => options with { Databases = ["db1.edb"] });
        Assert.Equal(["db1.edb", "db1.jfm"], restored.Files.Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Where_there_is_no_database_there_is_no_backup()
    {
        await using var trip = new MemoryTrip();
        string empty = Directory.CreateDirectory(trip.Scratch["empty"]).FullName;
        await trip.RefusedAsync(ExitCode.NotFound, -1811, empty);
        await trip.RefusedAsync(ExitCode.NotFound, -1811, Path.Combine(empty, "nothing.edb"));
        string logs = trip.Copy(Dirty);
        File.Delete(Path.Combine(logs, "db1.edb"));
        await trip.RefusedAsync(ExitCode.NotFound, -1811, logs);
    }

    [Fact]
    public async Task Two_databases_that_share_a_stem_share_no_flush_map()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Clean);
        File.Copy(Path.Combine(GoldenSets.Small("clean-32768"), "files", "db1.edb"), Path.Combine(source, "db1.dat"));
        var backup = await trip.BackupAsync(source);
        Assert.Equal((2, 3), (backup.Manifest.Databases.Count, backup.Manifest.Totals.Files));
        await trip.ProveAsync(ExitCode.Done, source);
        // The map is the one of db1.edb, which comes second in the order of names.
        var restored = await trip.RestoreAsync(change: options => options with { Databases = ["db1.edb"] });
        Assert.Equal(["db1.edb", "db1.jfm"], restored.Files.Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Names_that_could_not_be_restored_are_refused_before_anything_is_published()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "such names cannot be made there");
        await using var trip = new MemoryTrip();
        foreach (string name in new[] { "a:b.edb", "what?.edb", "con.edb", "ends with a dot.", "back\\slash.edb" })
        {
            string source = trip.Copy(Clean, $"named-{name.Length}-{name[0]}");
            File.Move(Path.Combine(source, "db1.edb"), Path.Combine(source, name));
            await trip.RefusedAsync(ExitCode.Refused, null, source);
        }

        string twins = trip.Copy(Clean, "twins");
        File.Copy(Path.Combine(twins, "db1.edb"), Path.Combine(twins, "DB1.edb"));
        await trip.RefusedAsync(ExitCode.Usage, null, twins);
        Assert.Equal(["DB1.edb"], (await trip.BackupAsync(Path.Combine(twins, "DB1.edb"))).Manifest.Databases.Select(database => database.Name));
    }

    [Fact]
    public async Task A_file_that_is_in_use_is_refused()
    {
        await using var trip = new MemoryTrip();
        foreach (string name in new[] { "db1.edb", "edb00000003.log", "edb.log", "db1.jfm", "edb.chk" })
        {
            string source = trip.Copy(Dirty, name);
            await using var holder = new FileStream(Path.Combine(source, name), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            var refusal = await trip.RefusedAsync(ExitCode.InUse, null, source);
            Assert.Contains(name, refusal.Message, StringComparison.Ordinal);
            Assert.NotEqual("", refusal.Hint);
        }
    }

    [Fact]
    public async Task One_header_copy_that_is_bad_is_told_and_two_are_refused()
    {
        await using var trip = new MemoryTrip();
        foreach (int copy in new[] { 0, 1 })
        {
            string source = trip.Copy(Clean, $"copy-{copy}");
            FileSurgery.Flip(Path.Combine(source, "db1.edb"), copy, 4096, (300, 0x11));
            var backup = await trip.BackupAsync(source);
            Assert.Equal(ExitCode.Done, backup.ExitCode);
            Assert.Contains(backup.Manifest.Remarks, remark => remark.Contains("header pages", StringComparison.Ordinal));
            await trip.ProveAsync(ExitCode.Done, source, backup.Manifest.Id);
        }

        string broken = trip.Copy(Clean, "both");
        FileSurgery.Flip(Path.Combine(broken, "db1.edb"), 0, 4096, (300, 0x11));
        FileSurgery.Flip(Path.Combine(broken, "db1.edb"), 1, 4096, (300, 0x11));
        await trip.RefusedAsync(ExitCode.Refused, -1018, broken);
        await trip.RefusedAsync(ExitCode.Refused, -1018, broken, new() { OnBadPage = BadPagePolicy.Record });
    }
}
