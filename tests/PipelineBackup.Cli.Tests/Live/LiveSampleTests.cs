using Microsoft.Extensions.Logging;
using PipelineBackup.Engine;
using PipelineBackup.Golden;
using PipelineBackup.Sinks.FileSystem;

namespace PipelineBackup.Cli.Tests.Live;

/// <summary>The lines that docs/operating.md shows.</summary>
public sealed class LiveSampleTests
{
    [Fact]
    public async Task The_documented_lines_back_an_engine_up()
    {
        string directory = GoldenSets.NewFolder("sample");
        var (logger, sink) = (new SeenNumbers(), FileSystemSink.Open(Path.Combine(directory, "store"), create: true));

        var events = new LoggedEvents(logger);
        await using var engine = await EmbeddedEngine.OpenAsync(new() { LogDirectory = directory, Events = events });
        await engine.CreateDatabaseAsync(Path.Combine(directory, "shop.edb"));
        var full = await new BackupPipeline(engine, [sink], new() { Logger = logger }).RunAsync();

        Assert.Equal(ExitCode.Done, full.ExitCode);
        Assert.Equal(2, logger.WithNumber.Count(id => id == EngineEvent.BackupComplete));
        await sink.DisposeAsync();
    }

    private sealed class LoggedEvents(ILogger logger) : IProgress<EngineEvent>
    {
        public void Report(EngineEvent value) =>
            logger.Log(LogLevel.Information + (int)value.Level, value.Id, "{Message}", value.Message);
    }
}
