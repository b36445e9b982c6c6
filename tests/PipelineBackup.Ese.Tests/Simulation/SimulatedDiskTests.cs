namespace PipelineBackup.Ese.Tests.Simulation;

/// <summary>The disk that the proofs of recovery stand on keeps and loses what it says.</summary>
public sealed class SimulatedDiskTests
{
    private static readonly string s_folder = Path.GetFullPath("/disk"), s_file = Path.Combine(s_folder, "a");

    [Fact]
    public void What_is_written_is_read_and_the_original_is_left_alone()
    {
        byte[] original = new byte[10000];
        new Random(1).NextBytes(original);
        byte[] model = [.. original], before = [.. original];
        var disk = new SimulatedDisk().Put(s_file, original);
        var random = new Random(2);
        using var file = disk.Open(s_file, DiskAccess.ReadWrite);
        for (int i = 0; i < 2000; i++)
        {
            byte[] bytes = new byte[random.Next(random.Next(1, 9000))];
            random.NextBytes(bytes);
            int offset = random.Next(30000);
            switch (random.Next(6))
            {
                case 0:
                    file.SetLength(offset);
                    Array.Resize(ref model, offset);
                    break;
                case 1:
                    file.Flush();
                    break;
                default:
                    file.Write(bytes, offset);
                    if (bytes.Length > 0 && offset + bytes.Length > model.Length)
                        Array.Resize(ref model, offset + bytes.Length);
                    bytes.CopyTo(model.AsSpan(Math.Min(offset, model.Length)));
                    break;
            }

            Assert.Equal(model.Length, file.Length);
            if (i % 50 == 0)
                Assert.Equal(model, disk.ReadAll(s_file));
        }

        byte[] part = new byte[100];
        Assert.Equal(60, file.Read(part, file.Length - 60));
        Assert.Equal(0, file.Read(part, file.Length + 1));
        Assert.Equal(before, original);
    }

    [Theory]
    [InlineData("Kill", 2, 2)]
    [InlineData("AllLost", 1, 1)]
    [InlineData("PowerLoss", 1, 2)]
    public void Only_what_was_flushed_survives_lost_power(string kind, int least, int most)
    {
        var seen = new HashSet<int>();
        for (int seed = 0; seed < 60; seed++)
        {
            var disk = new SimulatedDisk().Put(s_file, Filled(0, 8192));
            using (var file = disk.Open(s_file, DiskAccess.ReadWrite))
            {
                file.Write(Filled(1, 4096), 0);
                file.Flush();
                file.Write(Filled(2, 4096), 0);
            }

            disk.Crash(Enum.Parse<CrashKind>(kind), new(seed));
            byte[] left = disk.ReadAll(s_file);
            Assert.Equal(8192, left.Length);
            Assert.False(left.AsSpan(0, 4096).ContainsAnyExcept(left[0]), "a unit is whole");
            Assert.False(left.AsSpan(4096).ContainsAnyExcept((byte)0));
            seen.Add(left[0]);
        }

        Assert.Equal(Enumerable.Range(least, most - least + 1), seen.Order());
    }

    [Fact]
    public void Lost_power_tears_reorders_and_forgets()
    {
        bool torn = false, reordered = false, between = false, grown = false, shrunk = false;
        for (int seed = 0; seed < 300; seed++)
        {
            var disk = new SimulatedDisk { Unit = 512 }.Put(s_file, Filled(0, 8192));
            using (var file = disk.Open(s_file, DiskAccess.ReadWrite))
            {
                file.Write(Filled(1, 4096), 0);
                file.Write(Filled(2, 4096), 0);
                file.Write(Filled(3, 4096), 4096);
                file.Write(Filled(4, 4096), 8192);
            }

            disk.Crash(CrashKind.PowerLoss, new(seed));
            byte[] left = disk.ReadAll(s_file);
            torn |= left.AsSpan(0, 4096).ContainsAnyExcept(left[0]);
            between |= left.AsSpan(0, 4096).Contains((byte)1);
            reordered |= left[0] == 0 && left[4096] == 3;
            grown |= left.Length > 8192;
            shrunk |= left.Length == 8192;
        }

        Assert.True(torn && reordered && between && grown && shrunk, $"{torn} {reordered} {between} {grown} {shrunk}");
    }

