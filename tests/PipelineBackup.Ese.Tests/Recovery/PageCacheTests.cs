using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>The cache beside a simple model: what is read, what reaches the file and what must not.</summary>
public sealed class PageCacheTests
{
    private const int PageBytes = 2048;

    [Fact]
    public void Random_work_gives_what_the_model_gives() => Seeds.Each(300, random =>
    {
        using var model = new CacheModel(random);
        for (int i = 0; i < 400; i++)
            model.Step();
        model.Settle();
    });

    [Fact]
    public void Nothing_is_written_before_the_owner_was_asked()
    {
        var disk = new SimulatedDisk().Put("/d/db", new byte[12 * PageBytes]);
        using var file = disk.Open("/d/db", DiskAccess.ReadWrite);
        using var cache = new PageCache(file, PageSize.Of(PageBytes), 0, () => throw new IOException("no scratch"));
        Make(cache, 3, 1);
        cache.Extend(new(40));
        cache.BeforeWrite = () => throw new IOException("not yet");
        Assert.Throws<IOException>(cache.WriteBack);
        Assert.Equal(new byte[12 * PageBytes], disk.ReadAll("/d/db"));
        Assert.Equal(0, cache.PagesWritten);
        int asked = 0;
        cache.BeforeWrite = () => asked++;
        cache.Flush();
        Assert.Equal((1, 1, 42 * PageBytes), (asked, cache.PagesWritten, disk.ReadAll("/d/db").Length));

        // Nothing to do is nothing to ask for.
        cache.Flush();
        Assert.Equal(1, asked);
    }

    [Fact]
    public void Neighbours_are_written_and_read_together()
    {
        var disk = new SimulatedDisk().Put("/d/db", new byte[202 * PageBytes]);
        int steps;
        using (var file = disk.Open("/d/db", DiskAccess.ReadWrite))
        using (var cache = new PageCache(file, PageSize.Of(PageBytes), 1 << 20, () => throw new IOException("no scratch")))
        {
            foreach (uint page in new uint[] { 60, 9, 10, 8, 11, 62, 61, 100 })
                Make(cache, page, page);
            steps = disk.Steps;
            cache.WriteBack();
            Assert.Equal(3, disk.Steps - steps);
        }

        using var again = disk.Open("/d/db", DiskAccess.ReadWrite);
        using var fresh = new PageCache(again, PageSize.Of(PageBytes), 1 << 20, () => throw new IOException("no scratch"));
        int reads = disk.Reads;
        fresh.Prefetch([new(11), new(8), new(62), new(8), new(0), new(5000), new(100)]);
        Assert.Equal(3, disk.Reads - reads);
        Assert.Equal(4, fresh.PagesRead);
        Assert.Equal(new DbTime(62), fresh.Require(new(62)).View.DbTime);
        Assert.Equal(3, disk.Reads - reads);
        Assert.Equal(new DbTime(9), fresh.Require(new(9)).View.DbTime);
        Assert.Equal(4, disk.Reads - reads);
    }

    [Fact]
    public void Each_write_advances_the_mark_of_the_page()
    {
        var disk = new SimulatedDisk().Put("/d/db", new byte[12 * PageBytes]);
        using var file = disk.Open("/d/db", DiskAccess.ReadWrite);
        using var cache = new PageCache(file, PageSize.Of(PageBytes), 0, () => throw new IOException("no scratch"));
        Make(cache, 3, 1);
        foreach (var mark in new[] { FlushType.Rock, FlushType.Paper, FlushType.Scissors, FlushType.Rock })
        {
            cache.WriteBack();
            var written = disk.ReadAll("/d/db").AsSpan(4 * PageBytes, PageBytes);
            Assert.Equal(PageVerdict.Ok, PageInspector.Inspect(written, new(3), depth: InspectionDepth.Full));
            Assert.Equal((mark, mark), (new PageView(written).FlushType, cache.Require(new(3)).View.FlushType));
            cache.Require(new(3)).Edit().SetTime(new(2));
        }
    }

