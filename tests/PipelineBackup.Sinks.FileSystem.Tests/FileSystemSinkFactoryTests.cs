using PipelineBackup.Golden;

namespace PipelineBackup.Sinks.FileSystem.Tests;

public sealed class FileSystemSinkFactoryTests
{
    private readonly FileSystemSinkFactory _factory = new();
    private readonly string _folder = GoldenSets.NewFolder("factory");

    [Fact]
    public async Task An_address_opens_its_directory()
    {
        Assert.Equal("file", _factory.Scheme);
        string path = Path.Combine(_folder, "my store ü");
        await using var sink = Assert.IsType<FileSystemSink>(_factory.Create(new Uri(path), create: true));
        Assert.Equal(path, sink.Root);
        Assert.True(Directory.Exists(path));
        await using var again =
            Assert.IsType<FileSystemSink>(_factory.Create(new Uri(new Uri(path).AbsoluteUri + "/"), create: false));
        Assert.Equal(path, again.Root);
        Assert.True(again.Traits.PutConcurrency >= 1);
    }

    [Fact]
    public void A_store_that_is_not_there_is_not_found()
    {
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        foreach (string name in (string[])["nothing", "nothing/at/all", "file"])
        {
            var failure = Assert.Throws<SinkException>(() => _factory.Create(new Uri(Path.Combine(_folder, name)),
                create: false));
            Assert.Equal(SinkFailure.NotFound, failure.Failure);
            Assert.Equal(ExitCode.NotFound, failure.ExitCode);
        }

        Assert.False(Path.Exists(Path.Combine(_folder, "nothing")));
    }

    [Fact]
    public void A_store_cannot_be_made_below_a_file()
    {
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        Assert.Throws<SinkException>(() => _factory.Create(new Uri(Path.Combine(_folder, "file")), create: true));
        Assert.Throws<SinkException>(() => _factory.Create(new Uri(Path.Combine(_folder, "file", "store")),
            create: true));
    }

    [Theory]
    [InlineData("s3://bucket/prefix")]
    [InlineData("file:///var/backups?x=1")]
    [InlineData("file:///var/backups#x")]
    public void A_malformed_address_is_refused(string address) =>
        Assert.Throws<ArgumentException>(() => _factory.Create(new Uri(address), create: false));

    [Fact]
    public void A_host_in_the_address_is_two_slashes_by_mistake()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a host is a share on Windows");
        Assert.Throws<ArgumentException>(() => _factory.Create(new Uri("file://var/backups"), create: true));
    }
}
