using System.CommandLine;
using PipelineBackup.Cli.StoreTest;
using PipelineBackup.Testing;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>sink test</c>: checks a store against the laws of a sink, and measures it.</summary>
internal sealed class SinkTestCommand : OperationCommand
{
    private readonly Argument<string> _address = new("address")
    {
        Description = "The store, which must be there: a path, file:///path, or scheme://…",
    };

    private readonly Option<string[]> _plugin = new StoreOptions().Plugin;

    private readonly Option<bool> _quick = new("--quick")
    {
        Description = "Put no object above 4 MiB and no more than a hundred a law; laws that need more are skipped",
    };

    public SinkTestCommand()
        : base("test",
            "Checks a store against the laws that backups rely on, and measures it. All of it happens below a prefix of its "
            + "own, sink-test/…, which is deleted at the end, also when the command fails or is cancelled. Without --quick some "
            + "gigabytes are moved in about ten thousand requests")
    {
        Add(_address);
        Add(_plugin);
        Add(_quick);
    }

    /// <inheritdoc/>
    public override string Example => "pipelinebackup sink test /var/backups/dc1 --quick";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "no law is broken"),
        (ExitCode.Failed, "a law is broken, or the store fails"),
        (ExitCode.NotFound, "the store or plugin is not there"),
    ];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(
        ParseResult parsed, Invocation run, CancellationToken cancellationToken)
    {
        string address = parsed.GetValue(_address)!;
        bool isQuick = parsed.GetValue(_quick);
        var plugins = Plugins.Load(parsed.GetValue(_plugin)!);
        var time = run.Terminal.Time;
        long started = time.GetTimestamp();
        await using var sink = plugins.Open(address, create: false);
        var scratch = new StoreScratch(() => plugins.Open(address, create: false), time.GetUtcNow());
        run.Tell($"note: works below '{scratch.Prefix}' in the store");
        try
        {
            var laws = await CheckAsync(() => plugins.Open(address, create: false), scratch, isQuick, run, cancellationToken);
            var (speed, failure) = await MeasureAsync(sink, scratch, isQuick, run, cancellationToken);
            return Result(new(address, sink.Traits ?? new(), laws, speed, failure, time.GetElapsedTime(started)));
        }
        finally
        {
            run.Tell(await scratch.ClearAsync() is { } left
                ? $"warning: {Quantity.Count(left.Objects, "object")} below '{scratch.Prefix}' could not be deleted: {left.Reason}"
                : $"note: '{scratch.Prefix}' is empty again");
        }
    }

    private static async Task<List<LawOutcome>> CheckAsync(
        Func<IBackupSink> open, StoreScratch scratch, bool isQuick, Invocation run, CancellationToken cancellationToken)
    {
        var options = isQuick ? new ConformanceOptions { LongestObject = 4 << 20, MostObjects = 100 } : new();
        // What needs lines and strangers of its own is for the tests of the sink itself.
        var laws = SinkConformance.Laws.Where(law => law.Needs == LawNeed.Store).ToList();
        var outcomes = new List<LawOutcome>();
        using var progress = run.StartProgress("sink test");
        foreach (var law in laws)
        {
            Show(progress, new(outcomes.Count, laws.Count, law.Name));
            var outcome = await law.JudgeAsync(
                () => SinkUnderTest.Within(open, $"{scratch.Prefix}/laws"), cancellationToken, options);
            outcomes.Add(outcome);
            if (outcome.Verdict == LawVerdict.Broken)
                run.Tell($"broken: {outcome.Law}: {outcome.Reason}");
        }

        return outcomes;
    }

    private static async Task<(SpeedReport? Speed, string Failure)> MeasureAsync(
        IBackupSink sink, StoreScratch scratch, bool isQuick, Invocation run, CancellationToken cancellationToken)
    {
        using var progress = run.StartProgress("sink test");
        int steps = 0;
        try
        {
            return (await new StoreSpeed(sink, scratch, isQuick, run.Terminal.Time).MeasureAsync(
                step => Show(progress, new(steps++, 3, step)), cancellationToken), "");
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it was: what the laws have found is told all the same.
            return (null, failure.Message);
        }
    }

    private static void Show(IProgress<StoreTestProgress> progress, StoreTestProgress now) => progress.Report(now);

    private static CommandResult Result(StoreTestReport report) => new()
    {
        Exit = report.Broken.Count == 0 ? ExitCode.Done : ExitCode.Failed,
        Failure = report.Broken.Count == 0 ? null : new(ExitCode.Failed,
            $"the store breaks {Quantity.Count(report.Broken.Count, "law")}: {string.Join(", ", report.Broken.Select(law => law.Law))}",
            "keep no backups in it before its sink is mended or another store is found"),
        Fields = report.ToJson(),
        Text = report.Write,
    };
}
