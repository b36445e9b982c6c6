using PipelineBackup.Testing;

namespace PipelineBackup.Sinks.Postgres.Tests;

/// <summary>The sink keeps the laws, on a real server, with pieces of the usual length and with tiny ones.</summary>
public class PostgresSinkConformance
{
    public static TheoryData<string> Laws => [.. SinkConformance.Laws.Select(law => law.Name)];

    [Theory]
    [MemberData(nameof(Laws))]
    public Task Keeps_the_law(string law) => RunAsync(law, PostgresServer.NewStore());

    [Theory]
    [InlineData("read-back")]
    [InlineData("ranges")]
    [InlineData("whole-or-nothing")]
    [InlineData("memory-left-alone")]
    [InlineData("cancelled-midway")]
    [InlineData("cut-put")]
    public Task Keeps_the_law_with_pieces_that_divide_nothing(string law) =>
        RunAsync(law, PostgresServer.NewStore() with { PieceLength = 30_011 });

    private static async Task RunAsync(string law, PostgresSinkOptions store)
    {
        var outcome = await SinkConformance.Law(law).RunAsync(
            // What is counted on a line are requests of HTTP.
            () => law.StartsWith("requests-", StringComparison.Ordinal) ? Plain(store) : OnServer(store),
            TestContext.Current.CancellationToken);
        Assert.SkipWhen(outcome.IsSkipped, outcome.Reason);
    }

    private static ISinkUnderTest Plain(PostgresSinkOptions store) =>
        SinkUnderTest.Of(() => PostgresSink.Open(store, create: true), () => PostgresServer.DropAsync(store));

    private static IServerUnderTest OnServer(PostgresSinkOptions store)
    {
        const string wrong = "not-this-one";
        // The laws lay a line of TCP, and look at the scheme for TLS only.
        var server = new UriBuilder("http", PostgresServer.Address.DnsSafeHost, PostgresServer.Address.Port).Uri;
        return SinkUnderTest.OfServer(
            server,
            (line, token) => OpenAsync(store with { Host = line.DnsSafeHost, Port = line.Port }, token),
            wrong, token => OpenAsync(store with { Password = wrong }, token), () => PostgresServer.DropAsync(store));
    }

    private static async ValueTask<IBackupSink> OpenAsync(PostgresSinkOptions store, CancellationToken token) =>
        await Task.Run(() => PostgresSink.Open(store, create: true), token);
}