    [Fact]
    public void Larger_units_stay_whole()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            var disk = new SimulatedDisk { Unit = 32768 }.Put(s_file, Filled(0, 65536));
            using (var file = disk.Open(s_file, DiskAccess.ReadWrite))
            {
                file.Write(Filled(1, 65536), 0);
            }

            disk.Crash(CrashKind.PowerLoss, new(seed));
            byte[] left = disk.ReadAll(s_file);
            Assert.False(left.AsSpan(0, 32768).ContainsAnyExcept(left[0]));
            Assert.False(left.AsSpan(32768).ContainsAnyExcept(left[32768]));
        }
    }

    [Fact]
    public void Names_survive_once_their_directory_was_flushed()
    {
        string b = Path.Combine(s_folder, "b"), c = Path.Combine(s_folder, "c");
        var disk = new SimulatedDisk().Put(s_file, [1]).Put(b, [2]);
        disk.Rename(s_file, c);
        disk.FlushDirectory(s_folder);
        disk.Delete(b);
        disk.Open(s_file, DiskAccess.CreateNew).Dispose();
        Assert.Equal([s_file, c], disk.Files);
        disk.Crash(CrashKind.AllLost, new(1));
        Assert.Equal([b, c], disk.Files);
        Assert.Equal([1], disk.ReadAll(c));
    }

    [Fact]
    public void Names_that_were_not_flushed_are_lost_in_any_order_but_never_twice()
    {
        var outcomes = new HashSet<string>();
        for (int seed = 0; seed < 200; seed++)
        {
            string b = Path.Combine(s_folder, "b"), c = Path.Combine(s_folder, "c");
            var disk = new SimulatedDisk().Put(s_file, [1]).Put(b, [2]);
            disk.Rename(s_file, c);
            disk.Rename(b, s_file);
            disk.Crash(CrashKind.PowerLoss, new(seed));
            outcomes.Add(string.Join(' ', disk.Files.Select(path => Path.GetFileName(path) + disk.ReadAll(path)[0])));
        }

        // The second alone cannot have happened: its name was still taken.
        Assert.Equal(["a1 b2", "a2 c1", "b2 c1"], outcomes.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_killed_machine_answers_nothing_until_it_starts_again()
    {
        var disk = new SimulatedDisk { KillAtStep = 2 }.Put(s_file, Filled(0, 16384));
        var file = disk.Open(s_file, DiskAccess.ReadWrite);
        file.Write([7], 0);
        Assert.Throws<SimulatedCrashException>(() => file.Write(Filled(8, 12288), 4096));
        Assert.Throws<SimulatedCrashException>(() => file.Read(new byte[1], 0));
        Assert.Throws<SimulatedCrashException>(() => disk.FileExists(s_file));
        disk.Crash(CrashKind.Kill, new(1));
        Assert.Throws<SimulatedCrashException>(() => file.Write([1], 0));
        file.Dispose();
        using var again = disk.Open(s_file, DiskAccess.ReadWrite);
        Assert.Equal(7, disk.ReadAll(s_file)[0]);
        Assert.Equal(0, disk.ReadAll(s_file)[12288]);
    }

    [Fact]
    public void Faults_happen_where_they_were_planned()
    {
        var disk = new SimulatedDisk { FailAtStep = 2, FailAtRead = 1, Capacity = 9000 }.Put(s_file, Filled(0, 8192));
        using var file = disk.Open(s_file, DiskAccess.ReadWrite);
        file.Write([1], 0);
        Assert.Throws<IOException>(() => file.Write([2], 0));
        file.Write([3], 0);
        Assert.Throws<IOException>(() => file.Read(new byte[1], 0));
        Assert.Throws<IOException>(() => file.SetLength(10000));
        file.SetLength(9000);
        Assert.Equal(3, disk.ReadAll(s_file)[0]);
        Assert.Equal([s_file], disk.Changed);
    }

    [Fact]
    public void Files_in_use_are_kept_from_others()
    {
        var disk = new SimulatedDisk().Put(s_file, [1]);
        var writer = disk.Open(s_file, DiskAccess.ReadWrite);
        using var reader = disk.Open(s_file, DiskAccess.Read);
        Assert.Throws<IOException>(() => disk.Open(s_file, DiskAccess.ReadWrite));
        Assert.Throws<IOException>(() => disk.Delete(s_file));
        Assert.Throws<IOException>(() => disk.Rename(s_file, s_file + "b"));
        Assert.Throws<IOException>(() => disk.Open(s_file, DiskAccess.CreateNew));
        Assert.Throws<UnauthorizedAccessException>(() => reader.Write([1], 0));
        Assert.Throws<FileNotFoundException>(() => disk.Open(s_file + "c", DiskAccess.Read));
        Assert.Throws<DirectoryNotFoundException>(() => disk.Open(Path.GetFullPath("/none/a"), DiskAccess.CreateNew));
        writer.Dispose();
        Assert.Equal(1, disk.OpenFiles);
        disk.Delete(s_file);
        Assert.Empty(disk.ListFiles(s_folder));
    }

    [Theory]
    [InlineData("Kill", false, true)]
    [InlineData("AllLost", false, false)]
    [InlineData("AllLost", true, true)]
    public void A_directory_keeps_its_new_name_only_when_that_was_flushed(string kind, bool isFlushed, bool isKept)
    {
        string from = Path.Combine(s_folder, "x"), to = Path.Combine(s_folder, "y");
        var disk = new SimulatedDisk().Put(Path.Combine(from, "a"), [1]).AddDirectory(Path.Combine(from, "sub"));
        using (disk.Open(Path.Combine(from, "a"), DiskAccess.Read))
            Assert.Throws<IOException>(() => disk.Rename(from, to));
        Assert.Throws<IOException>(() => disk.Delete(from));
        disk.Rename(from, to);
        Assert.Equal((false, true), (disk.DirectoryExists(from), disk.DirectoryExists(Path.Combine(to, "sub"))));
        Assert.Equal([Path.Combine(to, "a")], disk.ListFiles(to));
        if (isFlushed)
            disk.FlushDirectory(s_folder);
        disk.Crash(Enum.Parse<CrashKind>(kind), new(1));
        Assert.Equal((!isKept, isKept), (disk.DirectoryExists(from), disk.DirectoryExists(to)));
        Assert.Equal([Path.Combine(isKept ? to : from, "a")], disk.Files);
    }

    [Fact]
    public void A_directory_that_is_empty_can_be_deleted()
    {
        string made = Path.Combine(s_folder, "x");
        var disk = new SimulatedDisk().Put(Path.Combine(made, "a"), [1]);
        disk.Delete(Path.Combine(made, "a"));
        disk.Delete(made);
        Assert.False(disk.DirectoryExists(made));
        disk.Crash(CrashKind.AllLost, new(1));
        Assert.Equal([Path.Combine(made, "a")], disk.ListFiles(made));
    }

    [Fact]
    public void Directories_are_made_with_those_above_them()
    {
        string made = Path.Combine(s_folder, "x", "y");
        var disk = new SimulatedDisk().Put(s_file, [1]);
        disk.CreateDirectory(made);
        disk.CreateDirectory(made);
        Assert.True(disk.DirectoryExists(made) && disk.DirectoryExists(Path.Combine(s_folder, "x")));
        Assert.Equal(1, disk.Steps);
        disk.Open(Path.Combine(made, "b"), DiskAccess.CreateNew).Dispose();
        Assert.Throws<IOException>(() => disk.CreateDirectory(Path.Combine(s_file, "z")));

        string folder = GoldenSets.NewFolder("directories"), real = Path.Combine(folder, "x", "y");
        LocalDisk.Instance.CreateDirectory(real);
        LocalDisk.Instance.CreateDirectory(real);
        Assert.True(LocalDisk.Instance.DirectoryExists(real));
        File.WriteAllBytes(Path.Combine(folder, "f"), []);
        Assert.ThrowsAny<IOException>(() => LocalDisk.Instance.CreateDirectory(Path.Combine(folder, "f", "z")));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_copy_goes_its_own_way()
    {
        var disk = new SimulatedDisk().Put(s_file, Filled(0, 4096));
        using (var file = disk.Open(s_file, DiskAccess.ReadWrite))
        {
            file.Write([1], 0);
        }

        var copy = disk.Copy();
        using (var file = copy.Open(s_file, DiskAccess.ReadWrite))
        {
            file.Write([2], 0);
        }

        disk.Crash(CrashKind.AllLost, new(1));
        copy.Crash(CrashKind.Kill, new(1));
        Assert.Equal((0, 2), (disk.ReadAll(s_file)[0], copy.ReadAll(s_file)[0]));
    }

    private static byte[] Filled(byte value, int length)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}
