using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Headers;

public class FlushMapTests
{
    [Fact]
    public void No_undamaged_database_gives_a_false_alarm()
    {
        var seen = new Dictionary<(bool Exact, FlushVerdict Verdict), int>();
        int maps = 0;
        foreach (var (path, mapPath) in CorpusDatabases.WithMap)
        {
            using var mapFile = File.OpenHandle(mapPath);
            var database = new DatabaseFile(path);
            var map = FlushMap.Open(mapFile, database.Header);
            Assert.True(map.Acceptance.IsAccepted, $"{mapPath}: {map.Acceptance}");
            Assert.Equal(map.IsExact, database.Header.State == DatabaseState.CleanShutdown);
            maps++;
            foreach (uint number in database.Pages)
            {
                var verdict = map.Judge(new(number), database.Page(number));
                Assert.False(verdict is FlushVerdict.Lost or FlushVerdict.Suspect, $"{path}: page {number} {verdict}");
                var key = (map.IsExact, verdict);
                seen[key] = seen.GetValueOrDefault(key) + 1;
            }
        }

        Assert.True(seen[(true, FlushVerdict.Match)] > 500);
        Assert.False(seen.ContainsKey((true, FlushVerdict.Ahead)));
        if (GoldenSets.HasCorpus)
        {
            Assert.True(maps >= 35, $"{maps} maps");
            Assert.True(seen[(false, FlushVerdict.Ahead)] >= 160);
            Assert.True(seen[(false, FlushVerdict.Match)] > 3000);
        }
    }

    [Fact]
    public void Settled_pages_of_dirty_databases_all_match()
    {
        // Pages older than the map's first log are surely named by no log that is to be replayed. Their bound is the
        // update counter that the log's header keeps for the database.
        GoldenSets.RequireCorpus();
        int compared = 0;
        foreach (var (path, mapPath) in CorpusDatabases.WithMap)
        {
            var database = new DatabaseFile(path);
            var map = FlushMap.Open(File.ReadAllBytes(mapPath), database.Header);
            string folder = Path.GetDirectoryName(path)!;
            if (map.IsExact || CounterAtStart(folder, map.Header.MinRequired, database.Header) is not { } bound)
                continue;
            foreach (uint number in database.Pages)
            {
                var page = database.Page(number);
                if (!page.ContainsAnyExcept((byte)0) || BitConverter.ToUInt64(page[8..]) >= bound)
                    continue;
                var verdict = map.Judge(new(number), page, settled: true);
                Assert.True(verdict is FlushVerdict.Match or FlushVerdict.Unknown, $"{path}: page {number} {verdict}");
                compared += verdict == FlushVerdict.Match ? 1 : 0;
            }
        }

        Assert.True(compared >= 1500, $"{compared} settled pages");
    }

    [Fact]
    public void Lost_writes_of_the_corpus_are_caught_where_the_map_can_tell()
    {
        string folder = GoldenSets.Engine("damaged");
        var (database, map) = Open(Path.Combine(folder, "base-lostflush"));
        foreach (var (number, suspect, settled) in (((uint, FlushVerdict, FlushVerdict)[])
        [
            (3, FlushVerdict.Suspect, FlushVerdict.Lost),
            (73, FlushVerdict.Suspect, FlushVerdict.Lost),
            (71, FlushVerdict.Match, FlushVerdict.Match), // the map was saved before the write that is lost
        ]))
        {
            byte[] old = File.ReadAllBytes(Path.Combine(folder, $"lostflush-page-{number}.bin"));
            Assert.False(database.Page(number).SequenceEqual(old));
            Assert.Equal(suspect, map.Judge(new(number), old));
            Assert.Equal(settled, map.Judge(new(number), old, settled: true));
        }

        (database, map) = Open(Path.Combine(folder, "base-soft"));
        Assert.Equal(FlushVerdict.Match, map.Judge(new(63), database.Page(63)));
        Assert.Equal(FlushVerdict.Suspect, map.Judge(new(63), new byte[4096]));
        Assert.Equal(FlushVerdict.Lost, map.Judge(new(63), new byte[4096], settled: true));
    }

