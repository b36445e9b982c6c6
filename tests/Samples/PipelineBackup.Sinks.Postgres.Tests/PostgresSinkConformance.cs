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
    public Task Keeps_the_law_with_pieces_that_divide_nothing(string law) =>
        RunAsync(law, PostgresServer.NewStore() with { PieceLength = 30_011 });

    private static Task RunAsync(string law, PostgresSinkOptions store) => SinkConformance.Law(law).RunAsync(
        () => SinkUnderTest.Of(() => PostgresSink.Open(store, create: true), () => PostgresServer.DropAsync(store)),
        TestContext.Current.CancellationToken);
}
