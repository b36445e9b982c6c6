using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Logs;

public sealed class LogChainTests
{
    private static readonly string s_folder = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");

    // The database of this set needs generations 1 to 12.
    private static readonly RequiredLogs s_required = new(new(1), new(12), new(12));

    [Fact]
    public void A_whole_stream_is_in_order_and_sound()
    {
        var chain = LogChain.Open(s_folder, "EDB");
        chain.ScanAll();

        Assert.Equal(Enumerable.Range(1, 12), chain.Generations.Select(file => file.Generation.Value));
        Assert.Empty(chain.Findings);
        Assert.Equal((1, 12, 1), (chain.Lowest.Value, chain.Highest.Value, chain.UnbrokenFrom.Value));
        Assert.Equal(("edb.log", "edbtmp.log"), (chain.Current!.FileName, chain.Temporary!.FileName));
        Assert.All(chain.Generations, file => Assert.True(file.Scan!.IsGood));
        Assert.Null(chain.JudgeSoftRecovery([s_required]));
    }

    [Fact]
    public void Opening_reads_headers_only_and_a_range_can_be_scanned()
    {
        var chain = LogChain.Open(s_folder, "edb");
        Assert.All(chain.Generations, file => Assert.Null(file.Scan));
        chain.ScanAll(new(11));
        Assert.Equal(2, chain.Generations.Count(file => file.Scan is not null));
    }

    [Fact]
    public void Base_names_are_found_and_streams_kept_apart()
    {
        string folder = GoldenSets.NewFolder();
        File.Copy(Path.Combine(s_folder, "edb.log"), Path.Combine(folder, "edb.log"));
        File.Copy(Path.Combine(s_folder, "edb00000001.log"), Path.Combine(folder, "SRU00001.log"));
        File.WriteAllText(Path.Combine(folder, "app.log"), "12:00 started");
        File.WriteAllText(Path.Combine(folder, "res1.log"), "");
        File.WriteAllText(Path.Combine(folder, "edb00007.RAW"), "");

        Assert.Equal(["SRU", "edb"], LogChain.FindBaseNames(folder));
        Assert.Equal(1, Assert.Single(LogChain.Open(folder, "sru").Generations).Generation.Value);
        Assert.Equal(12, Assert.Single(LogChain.Open(folder, "edb").Generations).Generation.Value);
        Assert.Empty(LogChain.Open(folder, "zzz").Generations);
    }

    [Fact]
    public void A_missing_generation_is_found_and_named()
    {
        var chain = Chain(files => files.RemoveAll(file => file.Name is "edb00000004.log" or "edb00000005.log"));

        var finding = Assert.Single(chain.Findings);
        Assert.Equal((EseError.MissingLogFile, 4, "edb00000004.log"), (finding.Error, finding.Generation.Value, finding.File));
        Assert.Contains("5", finding.Message, StringComparison.Ordinal);
        Assert.Equal(6, chain.UnbrokenFrom.Value);
        Assert.Equal(EseError.InvalidLogSequence, chain.JudgeSoftRecovery([s_required])!.Error);
        Assert.Equal(EseError.MissingLogFile, chain.JudgeSoftRecovery([s_required with { Min = new(5) }])!.Error);
        Assert.Null(chain.JudgeSoftRecovery([s_required with { Min = new(6) }]));
        Assert.Equal(EseError.RequiredLogFilesMissing, chain.JudgeSoftRecovery([s_required], new(Start: new(6)))!.Error);
    }

    [Theory]
    [InlineData(false, false, EseError.MissingLogFile)]
    [InlineData(false, true, EseError.RequiredLogFilesMissing)]
    [InlineData(true, false, EseError.RequiredLogFilesMissing)]
    public void A_missing_current_log_is_judged_by_what_is_beside_it(bool temporary, bool allowed, EseError error)
    {
        var chain = Chain(files => files.RemoveAll(file => file.Name == "edb.log" || file.Name == "edbtmp.log" && !temporary));
        Assert.Equal(error, chain.JudgeSoftRecovery([s_required], new(AllowMissingCurrentLog: allowed))!.Error);
        Assert.Equal(temporary ? 0 : 1, chain.Findings.Count);
    }

