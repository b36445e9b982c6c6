using PipelineBackup.Ese.Tests.Simulation;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Macros and pages that lie: redo refuses them, or does something to pages of the database.</summary>
public sealed class MacroFuzzTests
{
    [Theory]
    [InlineData("dirty-smo-4096")]
    [InlineData("dirty-undo-32768")]
    [InlineData("dirty-shrink-4096")]
    public void Whatever_a_macro_says_only_an_error_of_the_engine_comes_of_it(string set)
    {
        var macros = Collect(Path.Combine(GoldenSets.Engine(set), "files"), out int pageBytes);
        int refused = 0, done = 0;
        using var rig = new RedoRig(pageBytes, pages: 0, memoryBytes: 64 << 20);
        Seeds.Each(1500, random =>
        {
            var (records, pages) = random.Pick(macros.ToArray());
            foreach (var (number, bytes) in pages)
            {
                var page = rig.Cache.Create(number).Edit().Bytes;
                bytes.CopyTo(page);
                if (random.OneIn(3))
                    Damage(random, page);
                if (random.OneIn(4))
                    new PageEditor(page).SetTime(records[0].Type == LogRecordType.RootPageMove ? records[0].Body<RootMove>().Time : records[0].Page.Time);
            }

            try
            {
                RedoMacro.Apply(rig.Context, random.OneIn(4) ? records : Mutate(random, records));
                Interlocked.Increment(ref done);
            }
            catch (EseException)
            {
                Interlocked.Increment(ref refused);
            }
        });
        Assert.True(refused > 50 && done > 50, $"{refused} refused, {done} done");
    }

    // All but checksum, dbtime and tree: those would only have the page refused.
    private static void Damage(Random random, Span<byte> page)
    {
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            int at = random.Next(3) switch
            {
                0 => 28 + random.Next(12),
                1 => page.Length - 1 - random.Next(Math.Min(page.Length / 2, 200)),
                _ => 40 + random.Next(page.Length - 40),
            };
            page[at] = (byte)random.Next(random.Next(2) == 0 ? 4 : 256);
        }
    }

    private static MacroRecords Mutate(Random random, MacroRecords records)
    {
        var made = new MacroRecords();
        int victim = random.Next(records.Count);
        for (int i = 0; i < records.Count; i++)
        {
            if (i == victim && random.OneIn(6))
                continue;
            byte[] bytes = records[i].Bytes.ToArray();
            for (int n = i == victim ? random.Next(1, 4) : 0; n > 0; n--)
            {
                // Mostly the fixed part behind session, database and dbtimes.
                int at = random.OneIn(4) ? 1 + random.Next(bytes.Length - 1) : Math.Min(bytes.Length - 1, random.Next(24, 110));
                byte old = bytes[at];
                bytes[at] = random.Next(3) switch { 0 => (byte)random.Next(4), 1 => (byte)(old ^ (1 << random.Next(8))), _ => (byte)random.Next(256) };
                if (LogRecordCatalogue.Measure(bytes) != bytes.Length)
                    bytes[at] = old;
            }

            made.Add(new(bytes, records[i].Position, records[i].Position));
            if (i == victim && random.OneIn(8))
                made.Add(records[random.Next(records.Count)]);
        }

        return made;
    }

    // A macro of each kind, and some more, with its pages as they were before.
    private static List<(MacroRecords Records, List<(PageNumber, byte[])> Pages)> Collect(string folder, out int pageBytes)
    {
        List<(MacroRecords, List<(PageNumber, byte[])>)> macros = [];
        Dictionary<string, int> kinds = [];
        int size = 0;
        LogReplay.Run(folder, (rig, context, records) =>
        {
            size = rig.Cache.PageSize.Bytes;
            string kind = MacroPagesOf.Kind(records);
            int seen = kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
            if (seen <= 6)
            {
                var copy = new MacroRecords();
                for (int i = 0; i < records.Count; i++)
                    copy.Add(records[i]);
                macros.Add((copy, MacroPagesOf.All(records).ConvertAll(page => (page, MacroPagesOf.Bytes(rig, page)))));
            }

            RedoMacro.Apply(context, records);
        });
        pageBytes = size;
        return macros;
    }
}
