namespace PipelineBackup.Sinks.Postgres.Tests;

/// <summary>How much memory objects take on their way, measured while no other test runs.</summary>
[Collection(nameof(PostgresMemoryTests))]
[CollectionDefinition(nameof(PostgresMemoryTests), DisableParallelization = true)]
public class PostgresMemoryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_goes_with_the_pieces_whatever_the_length_of_an_object()
    {
        var store = PostgresServer.NewStore();
        try
        {
            await using var sink = PostgresSink.Open(store, create: true);
            var body = ObjectBody.Of(new byte[48 << 20]);
            // Once for what is made only once.
            await PutAndReadAsync(sink, "first", body);
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await PutAndReadAsync(sink, "second", body);
            long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
            Assert.True(allocated < 8 << 20, $"{allocated} bytes were allocated for 48 MiB there and back");
        }
        finally
        {
            await PostgresServer.DropAsync(store);
        }
    }

    private static async Task PutAndReadAsync(PostgresSink sink, string name, ObjectBody body)
    {
        await sink.PutAsync(ObjectName.Of(name), body, Token);
        await using var stream = await sink.OpenReadAsync(ObjectName.Of(name), ByteRange.All, Token);
        byte[] buffer = new byte[1 << 16];
        long length = 0;
        for (int read; (read = await stream.ReadAsync(buffer, Token)) > 0;)
            length += read;
        Assert.Equal(body.Length, length);
    }
}
