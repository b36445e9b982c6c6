using System.Globalization;

namespace PipelineBackup.Testing;

/// <summary>When an object is seen, and by whom.</summary>
internal static class WholeLaws
{
    private static readonly int[] s_shape = [.. Enumerable.Repeat(256 << 10, 7), 1000];

    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("whole-or-nothing", "While an object is being put, readers see the whole of it or nothing.", WholeOrNothing),
        new("listed-whole", "While objects are being put, a listing shows none whose last byte cannot be read.", ListedWhole),
        new("seen-by-others", "When a put returns, every other sink on the store reads the object.", SeenByOthers),
        new("listed-by-others", "When a put returns, every other sink on the store lists the object.", ListedByOthers),
        new("gone-for-others", "When a delete returns, no other sink on the store reads or lists the object.", GoneForOthers),
        new("outlives-its-sink", "What was put stays when its sink ends, and a sink may be ended twice.", OutlivesItsSink),
    ];

    private static async Task WholeOrNothing(SinkTrial trial)
    {
        const string name = "whole/object";
        await PutWatchedAsync(trial, name, async (reader, expected) =>
        {
            var listed = await trial.ListAsync(reader, name);
            try
            {
                byte[] read = await trial.ReadAsync(reader, name);
                trial.Require(read.Length == expected.Length,
                    $"while the object was being put, {read.Length} of its {expected.Length} bytes were read");
                trial.RequireSame(read, expected, "the object read while it was being put");
            }
            catch (SinkException failure) when (failure.Failure == SinkFailure.NotFound)
            {
                trial.Require(listed.Count == 0, "the object was listed before it could be read");
            }
        });
    }

    private static async Task ListedWhole(SinkTrial trial)
    {
        const string name = "whole/object";
        await PutWatchedAsync(trial, name, async (reader, expected) =>
        {
            int length = expected.Length;
            foreach (var item in await trial.ListAsync(reader, "whole/"))
            {
                trial.Require(item.Length == length,
                    $"while the object was being put, it was listed with {item.Length} of {length} bytes");
                byte[] last = [];
                try
                {
                    last = await trial.ReadAsync(reader, name, new(length - 1, 1));
                }
                catch (SinkException failure) when (failure.Failure == SinkFailure.NotFound)
                {
                }

                trial.Require(last.Length == 1, "an object was listed whose last byte could not be read");
            }
        });
    }

    // Whoever comes to the last segment waits until the reader has looked twice from beginning to end, so that what a
    // sink shows of an unfinished object is seen. It waits in vain where a look waits for the put.
    private static async Task PutWatchedAsync(SinkTrial trial, string name, Func<IBackupSink, byte[], Task> look)
    {
        var writer = await trial.OpenAsync();
        var reader = await trial.OpenAsync();
        var body = WatchedBody.Of(11, s_shape);
        int looks = 0;
        int held = 0;
        body.OnTouch = segment =>
        {
            if (segment != s_shape.Length - 1 || Interlocked.Exchange(ref held, 1) == 1)
                return;
            int enough = Volatile.Read(ref looks) + 2;
            SpinWait.SpinUntil(() => Volatile.Read(ref looks) >= enough, TimeSpan.FromSeconds(1));
        };
        var put = Task.Run(() => writer.PutAsync(ObjectName.Of(name), body.Body, trial.Token).AsTask());
        while (!put.IsCompleted)
        {
            await look(reader, body.Expected);
            Interlocked.Increment(ref looks);
        }

        await put;
        await look(reader, body.Expected);
    }

    private static async Task SeenByOthers(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        var other = await trial.OpenAsync();
        for (int i = 0; i < 5; i++)
        {
            string name = $"seen/{i}/object";
            byte[] content = SinkTrial.Bytes(i, 1000 * i);
            // A look before: some stores remember that there was nothing.
            await trial.ExpectAsync(SinkFailure.NotFound, "opening what is not there yet", () => trial.ReadAsync(other, name));
            await trial.PutAsync(sink, name, content);
            await trial.RequireContentAsync(other, name, content);
            await trial.RequireContentAsync(await trial.OpenAsync(), name, content);
            await trial.RequireContentAsync(sink, name, content);
        }
    }

    private static async Task ListedByOthers(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        var other = await trial.OpenAsync();
        var names = new List<string>();
        for (int i = 0; i < 5; i++)
        {
            names.Add(string.Create(CultureInfo.InvariantCulture, $"listed/{i}/object"));
            await trial.PutAsync(sink, names[i], SinkTrial.Bytes(i, 1000 * i));
            await trial.RequireListAsync(other, "", names);
            await trial.RequireListAsync(await trial.OpenAsync(), names[i], names[i]);
            await trial.RequireListAsync(sink, "", names);
        }
    }

    private static async Task GoneForOthers(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        var other = await trial.OpenAsync();
        for (int i = 0; i < 3; i++)
        {
            string name = $"gone/{i}";
            await trial.PutAsync(sink, name, SinkTrial.Bytes(i, 1000));
            await trial.RequireContentAsync(other, name, SinkTrial.Bytes(i, 1000));
            await sink.DeleteAsync(ObjectName.Of(name), trial.Token);
            foreach (var reader in (IBackupSink[])[other, await trial.OpenAsync()])
            {
                await trial.RequireListAsync(reader, "");
                await trial.ExpectAsync(
                    SinkFailure.NotFound, "opening what another sink has deleted", () => trial.ReadAsync(reader, name));
            }
        }
    }

    private static async Task OutlivesItsSink(SinkTrial trial)
    {
        byte[] content = SinkTrial.Bytes(1, 10_000);
        var sink = await trial.OpenAsync();
        await trial.PutAsync(sink, "outlives/object", content);
        await sink.DisposeAsync();
        await sink.DisposeAsync();
        var next = await trial.OpenAsync();
        await trial.RequireListAsync(next, "", "outlives/object");
        await trial.RequireContentAsync(next, "outlives/object", content);
    }
}
