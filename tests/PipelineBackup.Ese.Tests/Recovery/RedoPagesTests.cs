namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Which pages need a change, by their dbtimes, and what becomes of those that are missing.</summary>
public sealed class RedoPagesTests
{
    private static readonly DbTime s_before = new(100), s_after = new(110);

    [Theory]
    [InlineData(100, true, true, EseError.Success)]
    [InlineData(110, true, false, EseError.Success)]
    [InlineData(500, true, false, EseError.Success)]
    [InlineData(99, true, false, EseError.Success)]
    [InlineData(105, true, false, EseError.DbTimeTooNew)]
    [InlineData(100, false, true, EseError.Success)]
    [InlineData(110, false, false, EseError.DbTimeBeyondMaxRequired)]
    [InlineData(99, false, false, EseError.DbTimeTooOld)]
    [InlineData(105, false, false, EseError.DbTimeTooNew)]
    public void A_page_needs_a_change_by_its_dbtime(ulong time, bool holdsFuture, bool needs, EseError error)
    {
        using var rig = new RedoRig(4096, holdsFuture: holdsFuture);
        rig.MakePage(RedoRig.Leaf, new(time), PageFlags.Leaf, [], "a=1");
        if (error != EseError.Success)
        {
            Assert.Equal(error, Assert.Throws<EseException>(() => ForChange(rig, RedoRig.Leaf)).Error);
            return;
        }

        Assert.Equal(needs, ForChange(rig, RedoRig.Leaf) != null);
        Assert.Equal(time == 99, !rig.Pages.Map.IsEmpty);
    }

    [Fact]
    public void A_page_that_is_too_old_or_missing_must_be_explained_before_the_required_logs_end()
    {
        using var rig = new RedoRig(4096);
        rig.MakePage(RedoRig.Leaf, new(50), PageFlags.Leaf, [], "a=1");
        Assert.Null(ForChange(rig, RedoRig.Leaf, at: 4));
        Assert.Equal(EseError.DbTimeTooOld, Unexplained(rig, RedoRig.Leaf));
        Assert.Null(ForChange(rig, new(7), at: 9));
        Assert.Null(ForChange(rig, new(500), at: 5));
        Assert.Null(ForChange(rig, new(500), at: 30));
        Assert.Equal(EseError.FileIOBeyondEOF, Unexplained(rig, new(500)));
        rig.Pages.Release(new(499), 2);
        Assert.Equal(EseError.PageNotInitialized, Unexplained(rig, new(7)));

        // That it is made anew does not explain what became of the changes that were passed over.
        Assert.Null(rig.Pages.ForCreation(new(7), s_before, RedoRig.Position(40)));
        rig.Pages.Release(RedoRig.Leaf, uint.MaxValue);
        Assert.True(rig.Pages.Map.IsEmpty);
        rig.Pages.Map.RequireEmpty(default);
    }

    [Fact]
    public void A_missing_page_stays_missing_until_it_was_given_up()
    {
        using var rig = new RedoRig(4096);
        Assert.Null(ForChange(rig, new(7)));
        rig.Cache.Create(new(7)).Edit().Initialize(new(7), RedoRig.Tree, PageFlags.Leaf, s_before);
        Assert.Null(ForChange(rig, new(7)));
        Assert.Null(rig.Pages.ForCreation(new(7), s_after, default));
        rig.Pages.Map.Remove(new(7));
        Assert.NotNull(ForChange(rig, new(7)));
        Assert.NotNull(rig.Pages.ForCreation(new(7), s_after, default));
    }

    [Fact]
    public void A_missing_page_is_an_error_behind_the_required_logs()
    {
        using var rig = new RedoRig(4096, holdsFuture: false);
        Assert.Equal(EseError.PageNotInitialized, Assert.Throws<EseException>(() => ForChange(rig, new(7))).Error);
        Assert.Equal(EseError.FileIOBeyondEOF, Assert.Throws<EseException>(() => ForChange(rig, new(500))).Error);
        rig.Cache.Create(new(7)).Edit().PreInitialize(new(7), default, new(0xFFFFFFFFFFFFFFFD));
        Assert.Equal(EseError.RecoveryVerifyFailure, Assert.Throws<EseException>(() => ForChange(rig, new(7))).Error);
        Assert.Null(rig.Pages.AsItStands(new(7)));
        Assert.Null(rig.Pages.AsItStands(new(8)));
    }

    [Fact]
    public void A_damaged_page_is_an_error_and_one_flipped_bit_is_not()
    {
        using var rig = new RedoRig(4096);
        rig.MakePage(RedoRig.Leaf, s_before, PageFlags.Leaf, [], "a=1");
        rig.MakePage(new(6), s_before, PageFlags.Leaf, [], "a=1");
        byte[] file = rig.Disk.ReadAll("/d/db");
        file[6 * 4096 + 50] ^= 1;
        file[7 * 4096 + 50] ^= 3;
        using var damaged = new RedoRig(4096);
        damaged.Disk.Put("/d/bad", file);
        using var handle = damaged.Disk.Open("/d/bad", DiskAccess.ReadWrite);
        using var cache = new PageCache(handle, PageSize.Of(4096), 0, () => throw new IOException("no scratch"));
        var pages = new RedoPages(cache);
        var found = pages.ForChange(RedoRig.Leaf, s_before, s_after, default);
        Assert.True(found!.IsDirty);
        Assert.Equal(EseError.ReadVerifyFailure,
            Assert.Throws<EseException>(() => pages.ForChange(new(6), s_before, s_after, default)).Error);
        Assert.Equal(EseError.ReadVerifyFailure, Assert.Throws<EseException>(() => pages.AsItStands(new(6))).Error);

        // Nobody minds the damage of a page that is made anew.
        Assert.NotNull(pages.ForCreation(new(6), s_after, default));
    }

    [Fact]
    public void A_page_is_made_anew_unless_it_is_there_and_as_new()
    {
        using var rig = new RedoRig(4096);
        rig.MakePage(RedoRig.Leaf, s_after, PageFlags.Leaf, [], "a=1");
        Assert.Null(rig.Pages.ForCreation(RedoRig.Leaf, s_after, default));
        Assert.Null(rig.Pages.ForCreation(RedoRig.Leaf, s_before, default));
        Assert.NotNull(rig.Pages.ForCreation(RedoRig.Leaf, new(111), default));
        rig.Pages.MayHoldLaterChanges = false;
        rig.MakePage(RedoRig.Leaf, s_after, PageFlags.Leaf, [], "a=1");
        Assert.NotNull(rig.Pages.ForCreation(RedoRig.Leaf, s_before, default));
        Assert.NotNull(rig.Pages.ForCreation(new(90), s_before, default));
        Assert.Equal(new PageNumber(90), rig.Cache.LastPage);
    }

    private static CachedPage? ForChange(RedoRig rig, PageNumber page, int at = 1) =>
        rig.Pages.ForChange(page, s_before, s_after, RedoRig.Position(at));

    private static EseError Unexplained(RedoRig rig, PageNumber page)
    {
        var thrown = Assert.Throws<EseException>(() => rig.Pages.Map.RequireEmpty(RedoRig.Position(99)));
        Assert.StartsWith($"page {page}:", thrown.Message, StringComparison.Ordinal);
        return thrown.Error;
    }
}
