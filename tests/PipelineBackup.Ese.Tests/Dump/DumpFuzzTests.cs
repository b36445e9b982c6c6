using PipelineBackup.Ese.Tests.Trees;

namespace PipelineBackup.Ese.Tests.Dump;

/// <summary>Databases that nobody wrote on purpose: a dump or a documented error, in bounded time and memory.</summary>
public sealed class DumpFuzzTests
{
    private static readonly EseError[] s_documented =
    [
        EseError.BadPageLink, EseError.BadParentPageLink, EseError.CompressionIntegrityCheckFailed,
        EseError.ReadVerifyFailure, EseError.PageNotInitialized, EseError.PageNumberMismatch,
        EseError.DatabaseCorrupted, EseError.CatalogCorrupted, EseError.LVCorrupted, EseError.DecompressionFailed,
        EseError.DecryptionFailed, EseError.FileIOBeyondEOF,
    ];

    [Theory]
    [InlineData("clean-4096", true)]
    [InlineData("clean-4096", false)]
    [InlineData("clean-32768", false)]
    public void A_mutated_database_gives_a_dump_or_a_documented_error(string set, bool catalogOnly)
    {
        var sound = MemoryPages.Golden(set);
        var catalog = PagesOf(sound, catalogOnly);
        var errors = new HashSet<EseError>();
        for (int seed = 0; seed < SamplePages.Seeds(set == "clean-4096" ? 60 : 15); seed++)
        {
            var random = new Random(seed);
            var pages = sound.Copy();

            // Half of them as a reader meets them whose checksums fit, half without any rule checked.
            pages.Depth = random.Next(2) == 0 ? InspectionDepth.Basic : null;
            for (int i = random.Next(1, 6); i > 0; i--)
                pages.Change(catalog[random.Next(catalog.Count)], page => Mutate(page, random));
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                DatabaseDump.Write(pages, Stream.Null, new() { SystemTables = random.Next(3) == 0 });
            }
            catch (EseException e)
            {
                Assert.True(s_documented.Contains(e.Error), $"seed {seed}: {e}");
                errors.Add(e.Error);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 64L << 20, $"seed {seed}: allocates {allocated >> 20} MiB");
        }

        Assert.True(errors.Count >= 2, string.Join(", ", errors));
    }

    private static List<PageNumber> PagesOf(MemoryPages pages, bool catalogOnly)
    {
        var found = new List<PageNumber>();
        for (uint number = 4; number <= pages.LastPage.Value; number++)
        {
            var view = pages.View(new(number));
            bool isAside = (view.Flags & (PageFlags.SpaceTree | PageFlags.Empty)) != 0;
            if (!view.IsZero && !isAside && view.TagCount > 1 && (!catalogOnly || view.ObjectId.Value == 2))
                found.Add(new(number));
        }

        return found;
    }

    private static void Mutate(byte[] page, Random random)
    {
        var view = new PageView(page);
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            var tag = view.TagCount > 0 ? view.Tag(random.Next(view.TagCount)) : PageTag.Invalid;
            int at = random.Next(8) switch
            {
                0 => random.Next(16, 40),
                1 => page.Length - 1 - random.Next(64),
                <= 4 when tag.IsValid && tag.Length > 0 => tag.Offset + random.Next(Math.Min(tag.Length, 60)),
                _ when tag.IsValid && tag.Length > 0 => tag.Offset + random.Next(tag.Length),
                _ => random.Next(40, page.Length),
            };
            page[at] = random.Next(3) switch { 0 => 255, 1 => 0, _ => (byte)random.Next(256) };
        }
    }
}
