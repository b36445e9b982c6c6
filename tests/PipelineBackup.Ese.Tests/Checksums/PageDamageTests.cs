namespace PipelineBackup.Ese.Tests;

/// <summary>Flips bits in real pages: which flips are seen, which are put right.</summary>
public sealed class PageDamageTests
{
    private const int ChecksumBits = 64;

    // The engine that wrote the golden sets makes no pages of 2 and 16 KiB here: those are made.
    public static TheoryData<string> Sources =>
        ["clean-4096", "clean-32768", "dirty-basic-4096", "made-2048", "made-8192", "made-16384"];

    [Theory]
    [MemberData(nameof(Sources))]
    public void Any_one_flipped_bit_is_seen_and_corrected_exactly_where_the_code_can(string source)
    {
        var pages = Pages(source);
        for (int seed = 0; seed < SamplePages.Seeds(2); seed++)
        {
            // All bits of the header and of every class behind it, then a random choice.
            var random = new Random(seed);
            var (number, page) = pages[random.Next(pages.Count)];
            for (int bit = 0; bit < 128 * 8; bit++)
                CheckFlip(page, number, bit, seed);
            for (int i = 0; i < 1000; i++)
                CheckFlip(page, number, random.Next(page.Length * 8), seed);
        }

        foreach (var (number, page) in pages)
        {
            var random = new Random((int)number.Value);
            for (int i = 0; i < 10; i++)
                CheckFlip(page, number, random.Next(page.Length * 8), (int)number.Value);
        }
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Any_two_flipped_bits_are_seen_and_never_mistaken_for_one(string source)
    {
        var pages = Pages(source);
        for (int seed = 0; seed < SamplePages.Seeds(100); seed++)
        {
            var random = new Random(seed);
            var (number, original) = pages[random.Next(pages.Count)];
            for (int i = 0; i < 20; i++)
            {
                // Often in the same column, where the XOR alone is blind, or within the checksums.
                int bits = original.Length * 8, first = random.Next(random.Next(4) == 0 ? 512 : bits);
                int second = random.Next(2) == 0 ? random.Next(bits) : (first + 32 * random.Next(1, bits / 32)) % bits;
                if (first != second)
                    CheckDamage(original, number, [first, second], $"{source}, seed {seed}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Damage_of_any_size_never_leaves_a_changed_page_in_peace(string source)
    {
        var pages = Pages(source);
        for (int seed = 0; seed < SamplePages.Seeds(300); seed++)
        {
            var random = new Random(seed);
            var (number, original) = pages[random.Next(pages.Count)];
            int[] bits = new int[random.Next(3, 200)];
            int start = random.Next(original.Length * 8);
            int span = Math.Min(1 << random.Next(3, 18), original.Length * 8 - start);
            for (int i = 0; i < bits.Length; i++)
                bits[i] = start + random.Next(span);
            CheckDamage(original, number, bits, $"{source}, seed {seed}");
        }
    }

    private static void CheckFlip(byte[] page, PageNumber number, int bit, int seed)
    {
        string where = $"page {number}, bit {bit}, seed {seed}";
        SamplePages.FlipBit(page, bit);
        bool canCorrect = bit >= ChecksumBits && bit != XorEcc.FormatBit;
        var seen = PageInspector.Inspect(page, number, depth: InspectionDepth.Checksum);
        Assert.True(seen.Finding == PageFinding.ChecksumMismatch, where);
        Assert.True(seen.IsMendable == canCorrect && seen.FirstBit == (canCorrect ? bit : -1), where);

        var verdict = PageInspector.InspectAndRepair(page, number, depth: InspectionDepth.Checksum);
        Assert.True(verdict.Finding == (canCorrect ? PageFinding.Corrected : PageFinding.ChecksumMismatch), where);
        if (!canCorrect)
            SamplePages.FlipBit(page, bit);
        Assert.True(PageChecksum.Verify(page, number), where);
    }

    private static void CheckDamage(byte[] original, PageNumber number, int[] bits, string seed)
    {
        var page = original.ToArray();
        foreach (int bit in bits)
            SamplePages.FlipBit(page, bit);
        if (page.AsSpan().SequenceEqual(original))
            return;

        var damaged = page.ToArray();
        Assert.False(PageInspector.Inspect(page, number, depth: InspectionDepth.Checksum).IsAcceptable, seed);
        var verdict = PageInspector.InspectAndRepair(page, number, depth: InspectionDepth.Checksum);

        // Corrected means as it was: one flip in each block of a large page is within the code's strength.
        if (verdict.Finding == PageFinding.Corrected)
            Assert.True(page.AsSpan().SequenceEqual(original), seed);
        else
            Assert.True(!verdict.IsAcceptable && page.AsSpan().SequenceEqual(damaged), seed);
    }

    private static List<(PageNumber Number, byte[] Page)> Pages(string source)
    {
        if (!source.StartsWith("made-", StringComparison.Ordinal))
            return SamplePages.InUse(source);
        int length = int.Parse(source["made-".Length..], System.Globalization.CultureInfo.InvariantCulture);
        return [.. Enumerable.Range(1, 10)
            .Select(n => (new PageNumber((uint)n), SamplePages.MakeLeaf(length, (uint)n, 5 * n)))];
    }
}
