using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Headers;

/// <summary>A page that stands in a file twice is there after any crash, and the first of its kind is known for it.</summary>
public sealed class ShadowedPageTests
{
    private static readonly string s_folder = Path.GetFullPath("/disk"), s_file = Path.Combine(s_folder, "a.edb");

    [Fact]
    public void A_crash_leaves_one_whole_copy() => Seeds.Each(200, random =>
    {
        var size = random.Pick(PageSize.Default, PageSize.Of(32768));
        var disk = NewDisk();
        var header = Make(size);
        using (var file = disk.Open(s_file, DiskAccess.CreateNew))
            header.Write(file);
        disk.FlushDirectory(s_folder);
        var before = header.LastObject;
        header.LastObject = new(before.Value + 1);
        Cut(disk, random, header);
        var found = DatabaseHead.Read(disk, s_file);
        Assert.Equal(FoundFile.Database, found.Found);
        var last = found.Pair!.Header!.LastObject;
        Assert.True(last == before || last == header.LastObject, $"{last}");
    });

    [Fact]
    public void A_new_database_cut_off_in_its_first_header_is_known_as_one() => Seeds.Each(200, random =>
    {
        var size = random.Pick(PageSize.Default, PageSize.Of(32768));
        var disk = NewDisk();
        using (var file = disk.Open(s_file, DiskAccess.CreateNew))
            file.SetLength(100L * size.Bytes);
        disk.FlushDirectory(s_folder);
        Cut(disk, random, Make(size));
        var found = DatabaseHead.Read(disk, s_file).Found;
        Assert.True(found is FoundFile.Database or FoundFile.Damaged, $"{found}");
    });

    private static SimulatedDisk NewDisk() =>
        new SimulatedDisk { Unit = 512, TornHead = _ => long.MaxValue }.AddDirectory(s_folder);

    private static DatabaseHeaderWriter Make(PageSize size) =>
        DatabaseHeaderWriter.Create(size, FormatVersion.Newest, new(1, default), new(2, default), 1);

    private static void Cut(SimulatedDisk disk, Random random, DatabaseHeaderWriter header)
    {
        disk.KillAtStep = disk.Steps + random.Next(1, 8);
        try
        {
            using var file = disk.Open(s_file, DiskAccess.ReadWrite);
            header.Write(file);
        }
        catch (SimulatedCrashException)
        {
            // As it was meant.
        }

        disk.Crash(random.Pick(Enum.GetValues<CrashKind>()), random);
    }
}
