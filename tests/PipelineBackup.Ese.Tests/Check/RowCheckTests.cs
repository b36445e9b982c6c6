using PipelineBackup.Ese.Tests.Trees;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Check;

/// <summary>Rows against what belongs to them, also where it takes several passes or keys cannot be made.</summary>
public sealed class RowCheckTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void References_are_counted_alike_in_one_pass_and_in_many(int valuesAtOnce)
    {
        var file = MemoryPages.Golden("clean-4096");
        Assert.Empty(Check(file, valuesAtOnce, out var sound));
        Assert.InRange(sound.LongValues, 50, int.MaxValue);

        // One value is gone with its chunks orphaned, another counts one reference too many.
        var data = CatalogReader.Read(file).Find("data");
        var cursor = new TreeCursor(file, data.LongValueRoot, data.LongValueObjectId);
        var roots = new List<(PageNumber Page, int Line)>();
        while (cursor.MoveNext())
        {
            if (cursor.Key.Length == 8 && cursor.Data[0] == 1)
                roots.Add((cursor.Page, cursor.Line));
        }

        file.Line(roots[3].Page, roots[3].Line)[^8]++;
        file.Delete(roots[5].Page, roots[5].Line);
        var messages = Check(file, valuesAtOnce, out var damaged).Select(finding => finding.Message).Order().ToList();
        Assert.Equal(sound.Rows, damaged.Rows);
        Assert.Single(messages, message => message.Contains("counts 1 more references", StringComparison.Ordinal));
        Assert.Single(messages, message => message.Contains("which there is not", StringComparison.Ordinal));
        Assert.Single(messages, message => message.Contains("which has no root", StringComparison.Ordinal));
        Assert.Equal(3, messages.Count);
    }

    [Theory]
    [InlineData("V6_roslyn_v7_512")]
    [InlineData("V7a_kinect_car4_clean_v7")]
    public void An_index_of_text_lists_the_rows_it_should(string set)
    {
        var file = MemoryPages.Load(Path.Combine(GoldenSets.Real(set), "storage.ide"));
        Assert.Empty(Check(file, 1000, out var counts));
        var index = CatalogReader.Read(file).Tables.SelectMany(table => table.Indexes)
            .Where(index => !index.IsPrimary && !KeyNormalizer.CanNormalize(index))
            .First(index => new TreeCursor(file, index.Root, index.ObjectId).MoveFirst());

        var entry = new TreeCursor(file, index.Root, index.ObjectId);
        Assert.True(entry.MoveFirst());
        var damaged = file.Copy();
        damaged.Delete(entry.Page, entry.Line);
        var finding = Assert.Single(Check(damaged, 1000, out var less));
        Assert.Equal(EseError.SecondaryIndexCorrupted, finding.Error);
        Assert.EndsWith(index.Name, finding.Tree, StringComparison.Ordinal);
        Assert.Equal(counts.IndexEntries - 1, less.IndexEntries);

        // And where an entry leads to no row.
        damaged = file.Copy();
        damaged.Line(entry.Page, entry.Line)[^1] ^= 0x55;
        damaged.Seal(entry.Page);
        Assert.Contains(Check(damaged, 1000, out _),
            found => found.Message.Contains("which there is not", StringComparison.Ordinal));
    }

    [Fact]
    public void Entries_add_up_in_any_order_and_no_two_sums_agree_by_chance()
    {
        var random = new Random(3);
        var entries = Enumerable.Range(0, 200).Select(_ => (Key: Bytes(random), Bookmark: Bytes(random))).ToList();
        var sum = Sum(entries);
        Assert.True(Sum(entries.AsEnumerable().Reverse()).Agrees(sum));
        for (int i = 0; i < entries.Count; i++)
        {
            var (key, bookmark) = entries[i];
            Assert.False(Sum(entries.Where((_, at) => at != i)).Agrees(sum));
            Assert.False(Sum(entries.Select((e, at) => at == i ? (bookmark, key) : e)).Agrees(sum));
            Assert.False(Sum(entries.Select((e, at) => at == i ? ([.. key, 0], bookmark) : e)).Agrees(sum));
            Assert.False(Sum(entries.Select((e, at) => at == i ? (key, (byte[])[.. bookmark, 0]) : e)).Agrees(sum));
        }
    }

    private static EntrySum Sum(IEnumerable<(byte[] Key, byte[] Bookmark)> entries)
    {
        var sum = default(EntrySum);
        foreach (var (key, bookmark) in entries)
            sum.Add(key, bookmark);
        return sum;
    }

    private static byte[] Bytes(Random random)
    {
        byte[] bytes = new byte[random.Next(1, 30)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static IReadOnlyList<CheckFinding> Check(MemoryPages file, int valuesAtOnce, out RowCheck rows)
    {
        file.Depth = null;
        var findings = new FindingList(1000);
        rows = new(file, findings, valuesAtOnce);
        foreach (var table in CatalogReader.Read(file).Tables)
            rows.Run(table, CancellationToken.None);
        return findings.Findings;
    }
}
