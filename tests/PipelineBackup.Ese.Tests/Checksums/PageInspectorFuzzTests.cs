namespace PipelineBackup.Ese.Tests;

/// <summary>
/// Bytes that nobody wrote on purpose: no exception, no allocation, and no verdict that contradicts itself.
/// </summary>
public sealed class PageInspectorFuzzTests
{
    public static TheoryData<string> Sources => ["clean-4096", "clean-32768", "dirty-basic-4096"];

    [Theory]
    [MemberData(nameof(Sources))]
    public void Mutated_pages_with_a_good_checksum_never_throw_or_allocate(string source)
    {
        var pages = SamplePages.InUse(source);
        int damaged = 0, seeds = SamplePages.Seeds(400);
        for (int seed = 0; seed < seeds; seed++)
        {
            var random = new Random(seed);
            var (number, original) = pages[random.Next(pages.Count)];
            for (int i = 0; i < 10; i++)
            {
                var page = original.ToArray();
                Mutate(page, random);
                PageChecksum.Write(page, number);
                damaged += InspectQuietly(page, number, seed) == PageFinding.LogicalDamage ? 1 : 0;
            }
        }

        // The mutations reach past the checksum: a good part of them must break a rule.
        Assert.True(damaged > seeds * 3, $"{damaged} of {seeds * 10}");
    }

    [Fact]
    public void Random_bytes_of_any_length_never_throw_or_allocate()
    {
        for (int seed = 0; seed < SamplePages.Seeds(400); seed++)
        {
            var random = new Random(seed);
            bool whole = random.Next(4) > 0;
            var page = new byte[whole ? PageSize.All[random.Next(PageSize.All.Length)] : random.Next(40000)];
            random.NextBytes(page);
            var number = new PageNumber((uint)random.Next());
            if (whole && random.Next(2) == 0)
                PageChecksum.Write(page, number);
            InspectQuietly(page, number, seed);
        }
    }

    private static PageFinding InspectQuietly(byte[] page, PageNumber number, int seed)
    {
        PageVerdict verdict = default, repaired = default;
        var recorded = seed % 8 == 0 ? (FlushType)(seed / 8 % 4) : FlushType.Unknown;
        long allocated = long.MaxValue;
        try
        {
            // What allocates does so every time; compiling a path, or a collection on another thread, does not.
            for (int attempt = 0; attempt < 10 && allocated > 0; attempt++)
            {
                var twin = page.ToArray();
                long before = GC.GetAllocatedBytesForCurrentThread();
                verdict = PageInspector.Inspect(twin, number, recorded, InspectionDepth.Full);
                repaired = PageInspector.InspectAndRepair(twin, number, recorded, InspectionDepth.Full);
                allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            }
        }
        catch (Exception e)
        {
            Assert.Fail($"seed {seed}: {e}");
        }

        Assert.True(allocated == 0, $"seed {seed}: allocates {allocated} bytes");
        bool agree = verdict.Finding == PageFinding.ChecksumMismatch || verdict == repaired;
        Assert.True(agree, $"seed {seed}: {verdict}, {repaired}");
        Assert.Equal(verdict.Finding == PageFinding.LogicalDamage, verdict.Rule != PageRule.None);
        return verdict.Finding;
    }

    /// <summary>A few random changes where they hurt: header fields, tags, first bytes of lines, anywhere.</summary>
    private static void Mutate(Span<byte> page, Random random)
    {
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            int at = random.Next(4) switch
            {
                0 => random.Next(8, 40),
                1 => page.Length - 1 - random.Next(200),
                2 => LineStart(page, random),
                _ => random.Next(8, page.Length),
            };
            page[at] = (byte)(random.Next(3) == 0 ? 255 : random.Next(256));
        }
    }

    private static int LineStart(ReadOnlySpan<byte> page, Random random)
    {
        var view = new PageView(page);
        var tag = view.TagCount > 0 ? view.Tag(random.Next(view.TagCount)) : PageTag.Invalid;
        return tag.IsValid ? Math.Min(tag.Offset + random.Next(4), page.Length - 1) : 8;
    }
}