    [Fact]
    public void In_a_clean_database_every_difference_is_a_lost_write()
    {
        var (database, map) = Open(Path.Combine(GoldenSets.Small("clean-4096"), "files"));
        Assert.True(map.IsExact);
        int lost = 0;
        foreach (uint number in database.Pages)
        {
            byte[] page = database.Page(number).ToArray();
            var type = FlushMap.TypeOn(page);
            if (map[new(number)] == FlushType.Unknown)
            {
                Assert.Equal(FlushVerdict.Unknown, map.Judge(new(number), page));
                continue;
            }

            Assert.Equal(map[new(number)], type);
            foreach (var other in (FlushType[])[FlushMap.Next(type), FlushMap.Next(FlushMap.Next(type))])
            {
                uint flags = BitConverter.ToUInt32(page, 36) & ~0x18000u | (uint)other << 15;
                BitConverter.TryWriteBytes(page.AsSpan(36), flags);
                Assert.Equal(FlushVerdict.Lost, map.Judge(new(number), page));
                lost++;
            }

            Assert.Equal(FlushVerdict.Lost, map.Judge(new(number), new byte[4096]));
        }

        Assert.True(lost > 800);
    }

    [Fact]
    public void Pages_that_carry_no_type_or_a_later_counter_say_nothing()
    {
        var (database, map) = Open(Path.Combine(GoldenSets.Small("clean-4096"), "files"));
        byte[] page = database.Page(4).ToArray();
        BitConverter.TryWriteBytes(page.AsSpan(36), BitConverter.ToUInt32(page, 36) & ~0x18000u);
        Assert.Equal(FlushVerdict.Unknown, map.Judge(new(4), page));
        foreach (ulong time in (ulong[])[database.Header.DbTime.Value + 1, ulong.MaxValue - 2])
        {
            page = database.Page(4).ToArray();
            BitConverter.TryWriteBytes(page.AsSpan(8), time);
            Assert.Equal(FlushVerdict.Unknown, map.Judge(new(4), page));
        }

        Assert.Equal(FlushVerdict.Unknown, map.Judge(PageNumber.None, page));
        Assert.Equal(FlushVerdict.Unknown, map.Judge(PageNumber.Max, new byte[4096]));
        Assert.Equal(FlushType.Unknown, map[new(uint.MaxValue)]);
    }

    [Fact]
    public void The_types_go_round()
    {
        Assert.Equal(FlushType.Rock, FlushMap.Next(FlushType.Unknown));
        Assert.Equal(FlushType.Paper, FlushMap.Next(FlushType.Rock));
        Assert.Equal(FlushType.Scissors, FlushMap.Next(FlushType.Paper));
        Assert.Equal(FlushType.Rock, FlushMap.Next(FlushType.Scissors));
    }

    [Theory]
    [InlineData(600, 1, false, EseError.ReadVerifyFailure)]
    [InlineData(667, 2, true, EseError.FileInvalidType)]
    [InlineData(4, 4, true, EseError.FlushMapVersionUnsupported)]
    [InlineData(8, 1, true, EseError.FlushMapVersionUnsupported)]
    [InlineData(12, 1, true, EseError.Success)]
    [InlineData(116, 1, true, EseError.FlushMapDatabaseMismatch)]
    [InlineData(36, 1, true, EseError.FlushMapUnrecoverable)] // the clean flag taken from a clean pair
    public void A_map_is_refused_for_the_engines_reasons(int offset, byte flip, bool seal, EseError expected)
    {
        string folder = Path.Combine(GoldenSets.Small("clean-4096"), "files");
        byte[] bytes = File.ReadAllBytes(Path.Combine(folder, "db1.jfm"));
        bytes[offset] ^= flip;
        if (seal)
            CorpusDatabases.Seal(bytes.AsSpan(0, FlushMapHeader.Size));
        var database = new DatabaseFile(Path.Combine(folder, "db1.edb"));
        var map = FlushMap.Open(bytes, database.Header);
        Assert.Equal(expected, map.Acceptance.Error);
        Assert.Equal(expected != EseError.Success, map.Acceptance.Reason.Length > 0);
        if (expected != EseError.Success)
        {
            Assert.Equal(FlushType.Unknown, map[new(4)]);
            Assert.Equal(FlushVerdict.Unknown, map.Judge(new(4), new byte[4096], settled: true));
        }
    }

