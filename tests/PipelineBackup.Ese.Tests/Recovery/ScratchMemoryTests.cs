using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

public class ScratchMemoryTests
{
    private const string Path = "/scratch/undo.tmp";

    [Fact]
    public void What_spills_comes_back()
    {
        Seeds.Each(200, random =>
        {
            var disk = new SimulatedDisk().AddDirectory("/scratch");
            using (var memory = new ScratchMemory(disk, Path, memoryBytes: 0, blockBytes: 64))
            {
                var streams = Enumerable.Range(0, 4).Select(_ => (new ScratchStream(memory), new List<byte>())).ToList();
                for (int step = 0; step < 300; step++)
                {
                    var (stream, bytes) = streams[random.Next(streams.Count)];
                    Step(random, stream, bytes);
                }

                foreach (var (stream, bytes) in streams)
                    Assert.Equal([.. bytes], Read(stream, 0, bytes.Count));
                Assert.True(memory.Spills > 0, "nothing spilled");
                Assert.InRange(memory.ResidentBlocks, 1, 4);
            }

            Assert.Empty(disk.Files);
        });
    }

    [Fact]
    public void There_is_no_file_as_long_as_memory_is_enough()
    {
        var disk = new SimulatedDisk().AddDirectory("/scratch");
        using var memory = new ScratchMemory(disk, Path, 1 << 20);
        new ScratchStream(memory).Append(new byte[500_000]);
        Assert.Equal(0, disk.Steps);
    }

    [Fact]
    public void Held_back_it_writes_nothing_and_gives_memory_back_later()
    {
        Seeds.Each(100, random =>
        {
            var disk = new SimulatedDisk().AddDirectory("/scratch");
            using var memory = new ScratchMemory(disk, Path, memoryBytes: 0, blockBytes: 64);
            var streams = Enumerable.Range(0, 3).Select(_ => (new ScratchStream(memory), new List<byte>())).ToList();
            for (int round = 0; round < 4; round++)
            {
                memory.IsHeldBack = round % 2 == 1;
                int steps = disk.Steps;
                for (int step = 0; step < 200; step++)
                {
                    var (stream, bytes) = streams[random.Next(streams.Count)];
                    Step(random, stream, bytes);
                }

                Assert.True(!memory.IsHeldBack || disk.Steps == steps, "something was written");
                foreach (var (stream, bytes) in streams)
                    Assert.Equal([.. bytes], Read(stream, 0, bytes.Count));
            }

            memory.IsHeldBack = false;
            streams[0].Item1.Append(new byte[1000]);
            Assert.InRange(memory.ResidentBlocks, 1, 4);
        });
    }

    [Fact]
    public void What_a_killed_run_left_is_overwritten()
    {
        var disk = new SimulatedDisk().Put(Path, new byte[10]);
        using (var memory = new ScratchMemory(disk, Path, 0, 64))
            new ScratchStream(memory).Append(new byte[1000]);
        Assert.Empty(disk.Files);
    }

    private static void Step(Random random, ScratchStream stream, List<byte> bytes)
    {
        switch (random.Next(8))
        {
            case 0:
                int length = random.OneIn(4) ? 0 : random.Next(bytes.Count + 1);
                stream.Truncate(length);
                bytes.RemoveRange(length, bytes.Count - length);
                break;
            case 1 or 2:
                int at = random.Next(bytes.Count + 1);
                byte[] over = Random(random, random.Next(Math.Min(150, bytes.Count - at) + 1));
                stream.Write(at, over);
                for (int i = 0; i < over.Length; i++)
                    bytes[at + i] = over[i];
                break;
            case 3 or 4:
                int from = random.Next(bytes.Count + 1), count = random.Next(bytes.Count - from + 1);
                Assert.Equal([.. bytes.GetRange(from, count)], Read(stream, from, count));
                break;
            default:
                byte[] more = Random(random, random.Next(200));
                stream.Append(more);
                bytes.AddRange(more);
                break;
        }

        Assert.Equal(bytes.Count, stream.Length);
    }

    private static byte[] Random(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Read(ScratchStream stream, int at, int length)
    {
        byte[] bytes = new byte[length];
        stream.Read(at, bytes);
        return bytes;
    }
}