    [Fact]
    public void Losing_only_committed_logs_has_errors_of_its_own()
    {
        var required = new RequiredLogs(new(1), new(9), new(12));
        var without = Chain(files => files.RemoveAll(file => file.Name == "edb.log"));
        Assert.Equal(EseError.CommittedLogFilesMissing, without.JudgeSoftRecovery([required])!.Error);
        Assert.Null(without.JudgeSoftRecovery([required], new(IgnoreLostLogs: true)));
        Assert.Null(without.JudgeSoftRecovery([required with { Committed = new(11) }]));

        var damaged = Chain(files => Change(files, "edb0000000A.log", bytes => new Random(1).NextBytes(bytes.AsSpan(0x2000, 99))));
        Assert.Equal(EseError.CommittedLogFileCorrupt, damaged.JudgeSoftRecovery([required])!.Error);
        Assert.Equal(EseError.LogFileCorrupt, damaged.JudgeSoftRecovery([required with { Max = new(10) }])!.Error);
    }

    [Fact]
    public void A_log_with_another_name_than_generation_is_a_mismatch()
    {
        var chain = Chain(files =>
        {
            var five = files.Find(file => file.Name == "edb00000005.log");
            files[files.FindIndex(file => file.Name == "edb00000004.log")] = ("edb00000004.log", five.Bytes);
        });
        Assert.Contains(chain.Findings, finding => finding is { Error: EseError.LogGenerationMismatch, Generation.Value: 4 });
        Assert.Equal(EseError.LogGenerationMismatch, chain.JudgeSoftRecovery([s_required])!.Error);
    }

    [Fact]
    public void A_generation_twice_is_told_and_the_sound_one_counts()
    {
        var chain = Chain(files =>
        {
            byte[] broken = [.. files.Find(file => file.Name == "edb00000004.log").Bytes];
            broken[99] ^= 1;
            files.Insert(0, ("edb00004.log", broken));
        });
        var finding = Assert.Single(chain.Findings);
        Assert.Equal((4, "edb00004.log"), (finding.Generation.Value, finding.File));
        Assert.Contains("twice", finding.Message, StringComparison.Ordinal);
        Assert.Null(chain.JudgeSoftRecovery([s_required]));
    }

    [Fact]
    public void A_lost_end_of_a_log_shows_in_the_checksum_of_the_next_header()
    {
        var chain = Chain(files => Change(files, "edb00000006.log", bytes =>
        {
            var scan = LogBytes.Scan(bytes);
            bytes.SegmentAt(scan.LastValidSegment).Clear();
        }));
        var finding = Assert.Single(chain.Findings);
        Assert.Equal((EseError.LogSequenceChecksumMismatch, 7), (finding.Error, finding.Generation.Value));
        Assert.Equal(EseError.LogSequenceChecksumMismatch, chain.JudgeSoftRecovery([s_required])!.Error);
        Assert.Equal(7, chain.UnbrokenFrom.Value);
    }

    [Fact]
    public void A_log_of_another_time_does_not_continue_the_one_before()
    {
        var chain = Chain(files => Change(files, "edb00000006.log", bytes =>
        {
            bytes[16] ^= 1;
            LogBytes.StampHeader(bytes);
        }));
        Assert.Contains(chain.Findings, finding => finding is { Error: EseError.InvalidLogSequence, Generation.Value: 7 });
        Assert.Equal(EseError.InvalidLogSequence, chain.JudgeSoftRecovery([s_required])!.Error);
        Assert.Equal(EseError.GivenLogFileIsNotContiguous, chain.JudgeRestore([s_required])!.Error);
    }

