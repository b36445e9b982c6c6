using PipelineBackup.Ese.Tests.Simulation;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Headers;

public sealed class CheckpointWriterTests
{
    private static readonly string s_file = Path.GetFullPath("/disk/edb.chk");
    private static readonly LogPosition s_end = new(new(12), 3, 0);

    private static Checkpoint Old => Checkpoint.Read(
        File.ReadAllBytes(Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files", "edb.chk")));

    [Fact]
    public void The_checkpoint_of_a_closed_stream_names_the_closing_record_and_no_database()
    {
        var writer = new CheckpointWriter(Old.Signature, Old.Parameters) { Before = Old };
        var read = Checkpoint.Read(writer.Clean(s_end));
        Assert.Equal((s_end, s_end, Old.Signature), (read.Position, read.Consistency, read.Signature));
        Assert.False(read.HasAttached);
        Assert.Empty(read.Attached);
        Assert.Equal((Old.FullBackup, Old.FullBackupTime), (read.FullBackup, read.FullBackupTime));
        Assert.Equal((Old.Parameters.LogPath, Old.Parameters.CachePages), (read.Parameters.LogPath, read.Parameters.CachePages));
    }

    [Fact]
    public void Attached_databases_are_read_as_they_were_written()
    {
        var database = LogHeader.Read(File.ReadAllBytes(
            Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files", "edb.log"))).Attached[0];
        var made = AttachedDatabase.Create(2, true, database.DbTime, database.LastObject, database.MaxPages,
            database.Attached, database.Consistent, database.Signature, @"C:\päth\db.edb");
        var read = Checkpoint.Read(new CheckpointWriter(Old.Signature, Old.Parameters).Make(s_end, s_end, [database, made]));
        Assert.True(read.HasAttached);
        Assert.Equal(database.Path, read.Attached[0].Path);
        Assert.Equal((2, @"C:\päth\db.edb", 0x60), (read.Attached[1].Slot, read.Attached[1].Path, read.Attached[1].Flags));
        Assert.Equal((database.DbTime, database.LastObject, database.Attached, database.Consistent, database.Signature),
            (read.Attached[1].DbTime, read.Attached[1].LastObject, read.Attached[1].Attached, read.Attached[1].Consistent, read.Attached[1].Signature));
        Assert.Throws<ArgumentException>(() => AttachedDatabase.WriteList(Enumerable.Repeat(made, 22), new byte[2048]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_crash_leaves_the_old_checkpoint_or_the_new_one(bool isThere)
    {
        byte[] old = new CheckpointWriter(Old.Signature, Old.Parameters).Make(new(new(3), 1, 0), default, null);
        bool done = false;
        for (int step = 1; !done; step++)
        {
            foreach (var kind in Enum.GetValues<CrashKind>())
            {
                var disk = new SimulatedDisk { Unit = 512, KillAtStep = step };
                disk.AddDirectory(Path.GetDirectoryName(s_file)!);
                if (isThere)
                    disk.Put(s_file, [.. old, .. old]);
                done = Written(disk);
                disk.Crash(kind, new(step));
                if (isThere)
                    Assert.Contains(Checkpoint.Read(disk.ReadAll(s_file)).Position.Generation.Value, (int[])[3, 12]);
                if (done)
                    Assert.Equal(s_end, Checkpoint.Read(disk.ReadAll(s_file).AsSpan(4096)).Position);
            }
        }
    }

    private static bool Written(SimulatedDisk disk)
    {
        try
        {
            CheckpointWriter.Write(disk, s_file, new CheckpointWriter(Old.Signature, Old.Parameters).Clean(s_end));
            return true;
        }
        catch (SimulatedCrashException)
        {
            return false;
        }
    }
}
