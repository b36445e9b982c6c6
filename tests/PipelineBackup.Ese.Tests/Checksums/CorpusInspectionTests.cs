using System.Text.Json;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests;

/// <summary>Every page of every database of the corpus, and what the engine itself said of damaged ones.</summary>
public sealed class CorpusInspectionTests
{
    public static TheoryData<string> SmallSets => ["clean-4096", "clean-32768", "dirty-basic-4096", "dirty-empty-4096",
        "extbackup-4096", "jetbackup-4096"];

    [Theory]
    [MemberData(nameof(SmallSets))]
    public void Every_page_of_the_small_sets_is_sound(string set) =>
        Assert.InRange(InspectAll(GoldenSets.Small(set)), 1, int.MaxValue);

    [Fact]
    public void Every_page_of_the_corpus_is_sound()
    {
        GoldenSets.RequireCorpus();
        var sound = GoldenSets.EngineSets.Where(set => set != "damaged");
        int databases = sound.Sum(set => InspectAll(GoldenSets.Engine(set)))
            + GoldenSets.RealSets.Sum(set => InspectAll(GoldenSets.Real(set)));
        Assert.InRange(databases, 50, int.MaxValue);
    }

    [Fact]
    public void Pages_that_the_engine_compared_with_its_flush_map_are_judged_alike()
    {
        // The base is whole; pages 71 and 3 of older states of it were pasted in to lose a write.
        string folder = GoldenSets.Engine("damaged");
        var (size, file) = SamplePages.ReadDatabase(Path.Combine(folder, "base-lostflush", "db1.edb"));
        foreach (uint pgno in (uint[])[3, 71])
        {
            var number = new PageNumber(pgno);
            var now = file.AsSpan((int)number.FileOffset(size), size.Bytes);
            var older = File.ReadAllBytes(Path.Combine(folder, $"lostflush-page-{pgno}.bin"));
            var recorded = new PageView(now).FlushType;
            Assert.Equal(PageFinding.Ok, PageInspector.Inspect(now, number, recorded, InspectionDepth.Full).Finding);
            Assert.Equal(PageFinding.Ok, PageInspector.Inspect(older, number, depth: InspectionDepth.Full).Finding);
            Assert.Equal(PageFinding.LostFlush, PageInspector.Inspect(older, number, recorded).Finding);
        }
    }

    [Fact]
    public void Damaged_databases_are_counted_as_the_engine_counts_them()
    {
        string folder = GoldenSets.Engine("damaged");
        int compared = 0;
        foreach (string path in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            if (json.RootElement.ValueKind != JsonValueKind.Object
                || !json.RootElement.TryGetProperty("checksum_before", out var said)
                || said.ValueKind != JsonValueKind.Array)
                continue;

            Compare(folder, json.RootElement, said, Path.GetFileName(path));
            compared++;
        }

        Assert.InRange(compared, 50, int.MaxValue);
    }

    private static void Compare(string folder, JsonElement damage, JsonElement said, string name)
    {
        var (size, file, trailer) = Base(folder, damage.GetProperty("base").GetString()!);
        foreach (var op in damage.GetProperty("ops").EnumerateArray())
        {
            if (op.GetProperty("file").GetString() == "db1.edb")
                file = Apply(file, op, folder);
        }

        // With both headers bad the engine stopped there.
        var counts = said.EnumerateArray().FirstOrDefault(e => e.TryGetProperty("uninitialized", out _));
        if (counts.ValueKind == JsonValueKind.Undefined)
        {
            Assert.False(HeaderChecksum.Verify(file.AsSpan(0, size.Bytes)), name);
            Assert.False(HeaderChecksum.Verify(file.AsSpan(size.Bytes, size.Bytes)), name);
            return;
        }

        var verdicts = Inspect(file, size, trailer).ToList();
        int Count(string field) => counts.GetProperty(field).GetInt32();
        Assert.True(Count("pages") == verdicts.Count, name);
        int Found(PageFinding finding) => verdicts.Count(v => v.Verdict.Finding == finding);
        Assert.True(Count("uninitialized") == Found(PageFinding.Uninitialized), name);
        Assert.True(Count("correctable") == Found(PageFinding.Corrected), name);
        Assert.True(Count("bad") == verdicts.Count(v => !v.Verdict.IsAcceptable), name);
        var bad = said.EnumerateArray().Where(e => e.TryGetProperty("pgno", out _) && e.TryGetProperty("err", out _));
        Assert.Equal(bad.Select(e => (e.GetProperty("pgno").GetUInt32(), e.GetProperty("err").GetInt32())),
            verdicts.Where(v => !v.Verdict.IsAcceptable).Select(v => (v.Number.Value, (int)v.Verdict.Error)));
    }

    private static (PageSize Size, byte[] File, PageNumber Trailer) Base(string folder, string name)
    {
        bool isBackup = name.StartsWith("base-hard", StringComparison.Ordinal);
        string place = isBackup ? Path.Combine(folder, "base-hard", "backup") : Path.Combine(folder, name);
        var (size, file) = SamplePages.ReadDatabase(Path.Combine(place, "db1.edb"));
        return (size, file, isBackup ? PageNumber.FromFileIndex(file.Length / size.Bytes - 1) : PageNumber.None);
    }

    private static byte[] Apply(byte[] file, JsonElement op, string folder)
    {
        int Number(string field) => op.GetProperty(field).GetInt32();
        switch (op.GetProperty("op").GetString())
        {
            case "xor":
                file[Number("off")] ^= (byte)Number("val");
                return file;
            case "fill":
                file.AsSpan(Number("off"), Number("len")).Fill((byte)Number("byte"));
                return file;
            case "copy":
                file.AsSpan(Number("src"), Number("len")).CopyTo(file.AsSpan(Number("dst")));
                return file;
            case "paste":
                string from = Path.Combine(folder, op.GetProperty("from").GetString()!);
                File.ReadAllBytes(from).CopyTo(file, Number("off"));
                return file;
            case "truncate":
                return file[..Number("len")];
            case var other:
                throw new InvalidDataException($"unknown kind of damage: {other}");
        }
    }

    /// <summary>
    /// Verdicts on all pages; the trailer of a streamed copy, which is counted but is no page, has a header's checksum.
    /// </summary>
    private static IEnumerable<(PageNumber Number, PageVerdict Verdict)> Inspect(
        byte[] file, PageSize size, PageNumber trailer)
    {
        for (var number = new PageNumber(1); number.FileOffset(size) < file.Length; number = new(number.Value + 1))
        {
            var page = file.AsSpan((int)number.FileOffset(size), size.Bytes);
            bool isTrailer = number == trailer && HeaderChecksum.Verify(page);
            var verdict = PageInspector.InspectAndRepair(page, number, depth: InspectionDepth.Full);
            yield return (number, isTrailer ? default : verdict);
        }
    }

    private static int InspectAll(string folder)
    {
        int databases = 0;
        string[] names = [".edb", ".dat", ".db", ".ide"];
        foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            if (!names.Contains(Path.GetExtension(path)))
                continue;
            var (size, file) = SamplePages.ReadDatabase(path);
            bool isCopy = Path.GetRelativePath(folder, path).StartsWith("backup", StringComparison.Ordinal);
            var trailer = isCopy ? PageNumber.FromFileIndex(file.Length / size.Bytes - 1) : PageNumber.None;
            foreach (var (number, verdict) in Inspect(file, size, trailer))
            {
                bool isSound = verdict.Finding is PageFinding.Ok or PageFinding.Uninitialized;
                Assert.True(isSound, $"{path}, page {number}: {verdict}");
            }

            databases++;
        }

        return databases;
    }
}
