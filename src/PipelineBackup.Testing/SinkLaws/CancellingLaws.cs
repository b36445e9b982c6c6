namespace PipelineBackup.Testing;

/// <summary>What holds of calls that are cancelled at a chosen moment.</summary>
internal static class CancellingLaws
{
    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("cancelled-before", "A call whose token is cancelled already ends so, and nothing has happened.", Before),
        new("cancelled-midway", "A put cancelled while it looks at its body leaves all or nothing, and then nothing changes any more.",
            Midway)
        {
            LongestObject = (7 << 20) + 777,
        },
        new("cancelled-listing", "A listing that is cancelled does not run on to its end.", Listing),
        new("cancelled-reading", "A read whose token is cancelled does not read on.", Reading),
    ];

    private static async Task Before(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        var cancelled = new CancellationToken(canceled: true);
        await trial.PutAsync(sink, "c/there", [1]);
        var body = WatchedBody.Of(1, 1000, 1000);
        await trial.ExpectCancelledAsync(
            "a put", () => sink.PutAsync(ObjectName.Of("c/new"), body.Body, cancelled).AsTask());
        body.Close();
        await trial.ExpectCancelledAsync("an open", async () =>
        {
            await using var stream = await sink.OpenReadAsync(ObjectName.Of("c/there"), ByteRange.All, cancelled);
        });
        await trial.ExpectCancelledAsync(
            "a delete", () => sink.DeleteAsync(ObjectName.Of("c/there"), cancelled).AsTask());
        await trial.ExpectCancelledAsync("a listing", async () =>
        {
            await foreach (var item in sink.ListAsync("", cancelled))
            {
            }
        });
        await trial.QuietAsync();
        trial.Require(body.LateTouches == 0, "the memory of a cancelled put was looked at after it had ended");
        await trial.RequireListAsync(sink, "", "c/there");
    }

    private static async Task Midway(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        foreach (int at in (int[])[0, 3, 7])
        {
            string name = $"midway/{at}";
            var body = WatchedBody.Of(at, [.. Enumerable.Repeat(1 << 20, 7), 777]);
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(trial.Token);
            body.OnTouch = segment =>
            {
                if (segment == at)
                    cancel.Cancel();
            };
            bool done = await trial.EndsOrCancelsAsync(
                "a cancelled put", () => sink.PutAsync(ObjectName.Of(name), body.Body, cancel.Token).AsTask());
            body.Close();
            trial.Require(body.Pins == 0, $"the put ended with {body.Pins} segments still pinned");
            bool there = (await trial.ListAsync(sink, name)).Count == 1;
            trial.Require(there || !done, "a put returned without a failure, and the object is not there");
            await trial.QuietAsync();
            trial.Require(body.LateTouches == 0, "the memory of a cancelled put was looked at after it had ended");
            trial.Require(
                (await trial.ListAsync(sink, name)).Count == (there ? 1 : 0),
                $"after a cancelled put had ended, its object {(there ? "went away" : "appeared")}");
            if (!there)
                await trial.PutAsync(sink, name, body.Expected);
            await trial.RequireContentAsync(sink, name, body.Expected);
        }
    }

    private static async Task Listing(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        for (int i = 0; i < 20; i++)
            await trial.PutAsync(sink, $"r/{i % 4}/{i}", [1]);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(trial.Token);
        int seen = 0;
        await trial.ExpectCancelledAsync("a listing of 20 objects, cancelled at the third,", async () =>
        {
            await foreach (var item in sink.ListAsync("", cancel.Token))
            {
                if (++seen == 3)
                    await cancel.CancelAsync();
            }
        });
    }

    private static async Task Reading(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        await trial.PutAsync(sink, "r/object", SinkTrial.Bytes(1, 100_000));
        await using var stream = await sink.OpenReadAsync(ObjectName.Of("r/object"), ByteRange.All, trial.Token);
        await stream.ReadExactlyAsync(new byte[10], trial.Token);
        await trial.ExpectCancelledAsync(
            "a read", () => stream.ReadAsync(new byte[10], new CancellationToken(canceled: true)).AsTask());
    }
}
