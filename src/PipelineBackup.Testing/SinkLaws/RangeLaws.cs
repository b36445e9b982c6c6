namespace PipelineBackup.Testing;

/// <summary>What holds of a range of an object, and of what is not there.</summary>
internal static class RangeLaws
{
    private const int Length = 300_000;

    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("ranges", "A range inside an object gives exactly its bytes: the first, the last, some between, the rest.", trial =>
            InsideAsync(trial, Length, ByteRange.All, new(0, Length), new(0, 1), new(1, 1), new(65_535, 131_074),
                new(Length - 1, 1), new(Length - 1), new(12_345))),
        new("ranges-across", "A range across the bounds at which stores cut objects gives exactly its bytes.", trial =>
            InsideAsync(trial, (9 << 20) + 100, new(4095, 2), new(4096, 4096), new((64 << 10) - 1, 2), new((1 << 20) - 1, 2),
                new((4 << 20) - 10, 20), new((5 << 20) - 1, 2), new((8 << 20) - 100, 200), new((8 << 20) + 1),
                new(3, (9 << 20) + 50)))
        {
            LongestObject = (9 << 20) + 100,
        },
        new("ranges-empty", "An empty range gives nothing, at the beginning, inside and at the very end, also of an empty object.",
            Empty),
        new("ranges-beyond", "A range that ends behind the object's end fails with NotFound when it is opened.", trial =>
            BeyondAsync(trial, ("object", new(1001)), ("object", new(1001, 0)), ("object", new(0, 1001)), ("object", new(1000, 1)),
                ("object", new(500, 501)), ("object", new(5000, 10)), ("empty", new(0, 1)), ("empty", new(1)))),
        new("ranges-far-beyond", "So does one whose numbers are larger than any object.", trial =>
            BeyondAsync(trial, ("object", new(1, long.MaxValue)), ("object", new(long.MaxValue)), ("object", new(long.MaxValue, 1)),
                ("object", new(long.MaxValue, long.MaxValue)), ("object", new(1L << 31, 1)), ("object", new(1L << 32)),
                ("object", new((1L << 32) + 5, 10)), ("object", new(5, 1L << 32)), ("object", new(999, long.MaxValue - 998)),
                ("empty", new(1L << 62, 1L << 62)))),
        new("missing", "Opening what is not there fails with NotFound, which is not transient.", Missing),
        new("failures-named", "The message of a failure names the object.", Named),
    ];

    private static async Task InsideAsync(SinkTrial trial, int length, params ByteRange[] ranges)
    {
        var sink = await trial.OpenAsync();
        byte[] content = SinkTrial.Bytes(1, length);
        await trial.PutAsync(sink, "ranges/object", content);
        foreach (var range in ranges)
        {
            int end = range.Length is { } part ? (int)(range.Offset + part) : length;
            byte[] actual = await trial.ReadAsync(sink, "ranges/object", range);
            trial.RequireSame(actual, content[(int)range.Offset..end], $"{range} of {length} bytes");
        }
    }

    private static async Task Empty(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        await trial.PutAsync(sink, "ranges/object", SinkTrial.Bytes(1, Length));
        await trial.PutAsync(sink, "ranges/empty", []);
        foreach (var range in (ByteRange[])[new(0, 0), new(1000, 0), new(Length - 1, 0), new(Length), new(Length, 0)])
            trial.RequireSame(await trial.ReadAsync(sink, "ranges/object", range), [], $"{range} of {Length} bytes");
        foreach (var range in (ByteRange[])[ByteRange.All, new(0, 0)])
            trial.RequireSame(await trial.ReadAsync(sink, "ranges/empty", range), [], $"{range} of 0 bytes");
    }

    private static async Task BeyondAsync(SinkTrial trial, params (string Name, ByteRange Range)[] beyond)
    {
        var sink = await trial.OpenAsync();
        await trial.PutAsync(sink, "beyond/object", SinkTrial.Bytes(1, 1000));
        await trial.PutAsync(sink, "beyond/empty", []);
        foreach (var (name, range) in beyond)
        {
            var failure = await trial.ExpectAsync(SinkFailure.NotFound, $"opening {range} of '{name}'", async () =>
            {
                await using var stream = await sink.OpenReadAsync(ObjectName.Of($"beyond/{name}"), range, trial.Token);
            });
            trial.Require(!failure.Transient, $"{range} of '{name}' is told as transient, but no retry cures it");
        }
    }

    private static async Task Missing(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        await NotThere("missing", ByteRange.All);
        await NotThere("missing/object", new(0, 0));
        await trial.PutAsync(sink, "missing/a/object", SinkTrial.Bytes(1, 100));
        foreach (string name in (string[])["missing/a", "missing/a/objec", "missing/a/object2", "missing/a/object/b",
            "missing", "issing/a/object"])
        {
            foreach (var range in (ByteRange[])[ByteRange.All, new(0, 10), new(0, 0)])
                await NotThere(name, range);
        }

        async Task NotThere(string name, ByteRange range)
        {
            var failure = await trial.ExpectAsync(SinkFailure.NotFound, $"opening '{name}', which is not there,", async () =>
            {
                await using var stream = await sink.OpenReadAsync(ObjectName.Of(name), range, trial.Token);
            });
            trial.Require(!failure.Transient, $"NotFound of '{name}' is told as transient, but no retry cures it");
        }
    }

    private static async Task Named(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        await trial.PutAsync(sink, "named/object", SinkTrial.Bytes(1, 100));
        await Names("named/missing", () => trial.ReadAsync(sink, "named/missing"));
        await Names("named/object", () => trial.ReadAsync(sink, "named/object", new(50, 51)));
        await Names("named/object", () => trial.PutAsync(sink, "named/object", [1]));

        async Task Names(string name, Func<Task> act)
        {
            try
            {
                await act();
            }
            catch (SinkException failure)
            {
                trial.Require(
                    failure.Message.Contains(name, StringComparison.Ordinal),
                    $"the message does not name '{name}': {failure.Message}");
            }
        }
    }
}
