namespace PipelineBackup.Testing;

/// <summary>What holds of cancelled calls.</summary>
internal static class CancellingLaws
{
    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("cancelled-before", "A call whose token is cancelled already ends so, and nothing has happened.", Before),
        new(
            "cancelled-midway", "A put cancelled on its way leaves all or nothing, and then nothing changes any more.",
            Midway),
        new("cancelled-reading", "A cancelled listing or read does not run on to its end.", Reading),
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
        // Time for what goes on behind the caller's back; a sink that keeps the law never needs it.
        await Task.Delay(100, trial.Token);
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
            bool done = await PutAsync(sink, name, body, cancel.Token);
            body.Close();
            trial.Require(body.Pins == 0, $"the put ended with {body.Pins} segments still pinned");
            bool there = (await trial.ListAsync(sink, name)).Count == 1;
            trial.Require(there || !done, "a put returned without a failure, and the object is not there");
            // Time for what goes on behind the caller's back; a sink that keeps the law never needs it.
            await Task.Delay(150, trial.Token);
            trial.Require(body.LateTouches == 0, "the memory of a cancelled put was looked at after it had ended");
            trial.Require(
                (await trial.ListAsync(sink, name)).Count == (there ? 1 : 0),
                $"after a cancelled put had ended, its object {(there ? "went away" : "appeared")}");
            if (!there)
            {
                var again = WatchedBody.Of(at, [.. Enumerable.Repeat(1 << 20, 7), 777]);
                await sink.PutAsync(ObjectName.Of(name), again.Body, trial.Token);
            }

            await trial.RequireContentAsync(sink, name, body.Expected);
        }

        async Task<bool> PutAsync(IBackupSink sink, string name, WatchedBody body, CancellationToken token)
        {
            try
            {
                await sink.PutAsync(ObjectName.Of(name), body.Body, token);
                return true;
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested)
            {
                return false;
            }
            catch (Exception failure)
            {
                throw trial.Broken(
                    $"a cancelled put failed with {failure.GetType().Name} instead of OperationCanceledException",
                    failure);
            }
        }
    }

    private static async Task Reading(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        for (int i = 0; i < 20; i++)
            await trial.PutAsync(sink, $"r/{i % 4}/{i}", SinkTrial.Bytes(i, 100_000));
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(trial.Token);
        int seen = 0;
        await trial.ExpectCancelledAsync($"a listing of 20 objects, cancelled at the third,", async () =>
        {
            await foreach (var item in sink.ListAsync("", cancel.Token))
            {
                if (++seen == 3)
                    await cancel.CancelAsync();
            }
        });
        await using var stream = await sink.OpenReadAsync(ObjectName.Of("r/0/0"), ByteRange.All, trial.Token);
        await stream.ReadExactlyAsync(new byte[10], trial.Token);
        await trial.ExpectCancelledAsync("a read", () => stream.ReadAsync(new byte[10], cancel.Token).AsTask());

        // The token of the open ends the open; what it gave lives on.
        using var opening = new CancellationTokenSource();
        await using var later = await sink.OpenReadAsync(ObjectName.Of("r/1/1"), ByteRange.All, opening.Token);
        await opening.CancelAsync();
        trial.RequireSame(
            await trial.ReadAsync(later), SinkTrial.Bytes(1, 100_000), "a stream whose open was cancelled afterwards");
    }
}
