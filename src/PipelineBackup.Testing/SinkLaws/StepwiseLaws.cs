using System.Globalization;

namespace PipelineBackup.Testing;

/// <summary>What holds of calls that are cancelled at each of their steps, one after the other.</summary>
internal static class StepwiseLaws
{
    private static readonly int[] s_shape = [300_000, 1 << 20, 0, 5];

    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("cancelled-put", "A put cancelled at any of its steps leaves all or nothing, the body alone, and its name to who puts next.",
            Put),
        new("cancelled-open", "An open cancelled at any of its steps ends so or gives the whole, and the next one works.", Open),
        new("cancelled-read", "A read cancelled at any of its steps ends so or gives what it should, and the next stream works.", Read),
        new("cancelled-list", "A listing cancelled at any of its steps ends so or is complete, and the next one works.", List),
        new("cancelled-delete", "A delete cancelled at any of its steps has happened or not, and can be done again.", Delete),
    ];

    private static async Task Put(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        var puts = new List<(string Name, WatchedBody Body, bool There)>();
        await trial.AtEveryStepAsync("a put", async steps =>
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"step/{steps.At}");
            var body = WatchedBody.Of(steps.At, s_shape);
            body.OnTouch = _ => steps.Step();
            bool done = await trial.EndsOrCancelsAsync(
                $"a put cancelled at its step {steps.At}",
                () => steps.RunAsync(token => sink.PutAsync(ObjectName.Of(name), body.Body, token).AsTask()));
            body.Close();
            trial.Require(body.Pins == 0, $"a put cancelled at its step {steps.At} ended with {body.Pins} segments still pinned");
            bool there = (await trial.ListAsync(sink, name)).Any(item => item.Name.ToString() == name);
            trial.Require(there || !done, "a put returned without a failure, and the object is not there");
            puts.Add((name, body, there));
        });
        await trial.QuietAsync();
        await trial.RequireListAsync(
            sink, "step/", puts.Where(put => put.There).Select(put => put.Name).Order(StringComparer.Ordinal));
        foreach (var (name, body, there) in puts)
        {
            trial.Require(body.LateTouches == 0, $"the memory of '{name}' was looked at after its cancelled put had ended");
            if (!there)
                await trial.PutAsync(sink, name, body.Expected);
            await trial.RequireContentAsync(sink, name, body.Expected);
        }
    }

    private static async Task Open(SinkTrial trial)
    {
        var (sink, name, content) = await PutAsync(trial);
        await trial.AtEveryStepAsync("an open", async steps =>
        {
            Stream? stream = null;
            bool done = await trial.EndsOrCancelsAsync(
                $"an open cancelled at its step {steps.At}",
                () => steps.RunAsync(async token => stream = await sink.OpenReadAsync(name, new(100, 200_000), token)));
            if (!done)
                return;
            await using (stream)
                trial.RequireSame(await trial.ReadAsync(stream!), content[100..200_100], "a stream whose open was cancelled late");
        });
        await trial.RequireContentAsync(sink, name.ToString(), content);
    }

    private static async Task Read(SinkTrial trial)
    {
        var (sink, name, content) = await PutAsync(trial);
        await trial.AtEveryStepAsync("a read", async steps =>
        {
            await using var stream = await sink.OpenReadAsync(name, ByteRange.All, trial.Token);
            var all = new MemoryStream();
            bool done = await trial.EndsOrCancelsAsync(
                $"a read cancelled at its step {steps.At}",
                () => steps.RunAsync(async token =>
                {
                    byte[] buffer = new byte[300_000];
                    for (int read; (read = await stream.ReadAsync(buffer, token)) > 0;)
                        all.Write(buffer, 0, read);
                }));
            trial.RequireSame(all.ToArray(), content[..(done ? content.Length : (int)all.Length)],
                $"what was read until the read was cancelled at its step {steps.At}");
        });
        await trial.RequireContentAsync(sink, name.ToString(), content);
    }

    private static async Task List(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        string[] names = [.. Enumerable.Range(10, 30).Select(i => $"step/{i % 3}/{i}").Order(StringComparer.Ordinal)];
        foreach (string name in names)
            await trial.PutAsync(sink, name, [1]);
        await trial.AtEveryStepAsync("a listing", async steps =>
        {
            var seen = new List<string>();
            bool done = await trial.EndsOrCancelsAsync(
                $"a listing cancelled at its step {steps.At}",
                () => steps.RunAsync(async token =>
                {
                    await foreach (var item in sink.ListAsync("step/", token))
                    {
                        seen.Add(item.Name.ToString());
                        steps.Step();
                    }
                }));
            trial.Require(seen.SequenceEqual(done ? names : names.Take(seen.Count)),
                $"a listing cancelled at its step {steps.At} {(done ? "ended well, and" : "")} has {seen.Count} of {names.Length} names");
        });
        await trial.RequireListAsync(sink, "", names);
    }

    private static async Task Delete(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        byte[] content = SinkTrial.Bytes(1, 1000);
        var left = new List<string>();
        await trial.AtEveryStepAsync("a delete", async steps =>
        {
            var name = ObjectName.Of(string.Create(CultureInfo.InvariantCulture, $"step/{steps.At}"));
            await trial.PutAsync(sink, name.ToString(), content);
            bool done = await trial.EndsOrCancelsAsync(
                $"a delete cancelled at its step {steps.At}", () => steps.RunAsync(token => sink.DeleteAsync(name, token).AsTask()));
            bool there = (await trial.ListAsync(sink, "step/")).Any(item => item.Name == name);
            trial.Require(!done || !there, "a delete returned without a failure, and the object is there");
            if (there)
                left.Add(name.ToString());
        });
        await trial.QuietAsync();
        await trial.RequireListAsync(sink, "", left.Order(StringComparer.Ordinal));
        foreach (string name in left)
        {
            await trial.RequireContentAsync(sink, name, content);
            await sink.DeleteAsync(ObjectName.Of(name), trial.Token);
        }

        await trial.RequireListAsync(sink, "");
    }

    private static async Task<(IBackupSink Sink, ObjectName Name, byte[] Content)> PutAsync(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        var body = WatchedBody.Of(1, s_shape);
        var name = ObjectName.Of("step/object");
        await sink.PutAsync(name, body.Body, trial.Token);
        return (sink, name, body.Expected);
    }
}