    [Fact]
    public void A_log_of_another_stream_is_told_from_the_others()
    {
        var chain = Chain(files => Change(files, "edb00000006.log", Resign));
        Assert.Equal((EseError.BadLogSignature, 6), Assert.Single(chain.Findings) is var one ? (one.Error, one.Generation.Value) : default);
        Assert.Equal(EseError.BadLogSignature, chain.JudgeSoftRecovery([s_required])!.Error);
        Assert.Equal(EseError.GivenLogFileHasBadSignature, chain.JudgeRestore([s_required])!.Error);
        Assert.Null(chain.JudgeSoftRecovery([s_required with { Min = new(7) }]));

        static void Resign(byte[] bytes)
        {
            bytes[44] ^= 1;
            LogBytes.StampHeader(bytes);
        }
    }

    [Fact]
    public void A_database_names_the_time_of_its_highest_log()
    {
        var chain = LogChain.Open(s_folder, "edb");
        var created = chain.Find(new(12))!.Header!.Created;
        Assert.Null(chain.JudgeSoftRecovery([s_required with { MaxCreated = created }]));
        Assert.Null(chain.JudgeSoftRecovery([s_required with { CommittedCreated = created }]));
        Assert.Equal(EseError.RequiredLogFilesMissing, chain.JudgeSoftRecovery([s_required with { MaxCreated = new(1) }])!.Error);
        Assert.Equal(EseError.RequiredLogFilesMissing, chain.JudgeSoftRecovery([s_required with { CommittedCreated = new(1) }])!.Error);
        Assert.Null(chain.JudgeSoftRecovery([s_required with { Committed = new(13), CommittedCreated = new(1) }], new(IgnoreLostLogs: true)));
    }

    [Fact]
    public void No_logs_at_all_are_enough_for_clean_databases_only()
    {
        var chain = new LogChain("edb", []);
        Assert.Null(chain.JudgeSoftRecovery([default]));
        Assert.Equal(EseError.RequiredLogFilesMissing, chain.JudgeSoftRecovery([s_required])!.Error);
        Assert.Equal(EseError.RequiredLogFilesMissing, chain.JudgeRestore([s_required])!.Error);
        Assert.Empty(chain.Findings);
    }

    [Fact]
    public void A_torn_log_serves_soft_recovery_but_not_a_restore()
    {
        var chain = Chain(files => Change(files, "edb.log", bytes =>
        {
            var scan = LogBytes.Scan(bytes);
            int last = scan.LastValidSegment;
            bytes.SegmentAt(last).CopyTo(bytes.SegmentAt(last + 1));
            new Random(2).NextBytes(bytes.SegmentAt(last)[1000..]);
        }));
        Assert.Empty(chain.Findings);
        Assert.Null(chain.JudgeSoftRecovery([s_required]));
        Assert.Equal(EseError.LogTornWriteDuringHardRestore, chain.JudgeRestore([s_required])!.Error);
    }

    [Fact]
    public void A_restore_rolls_forward_with_what_continues_the_set()
    {
        var all = LogChain.Open(s_folder, "edb");
        var set = Chain(files => files.RemoveAll(file => string.CompareOrdinal(file.Name, "edb00000007") > 0 || file.Name == "edb.log"));
        Assert.Equal(6, set.Highest.Value);
        Assert.Null(set.JudgeRestore([s_required], rollForward: all));
        Assert.Equal(EseError.RequiredLogFilesMissing, set.JudgeRestore([s_required])!.Error);
        Assert.Null(set.JudgeRestore([s_required with { Max = new(6) }]));
        Assert.Equal(EseError.FileNotFound, set.JudgeRestore([s_required], high: new(7))!.Error);
        var gap = Chain(files => files.RemoveAll(file => file.Name == "edb00000007.log"));
        Assert.Equal(EseError.MissingCurrentLogFiles, set.JudgeRestore([s_required], rollForward: gap)!.Error);
        var again = Chain(files => Change(files, "edb00000007.log", bytes =>
        {
            bytes[24] ^= 1;
            LogBytes.StampHeader(bytes);
        }));
        Assert.Equal(EseError.ExistingLogFileIsNotContiguous, set.JudgeRestore([s_required], rollForward: again)!.Error);
    }