    [Fact]
    public void An_unset_signature_pairs_with_nothing()
    {
        string folder = Path.Combine(GoldenSets.Small("clean-4096"), "files");
        byte[] bytes = File.ReadAllBytes(Path.Combine(folder, "db1.jfm"));
        byte[] page = CorpusDatabases.Start(Path.Combine(folder, "db1.edb"), 4096);
        bytes.AsSpan(88, 56).Clear();
        page.AsSpan(584, 56).Clear();
        CorpusDatabases.Seal(bytes.AsSpan(0, FlushMapHeader.Size));
        Assert.Equal(EseError.FlushMapDatabaseMismatch, FlushMap.Open(bytes, new(page)).Acceptance.Error);
    }

    [Fact]
    public void A_map_saved_for_an_older_log_than_the_database_needs_is_refused()
    {
        string folder = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");
        byte[] bytes = File.ReadAllBytes(Path.Combine(folder, "db1.jfm"));
        byte[] page = CorpusDatabases.Start(Path.Combine(folder, "db1.edb"), 4096);
        Assert.Equal(EseError.Success, FlushMap.Open(bytes, new(page)).Acceptance.Error);
        BitConverter.TryWriteBytes(page.AsSpan(296), 2); // the map says 1
        Assert.Equal(EseError.FlushMapUnrecoverable, FlushMap.Open(bytes, new(page)).Acceptance.Error);
        BitConverter.TryWriteBytes(page.AsSpan(296), 0);
        Assert.Equal(EseError.FlushMapUnrecoverable, FlushMap.Open(bytes, new(page)).Acceptance.Error);
    }

    [Fact]
    public void A_damaged_page_of_the_map_knows_nothing()
    {
        string folder = Path.Combine(GoldenSets.Small("clean-4096"), "files");
        byte[] bytes = File.ReadAllBytes(Path.Combine(folder, "db1.jfm"));
        var database = new DatabaseFile(Path.Combine(folder, "db1.edb"));
        bytes[8192 + 70] ^= 1;
        bytes[8192 + 90] ^= 1;
        var map = FlushMap.Open(bytes, database.Header);
        Assert.True(map.Acceptance.IsAccepted);
        Assert.Equal(FlushVerdict.Unknown, map.Judge(new(4), new byte[4096]));
    }

    [Fact]
    public void A_map_of_many_pages_answers_for_all_of_them_from_many_threads()
    {
        // 200 pages of map behind 64 slots: every slot is fought for.
        string folder = Path.Combine(GoldenSets.Small("clean-4096"), "files");
        byte[] bytes = new byte[201 * FlushMapHeader.Size];
        File.ReadAllBytes(Path.Combine(folder, "db1.jfm")).AsSpan(0, FlushMapHeader.Size).CopyTo(bytes);
        for (int number = 0; number < 200; number++)
        {
            var page = bytes.AsSpan((number + 1) * FlushMapHeader.Size, FlushMapHeader.Size);
            new Random(number).NextBytes(page[64..]);
            BitConverter.TryWriteBytes(page[16..], number);
            BitConverter.TryWriteBytes(page, XorEcc.Compute(page, (uint)number, isFirst: true));
        }

        string path = Path.Combine(GoldenSets.NewFolder(), "large.jfm");
        File.WriteAllBytes(path, bytes);
        using var file = File.OpenHandle(path);
        var map = FlushMap.Open(file, new DatabaseFile(Path.Combine(folder, "db1.edb")).Header);
        Parallel.For(0, 20000, i =>
        {
            uint number = (uint)((long)i * 7919 * 41 % (200L * FlushMap.PagesPerMapPage));
            if (number == 0)
                return;
            int entry = (int)(number % FlushMap.PagesPerMapPage);
            int stored = bytes[(number / FlushMap.PagesPerMapPage + 1) * FlushMapHeader.Size + 64 + entry / 4];
            Assert.Equal((FlushType)(stored >> (6 - entry % 4 * 2) & 3), map[new(number)]);
        });
    }

