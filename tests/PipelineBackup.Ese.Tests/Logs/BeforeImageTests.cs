namespace PipelineBackup.Ese.Tests.Logs;

public sealed class BeforeImageTests
{
    [Fact]
    public void Every_before_image_of_the_corpus_is_a_sound_page_with_the_dbtime_of_its_record()
    {
        GoldenSets.RequireCorpus();
        var counts = new Dictionary<BeforeImageFlags, int>();
        foreach (string folder in GoldenSets.EngineSets.Where(set => set != "damaged").Select(GoldenSets.Engine)
            .Concat(GoldenSets.RealSets.Select(GoldenSets.Real)))
        {
            foreach (string path in LogCorpus.Logs(folder))
                Check(path, counts);
        }

        Assert.True(counts[BeforeImageFlags.None] > 0);
        Assert.True(counts[BeforeImageFlags.Compressed] > 1000, $"{counts[BeforeImageFlags.Compressed]}");
        Assert.True(counts[BeforeImageFlags.Compressed | BeforeImageFlags.Dehydrated] > 30);
    }

    [Fact]
    public void Before_images_of_the_golden_logs_are_sound_pages()
    {
        var counts = new Dictionary<BeforeImageFlags, int>();
        foreach (string set in (string[])["dirty-basic-4096", "extbackup-4096", "jetbackup-4096"])
        {
            foreach (string path in LogCorpus.Logs(GoldenSets.Small(set)))
                Check(path, counts);
        }

        Assert.True(counts[BeforeImageFlags.Compressed] > 20, $"{counts[BeforeImageFlags.Compressed]}");
    }

    [Fact]
    public void A_dehydrated_page_gets_its_room_back()
    {
        // 32 KiB: 80 bytes of header, 100 of nodes, 2 tags.
        byte[] image = new byte[80 + 100 + 8], page = new byte[32768];
        new Random(1).NextBytes(image.AsSpan(80));
        image[34] = 2;
        (image[32], image[28], image[29]) = (100, 0x10, 0);
        BeforeImage.Restore(image, BeforeImageFlags.Dehydrated, PageSize.Of(32768), page);
        Assert.Equal(image[80..180], page[80..180]);
        Assert.Equal(image[180..], page[^8..]);
        Assert.Equal(0x10 + 32768 - 188, new PageView(page).FreeBytes);
        Assert.False(page.AsSpan(180, 32768 - 188).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Images_face_any_bytes()
    {
        byte[] page = new byte[32768];
        for (int seed = 0; seed < LogBytes.Seeds(3000); seed++)
        {
            var random = new Random(seed);
            byte[] image = new byte[random.Next(random.Next(2) == 0 ? 200 : 33000)];
            random.NextBytes(image.AsSpan(0, Math.Min(image.Length, 100)));
            if (image.Length > 0 && random.Next(2) == 0)
                image[0] = (byte)(random.Next(1, 8) << 3);
            var size = PageSize.Of(PageSize.All[random.Next(PageSize.All.Length)]);
            try
            {
                BeforeImage.Restore(image, (BeforeImageFlags)random.Next(4), size, page);
            }
            catch (EseException exception) when (exception.Error is EseError.LogFileCorrupt or EseError.DecompressionFailed
                or EseError.CompressionIntegrityCheckFailed)
            {
                // The answers there are.
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}: {exception}");
            }
        }
    }

    private static void Check(string path, Dictionary<BeforeImageFlags, int> counts)
    {
        using var reader = LogRecordReader.Open(path);
        var size = reader.Header.PageSize;
        byte[] page = new byte[size.Bytes];
        while (reader.TryRead(out var record))
        {
            if (record.Type == LogRecordType.Split)
            {
                var split = record.AsSplit();
                bool isNeeded = split.Split.New != PageNumber.None && split.Split.Type != SplitType.Append && !split.Split.IsHotpoint;
                Assert.Equal(isNeeded, !split.Image.IsEmpty);
                if (isNeeded)
                    Check(record, split.Image, split.ImageFlags, split.Split.Tree, size, page, counts);
            }
            else if (record.Type == LogRecordType.Merge)
            {
                var merge = record.AsMerge();
                bool isNeeded = merge.Merge.Type is MergeType.FullRight or MergeType.PartialRight or MergeType.FullLeft or MergeType.PartialLeft;
                Assert.Equal(isNeeded, !merge.Image.IsEmpty);
                if (isNeeded)
                    Check(record, merge.Image, merge.ImageFlags, merge.Merge.Tree, size, page, counts);
            }
        }
    }

    private static void Check(
        in LogRecordView record, ReadOnlySpan<byte> image, BeforeImageFlags flags, ObjectId tree, PageSize size, byte[] page,
        Dictionary<BeforeImageFlags, int> counts)
    {
        counts[flags] = counts.GetValueOrDefault(flags) + 1;
        BeforeImage.Restore(image, flags, size, page);
        var view = new PageView(page);
        Assert.Equal((record.Page.Time, tree), (view.DbTime, view.ObjectId));
        Assert.Equal(PageRule.None, PageLogic.Check(view, InspectionDepth.Full));
    }
}
