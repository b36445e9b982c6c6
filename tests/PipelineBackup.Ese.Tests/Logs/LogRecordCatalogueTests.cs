using System.Buffers.Binary;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace PipelineBackup.Ese.Tests.Logs;

public sealed class LogRecordCatalogueTests
{
    [Fact]
    public void Every_body_has_the_size_that_the_catalogue_says()
    {
        int checkedTypes = 0;
        foreach (var body in Bodies())
        {
            int size = (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(body).Invoke(null, null)!;
            bool isPart = body == typeof(PageChange) || body == typeof(NodeChange);
            foreach (var type in Types().Where(type => Describes(body, type)))
            {
                int bytes = LogRecordCatalogue.BodyOffset(type) + size;
                Assert.True(isPart ? bytes <= LogRecordCatalogue.Fixed(type) : bytes == LogRecordCatalogue.Fixed(type), $"{body.Name} {type}");
                checkedTypes++;
            }
        }

        Assert.Equal((PageChange.Size, NodeChange.Size, Signature.Size, BackupInfo.Size), (Unsafe.SizeOf<PageChange>(),
            Unsafe.SizeOf<NodeChange>(), Unsafe.SizeOf<Signature>(), Unsafe.SizeOf<BackupInfo>()));
        Assert.True(checkedTypes > 60, $"{checkedTypes}");
    }

    [Fact]
    public void Fixed_parts_with_lengths_behind_them_have_their_sizes_too() =>
        Assert.Equal((95, 85, 87, 39, 71, 32, 16), (Unsafe.SizeOf<SplitChange>(), Unsafe.SizeOf<MergeChange>(), Unsafe.SizeOf<PageMoveChange>(),
            Unsafe.SizeOf<DatabaseCreation>(), Unsafe.SizeOf<DatabaseAttachment>(), Unsafe.SizeOf<BackupStep>(), Unsafe.SizeOf<EmptiedPage>()));

    [Fact]
    public void Every_type_can_be_measured_or_is_known_not_to()
    {
        LogRecordType[] never = [LogRecordType.StreamingPageAppend, LogRecordType.StreamingSpace, LogRecordType.StreamingPageMove,
            LogRecordType.ForceDetachDatabase, LogRecordType.UpgradeDatabase, LogRecordType.DatabaseList, LogRecordType.PrepareRollback];
        Assert.Equal(LogRecordCatalogue.TypeCount, Types().Length);
        Assert.Equal(never.Order(), Types().Where(type => LogRecordCatalogue.Fixed(type) == 0).Order());
    }

    // Random fields, tails of random lengths: what is written from the views is what was read.
    [Fact]
    public void Any_record_comes_out_of_its_views_unchanged()
    {
        // Their fields do not tell all of random bytes: filler is zero, paths end with zero, a difference has a form.
        LogRecordType[] told = [LogRecordType.Nop2, LogRecordType.CreateDatabase, LogRecordType.AttachDatabase, LogRecordType.DetachDatabase,
            LogRecordType.ReplaceDifference];
        var writer = new LogRecordWriter();
        var seen = new HashSet<LogRecordType>();
        for (int seed = 0; seed < LogBytes.Seeds(40); seed++)
        {
            var random = new Random(seed);
            foreach (var type in Types().Except(told))
            {
                if (Make(type, random) is not { } bytes)
                    continue;
                if (!RecordEncoder.TryEncode(writer, new(bytes, default, default), LogFiles.Version))
                    continue;
                Assert.True(writer.Written.SequenceEqual(bytes), $"seed {seed}, {type}");
                seen.Add(type);
            }
        }

        LogRecordType[] needed = [LogRecordType.FlagInsert, LogRecordType.Scrub, LogRecordType.MacroAbort, LogRecordType.ScanCheck,
            LogRecordType.ScanCheck2, LogRecordType.TrimDatabase, LogRecordType.PagePatchRequest, LogRecordType.ShrinkDatabase2,
            LogRecordType.ExtentFreed, LogRecordType.RecoveryQuit2, LogRecordType.ForceWriteLog];
        Assert.Empty(needed.Except(seen));
        Assert.True(seen.Count >= 60, $"{seen.Count}");
    }

    [Fact]
    public void Paths_of_databases_come_out_as_they_went_in()
    {
        var writer = new LogRecordWriter();
        var signature = new Signature(7, new(8));
        writer.CreateDatabase(new(5, 1, 3, 0, signature), isSparse: true, 2, 0, @"X:\ü\a.edb");
        var create = new LogRecordView(writer.Written, default, default).AsCreateDatabase();
        Assert.Equal((@"X:\ü\a.edb", true, (ushort)2, signature), (create.Path, create.IsSparse, create.Version, create.Creation.Signature));
        writer.Clear();
        writer.DetachDatabase(5, 1, "b.edb");
        Assert.Equal("b.edb", new LogRecordView(writer.Written, default, default).AsDetachDatabase().Path);
        // Older engines: no version, ANSI.
        byte[] old = [14, .. new byte[39], 6, 0, 0, .. "a.edb\0"u8];
        var ansi = new LogRecordView(old, default, default).AsCreateDatabase();
        Assert.Equal(("a.edb", (ushort)1), (ansi.Path, ansi.Version));
    }

    [Theory]
    [InlineData(4u, 3u, false)]
    [InlineData(4u, 8u, true)]
    [InlineData(5u, 1u, false)]
    [InlineData(5u, 2u, true)]
    [InlineData(130u, 280u, true)]
    public void The_layout_of_a_commit_context_depends_on_the_version(uint major, uint minor, bool hasFlags)
    {
        var version = new LogVersion(8, 4000, major, minor);
        var writer = new LogRecordWriter();
        writer.CommitContext(version, 9, 2, [1, 2, 3]);
        var context = new LogRecordView(writer.Written, default, default).AsCommitContext(version);
        Assert.Equal((hasFlags ? 11 : 10, (ushort)9, hasFlags ? (byte)2 : (byte)0), (writer.Written.Length, context.Session, context.Flags));
        Assert.Equal([1, 2, 3], context.Data.ToArray());
    }

    [Fact]
    public void A_writer_refuses_what_no_record_can_hold_and_goes_on()
    {
        var writer = new LogRecordWriter();
        byte[] large = new byte[70_000];
        Assert.Throws<ArgumentException>(() => writer.Insert(default, large, [], []));
        Assert.Throws<ArgumentException>(() => writer.Replace(default, 5, large.AsSpan(0, 40_000)));
        Assert.Throws<ArgumentException>(() => writer.Bare(LogRecordType.Insert));
        Assert.Throws<ArgumentException>(() => writer.Add(LogRecordType.Begin, default(OuterBegin)));
        Assert.Throws<ArgumentException>(() => writer.Add(LogRecordType.Insert, default(NodeChange)));
        Assert.Throws<ArgumentException>(() => writer.Copy([29, 0]));
        writer.Add(LogRecordType.Delete, default(NodeChange));
        writer.Bare(LogRecordType.ShutdownMark);
        Assert.Equal(45, writer.Written.Length);
    }

    private static byte[]? Make(LogRecordType type, Random random)
    {
        int fixedBytes = LogRecordCatalogue.Fixed(type);
        if (fixedBytes == 0)
            return null;
        byte[] bytes = new byte[fixedBytes + 4096], noise = new byte[fixedBytes];
        random.NextBytes(noise);
        bytes[0] = (byte)type;
        bool isExtensible = LogRecordCatalogue.BodyOffset(type) == LogRecordCatalogue.ExtensibleHeaderBytes;
        if (isExtensible)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(1), (uint)(fixedBytes - 5));
        // Which fields are lengths is found by their effect on the measure; these stay small, all else is random.
        for (int at = isExtensible ? 5 : 1; at < fixedBytes; at++)
        {
            int without = LogRecordCatalogue.Measure(bytes);
            bytes[at] = 1;
            int with = LogRecordCatalogue.Measure(bytes);
            bytes[at] = without == with ? noise[at] : with == without + 1 ? (byte)random.Next(40) : (byte)0;
        }

        Agree(type, bytes);
        int size = LogRecordCatalogue.Measure(bytes);
        Assert.True(size >= fixedBytes, $"{type}: {size}");
        random.NextBytes(bytes.AsSpan(fixedBytes, size - fixedBytes));
        return bytes[..size];
    }

