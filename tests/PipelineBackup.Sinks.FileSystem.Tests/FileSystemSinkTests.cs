using System.Buffers;
using System.Security.Cryptography;
using PipelineBackup.Golden;

namespace PipelineBackup.Sinks.FileSystem.Tests;

public sealed class FileSystemSinkTests
{
    private readonly string _root = GoldenSets.NewFolder("store");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_object_is_a_file_at_its_path()
    {
        await using var sink = FileSystemSink.Open(_root, create: false);
        await Put(sink, "set/backups/one.json", 1, 2, 3);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(Path.Combine(_root, "set", "backups", "one.json")));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_root, ".tmp")));
    }

    [Fact]
    public async Task What_a_crashed_writer_left_is_not_listed_and_deleted_when_it_is_old()
    {
        string temporaries = Directory.CreateDirectory(Path.Combine(_root, ".tmp")).FullName;
        string young = Leave("put-young.tmp", hours: 23);
        string old = Leave("put-old.tmp", hours: 25);
        string foreign = Leave("notes.txt", hours: 1000);
        await using var sink = FileSystemSink.Open(_root, create: true);
        Assert.Empty(await List(sink));
        Assert.True(File.Exists(old), "a store that is only read loses nothing");
        await Put(sink, "a", 1);
        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
        Assert.True(File.Exists(foreign));
        Assert.Equal(["a"], await List(sink));

        string Leave(string name, int hours)
        {
            string path = Path.Combine(temporaries, name);
            File.WriteAllText(path, "half");
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-hours));
            return path;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_full_disk_is_told_and_its_space_given_back(bool direct)
    {
        using var disk = MountedStore.With("size=6m");
        await using var sink = FileSystemSink.Open(disk.Path, create: true, new() { DirectWrites = direct });
        await Put(sink, "first", new byte[2 << 20]);
        var failure = await Assert.ThrowsAsync<SinkException>(() => Put(sink, "a/second", new byte[20 << 20]));
        Assert.Equal(SinkFailure.Full, failure.Failure);
        Assert.Equal(JetError.DiskFull, failure.Error);
        Assert.NotEmpty(failure.Hint);
        Assert.False(failure.Transient);
        Assert.Contains("'a/second'", failure.Message, StringComparison.Ordinal);
        await Put(sink, "third", new byte[3 << 20]);
        Assert.Equal(["first", "third"], await List(sink));
    }

    [Fact]
    public async Task A_read_only_file_system_is_access_denied()
    {
        using var disk = MountedStore.With("size=1m");
        await using var sink = FileSystemSink.Open(disk.Path, create: true);
        await Put(sink, "a", 1);
        disk.Remount("ro");
        foreach (var call in (Func<Task>[])[() => Put(sink, "b", 1), () => sink.DeleteAsync(
            ObjectName.Of("a"), Token).AsTask()])
            await ExpectDenied(call);
        Assert.Throws<SinkException>(() => FileSystemSink.Open(Path.Combine(disk.Path, "new"), create: true));
        Assert.Equal(["a"], await List(sink));
    }

    [Fact]
    public async Task A_directory_without_permission_is_access_denied()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Unix permissions");
            return;
        }

        Assert.SkipWhen(Environment.IsPrivilegedProcess, "root may write everywhere");
        await using var sink = FileSystemSink.Open(_root, create: false);
        await Put(sink, "set/a", 1);
        string directory = Path.Combine(_root, "set");
        File.SetUnixFileMode(directory, UnixFileMode.None);
        try
        {
            await ExpectDenied(() => Put(sink, "set/b", 1));
            await ExpectDenied(() => List(sink));
            await ExpectDenied(() => sink.OpenReadAsync(ObjectName.Of("set/a"), ByteRange.All, Token).AsTask());
            await ExpectDenied(() => sink.DeleteAsync(ObjectName.Of("set/a"), Token).AsTask());
            // Names may be read, and what they stand for may not.
            File.SetUnixFileMode(directory, UnixFileMode.UserRead);
            await ExpectDenied(() => List(sink));
        }
        finally
        {
            File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public async Task A_link_does_not_lead_out_of_the_store()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege on Windows");
        string outside = GoldenSets.NewFolder("outside");
        File.WriteAllText(Path.Combine(outside, "secret"), "theirs");
        Directory.CreateDirectory(Path.Combine(_root, "set"));
        Directory.CreateSymbolicLink(Path.Combine(_root, "set", "out"), outside);
        File.CreateSymbolicLink(Path.Combine(_root, "set", "file"), Path.Combine(outside, "secret"));
        await using var sink = FileSystemSink.Open(_root, create: false);
        await Put(sink, "set/own", 1);
        Assert.Equal(["set/own"], await List(sink));
        Assert.Empty(await List(sink, "set/out/"));
        foreach (string name in (string[])["set/out/secret", "set/file"])
        {
            await ExpectDenied(() => sink.OpenReadAsync(ObjectName.Of(name), ByteRange.All, Token).AsTask());
            await ExpectDenied(() => sink.DeleteAsync(ObjectName.Of(name), Token).AsTask());
        }

        await ExpectDenied(() => Put(sink, "set/out/new", 1));
        await ExpectDenied(() => Put(sink, "set/out/deeper/new", 1));
        var taken = await Assert.ThrowsAsync<SinkException>(() => Put(sink, "set/file", 1));
        Assert.Equal(SinkFailure.AlreadyExists, taken.Failure);
        Assert.Equal(["secret"], Directory.EnumerateFileSystemEntries(outside).Select(Path.GetFileName));
        Assert.Equal("theirs", File.ReadAllText(Path.Combine(outside, "secret")));
    }

    [Fact]
    public async Task Temporary_files_do_not_go_through_a_link()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege on Windows");
        string outside = GoldenSets.NewFolder("outside");
        Directory.CreateSymbolicLink(Path.Combine(_root, ".tmp"), outside);
        await using var sink = FileSystemSink.Open(_root, create: false);
        await ExpectDenied(() => Put(sink, "a", 1));
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
    }

    [Fact]
    public async Task The_store_itself_may_be_behind_a_link()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege on Windows");
        string link = Path.Combine(GoldenSets.NewFolder("link"), "store");
        Directory.CreateSymbolicLink(link, _root);
        await using var sink = FileSystemSink.Open(link, create: true);
        await Put(sink, "a/b", 1);
        Assert.Equal(["a/b"], await List(sink));
    }

    [Fact]
    public async Task An_object_cannot_be_a_directory_too()
    {
        await using var sink = FileSystemSink.Open(_root, create: false);
        await Put(sink, "a", 1);
        await Put(sink, "b/c", 2);
        foreach (string name in (string[])["a/b", "a/b/c", "b"])
        {
            var failure = await Assert.ThrowsAsync<SinkException>(() => Put(sink, name, 3));
            Assert.Equal(SinkFailure.Other, failure.Failure);
            Assert.NotEmpty(failure.Hint);
        }

        Assert.Equal(["a", "b/c"], await List(sink));
    }

    [Fact]
    public async Task Files_that_are_no_objects_are_not_listed()
    {
        await using var sink = FileSystemSink.Open(_root, create: false);
        await Put(sink, "a", 1);
        foreach (string name in (string[])["lost+found", ".hidden", "my file"])
            File.WriteAllText(Path.Combine(_root, name), "");
        Directory.CreateDirectory(Path.Combine(_root, ".git"));
        File.WriteAllText(Path.Combine(_root, ".git", "config"), "");
        Directory.CreateDirectory(Path.Combine(_root, "empty", "too"));
        Assert.Equal(["a"], await List(sink));
    }

    [Fact]
    public async Task An_object_that_is_cut_while_it_is_read_is_told_as_corrupt()
    {
        await using var sink = FileSystemSink.Open(_root, create: false);
        await Put(sink, "a", new byte[100_000]);
        await using var stream = await sink.OpenReadAsync(ObjectName.Of("a"), ByteRange.All, Token);
        await stream.ReadExactlyAsync(new byte[10], Token);
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows protects an open file");
        using (var file =
            new FileStream(Path.Combine(_root, "a"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
            file.SetLength(50_000);
        var failure = await Assert.ThrowsAsync<SinkException>(() => stream.CopyToAsync(Stream.Null, Token));
        Assert.Equal(SinkFailure.Corrupt, failure.Failure);
    }

    [Fact]
    public async Task A_store_that_went_away_is_not_made_anew()
    {
        await using var sink = FileSystemSink.Open(_root, create: true);
        Directory.Delete(_root);
        var failure = await Assert.ThrowsAsync<SinkException>(() => Put(sink, "a/b", 1));
        Assert.Equal(SinkFailure.NotFound, failure.Failure);
        await Assert.ThrowsAsync<SinkException>(() => List(sink));
        Assert.False(Directory.Exists(_root));
    }

    [Fact]
    public async Task Directories_that_went_away_are_made_again()
    {
        await using var sink = FileSystemSink.Open(_root, create: true);
        await Put(sink, "a/b/c", 1);
        Directory.Delete(Path.Combine(_root, "a"), recursive: true);
        Directory.Delete(Path.Combine(_root, ".tmp"), recursive: true);
        await Put(sink, "a/b/d", 1);
        Assert.Equal(["a/b/d"], await List(sink));
    }

    [Fact]
    public async Task Every_mixture_of_segments_arrives_whole()
    {
        int seeds = int.TryParse(Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS"), out int more) ? more : 12;
        await using var sink = FileSystemSink.Open(_root, create: false);
        for (int seed = 0; seed < seeds; seed++)
        {
            var content = Segments(new Random(seed));
            byte[] expected = content.ToArray();
            var name = ObjectName.Of($"mixture/{seed}");
            await sink.PutAsync(name, new(content, SHA256.HashData(expected), Crc32C.Of(expected)), Token);
            Assert.True(
                expected.AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(_root, name.ToString()))),
                $"seed {seed}");
        }
    }

    // Blocks and parts of blocks, on block boundaries and off them, up to some megabytes.
    private static ReadOnlySequence<byte> Segments(Random random)
    {
        Segment? first = null;
        Segment? last = null;
        int count = random.Next(1, 8);
        for (int i = 0; i < count; i++)
        {
            int length = random.Next(5) switch
            {
                0 => 0,
                1 => random.Next(1, 10_000),
                2 => (10 << 20) + random.Next(3),
                _ => random.Next(1, 300) * 4096,
            };
            byte[] bytes = GC.AllocateUninitializedArray<byte>(length + 4096, pinned: true);
            random.NextBytes(bytes);
            int start = random.Next(4) == 0 ? random.Next(4096) : Aligned(bytes);
            last = new(bytes.AsMemory(start, length), last);
            first ??= last;
        }

        return new(first!, 0, last!, last!.Memory.Length);
    }

    private static unsafe int Aligned(byte[] bytes)
    {
        fixed (byte* address = bytes)
            return (int)(-(nint)address & 4095);
    }

    private static Task Put(FileSystemSink sink, string name, params byte[] content) =>
        sink.PutAsync(ObjectName.Of(name), ObjectBody.Of(content), Token).AsTask();

    private static async Task<List<string>> List(FileSystemSink sink, string prefix = "") =>
        await sink.ListAsync(prefix, Token).Select(item => item.Name.ToString()).ToListAsync(Token);

    private static async Task ExpectDenied(Func<Task> act)
    {
        var failure = await Assert.ThrowsAsync<SinkException>(act);
        Assert.Equal(SinkFailure.AccessDenied, failure.Failure);
        Assert.Equal(JetError.AccessDenied, failure.Error);
        Assert.NotEmpty(failure.Hint);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is null)
                return;
            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }
}
