namespace PipelineBackup.Testing;

/// <summary>What holds of many calls at once, and of what a sink says of itself.</summary>
internal static class SharingLaws
{
    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("side-by-side", "Puts, reads, listings and deletes run beside one another on the same sink.", SideBySide),
        new("traits", "The traits are such that a pipeline can keep to them.", Traits),
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
        var left = Enumerable.Range(0, workers)
            .SelectMany(worker => Enumerable.Range(0,
                rounds).Where(round => round % 2 == 0).Select(round => $"side/{worker}/{round}"));
        await trial.RequireListAsync(sink, "", left.Order(StringComparer.Ordinal));
    }

    private static async Task Traits(SinkTrial trial)
    {
        // A pack takes 32 MiB; a store that holds less cannot hold a backup.
        const long longest = 64L << 20;
        var traits = (await trial.OpenAsync()).Traits;
        trial.Require(traits is not null, "there are no traits");
        trial.Require(traits!.PutConcurrency >= 1, $"PutConcurrency is {traits.PutConcurrency}");
        trial.Require(traits.ReadConcurrency >= 1, $"ReadConcurrency is {traits.ReadConcurrency}");
        trial.Require(traits.MaxObjectLength >= longest,
            $"MaxObjectLength is {traits.MaxObjectLength}, less than {longest}");
    }
}