    // Fields that follow from others in every sound record.
    private static void Agree(LogRecordType type, byte[] bytes)
    {
        switch (type)
        {
            case LogRecordType.MacroInfo:
                bytes[1] = 12;
                break;
            case LogRecordType.MacroInfo2:
                (bytes[1], bytes[6]) = (5 + 12, 3);
                bytes.AsSpan(7, 3).Clear();
                break;
            case LogRecordType.CommitContext:
                bytes[1] = 9;
                break;
            case LogRecordType.EmptyTree:
                bytes[44] = 48;
                break;
            case LogRecordType.Backup2:
                bytes[33] = 0;
                break;
            case LogRecordType.Replace:
                (bytes[45], bytes[48], bytes[49]) = (0, bytes[44], 0);
                break;
        }
    }

    private static LogRecordType[] Types() => Enum.GetValues<LogRecordType>();

    private static IEnumerable<Type> Bodies() => typeof(ILogRecordBody).Assembly.GetTypes()
        .Where(type => type.IsValueType && typeof(ILogRecordBody).IsAssignableFrom(type));

    private static bool Describes(Type body, LogRecordType type) => (bool)typeof(LogRecordCatalogueTests)
        .GetMethod(nameof(Ask), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(body).Invoke(null, [type])!;

    private static bool Ask<T>(LogRecordType type)
        where T : unmanaged, ILogRecordBody => T.Describes(type);
}
