using System.Buffers.Binary;
using PipelineBackup.Ese.Tests.Logs;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Headers;

public sealed class LogHeaderTests
{
    private readonly byte[] _block = LogCorpus.Vector("edb00005.log")[..LogHeader.Size];

    [Fact]
    public void Every_field_of_the_example_is_read()
    {
        Assert.Equal(0xDA26F474, BinaryPrimitives.ReadUInt32LittleEndian(_block));
        var header = LogHeader.Read(_block);

        Assert.Equal(5, header.Generation.Value);
        Assert.Equal((4096, 1, 16, 65536L), (header.SectorSize, header.HeaderSectors, header.SectorCount, header.FileLength));
        Assert.Equal(PageSize.Of(8192), header.PageSize);
        Assert.Equal("03/14/2021 15:09:26.535 UTC", header.Created.ToString());
        Assert.Equal("03/14/2021 15:00:00.001 UTC", header.PreviousCreated.ToString());
        Assert.Equal("8.4000.100.220", header.Version.ToString());
        Assert.Equal(("HOST-A", 0x11223344u), (header.Signature.Computer, header.Signature.Random));
        Assert.Equal((@".\", @".\", false), (header.Parameters.SystemPath, header.Parameters.LogPath, header.Parameters.IsCircular));
        Assert.Equal((16u, 1000u, 64u, 1024u), (header.Parameters.Sessions, header.Parameters.OpenTables, header.Parameters.VersionPages, header.Parameters.Cursors));
        Assert.Equal((126u, 16u, 512u), (header.Parameters.LogBuffers, header.Parameters.LogFileSectors, header.Parameters.CachePages));
        Assert.Equal(LogHeaderFlags.None, header.Flags);
        Assert.Equal("(0x3,1,0)", header.Checkpoint.ToString());
        Assert.Equal(0, header.DiskSectorCode);
        Assert.Equal(0x0102030405060708ul, header.PreviousChecksum);
        Assert.Equal(9600u, header.EngineFormat);
        AssertAttached(Assert.Single(header.Attached));
    }

    [Fact]
    public void The_example_checkpoint_is_read()
    {
        byte[] file = LogCorpus.Vector("edb.chk");
        var checkpoint = Checkpoint.Read(file);

        Assert.Equal(("(0x3,1,0)", "(0x4,7,100)"), (checkpoint.Position.ToString(), checkpoint.Consistency.ToString()));
        Assert.True(checkpoint.HasAttached);
        Assert.False(checkpoint.IsFromSecondCopy);
        AssertAttached(Assert.Single(checkpoint.Attached));
        Assert.Equal(LogHeader.Read(_block).Signature, checkpoint.Signature);
        Assert.Null(checkpoint.CheckStream(checkpoint.Signature));
        Assert.Equal(EseError.BadCheckpointSignature, checkpoint.CheckStream(default)!.Error);

        file[100] ^= 1;
        Assert.True(Checkpoint.Read(file).IsFromSecondCopy);
        Assert.Equal("(0x3,1,0)", Checkpoint.Read(file).Position.ToString());
        file[5000] ^= 1;
        Assert.Equal(EseError.CheckpointCorrupt, Assert.Throws<EseException>(() => Checkpoint.Read(file)).Error);
        Assert.Equal(EseError.CheckpointCorrupt, Assert.Throws<EseException>(() => Checkpoint.Read(file.AsSpan(0, 100))).Error);
        Assert.Equal(EseError.FileInvalidType, Assert.Throws<EseException>(() => Checkpoint.Read(_block)).Error);
    }

    [Theory]
    [InlineData(32, 8, 9, EseError.BadLogVersion)]
    [InlineData(32, 8, 6, EseError.BadLogVersion)]
    [InlineData(36, 4000, 4001, EseError.BadLogVersion)]
    [InlineData(40, 100, 131, EseError.BadLogVersion)]
    [InlineData(40, 100, 130, EseError.Success)]
    [InlineData(40, 100, 0, EseError.Success)]
    [InlineData(648, 220, 999, EseError.Success)]
    [InlineData(667, 3, 0, EseError.Success)]
    [InlineData(667, 3, 1, EseError.FileInvalidType)]
    [InlineData(4, 5, 0, EseError.LogFileCorrupt)]
    [InlineData(4, 5, -1, EseError.LogFileCorrupt)]
    public void A_changed_field_gets_the_error_of_the_engine(int offset, int old, int value, EseError error)
    {
        Assert.Equal(old, BinaryPrimitives.ReadInt32LittleEndian(_block.AsSpan(offset)));
        BinaryPrimitives.WriteInt32LittleEndian(_block.AsSpan(offset), value);
        AssertError(error);
    }

    [Theory]
    [InlineData(8, 512, EseError.LogFileCorrupt)]
    [InlineData(8, 0, EseError.LogFileCorrupt)]
    [InlineData(10, 0, EseError.LogFileCorrupt)]
    [InlineData(10, 2, EseError.LogFileCorrupt)]
    [InlineData(12, 0, EseError.LogFileCorrupt)]
    [InlineData(12, 2, EseError.LogFileCorrupt)]
    [InlineData(12, 3, EseError.Success)]
    [InlineData(12, 65535, EseError.Success)]
    [InlineData(14, 0, EseError.Success)]
    [InlineData(14, 1000, EseError.PageSizeMismatch)]
    [InlineData(673, 3000, EseError.LogFileCorrupt)]
    [InlineData(673, 65535, EseError.LogFileCorrupt)]
    [InlineData(673, 0, EseError.Success)]
    public void A_changed_short_field_gets_the_error_of_the_engine(int offset, int value, EseError error)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_block.AsSpan(offset), (ushort)value);
        AssertError(error);
    }

