namespace PipelineBackup.Testing;

/// <summary>What a call may cost in requests. They need <see cref="IServerUnderTest"/> without TLS.</summary>
internal static class RequestLaws
{
    private const int Pack = 32 << 20;
    private const int Part = 5 << 20;
    private const int Page = 1000;

    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("requests-put", "A small object costs at most two requests.", trial => PutAsync(trial, 10_000, 2))
        {
            Needs = LawNeed.Server,
        },
        new("requests-put-pack", "A pack of 32 MiB costs at most one request for each 5 MiB begun, and two more.", trial =>
            PutAsync(trial, Pack, ((Pack + Part - 1) / Part) + 2))
        {
            Needs = LawNeed.Server,
            LongestObject = Pack,
        },
        new("requests-read", "A range of an object costs at most two requests, however long it is.", Read)
        {
            Needs = LawNeed.Server,
            LongestObject = 9 << 20,
        },
        new("requests-list", "A listing costs at most one request for each thousand objects begun, and one more.", List)
        {
            Needs = LawNeed.Server,
            MostObjects = (2 * Page) + 10,
        },
        new("requests-list-after",
            "Where listings resume, one after a name costs at most one request for each thousand objects behind it begun, and one more.",
            ListAfter)
        {
            Needs = LawNeed.Server,
            MostObjects = (2 * Page) + 10,
        },
        new("requests-delete", "A delete costs at most two requests.", Delete)
        {
            Needs = LawNeed.Server,
        },
    ];

    private static async Task PutAsync(SinkTrial trial, int length, int most)
    {
        await using var line = trial.NewLine();
        var sink = await trial.OpenAtAsync(line);
        // The first of a sink may cost more, where it finds out something about its store.
        await trial.PutAsync(sink, "requests/first", [1]);
        var body = WatchedBody.Of(1, length);
        await CountAsync(trial, line, $"a put of {length} bytes", most,
            () => sink.PutAsync(ObjectName.Of("requests/object"), body.Body, trial.Token).AsTask());
    }

    private static async Task Read(SinkTrial trial)
    {
        const int length = 9 << 20;
        byte[] content = SinkTrial.Bytes(1, length);
        await trial.PutAsync(await trial.OpenAsync(), "requests/object", content);
        await using var line = trial.NewLine();
        var sink = await trial.OpenAtAsync(line);
        foreach (var range in (ByteRange[])[ByteRange.All, new(5, 10), new(1 << 20, 7 << 20), new(length - 1), new(100, 0)])
            await CountAsync(trial, line, $"reading {range}", 2, () => trial.ReadAsync(sink, "requests/object", range));
    }

    private static async Task List(SinkTrial trial)
    {
        const int count = (2 * Page) + 10;
        await PutManyAsync(trial, await trial.OpenAsync(), count);
        await using var line = trial.NewLine();
        var sink = await trial.OpenAtAsync(line);
        await CountAsync(trial, line, $"a listing of {count} objects", 4, async () =>
            trial.Require((await trial.ListAsync(sink)).Count == count, $"a listing has not all of {count} objects"));
        await CountAsync(trial, line, "a listing of 10 objects", 2, () => trial.ListAsync(sink, "requests/1000"));
    }

    private static async Task ListAfter(SinkTrial trial)
    {
        const int count = (2 * Page) + 10;
        var writer = await trial.OpenAsync();
        trial.Resumable(writer);
        await PutManyAsync(trial, writer, count);
        await using var line = trial.NewLine();
        var listings = trial.Resumable(await trial.OpenAtAsync(line));
        string[] names = [.. Enumerable.Range(10_000, count).Select(i => $"requests/{i}")];
        foreach (int behind in (int[])[10, Page + 10])
        {
            await CountAsync(trial, line, $"a listing of the last {behind} of {count} objects", behind < Page ? 2 : 3,
                () => trial.RequireListAfterAsync(listings, "requests/", ObjectName.Of(names[^(behind + 1)]), names[^behind..]));
        }
    }

    private static Task PutManyAsync(SinkTrial trial, IBackupSink sink, int count) => Parallel.ForEachAsync(
        Enumerable.Range(10_000, count), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = trial.Token },
        async (i, _) => await trial.PutAsync(sink, $"requests/{i}", [1]));

    private static async Task Delete(SinkTrial trial)
    {
        await using var line = trial.NewLine();
        var sink = await trial.OpenAtAsync(line);
        await trial.PutAsync(sink, "requests/object", [1]);
        await CountAsync(trial, line, "a delete", 2, () => sink.DeleteAsync(ObjectName.Of("requests/object"), trial.Token).AsTask());
        await CountAsync(trial, line, "a delete of what is not there", 2,
            () => sink.DeleteAsync(ObjectName.Of("requests/object"), trial.Token).AsTask());
    }

    private static async Task CountAsync(SinkTrial trial, ServerLine line, string call, int most, Func<Task> act)
    {
        long before = line.Requests;
        await act();
        long requests = line.Requests - before;
        trial.Require(requests > 0, $"{call} sent no request over the line that its sink was given");
        trial.Require(requests <= most, $"{call} cost {requests} requests, more than {most}");
    }
}
