using PipelineBackup.Ese.Tests.Simulation;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Headers;

public sealed class DatabaseHeaderWriterTests
{
    private static readonly string s_file = Path.GetFullPath("/disk/db1.edb");
    private static readonly LogTime s_now = LogTime.From(new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));
    private static readonly LogPosition s_here = new(new(30), 7, 99);

    private static string Dirty => Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files", "db1.edb");

    private static string Copy => Path.Combine(GoldenSets.Small("extbackup-4096"), "backup", "db1.edb");

    public static TheoryData<string> Fields => [.. Cases().Keys];

    [Theory]
    [MemberData(nameof(Fields))]
    public void A_field_that_is_set_is_the_one_that_is_read_and_no_other_changes(string field)
    {
        var before = HeaderPair.Read(CorpusDatabases.Start(Dirty)).Header!;
        var writer = new DatabaseHeaderWriter(before);
        Cases()[field](writer);
        foreach (var property in typeof(DatabaseHeader).GetProperties())
        {
            // What is judged from others, or is all of the bytes.
            if (property.Name is "Bytes" or "IsUnrestoredCopy" or "NeedsTrailer" or "NeedsRecovery")
                continue;
            bool changed = !Equals(property.GetValue(before), property.GetValue(writer.Header));
            Assert.True(changed == (property.Name == field), $"{property.Name} with {field}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("primary")]
    [InlineData("shadow")]
    public void A_crash_leaves_the_old_header_or_the_new_one(string damaged)
    {
        byte[] start = CorpusDatabases.Start(Dirty);
        if (damaged.Length > 0)
            start[damaged == "primary" ? 700 : 4096 + 700] ^= 1;
        var old = HeaderPair.Read(start);
        bool done = false;
        HashSet<bool> seen = [];
        for (int step = 1; !done; step++)
        {
            foreach (var kind in Enum.GetValues<CrashKind>())
            {
                var disk = new SimulatedDisk { Unit = 512, KillAtStep = step }.Put(s_file, start);
                done = Written(disk, old.Header!);
                disk.Crash(kind, new(step));
                var now = HeaderPair.Read(disk.ReadAll(s_file));
                Assert.True(now.IsReadable, $"step {step}, {kind}");
                Assert.True(now.Header.Recovering.Value == 4711 || now.Header.Bytes.Span.SequenceEqual(old.Header!.Bytes.Span));
                Assert.True(!done || (now.Header.Recovering.Value == 4711 && now.Copies == HeaderCopies.Identical));
                seen.Add(now.Header.Recovering.Value == 4711);
            }
        }

        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public void A_closed_database_needs_no_log_and_knows_where_it_was_closed()
    {
        var writer = Open(Dirty);
        writer.MinRequiredBeforeRedo = writer.MinConsistentBeforeRedo = new(2);
        writer.Close(s_here, new(0x1234), new(77), s_now);
        var header = writer.Header;
        Assert.Equal((EseError.Success, DatabaseState.CleanShutdown), (header.Judge(), header.State));
        Assert.Equal((s_here, s_here, s_here), (header.Consistent, header.Detach, header.LastResize));
        Assert.Equal((s_now, s_now), (header.ConsistentTime, header.DetachTime));
        Assert.Equal((0x1234ul, 77u), (header.DbTime.Value, header.LastObject.Value));
        Assert.All((LogGeneration[])[header.MinRequired, header.MaxRequired, header.MaxCommitted, header.MinConsistent,
            header.MinRequiredBeforeRedo, header.MinConsistentBeforeRedo, header.Recovering], none => Assert.Equal(default, none));
        Assert.Equal((default, default), (header.MaxRequiredTime, header.MaxCommittedTime));
    }

    [Fact]
    public void Attaching_to_another_stream_forgets_the_old_one()
    {
        var writer = Open(Dirty);
        var backup = new BackupInfo(s_here, s_now, new(3), new(4));
        writer.SetPreviousFull(backup, BackupInfoType.Snapshot);
        writer.AttachAt(s_here, writer.LogSignature, 3, s_now, keepBackups: false);
        Assert.Equal((backup, 3u, s_here), (writer.Header.PreviousFull, writer.DatabaseId, writer.Attach));
        var other = new Signature(9, s_now);
        writer.AttachAt(s_here, other, 3, s_now, keepBackups: false);
        Assert.Equal((default, default, other), (writer.Header.PreviousFull, writer.Consistent, writer.LogSignature));
        Assert.Equal(BackupInfoType.Streaming, writer.Header.PreviousFullType);
    }

    [Fact]
    public void A_copy_is_prepared_with_the_highest_log_of_its_set()
    {
        var writer = Open(Copy);
        var time = writer.MaxRequiredTime;
        writer.PrepareRestore(writer.MaxRequired);
        Assert.Equal(time, writer.MaxRequiredTime);
        writer.PrepareRestore(new(0x20));
        Assert.Equal((0x20, 0x20, 0x20), (writer.CurrentFull.HighGeneration.Value, writer.MaxRequired.Value, writer.MaxCommitted.Value));
        Assert.Equal((default, default), (writer.MaxRequiredTime, writer.MaxCommittedTime));
        Assert.False(writer.Header.NeedsTrailer);
    }

    [Fact]
    public void A_trailer_raises_what_the_copy_needs()
    {
        using var file = LocalDisk.Instance.Open(Copy, DiskAccess.Read);
        var pair = HeaderPair.Read(file);
        var trailer = PatchTrailer.Read(file, pair.PageSize);
        var writer = new DatabaseHeaderWriter(pair.Header!);
        writer.Merge(trailer);
        Assert.Equal((4, 11, 11), (writer.MinRequired.Value, writer.MaxRequired.Value, writer.MaxCommitted.Value));
        Assert.Equal((trailer.MaxRequiredTime, 11), (writer.MaxRequiredTime, writer.CurrentFull.HighGeneration.Value));
        Assert.Equal(EseError.DatabasePatchFileMismatch,
            Assert.Throws<EseException>(() => Open(Dirty).Merge(trailer)).Error);
    }

    [Fact]
    public void A_new_header_is_that_of_a_database_that_is_being_made()
    {
        var disk = new SimulatedDisk().Put(s_file, []);
        using var file = disk.Open(s_file, DiskAccess.ReadWrite);
        DatabaseHeaderWriter.Create(PageSize.Of(8192), FormatVersion.Newest, new(5, s_now), new(6, s_now), 2).Write(file);
        var pair = HeaderPair.Read(file);
        Assert.Equal((HeaderCopies.Identical, 8192), (pair.Copies, pair.PageSize.Bytes));
        Assert.Equal((DatabaseState.JustCreated, FormatVersion.Newest), (pair.Header!.State, pair.Header.Version));
        Assert.True(HeaderPair.LooksLikeDatabase(disk.ReadAll(s_file)));
    }

    [Fact]
    public void No_flush_map_from_before_belongs_to_a_header_with_new_signatures()
    {
        var writer = Open(Dirty);
        var (header, map) = (writer.Header.HeaderFlushSignature, writer.Header.FlushMapFlushSignature);
        writer.DisownFlushMap(0x1111_2222_3333_4444, s_now);
        Assert.NotEqual(header, writer.Header.HeaderFlushSignature);
        Assert.NotEqual(map, writer.Header.FlushMapFlushSignature);
    }

    private static Dictionary<string, Action<DatabaseHeaderWriter>> Cases() => new()
    {
        ["DbTime"] = w => w.DbTime = new(ulong.MaxValue),
        ["State"] = w => w.State = (DatabaseState)uint.MaxValue,
        ["LastObject"] = w => w.LastObject = new(uint.MaxValue),
        ["DatabaseId"] = w => w.DatabaseId = uint.MaxValue,
        ["Version"] = w => w.Version = new(FormatVersion.CurrentMain, uint.MaxValue, uint.MaxValue),
        ["LogSignature"] = w => w.LogSignature = new(1, s_now),
        ["Consistent"] = w => w.Consistent = new(ulong.MaxValue),
        ["ConsistentTime"] = w => w.ConsistentTime = new(ulong.MaxValue),
        ["Attach"] = w => w.Attach = new(ulong.MaxValue),
        ["AttachTime"] = w => w.AttachTime = new(ulong.MaxValue),
        ["Detach"] = w => w.Detach = new(ulong.MaxValue),
        ["DetachTime"] = w => w.DetachTime = new(ulong.MaxValue),
        ["Reattach"] = w => w.Reattach = new(ulong.MaxValue),
        ["ReattachTime"] = w => w.ReattachTime = new(ulong.MaxValue),
        ["LastResize"] = w => w.LastResize = new(ulong.MaxValue),
        ["MinConsistent"] = w => w.MinConsistent = new(-1),
        ["MinRequired"] = w => w.MinRequired = new(-1),
        ["MaxRequired"] = w => w.MaxRequired = new(-1),
        ["MaxCommitted"] = w => w.MaxCommitted = new(-1),
        ["MaxRequiredTime"] = w => w.MaxRequiredTime = new(ulong.MaxValue),
        ["MaxCommittedTime"] = w => w.MaxCommittedTime = new(ulong.MaxValue),
        ["Recovering"] = w => w.Recovering = new(-1),
        ["MinConsistentBeforeRedo"] = w => w.MinConsistentBeforeRedo = new(-1),
        ["MinRequiredBeforeRedo"] = w => w.MinRequiredBeforeRedo = new(-1),
        ["CurrentFull"] = w => w.CurrentFull = new(s_here, s_now, new(-1), new(-1)),
        ["CurrentSnapshot"] = w => w.CurrentSnapshot = new(s_here, s_now, new(-1), new(-1)),
        ["PreviousFull"] = w => w.SetPreviousFull(new(s_here, s_now, new(-1), new(-1)), default),
        ["PreviousIncremental"] = w => w.SetPreviousIncremental(new(s_here, s_now, new(-1), new(-1)), default),
        ["PreviousCopy"] = w => w.SetPreviousCopy(new(s_here, s_now, new(-1), new(-1)), default),
        ["PreviousDifferential"] = w => w.SetPreviousDifferential(new(s_here, s_now, new(-1), new(-1)), default),
    };

    private static bool Written(SimulatedDisk disk, DatabaseHeader header)
    {
        try
        {
            using var file = disk.Open(s_file, DiskAccess.ReadWrite);
            var writer = new DatabaseHeaderWriter(header) { Recovering = new(4711) };
            writer.Write(file);
            return true;
        }
        catch (SimulatedCrashException)
        {
            return false;
        }
    }

    private static DatabaseHeaderWriter Open(string path) => new(HeaderPair.Read(CorpusDatabases.Start(path)).Header!);
}
