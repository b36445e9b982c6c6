using System.Globalization;

namespace PipelineBackup.Ese.Tests;

/// <summary>Random edits beside a simple model: after each the page is sound and holds what the model does.</summary>
public sealed class PageEditorTests
{
    private const int Edits = 250;

    private static int Seeds => int.TryParse(
        Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS"), NumberStyles.None, CultureInfo.InvariantCulture,
        out int seeds) ? seeds : 30;

    public static TheoryData<int> Sizes => [2048, 4096, 8192, 16384, 32768];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Random_edits_keep_a_page_sound_and_true_to_its_model(int pageBytes)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            var model = new EditedPage(pageBytes, seed);
            for (int i = 0; i < Edits; i++)
                model.Step();
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_new_page_is_sound(int pageBytes)
    {
        byte[] page = new byte[pageBytes];
        page.AsSpan().Fill(0xAA);
        var editor = new PageEditor(page);
        editor.Initialize(new(77), new(9), PageFlags.Leaf | PageFlags.Index | PageFlags.FlushType, new(0x1234));
        var view = editor.View;
        Assert.Equal(PageRule.None, PageLogic.Check(view, InspectionDepth.Full));
        Assert.Equal(PageFlags.Leaf | PageFlags.Index | PageFlags.NewRecordFormat, view.Flags);
        Assert.Equal((new DbTime(0x1234), new ObjectId(9), 0, 1), (view.DbTime, view.ObjectId, view.NodeCount, view.TagCount));
        Assert.Equal(pageBytes > 8192 ? 77u : 0, view.StoredNumber.Value);

        editor.PreInitialize(new(78), new(9), new(5));
        Assert.Equal(PageRule.None, PageLogic.Check(view, InspectionDepth.Full));
        Assert.Equal((0, PageFlags.PreInit | PageFlags.NewRecordFormat), (view.TagCount, view.Flags));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Marks_and_links_are_set_and_the_kind_of_checksum_stays(int pageBytes)
    {
        var editor = new PageEditor(new byte[pageBytes]);
        editor.Initialize(new(3), new(2), PageFlags.Leaf | PageFlags.EccChecksum, new(1));
        editor.SetFlags(PageFlags.ParentOfLeaf | PageFlags.FlushType);
        editor.SetPrevious(new(5));
        editor.SetNext(new(6));
        editor.SetUncommittedFree(pageBytes);
        var view = editor.View;
        Assert.Equal(PageFlags.ParentOfLeaf | PageFlags.EccChecksum, view.Flags);
        Assert.Equal((new PageNumber(5), new PageNumber(6)), (view.Previous, view.Next));
        Assert.Equal(view.FreeBytes, view.UncommittedFreeBytes);
        Assert.True(editor.TryInsert(0, [1], 0, [1], LineFlags.None));
        Assert.Equal(view.FreeBytes, view.UncommittedFreeBytes);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Lines_that_are_not_there_are_refused(int pageBytes)
    {
        byte[] page = new byte[pageBytes];
        new PageEditor(page).Initialize(new(3), new(2), PageFlags.Leaf, new(1));
        Assert.True(new PageEditor(page).TryInsert(0, [1], 0, [1], LineFlags.None));
        foreach (int line in new[] { -1, 1, 2, int.MaxValue, int.MinValue })
        {
            Refuse(EseError.BadLineCount, page, editor => editor.Delete(line));
            Refuse(EseError.BadLineCount, page, editor => editor.TryReplaceData(line, [1]));
            Refuse(EseError.BadLineCount, page, editor => editor.SetLineFlags(line, LineFlags.Deleted));
            if (line != 1)
                Refuse(EseError.BadLineCount, page, editor => editor.TryInsert(line, [2], 0, [1], LineFlags.None));
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Nodes_that_no_page_can_hold_are_refused(int pageBytes)
    {
        byte[] page = new byte[pageBytes];
        new PageEditor(page).Initialize(new(3), new(2), PageFlags.Leaf, new(1));
        Assert.True(new PageEditor(page).TrySetExternalHeader([1, 2, 3, 4]));
        Assert.True(new PageEditor(page).TryInsert(0, [1], 0, [1], LineFlags.None));
        Refuse(EseError.DatabaseCorrupted, page, editor => editor.TryInsert(0, [1], 0, [], LineFlags.None));
        Refuse(EseError.DatabaseCorrupted, page, editor => editor.TryReplaceData(0, []));
        Refuse(EseError.DatabaseCorrupted, page, editor => editor.TryInsert(0, [1, 2, 4], 3, [1], LineFlags.None));
        Refuse(EseError.DatabaseCorrupted, page, editor => editor.TryInsert(0, [1, 2], 3, [1], LineFlags.None));
        Refuse(EseError.DatabaseCorrupted, page, editor => editor.TryInsert(0, [1, 2], -1, [1], LineFlags.None));
        Refuse(EseError.DatabaseCorrupted, page,
            editor => editor.TryInsert(0, new byte[8200], 0, [1], LineFlags.None));
        Assert.False(new PageEditor(page).TryInsert(0, [9], 0, new byte[pageBytes], LineFlags.None));
        Assert.False(new PageEditor(page).TryReplaceData(0, new byte[pageBytes]));
        Assert.False(new PageEditor(page).TrySetExternalHeader(new byte[pageBytes]));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Whatever_a_page_holds_edits_stay_within_it_or_are_refused(int pageBytes)
    {
        byte[] guarded = new byte[pageBytes + 128];
        for (int seed = 0; seed < Seeds * 20; seed++)
        {
            var random = new Random(seed);
            guarded.AsSpan().Fill(0xE7);
            var page = guarded.AsSpan(64, pageBytes);
            EditedPage.MakeHostile(page, random);
            for (int i = 0; i < 8; i++)
            {
                try
                {
                    EditedPage.EditBlindly(new(page), random);
                }
                catch (EseException e)
                {
                    Assert.True(e.Error is EseError.DatabaseCorrupted or EseError.BadLineCount, $"seed {seed}: {e}");
                }
                catch (Exception e)
                {
                    Assert.Fail($"seed {seed}: {e}");
                }
            }

            Assert.False(guarded.AsSpan(0, 64).ContainsAnyExcept((byte)0xE7), $"seed {seed}");
            Assert.False(guarded.AsSpan(pageBytes + 64).ContainsAnyExcept((byte)0xE7), $"seed {seed}");
        }
    }

    private delegate void Edit(PageEditor editor);

    private static void Refuse(EseError error, byte[] page, Edit edit)
    {
        byte[] before = (byte[])page.Clone();
        Assert.Equal(error, Assert.Throws<EseException>(() => edit(new(page))).Error);
        Assert.Equal(before, page);
    }
}