    [Fact]
    public void Real_streams_are_whole_and_their_temporary_logs_left_out()
    {
        foreach (var (set, baseName, generations) in ((string, string, int[])[])
            [("V1_srum_srv2022_A", "SRU", [1, 2]), ("V2_srum_srv2022_B", "SRU", [3, 4, 5]), ("V3_srum_win11_dirty", "SRU", [89, 90, 91, 92]),
                ("V6_roslyn_v7_512", "edb", [1]), ("V7a_kinect_car4_clean_v7", "edb", [8, 9]), ("V7b_kinect_car4copy_dirty_v7", "edb", [8, 9])])
        {
            string folder = GoldenSets.Real(set);
            Assert.Equal([baseName], LogChain.FindBaseNames(folder));
            var chain = LogChain.Open(folder, baseName);
            chain.ScanAll();
            Assert.Equal(generations, chain.Generations.Select(file => file.Generation.Value));
            Assert.Empty(chain.Findings);
            Assert.Equal(generations[0], chain.UnbrokenFrom.Value);
        }
    }

    [Fact]
    public void Every_corpus_stream_is_whole()
    {
        GoldenSets.RequireCorpus();
        int streams = 0;
        foreach (string set in GoldenSets.EngineSets.Where(set => set.StartsWith("dirty", StringComparison.Ordinal)))
        {
            string folder = Path.Combine(GoldenSets.Engine(set), "files");
            var chain = LogChain.Open(folder, Assert.Single(LogChain.FindBaseNames(folder)));
            chain.ScanAll();
            Assert.True(chain.Findings.Count == 0, $"{set}: {string.Join("; ", chain.Findings)}");
            streams++;
        }

        Assert.True(streams >= 20, $"{streams}");
    }

    [Fact]
    public void A_chain_faces_any_headers()
    {
        var originals = Files();
        for (int seed = 0; seed < LogBytes.Seeds(150); seed++)
        {
            var random = new Random(seed);
            var files = originals.Select(file => (file.Name, Bytes: file.Bytes[..LogHeader.Size].ToArray(), Length: (long)file.Bytes.Length)).ToList();
            for (int i = random.Next(1, 12); i > 0; i--)
            {
                var file = files[random.Next(files.Count)];
                for (int n = random.Next(1, 5); n > 0; n--)
                    file.Bytes[random.Next(72)] = (byte)random.Next(256);
                LogBytes.StampHeader(file.Bytes);
            }

            try
            {
                var chain = new LogChain("edb", files.Where(_ => random.Next(9) > 0).Select(file => new LogFileEntry(
                    file.Name, file.Bytes.AsSpan(0, random.Next(20) == 0 ? 80 : LogHeader.Size), random.Next(20) == 0 ? 1 : file.Length)));
                _ = chain.Findings.Count + chain.UnbrokenFrom.Value + (int)(chain.JudgeSoftRecovery([s_required])?.Error ?? 0);
                _ = chain.JudgeRestore([s_required], rollForward: chain);
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}: {exception}");
            }
        }
    }

    private static List<(string Name, byte[] Bytes)> Files() => Directory.GetFiles(s_folder)
        .Where(path => Path.GetExtension(path) == ".log").Order(StringComparer.Ordinal)
        .Select(path => (Path.GetFileName(path), File.ReadAllBytes(path))).ToList();

    // A chain without a directory: what streams through a backup.
    private static LogChain Chain(Action<List<(string Name, byte[] Bytes)>> change)
    {
        var files = Files();
        change(files);
        return new("edb", files.Select(file => new LogFileEntry(file.Name, file.Bytes.AsSpan(0, LogHeader.Size), file.Bytes.Length)
        {
            Scan = LogBytes.Scan(file.Bytes),
        }));
    }

    private static void Change(List<(string Name, byte[] Bytes)> files, string name, Action<byte[]> change) =>
        change(files.Find(file => file.Name == name).Bytes);
}
