namespace Company.SinkProject.Tests;

/// <summary>Addresses lead to stores, and what is wrong with one is told.</summary>
public class StoreNameSinkFactoryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_address_makes_a_store_and_finds_it_again()
    {
        var factory = new StoreNameSinkFactory();
        string folder = Directory.CreateTempSubdirectory("store-scheme-").FullName;
        try
        {
            string path = folder.Replace('\\', '/').TrimStart('/');
            var address = new Uri($"{factory.Scheme}:///{path}/with%20space?concurrency=3");
            var missing = Assert.Throws<SinkException>(() => factory.Create(address, create: false));
            Assert.Equal(SinkFailure.NotFound, missing.Failure);
            await using (var sink = factory.Create(address, create: true))
                await sink.PutAsync(ObjectName.Of("a/b"), ObjectBody.Of(new byte[3]), Token);
            await using var again = factory.Create(address, create: false);
            Assert.Equal(3, again.Traits.PutConcurrency);
            await using var stream = await again.OpenReadAsync(ObjectName.Of("a/b"), ByteRange.All, Token);
            Assert.Equal(3, await stream.ReadAsync(new byte[9], Token));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("store-scheme://host/folder", "three slashes")]
    [InlineData("store-scheme:///folder?colour=red", "'colour' is not known")]
    [InlineData("store-scheme:///folder?concurrency=0", "in 1 to 64")]
    [InlineData("store-scheme:///folder#x", "fragment")]
    [InlineData("other-scheme:///folder", "expected store-scheme:")]
    public void What_is_wrong_with_an_address_is_told(string address, string message)
    {
        var factory = new StoreNameSinkFactory();
        var told = Assert.Throws<ArgumentException>(() => factory.Create(new(address), create: true));
        Assert.Contains(message, told.Message, StringComparison.Ordinal);
    }
}
