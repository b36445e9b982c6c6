namespace PipelineBackup.Testing;

/// <summary>What holds of the memory of a body.</summary>
internal static class MemoryLaws
{
    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("memory-left-alone", "When a put has returned, the body's memory is not looked at and not pinned.", trial =>
            PutWatchedAsync(trial, taken: false)),
        new("memory-left-alone-refused", "When a put has been refused, the body's memory is not looked at and not pinned.", trial =>
            PutWatchedAsync(trial, taken: true)),
        new("memory-unchanged", "A put changes nothing in the body's memory.", Unchanged),
    ];

    private static async Task PutWatchedAsync(SinkTrial trial, bool taken)
    {
        var name = ObjectName.Of("memory/object");
        var sink = await trial.OpenAsync();
        if (taken)
            await sink.PutAsync(name, WatchedBody.Of(1, 70_000).Body, trial.Token);
        var body = WatchedBody.Of(2, 70_000, 1 << 20, 5);
        try
        {
            await sink.PutAsync(name, body.Body, trial.Token);
        }
        catch (SinkException failure) when (taken && failure.Failure == SinkFailure.AlreadyExists)
        {
        }

        int pins = body.Pins;
        body.Close();
        trial.Require(pins == 0, $"the put ended with {pins} segments still pinned");
        await trial.QuietAsync();
        trial.Require(body.LateTouches == 0, $"the memory was looked at {body.LateTouches} times after the put had ended");
        if (!taken)
            await trial.RequireContentAsync(sink, name.ToString(), body.Expected);
    }

    private static async Task Unchanged(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        var body = WatchedBody.Of(3, 70_000, 4096, 5);
        await sink.PutAsync(ObjectName.Of("unchanged/object"), body.Body, trial.Token);
        trial.RequireSame(body.Current, body.Expected, "the body's memory after its put");
    }
}
