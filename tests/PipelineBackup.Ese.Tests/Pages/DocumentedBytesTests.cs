using System.Globalization;
using System.Text.RegularExpressions;
using PipelineBackup.Ese.Tests.Trees;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests;

/// <summary>The bytes that the documentation shows are those of the golden database, and mean what it says.</summary>
public sealed partial class DocumentedBytesTests
{
    [Theory]
    [InlineData("ese-pages.md", 11)]
    [InlineData("ese-trees.md", 6)]
    public void Every_line_of_bytes_is_that_of_the_page(string document, int lines)
    {
        var file = MemoryPages.Golden("clean-4096");
        var text = File.ReadAllText(Path.Combine(GoldenSets.ProjectRoot, "docs", document));
        var shown = BytesShown().Matches(text);
        Assert.Equal(lines, shown.Count);
        foreach (Match line in shown)
        {
            var number = new PageNumber(uint.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture));
            int offset = int.Parse(line.Groups[2].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            byte[] bytes = Convert.FromHexString(line.Groups[3].Value.Replace(" ", "", StringComparison.Ordinal));
            Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(file[number].Slice(offset, bytes.Length)));
        }
    }

    [Fact]
    public void The_pages_of_the_example_read_as_told()
    {
        var file = MemoryPages.Golden("clean-4096");
        var page = file.View(new(4));
        Assert.Equal((0x1FAu, 2u, 3980, 0, 0xB43), ((uint)page.DbTime.Value, page.ObjectId.Value, page.FreeBytes,
            page.UncommittedFreeBytes, page.FirstFree));
        Assert.Equal((4, 1, 3, FlushType.Paper), (page.TagCount, page.ReservedTags, page.NodeCount, page.FlushType));
        Assert.Equal(["7f800000037f80027f80000103 13", "7f800000087f80037f8000000a 14", " 19"],
            Enumerable.Range(0, 3).Select(line => Node(file, 4, line)));

        Assert.Equal("7f800000027f80027f80000001", Convert.ToHexStringLower(file.View(new(13)).PrefixKey));
        Assert.StartsWith("7f800000027f80017f80000002 ", Node(file, 13, 0), StringComparison.Ordinal);
        Assert.StartsWith("7f800000027f80027f80000001 ", Node(file, 13, 1), StringComparison.Ordinal);
        Assert.Equal(LineFlags.Versioned | LineFlags.Compressed, file.View(new(13)).Tag(1).Flags);
        Assert.Equal("800000008000000100000f 70", Node(file, 67, 0));
    }

    [Fact]
    public void The_space_of_the_example_reads_as_told()
    {
        var file = MemoryPages.Golden("clean-4096");
        var space = new SpaceTree(file, new(1), new(1));
        Assert.Equal(["1–62", "63–94"], space.Owned().Take(2).Select(extent => extent.ToString()));
        Assert.Equal(606, space.Owned().Sum(extent => extent.Count));
        Assert.Equal(new AvailableExtent(PageExtent.From(new(591), 16), SpacePool.General), Assert.Single(space.Available()));
        Assert.Equal(638u, file.LastPage.Value);
        var deleted = new TreeCursor(file, new(3), new(1)) { IncludesDeleted = true };
        Assert.True(deleted.MoveFirst());
        Assert.Equal("0000003e", Convert.ToHexStringLower(deleted.Key));
        Assert.Equal(LineFlags.Deleted, deleted.Flags);
    }

    [Fact]
    public void The_snippet_of_the_pages_shows_the_nodes_of_a_page()
    {
        using var output = new StringWriter();
        string path = Database;
        using var file = DatabaseFile.Open(path);           // headers, last page, cache, inspection
        byte[] buffer = new byte[file.PageSize.Bytes];      // the buffer is yours, the page stays in it
        PageVerdict verdict = file.Read(new PageNumber(13), buffer);
        if (verdict.Error == EseError.Success)              // damage is an answer
        {
            var page = new PageView(buffer);
            for (int line = 0; line < page.NodeCount; line++)
            {
                if (page.Node(line, out NodeView node) == PageRule.None)
                    output.WriteLine($"{Convert.ToHexString(node.KeyToArray())} {node.Data.Length} bytes {node.Flags}");
            }
        }

        Assert.StartsWith("7F800000027F80017F80000002 45 bytes Versioned, Compressed", output.ToString(),
            StringComparison.Ordinal);
        Assert.Equal(60, output.ToString().Count(c => c == '\n'));
    }

    [Fact]
    public void The_snippet_of_a_cursor_walks_and_finds()
    {
        using var output = new StringWriter();
        using var file = DatabaseFile.Open(Database);
        byte[] key = Convert.FromHexString("7f800000027f80027f80000001"), data = [], start = [0x7F, 0x80];
        var cursor = new TreeCursor(file, root: new PageNumber(4), objectId: new ObjectId(2));
        while (cursor.MoveNext())
            output.WriteLine($"{cursor.Page}:{cursor.Line} {Convert.ToHexString(cursor.Key)} {cursor.Data.Length}");

        bool found = cursor.Seek(key)               // that key exactly
            && cursor.SeekAtLeast(key)              // that key or the next greater
            && cursor.SeekAtLeast(key, data)        // where keys repeat: that node or the next
            && cursor.SeekPrefix(start);            // the first key that begins so
        Assert.True(found);
        Assert.Equal((new PageNumber(13), 0), (cursor.Page, cursor.Line));
        Assert.StartsWith("13:0 7F800000027F80017F80000002 45", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_snippet_of_the_check_shows_what_is_wrong()
    {
        using var output = new StringWriter();
        string path = Path.Combine(GoldenSets.NewFolder(), "db1.edb");
        byte[] bytes = File.ReadAllBytes(Database);
        bytes.AsSpan((int)new PageNumber(14).FileOffset(PageSize.Default) + 100, 50).Clear();
        File.WriteAllBytes(path, bytes);
        var cancellationToken = TestContext.Current.CancellationToken;
        using var file = DatabaseFile.Open(path);
        CheckReport report = new DatabaseCheck(file, file.Header).Run(cancellationToken);
        foreach (CheckFinding finding in report.Findings)
            output.WriteLine(finding);                      // -327 orders, page 61: its left sibling is 58, not 60
        Assert.Contains("-1018 MSysObjects, page 14: cannot be read", output.ToString(), StringComparison.Ordinal);
    }

    private static string Database => Path.Combine(GoldenSets.Small("clean-4096"), "files", "db1.edb");

    private static string Node(MemoryPages file, uint page, int line)
    {
        Assert.Equal(PageRule.None, file.View(new(page)).Node(line, out var node));
        return $"{Convert.ToHexStringLower(node.KeyToArray())} {node.Child}";
    }

    [GeneratedRegex(@"^ +(\d+) ([0-9a-f]{4})  ((?:[0-9a-f]{2} ?)+)$", RegexOptions.Multiline)]
    private static partial Regex BytesShown();
}