    [Theory]
    [InlineData(17, 8192, EseError.Success)]
    [InlineData(15, 32768, EseError.Success)]
    [InlineData(13, 8192, EseError.Success)]
    [InlineData(13, 16384, EseError.BadLogVersion)]
    public void The_legacy_version_is_read_with_the_page_sizes_of_its_time(int update, int page, EseError error)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_block.AsSpan(32), 7);
        BinaryPrimitives.WriteInt32LittleEndian(_block.AsSpan(36), 3704);
        BinaryPrimitives.WriteInt32LittleEndian(_block.AsSpan(40), update);
        BinaryPrimitives.WriteUInt16LittleEndian(_block.AsSpan(8), 512);
        BinaryPrimitives.WriteUInt16LittleEndian(_block.AsSpan(10), 8);
        BinaryPrimitives.WriteUInt16LittleEndian(_block.AsSpan(14), (ushort)page);
        AssertError(error);
    }

    [Theory]
    [InlineData(EseError.Database500Format, 24, 4, 28, 909, 32, 0)]
    [InlineData(EseError.Database500Format, 24, 4, 28, 995, 32, 0)]
    [InlineData(EseError.Database400Format, 20, 443, 24, 0, 28, 0)]
    [InlineData(EseError.Database200Format, 44, 0, 48, 0x0CA0001, 52, 0)]
    public void Much_older_logs_are_named_whatever_their_checksum(EseError error, int a, int av, int b, int bv, int c, int cv)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_block.AsSpan(a), av);
        BinaryPrimitives.WriteInt32LittleEndian(_block.AsSpan(b), bv);
        BinaryPrimitives.WriteInt32LittleEndian(_block.AsSpan(c), cv);
        Assert.False(LogHeader.TryRead(_block, out _, out var fault));
        Assert.Equal(error, fault.Error);
        AssertError(error);
    }

    [Fact]
    public void Every_header_and_checkpoint_of_the_corpus_is_read()
    {
        int logs = 0, checkpoints = 0;
        IEnumerable<string> folders = GoldenSets.EngineSets.Select(GoldenSets.Engine).Concat(GoldenSets.RealSets.Select(GoldenSets.Real));
        string[] golden = [GoldenSets.Small("dirty-basic-4096"), GoldenSets.Small("extbackup-4096")];
        foreach (string path in folders.Concat(golden).SelectMany(LogCorpus.Logs))
        {
            Assert.True(LogFileReader.TryReadHeader(path, out var header, out var fault, out long length), $"{path}: {fault?.Message}");
            Assert.Equal(header.FileLength, length);
            Assert.All(header.Attached, entry => Assert.EndsWith(entry.Path, entry.Path.TrimEnd('\0')));
            logs++;
        }

        foreach (string path in folders.Concat(golden).SelectMany(f => Directory.EnumerateFiles(f, "*.chk", SearchOption.AllDirectories)))
        {
            Assert.True(Checkpoint.Read(File.ReadAllBytes(path)).Position.IsSet);
            checkpoints++;
        }

        Assert.True(logs > 15 && checkpoints >= (GoldenSets.HasCorpus ? 2 : 1), $"{logs} logs, {checkpoints} checkpoints");
    }

    [Fact]
    public void Readers_face_any_bytes()
    {
        byte[] file = LogCorpus.Vector("edb.chk");
        for (int seed = 0; seed < LogBytes.Seeds(400); seed++)
        {
            var random = new Random(seed);
            byte[] block = [.. _block], copy = [.. file];
            for (int i = random.Next(1, 40); i > 0; i--)
            {
                block[random.Next(random.Next(2) == 0 ? 800 : block.Length)] = (byte)random.Next(256);
                copy[random.Next(random.Next(2) == 0 ? 800 : copy.Length)] = (byte)random.Next(256);
            }

            LogBytes.StampHeader(block);
            LogBytes.StampHeader(copy);
            int cut = random.Next(8) == 0 ? random.Next(block.Length) : block.Length;
            try
            {
                if (LogHeader.TryRead(block.AsSpan(0, cut), out var header, out _))
                    TouchAll(header.Attached, header.Parameters, header.ToString() + header.Created.ToDateTimeOffset() + header.Signature);
                if (Checkpoint.TryRead(copy.AsSpan(0, cut * 2), out var checkpoint, out _))
                    TouchAll(checkpoint.Attached, checkpoint.Parameters, checkpoint.FullBackupTime.ToString());
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}: {exception}");
            }
        }
    }

    private static void TouchAll(IReadOnlyList<AttachedDatabase> attached, InstanceParameters parameters, string text)
    {
        Assert.True(attached.Count <= 32 && parameters.SystemPath.Length <= 261 && parameters.LogPath.Length <= 261 && text.Length > 0);
        foreach (var entry in attached)
            Assert.True(entry.Path.Length <= 2048 && entry.Slot > 0 && entry.Signature.Computer.Length <= 16);
    }

    private static void AssertAttached(AttachedDatabase entry)
    {
        Assert.Equal((1, 0x20, 0x1234ul, 0x20u, 0L),
            (entry.Slot, entry.Flags, entry.DbTime.Value, entry.LastObject.Value, entry.MaxPages.Value));
        Assert.Equal(("(0x2,1,123)", "(0x0,0,0)"), (entry.Attached.ToString(), entry.Consistent.ToString()));
        Assert.Equal((0xA1B2C3D4u, @"C:\d\a.edb"), (entry.Signature.Random, entry.Path));
    }

    private void AssertError(EseError error)
    {
        LogBytes.StampHeader(_block);
        bool read = LogHeader.TryRead(_block, out var header, out var fault);
        Assert.Equal(error, read ? EseError.Success : fault!.Error);
        Assert.Equal(read, header is not null);
    }
}
