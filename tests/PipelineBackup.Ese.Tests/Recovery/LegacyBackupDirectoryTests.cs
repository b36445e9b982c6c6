using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Directories that the engine's own backup to a directory made.</summary>
public sealed class LegacyBackupDirectoryTests
{
    private static readonly string s_root = Path.GetFullPath("/jet");

    [Theory]
    [InlineData("")]
    [InlineData("new")]
    [InlineData("old")]
    public void It_is_found_itself_and_below_itself(string place)
    {
        string folder = Path.Combine(s_root, place);
        var disk = Load(folder);
        disk.AddDirectory(s_root);
        Assert.True(LegacyBackupDirectory.IsOne(disk, s_root));
        var found = LegacyBackupDirectory.Open(disk, s_root);
        Assert.Equal(place.Length == 0 ? s_root : folder, found.Path);
        Assert.Equal("edb", found.BaseName);
        Assert.Equal([Path.Combine(found.Path, "db1.edb")], found.Databases);
    }

    [Fact]
    public void The_new_one_comes_before_the_old_one()
    {
        var disk = Load(Path.Combine(s_root, "old"));
        foreach (string path in disk.Files.ToList())
            disk.Put(path.Replace("old", "new", StringComparison.Ordinal), disk.ReadAll(path));
        disk.AddDirectory(s_root).AddDirectory(Path.Combine(s_root, "new"));
        Assert.Equal(Path.Combine(s_root, "new"), LegacyBackupDirectory.Open(disk, s_root).Path);
    }

    [Fact]
    public void Without_a_mark_it_is_refused()
    {
        var disk = Load(Path.Combine(s_root, "old"));
        disk.AddDirectory(s_root);
        disk.Remove(Path.Combine(s_root, "old", "db1.pat"));
        Assert.True(LegacyBackupDirectory.IsOne(disk, s_root));
        Assert.Equal(EseError.PatchFileMissing, Assert.Throws<EseException>(() => LegacyBackupDirectory.Open(disk, s_root)).Error);
    }

    [Fact]
    public void Without_the_database_that_is_marked_it_is_refused()
    {
        var disk = Load(s_root);
        disk.Remove(Path.Combine(s_root, "db1.edb"));
        Assert.Equal(EseError.FileNotFound, Assert.Throws<EseException>(() => LegacyBackupDirectory.Open(disk, s_root)).Error);
    }

    [Fact]
    public void Without_logs_it_is_refused()
    {
        var disk = Load(s_root, file => Path.GetExtension(file) != ".log");
        Assert.False(LegacyBackupDirectory.IsOne(disk, s_root));
        Assert.Equal(EseError.FileNotFound, Assert.Throws<EseException>(() => LegacyBackupDirectory.Open(disk, s_root)).Error);
        Assert.Equal(EseError.InvalidPath,
            Assert.Throws<EseException>(() => LegacyBackupDirectory.Open(disk, Path.GetFullPath("/nowhere"))).Error);
    }

    [Fact]
    public void Other_directories_are_none()
    {
        var disk = Load(s_root, file => Path.GetExtension(file) != ".pat");
        Assert.False(LegacyBackupDirectory.IsOne(disk, s_root));
        Assert.False(LegacyBackupDirectory.IsOne(disk, Path.GetFullPath("/nowhere")));
    }

    private static SimulatedDisk Load(string to, Func<string, bool>? only = null) => RecoveryCase.Load(
        Path.Combine(GoldenSets.HasCorpus ? GoldenSets.Engine("jetbackup-4096") : GoldenSets.Small("jetbackup-4096"), "backup", "old"),
        to, only: only);
}
