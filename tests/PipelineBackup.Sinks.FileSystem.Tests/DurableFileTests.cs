using PipelineBackup.Golden;
using PipelineBackup.Shared;

namespace PipelineBackup.Sinks.FileSystem.Tests;

public sealed class DurableFileTests
{
    private readonly string _folder = GoldenSets.NewFolder("durable");

    // The rename of this system, and the one for file systems that have none.
    public static TheoryData<string> Renames => OperatingSystem.IsWindows() ? ["rename"] : ["rename", "link"];

    [Theory]
    [MemberData(nameof(Renames))]
    public void A_free_name_is_taken(string how)
    {
        string from = Write("from", "content");
        Assert.True(Rename(how, from, At("to")));
        Assert.False(File.Exists(from));
        Assert.Equal("content", File.ReadAllText(At("to")));
    }

    [Theory]
    [MemberData(nameof(Renames))]
    public void A_taken_name_is_refused_and_nothing_changes(string how)
    {
        string from = Write("from", "mine");
        Write("to", "theirs");
        Directory.CreateDirectory(At("directory"));
        foreach (string to in (string[])["to", "directory"])
            Assert.False(Rename(how, from, At(to)));
        Assert.Equal("mine", File.ReadAllText(from));
        Assert.Equal("theirs", File.ReadAllText(At("to")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(At("directory")));
    }

    [Theory]
    [MemberData(nameof(Renames))]
    public void A_name_that_is_a_dangling_link_is_taken(string how)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege on Windows");
        string from = Write("from", "mine");
        File.CreateSymbolicLink(At("to"), At("nowhere"));
        Assert.False(Rename(how, from, At("to")));
        Assert.True(File.Exists(from));
        Assert.False(File.Exists(At("nowhere")));
    }

    [Theory]
    [MemberData(nameof(Renames))]
    public void A_directory_is_renamed_to_a_free_name_only(string how)
    {
        Directory.CreateDirectory(At("from"));
        Write("from/file", "content");
        Directory.CreateDirectory(At("empty"));
        Directory.CreateDirectory(At("full"));
        Write("full/file", "theirs");
        Write("file", "theirs");
        foreach (string to in (string[])["empty", "full", "file"])
            Assert.False(Rename(how, At("from"), At(to)));
        Assert.True(Rename(how, At("from"), At("to")));
        Assert.Equal("content", File.ReadAllText(At("to/file")));
        Assert.False(Directory.Exists(At("from")));
    }

    [Theory]
    [MemberData(nameof(Renames))]
    public async Task Of_many_that_want_a_name_one_gets_it(string how)
    {
        string[] files = [.. Enumerable.Range(0, 16).Select(i => Write($"from{i}", $"{i}"))];
        using var start = new Barrier(files.Length);
        bool[] won = await Task.WhenAll(files.Select(file => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                return Rename(how, file, At("to"));
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        int winner = Assert.Single(won.Index(), one => one.Item).Index;
        Assert.Equal($"{winner}", File.ReadAllText(At("to")));
        Assert.Equal(15, files.Count(File.Exists));
    }

    [Fact]
    public void What_is_not_there_cannot_be_renamed()
    {
        var failure = Assert.ThrowsAny<IOException>(() => DurableFile.TryRenameNoReplace(At("nothing"), At("to")));
        Assert.Equal(FileFault.NotFound, DurableFile.FaultOf(failure));
        Assert.Contains(At("nothing"), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_file_system_is_told_apart()
    {
        using var other = MountedStore.With("size=1m");
        var failure = Assert.ThrowsAny<IOException>(
            () => DurableFile.TryRenameNoReplace(Write("from", ""), Path.Combine(other.Path, "to")));
        Assert.Equal(FileFault.CrossDevice, DurableFile.FaultOf(failure));
    }

    [Fact]
    public void A_full_disk_is_told_apart()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no /dev/full");
        var failure = Assert.ThrowsAny<IOException>(() => File.WriteAllBytes("/dev/full", new byte[10]));
        Assert.Equal(FileFault.Full, DurableFile.FaultOf(failure));
    }

    [Fact]
    public void Directories_are_made_with_all_that_is_missing_above()
    {
        DurableFile.CreateDirectoryDurably(At("a/b/c/"));
        DurableFile.CreateDirectoryDurably(At("a/b/c"));
        Assert.True(Directory.Exists(At("a/b/c")));
        Write("a/file", "");
        Assert.ThrowsAny<IOException>(() => DurableFile.CreateDirectoryDurably(At("a/file/b")));
    }

    [Fact]
    public void A_directory_is_flushed_if_it_is_there()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "nothing is to be done on Windows");
        DurableFile.FlushDirectory(_folder);
        var failure = Assert.ThrowsAny<IOException>(() => DurableFile.FlushDirectory(At("nothing")));
        Assert.Equal(FileFault.NotFound, DurableFile.FaultOf(failure));
    }

    private static bool Rename(string how, string from, string to) =>
        how == "rename" ? DurableFile.TryRenameNoReplace(from, to) : DurableFile.RenameByLink(from, to) switch
        {
            0 => true,
            17 => false,
            var error => throw new IOException($"errno {error}"),
        };

    private string At(string name) => Path.Combine(_folder, name);

    private string Write(string name, string content)
    {
        File.WriteAllText(At(name), content);
        return At(name);
    }
}
