namespace PipelineBackup.Testing;

/// <summary>What holds of many calls at once.</summary>
internal static class SharingLaws
{
    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("side-by-side", "Puts, reads, listings and deletes run beside one another on the same sink.", SideBySide),
        new("puts-at-once", "As many puts as the sink likes run at once, and twice as many too.", async trial =>
        {
            await PutsAsync(trial, 1);
            await PutsAsync(trial, 2);
        }),
        new("call-after-failure", "A call that failed leaves the sink as usable as before.", AfterFailure),
    ];

    private static async Task SideBySide(SinkTrial trial)
    {
        const int workers = 8;
        const int rounds = 6;
        var sink = await trial.OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, workers).Select(worker => Task.Run(async () =>
        {
            for (int round = 0; round < rounds; round++)
            {
                string name = $"side/{worker}/{round}";
                var body = WatchedBody.Of((worker * 100) + round, 1 << (8 + (2 * round)), 100, 3 << worker);
                await sink.PutAsync(ObjectName.Of(name), body.Body, trial.Token);
                await trial.RequireContentAsync(sink, name, body.Expected);
                string[] listed = [.. (await trial.ListAsync(sink, "side/")).Select(item => item.Name.ToString())];
                trial.Require(listed.Contains(name), $"'{name}' is put, and missing in a listing beside other calls");
                trial.Require(
                    listed.SequenceEqual(listed.Distinct().Order(StringComparer.Ordinal)),
                    "a listing beside other calls is out of order or names an object twice");
                if (round % 2 == 1)
                    await sink.DeleteAsync(ObjectName.Of(name), trial.Token);
            }
        })));
        var left = Enumerable.Range(0, workers).SelectMany(worker =>
            Enumerable.Range(0, rounds).Where(round => round % 2 == 0).Select(round => $"side/{worker}/{round}"));
        await trial.RequireListAsync(sink, "", left.Order(StringComparer.Ordinal));
    }

    private static async Task PutsAsync(SinkTrial trial, int times)
    {
        var sink = await trial.OpenAsync();
        int count = Math.Clamp(sink.Traits.PutConcurrency, 1, 64) * times;
        var bodies = Enumerable.Range(0, count).Select(i => WatchedBody.Of(i, 1 << 20, 1 << 20, 100 + i)).ToList();
        var puts = bodies.Select((body, i) => Task.Run(() =>
            sink.PutAsync(ObjectName.Of($"at-once/{times}/{i}"), body.Body, trial.Token).AsTask())).ToList();
        await Task.WhenAll(puts);
        foreach (var (i, body) in bodies.Index())
            await trial.RequireContentAsync(sink, $"at-once/{times}/{i}", body.Expected);
    }

    private static async Task AfterFailure(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        byte[] content = SinkTrial.Bytes(1, 200_000);
        await trial.PutAsync(sink, "after/there", content);
        for (int i = 0; i < 40; i++)
        {
            await FailAsync(() => trial.PutAsync(sink, "after/there", content));
            await FailAsync(() => trial.ReadAsync(sink, "after/none"));
            await FailAsync(() => trial.ReadAsync(sink, "after/there", new(content.Length, 1)));
        }

        await trial.RequireContentAsync(sink, "after/there", content);
        await trial.PutAsync(sink, "after/new", content);
        await trial.RequireListAsync(sink, "", "after/new", "after/there");

        static async Task FailAsync(Func<Task> act)
        {
            try
            {
                await act();
            }
            catch (SinkException)
            {
                // Which failure it must be is another law's.
            }
        }
    }
}