    [Fact]
    public void Mutated_maps_give_verdicts()
    {
        string folder = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");
        var database = new DatabaseFile(Path.Combine(folder, "db1.edb"));
        byte[] original = File.ReadAllBytes(Path.Combine(folder, "db1.jfm"));
        int accepted = 0;
        for (int seed = 1; seed <= CorpusDatabases.Seeds; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = [.. original];
            for (int i = random.Next(1, 20); i > 0; i--)
                bytes[random.Next(4) == 0 ? random.Next(680) : random.Next(bytes.Length)] = (byte)random.Next(256);
            CorpusDatabases.Seal(bytes.AsSpan(0, FlushMapHeader.Size));
            var page = bytes.AsSpan(8192, 8192);
            if (random.Next(2) == 0)
                BitConverter.TryWriteBytes(page, XorEcc.Compute(page, 0, isFirst: true));
            if (random.Next(4) == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            try
            {
                var map = FlushMap.Open(bytes, database.Header);
                accepted += map.Acceptance.IsAccepted ? 1 : 0;
                foreach (var property in typeof(FlushMapHeader).GetProperties())
                    _ = property.GetValue(map.Header)?.ToString();
                for (int i = 0; i < 20; i++)
                {
                    uint number = (uint)random.NextInt64(random.Next(2) == 0 ? 300 : uint.MaxValue + 1L);
                    var verdict = map.Judge(new(number), database.Page((uint)random.Next(1, 300)), random.Next(2) == 0);
                    Assert.True(map.Acceptance.IsAccepted || verdict == FlushVerdict.Unknown);
                }
            }
            catch (Exception failure)
            {
                Assert.Fail($"seed {seed}: {failure}");
            }
        }

        Assert.True(accepted > CorpusDatabases.Seeds / 4, $"{accepted} mutated maps were accepted");
    }

    private static (DatabaseFile Database, FlushMap Map) Open(string folder)
    {
        var database = new DatabaseFile(Path.Combine(folder, "db1.edb"));
        return (database, FlushMap.Open(File.ReadAllBytes(Path.Combine(folder, "db1.jfm")), database.Header));
    }

    // The attachment list of a log header: 64 bytes an entry and its names; signature at 36, update counter at 4.
    private static ulong? CounterAtStart(string folder, LogGeneration generation, DatabaseHeader database)
    {
        byte[] signature = new byte[Signature.Size];
        database.Signature.Write(signature);
        foreach (string path in Directory.EnumerateFiles(folder, "*.log"))
        {
            byte[] log = CorpusDatabases.Start(path, 4096);
            if (path.EndsWith("tmp.log", StringComparison.Ordinal) || BitConverter.ToInt32(log, 4) != generation.Value)
                continue;
            for (int at = 671; log[at] != 0; at += 64 + BitConverter.ToUInt16(log, at + 2))
            {
                if (log.AsSpan(at + 36, Signature.Size).SequenceEqual(signature))
                    return BitConverter.ToUInt64(log, at + 4);
            }
        }

        return null;
    }

    private sealed class DatabaseFile
    {
        private readonly byte[] _bytes;
        private readonly int _pageBytes;

        public DatabaseFile(string path)
        {
            _bytes = File.ReadAllBytes(path);
            var pair = HeaderPair.Read(_bytes);
            (Header, _pageBytes) = (pair.Require(path), pair.PageSize.Bytes);
        }

        public DatabaseHeader Header { get; }

        public IEnumerable<uint> Pages =>
            Enumerable.Range(1, _bytes.Length / _pageBytes - 2).Select(number => (uint)number);

        public ReadOnlySpan<byte> Page(uint number) => _bytes.AsSpan((int)(number + 1) * _pageBytes, _pageBytes);
    }
}
