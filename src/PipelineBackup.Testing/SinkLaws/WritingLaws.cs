namespace PipelineBackup.Testing;

/// <summary>What holds of writing an object.</summary>
internal static class WritingLaws
{
    private const int Slab = 1 << 20;

    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("read-back", "What was put is read back byte for byte, whatever its length and segments.", ReadBack),
        new("whole-or-nothing", "While an object is being put, others see the whole of it or nothing.", WholeOrNothing),
        new(
            "created-once", "A name that is taken is refused with AlreadyExists, and its object stays as it is.",
            CreatedOnce),
        new(
            "one-winner", "Of sixteen writers of one name exactly one succeeds; the object is the winner's.",
            OneWinner),
        new("seen-by-others", "When a put returns, every other sink on the store sees the object.", SeenByOthers),
        new(
            "memory-left-alone", "When a put has returned or thrown, the body's memory is not looked at.",
            MemoryLeftAlone),
        new("names-apart", "Every name is an object of its own, also a long one.", NamesApart),
    ];

    private static async Task ReadBack(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        int[][] shapes =
        [
            [0], [1], [4095], [4096], [4097], [0, 0, 3, 0], [100, 1, 5000, 77], [Slab], [Slab, Slab, Slab, 12_345],
            [4096, 10, Slab, Slab, 1], [Slab, 0, Slab / 2, Slab, 4096 * 3 + 9], [9 * Slab + 511],
        ];
        var bodies =
            shapes.Select((lengths, i) => (Name: $"read-back/{i}", Body: WatchedBody.Of(i + 1, lengths))).ToList();
        foreach (var (name, body) in bodies)
            await sink.PutAsync(ObjectName.Of(name), body.Body, trial.Token);
        foreach (var (name, body) in bodies)
            await trial.RequireContentAsync(sink, name, body.Expected);
        foreach (var item in await trial.ListAsync(sink))
        {
            int expected = bodies.Find(put => put.Name == item.Name.ToString()).Body?.Expected.Length ?? -1;
            trial.Require(item.Length == expected, $"'{item.Name}' of {expected} bytes is listed with {item.Length}");
        }
    }

    private static async Task WholeOrNothing(SinkTrial trial)
    {
        const string name = "whole/object";
        const int last = 7;
        var writer = await trial.OpenAsync();
        var reader = await trial.OpenAsync();
        var body = WatchedBody.Of(11, [.. Enumerable.Repeat(256 << 10, last), 1000]);
        int looks = 0;
        int held = 0;
        // Whoever comes to the last segment waits until the reader has looked twice from beginning to end, so that what
        // a sink shows of an unfinished object is seen. It waits in vain where a look waits for the put.
        body.OnTouch = segment =>
        {
            if (segment != last || Interlocked.Exchange(ref held, 1) == 1)
                return;
            int enough = Volatile.Read(ref looks) + 2;
            SpinWait.SpinUntil(() => Volatile.Read(ref looks) >= enough, TimeSpan.FromSeconds(1));
        };
        var put = Task.Run(() => writer.PutAsync(ObjectName.Of(name), body.Body, trial.Token).AsTask());
        while (!put.IsCompleted)
        {
            await Look();
            Interlocked.Increment(ref looks);
        }

        await put;
        trial.Require(await Look(), "the put returned, and the object is not there");

        async Task<bool> Look()
        {
            var listed = await trial.ListAsync(reader, name);
            trial.Require(
                listed.All(item => item.Length == body.Expected.Length),
                $"the object was listed with {listed.FirstOrDefault().Length} of {body.Expected.Length} bytes");
            try
            {
                await trial.RequireContentAsync(reader, name, body.Expected);
                return listed.Count == 1 || (await trial.ListAsync(reader, name)).Count == 1;
            }
            catch (SinkException failure) when (failure.Failure == SinkFailure.NotFound && listed.Count == 0)
            {
                return false;
            }
        }
    }

    private static async Task CreatedOnce(SinkTrial trial)
    {
        const string name = "once/object";
        var sink = await trial.OpenAsync();
        var other = await trial.OpenAsync();
        byte[] first = SinkTrial.Bytes(1, 10_000);
        await trial.PutAsync(sink, name, first);
        byte[][] later = [SinkTrial.Bytes(2, 10_000), SinkTrial.Bytes(3, 10), [], first];
        foreach (var again in new[] { sink, other })
        {
            foreach (byte[] content in later)
            {
                var failure = await trial.ExpectAsync(
                    SinkFailure.AlreadyExists, "a second put of a name", () => trial.PutAsync(again, name, content));
                trial.Require(!failure.Transient, "AlreadyExists is told as transient, but no retry cures it");
                await trial.RequireContentAsync(sink, name, first);
            }
        }

        await trial.RequireListAsync(sink, "", name);
    }

    private static async Task OneWinner(SinkTrial trial)
    {
        const string name = "race/object";
        IBackupSink[] sinks = [await trial.OpenAsync(), await trial.OpenAsync()];
        byte[][] contents = [.. Enumerable.Range(0, 16).Select(i => SinkTrial.Bytes(i, 20_000 + i))];
        using var start = new SemaphoreSlim(0);
        var writers = contents.Select((content, i) => Task.Run(async () =>
        {
            await start.WaitAsync(trial.Token);
            try
            {
                await trial.PutAsync(sinks[i % 2], name, content);
                return true;
            }
            catch (SinkException failure) when (failure.Failure == SinkFailure.AlreadyExists)
            {
                return false;
            }
        })).ToList();
        start.Release(contents.Length);
        bool[] won = await Task.WhenAll(writers);
        int winners = won.Count(one => one);
        trial.Require(winners == 1, $"{winners} of 16 writers of one name succeeded");
        await trial.RequireContentAsync(sinks[0], name, contents[Array.IndexOf(won, true)]);
    }

    private static async Task SeenByOthers(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        var other = await trial.OpenAsync();
        for (int i = 0; i < 5; i++)
        {
            string name = $"seen/{i}/object";
            byte[] content = SinkTrial.Bytes(i, 1000 * i);
            await trial.PutAsync(sink, name, content);
            await trial.RequireListAsync(other, name, name);
            await trial.RequireContentAsync(other, name, content);
            await trial.RequireContentAsync(await trial.OpenAsync(), name, content);
        }
    }

    private static async Task MemoryLeftAlone(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        await PutWatched("memory/object", 1, SinkFailure.Other);
        await PutWatched("memory/object", 2, SinkFailure.AlreadyExists);
        await PutWatched("memory/another", 3, SinkFailure.Other);

        async Task PutWatched(string name, int seed, SinkFailure expected)
        {
            var body = WatchedBody.Of(seed, 70_000, Slab, 5);
            var put = () => sink.PutAsync(ObjectName.Of(name), body.Body, trial.Token).AsTask();
            if (expected == SinkFailure.Other)
                await put();
            else
                await trial.ExpectAsync(expected, "a second put of a name", put);
            int pins = body.Pins;
            body.Close();
            trial.Require(pins == 0, $"the put ended with {pins} segments still pinned");
            // Time for what goes on behind the caller's back; a sink that keeps the law never needs it.
            await Task.Delay(100, trial.Token);
            trial.Require(body.LateTouches == 0,
                $"the memory was looked at {body.LateTouches} times after the put had ended");
            if (expected == SinkFailure.Other)
                await trial.RequireContentAsync(sink, name, body.Expected);
        }
    }

    private static async Task NamesApart(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        string deep = string.Join('/', Enumerable.Repeat("d", 100)) + "/end";
        string broad = string.Join('/', Enumerable.Repeat(new string('x', 99), 4));
        string[] names =
        [
            "a", "ab", "a-b", "a.b", "a_b", "b/a", "b/a-", "b/a.", "b-/a", "0", "00", "set/x.json", "set/x.jsonl",
            "tmp",
            "20261120T120000Z-F-1a2b3c4d", deep, broad, new string('y', 180),
        ];
        // Windows has no name with a dot at its end.
        if (OperatingSystem.IsWindows())
            names = [.. names.Where(name => !name.EndsWith('.'))];
        for (int i = 0; i < names.Length; i++)
            await trial.PutAsync(sink, names[i], SinkTrial.Bytes(i, 50 + i));
        for (int i = 0; i < names.Length; i++)
            await trial.RequireContentAsync(sink, names[i], SinkTrial.Bytes(i, 50 + i));
        await trial.RequireListAsync(sink, "", names.Order(StringComparer.Ordinal));
    }
}
