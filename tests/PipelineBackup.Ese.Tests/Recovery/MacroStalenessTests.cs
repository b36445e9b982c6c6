using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Whichever pages of a macro a crash had written, redo ends in the same pages.</summary>
public sealed class MacroStalenessTests
{
    private const int MostOfAKind = 12;

    public static TheoryData<string> Sets =>
        ["dirty-smo-4096", "dirty-basic-32768", "dirty-lv-4096", "dirty-shrink-4096", "dirty-ddl-4096", "dirty-undo-32768"];

    [Theory]
    [MemberData(nameof(Sets))]
    public void Every_combination_of_stale_pages_ends_in_the_same_pages(string set)
    {
        Dictionary<string, int> kinds = [];
        int images = 0, combinations = 0;
        LogReplay.Run(Path.Combine(GoldenSets.Engine(set), "files"), (rig, context, records) =>
        {
            string kind = MacroPagesOf.Kind(records);
            int seen = kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
            if (seen > MostOfAKind)
            {
                RedoMacro.Apply(context, records);
                return;
            }

            var pages = MacroPagesOf.All(records);
            var before = pages.ToDictionary(page => page, page => MacroPagesOf.Bytes(rig, page));
            RedoMacro.Apply(context, records);
            var after = pages.ToDictionary(page => page, page => MacroPagesOf.Bytes(rig, page));
            Assert.All(pages, page => Assert.Equal(records[records.Count - 1].Page.Time, new PageView(after[page]).DbTime));
            for (int stale = 1; stale < 1 << pages.Count; stale++)
            {
                for (int i = 0; i < pages.Count; i++)
                    ((stale >> i & 1) != 0 ? before : after)[pages[i]].CopyTo(rig.Cache.Require(pages[i]).Edit().Bytes);
                using var versions = new RedoRig(rig.Cache.PageSize.Bytes, pages: 0);
                RedoMacro.Apply(context with { Versions = versions.Versions }, records);
                foreach (var page in pages)
                {
                    string difference = PageDifference.Find(Plain(after[page]), Plain(MacroPagesOf.Bytes(rig, page)));
                    Assert.True(difference.Length == 0, $"{kind}, stale {stale:b}, page {page}: {difference}");
                }

                combinations++;
            }

            images += HasImage(records) ? 1 : 0;
        });

        Assert.True(kinds.Count >= 4 && combinations > 140 && images > 5,
            $"{string.Join("; ", kinds)}, {combinations} combinations, {images} images");
    }

    [Fact]
    public void A_new_page_that_is_stale_beside_a_newer_one_needs_the_image()
    {
        GoldenSets.RequireCorpus();
        int refused = 0;
        LogReplay.Run(Path.Combine(GoldenSets.Engine("dirty-smo-4096"), "files"), (rig, context, records) =>
        {
            var split = Enumerable.Range(0, records.Count).FirstOrDefault(i => records[i].Type == LogRecordType.Split && !records[i].AsSplit().Image.IsEmpty, -1);
            if (split < 0 || refused == 50)
            {
                RedoMacro.Apply(context, records);
                return;
            }

            // The same record without its image.
            var writer = new LogRecordWriter();
            var made = new MacroRecords();
            for (int i = 0; i < records.Count; i++)
            {
                var record = records[i];
                writer.Clear();
                if (i == split)
                    writer.Split(record.AsSplit().Split, record.AsSplit().ParentKey, record.AsSplit().OldPrefix, record.AsSplit().NewPrefix, 0, []);
                else
                    writer.Copy(record.Bytes);
                made.Add(new(writer.Written, record.Position, record.Position));
            }

            var source = records[split].Page.Page;
            var target = records[split].AsSplit().Split.New;
            byte[] before = MacroPagesOf.Bytes(rig, target);
            RedoMacro.Apply(context, made);
            byte[] after = MacroPagesOf.Bytes(rig, target), kept = MacroPagesOf.Bytes(rig, source);
            before.CopyTo(rig.Cache.Require(target).Edit().Bytes);
            Assert.Equal(EseError.DatabaseBufferDependenciesCorrupted,
                Assert.Throws<EseException>(() => RedoMacro.Apply(context, made)).Error);
            Assert.Equal(kept, MacroPagesOf.Bytes(rig, source));
            after.CopyTo(rig.Cache.Require(target).Edit().Bytes);
            refused++;
        }, () => refused < 50);
        Assert.Equal(50, refused);
    }

    // The engine takes marks of versions away when nobody has them any more: an image may lack those of the page.
    private static PageView Plain(byte[] page)
    {
        page = [.. page];
        var editor = new PageEditor(page);
        for (int line = 0; line < editor.View.NodeCount; line++)
        {
            editor.View.Node(line, out var node);
            editor.SetLineFlags(line, node.Flags & ~LineFlags.Versioned);
        }

        return new(page);
    }

    private static bool HasImage(MacroRecords records)
    {
        for (int i = 0; i < records.Count; i++)
        {
            if (records[i].Type == LogRecordType.Split && !records[i].AsSplit().Image.IsEmpty
                || records[i].Type == LogRecordType.Merge && !records[i].AsMerge().Image.IsEmpty)
                return true;
        }

        return false;
    }
}