    [Fact]
    public void What_lies_behind_the_last_page_never_comes_back()
    {
        byte[] bytes = new byte[12 * PageBytes];
        bytes.AsSpan(8 * PageBytes).Fill(0xCC);
        var disk = new SimulatedDisk().Put("/d/db", bytes);
        using var file = disk.Open("/d/db", DiskAccess.ReadWrite);
        using var cache = new PageCache(
            file, PageSize.Of(PageBytes), 0, () => throw new IOException("no scratch"), lastPage: new(6));
        Assert.Equal(PageFinding.Truncated, cache.Get(new(7), out _).Finding);
        cache.Extend(new(8));
        Assert.Equal(PageFinding.Uninitialized, cache.Get(new(7), out _).Finding);
        cache.Flush();
        Assert.Equal(new byte[2 * PageBytes], disk.ReadAll("/d/db")[(8 * PageBytes)..]);
        Assert.Equal(PageFinding.Uninitialized, cache.Get(new(8), out _).Finding);
    }

    [Fact]
    public void A_file_that_shrinks_and_grows_again_holds_zeros_there()
    {
        var disk = new SimulatedDisk().Put("/d/db", new byte[12 * PageBytes]);
        using var file = disk.Open("/d/db", DiskAccess.ReadWrite);
        using var cache = new PageCache(file, PageSize.Of(PageBytes), 0, () => throw new IOException("no scratch"));
        Make(cache, 8, 1);
        Make(cache, 9, 2);
        cache.WriteBack();
        cache.Shrink(new(6));
        cache.Extend(new(10));
        Make(cache, 9, 3);
        cache.WriteBack();
        byte[] written = disk.ReadAll("/d/db");
        Assert.True(new PageView(written.AsSpan(9 * PageBytes, PageBytes)).IsZero);
        Assert.Equal(new DbTime(3), new PageView(written.AsSpan(10 * PageBytes, PageBytes)).DbTime);
        Assert.Equal(12 * PageBytes, written.Length);
    }

    [Fact]
    public void A_page_is_not_to_be_used_behind_a_trim_that_took_it()
    {
        var disk = new SimulatedDisk().Put("/d/db", new byte[302 * PageBytes]).AddDirectory("/s");
        using var file = disk.Open("/d/db", DiskAccess.ReadWrite);
        using var cache = new PageCache(
            file, PageSize.Of(PageBytes), 0, () => disk.Open("/s/pages", DiskAccess.CreateNew));
        var first = Make(cache, 1, 1);
        for (uint page = 2; page < 300; page++)
            Make(cache, page, page);
        cache.Trim();
        Assert.Throws<InvalidOperationException>(() => first.Edit());
        Assert.Equal(new DbTime(1), cache.Require(new(1)).View.DbTime);
        Assert.False(disk.FileExists("/s/pages"));
    }

    [Fact]
    public void A_whole_database_can_be_read_in_little_memory()
    {
        var disk = new SimulatedDisk().Put("/d/db", new byte[502 * PageBytes]);
        using var file = disk.Open("/d/db", DiskAccess.ReadWrite);
        using var cache = new PageCache(file, PageSize.Of(PageBytes), 0, () => throw new IOException("no scratch"));
        for (uint page = 1; page <= 500; page++)
            Make(cache, page, page);
        cache.Trim();
        byte[] buffer = new byte[PageBytes];
        for (uint page = 1; page <= 500; page++)
        {
            Assert.Equal(PageVerdict.Ok, cache.Read(new(page), buffer));
            Assert.Equal(new DbTime(page), new PageView(buffer).DbTime);
        }

        Assert.False(cache.IsFull);
        Assert.Equal(PageFinding.Truncated, cache.Read(new(501), buffer).Finding);
        Assert.Equal(PageFinding.Truncated, cache.Read(PageNumber.None, buffer).Finding);
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Create(PageNumber.None));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Extend(new(0x7FF00000)));
    }

    private static CachedPage Make(PageCache cache, uint number, uint time)
    {
        var page = cache.Create(new(number));
        page.Edit().Initialize(new(number), new(7), PageFlags.Leaf, new(time));
        return page;
    }
}
