namespace PipelineBackup.Testing;

/// <summary>What holds of reading an object.</summary>
internal static class ReadingLaws
{
    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("ranges", "A range inside an object gives exactly its bytes, also an empty one at the end.", Ranges),
        new(
            "ranges-beyond", "A range beyond the end of an object fails with NotFound when it is opened.",
            RangesBeyond),
        new("missing", "Opening what is not there fails with NotFound, which is not transient.", Missing),
        new("stream-ends", "A stream ends after its last byte and stays at its end.", StreamEnds),
        new("readers-apart", "Readers of the same object do not disturb one another.", ReadersApart),
    ];

    private static async Task Ranges(SinkTrial trial)
    {
        const int length = 300_000;
        var sink = await trial.OpenAsync();
        byte[] content = SinkTrial.Bytes(1, length);
        await trial.PutAsync(sink, "ranges/object", content);
        await trial.PutAsync(sink, "ranges/empty", []);
        ByteRange[] ranges =
        [
            ByteRange.All, new(0, length), new(0, 1), new(0, 0), new(1, 1), new(4096, 4096), new(65_535, 131_074),
            new(length - 1), new(length - 1, 1), new(length - 1, 0), new(length), new(length, 0), new(12_345, null),
        ];
        foreach (var range in ranges)
        {
            int end = range.Length is { } part ? (int)(range.Offset + part) : length;
            byte[] actual = await trial.ReadAsync(sink, "ranges/object", range);
            trial.RequireSame(actual, content[(int)range.Offset..end], $"range {range} of {length} bytes");
        }

        foreach (var range in new ByteRange[] { ByteRange.All, new(0, 0) })
            trial.RequireSame(await trial.ReadAsync(sink, "ranges/empty", range), [], $"range {range} of 0 bytes");
    }

    private static async Task RangesBeyond(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        await trial.PutAsync(sink, "beyond/object", SinkTrial.Bytes(1, 1000));
        await trial.PutAsync(sink, "beyond/empty", []);
        (string Name, ByteRange Range)[] beyond =
        [
            ("object", new(1001)), ("object", new(1001, 0)), ("object", new(0, 1001)), ("object", new(1000, 1)),
            ("object", new(500, 501)), ("object", new(5000, 10)), ("object", new(1, long.MaxValue)), 
            ("empty", new(0, 1)),
            ("empty", new(1)),
        ];
        foreach (var (name, range) in beyond)
        {
            await trial.ExpectAsync(SinkFailure.NotFound, $"opening {range} of '{name}'", async () =>
            {
                await using var stream = await sink.OpenReadAsync(ObjectName.Of($"beyond/{name}"), range, trial.Token);
            });
        }
    }

    private static async Task Missing(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        await NotThere("missing");
        await NotThere("missing/object");
        await trial.PutAsync(sink, "missing/a/object", SinkTrial.Bytes(1, 100));
        foreach (string name in (string[])["missing/a", "missing/a/objec", "missing/a/object2", "missing/a/object/b",
            "missing", "issing/a/object"])
            await NotThere(name);

        async Task NotThere(string name)
        {
            var failure = await trial.ExpectAsync(SinkFailure.NotFound,
                $"opening '{name}', which is not there", async () =>
            {
                await using var stream = await sink.OpenReadAsync(ObjectName.Of(name), ByteRange.All, trial.Token);
            });
            trial.Require(!failure.Transient, $"NotFound of '{name}' is told as transient, but no retry cures it");
            trial.Require(
                failure.Message.Contains(name, StringComparison.Ordinal),
                $"the message does not name '{name}': {failure.Message}");
        }
    }

    private static async Task StreamEnds(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        byte[] content = SinkTrial.Bytes(1, 200_000);
        await trial.PutAsync(sink, "stream/object", content);
        foreach (var range in new ByteRange[] { ByteRange.All, new(1000, 100_000) })
        {
            int length = (int)(range.Length ?? content.Length);
            await using var stream = await sink.OpenReadAsync(ObjectName.Of("stream/object"), range, trial.Token);
            byte[] buffer = new byte[content.Length];
            int total = 0;
            for (int read; (read = await stream.ReadAsync(
                buffer.AsMemory(total, Math.Min(7777, buffer.Length - total)), trial.Token)) > 0;)
                total += read;
            trial.RequireSame(buffer[..total], content[(int)range.Offset..(int)(range.Offset + length)],
                $"range {range}");
            for (int i = 0; i < 3; i++)
                trial.Require(await stream.ReadAsync(buffer, trial.Token) == 0, "a read after the end gave bytes");
        }
    }

    private static async Task ReadersApart(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        byte[] content = SinkTrial.Bytes(1, 500_000);
        await trial.PutAsync(sink, "apart/object", content);
        var name = ObjectName.Of("apart/object");
        await using var one = await sink.OpenReadAsync(name, ByteRange.All, trial.Token);
        await using var two = await sink.OpenReadAsync(name, new(250_000), trial.Token);
        byte[] first = new byte[250_000];
        byte[] second = new byte[250_000];
        for (int done = 0; done < first.Length; done += 50_000)
        {
            await one.ReadExactlyAsync(first.AsMemory(done, 50_000), trial.Token);
            await two.ReadExactlyAsync(second.AsMemory(done, 50_000), trial.Token);
        }

        trial.RequireSame([.. first, .. second], content, "two readers turn by turn");
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            byte[] part = await trial.ReadAsync(sink, "apart/object", new(i * 1000, 100_000));
            trial.RequireSame(part, content[(i * 1000)..((i * 1000) + 100_000)], $"reader {i} of sixteen");
        })));
    }
}
