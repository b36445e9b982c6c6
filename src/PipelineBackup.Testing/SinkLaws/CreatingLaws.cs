namespace PipelineBackup.Testing;

/// <summary>What holds of a name that is taken.</summary>
internal static class CreatingLaws
{
    private const int Writers = 16;

    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("created-once", "A name that is taken is refused with AlreadyExists, which no retry cures.", CreatedOnce),
        new("first-stays", "The object of a name that is taken stays as it is, whatever is put after it.", FirstStays),
        new("one-winner", "Of sixteen writers of one small object exactly one succeeds; the object is the winner's.", trial =>
            RaceAsync(trial, 20_000)),
        new("one-winner-long", "Of sixteen writers of one object of 9 MiB exactly one succeeds; the object is the winner's.", trial =>
            RaceAsync(trial, 9 << 20)) { LongestObject = (9 << 20) + Writers },
        new("name-free-again", "A name whose object was deleted is free again.", FreeAgain),
    ];

    private static async Task CreatedOnce(SinkTrial trial)
    {
        const string name = "once/object";
        byte[] first = SinkTrial.Bytes(1, 10_000);
        await trial.PutAsync(await trial.OpenAsync(), name, first);
        byte[][] later = [SinkTrial.Bytes(2, 10_000), SinkTrial.Bytes(3, 10), [], first];
        foreach (byte[] content in later)
        {
            var sink = await trial.OpenAsync();
            var failure = await trial.ExpectAsync(
                SinkFailure.AlreadyExists, "a second put of a name", () => trial.PutAsync(sink, name, content));
            trial.Require(!failure.Transient, "AlreadyExists is told as transient, but no retry cures it");
        }
    }

    private static async Task FirstStays(SinkTrial trial)
    {
        const string name = "first/object";
        var sink = await trial.OpenAsync();
        byte[] first = SinkTrial.Bytes(1, 10_000);
        await trial.PutAsync(sink, name, first);
        foreach (byte[] content in (byte[][])[SinkTrial.Bytes(2, 10_000), SinkTrial.Bytes(3, 10), [], SinkTrial.Bytes(4, 2 << 20)])
        {
            try
            {
                await trial.PutAsync(sink, name, content);
            }
            catch (SinkException)
            {
                // What it must say is another law's.
            }

            await trial.RequireContentAsync(sink, name, first);
            var listed = await trial.ListAsync(sink, "first/");
            trial.Require(listed.Count == 1 && listed[0].Length == first.Length,
                $"after a second put of a name of {first.Length} bytes the listing shows {string.Join(", ", listed)}");
        }
    }

    private static async Task RaceAsync(SinkTrial trial, int length)
    {
        const string name = "race/object";
        IBackupSink[] sinks = [await trial.OpenAsync(), await trial.OpenAsync()];
        byte[][] contents = [.. Enumerable.Range(0, Writers).Select(i => SinkTrial.Bytes(i, length + i))];
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
            catch (SinkException failure) when (failure.Transient)
            {
                // A store may be unable to tell at the moment; asked again, it must know.
                return !await IsTakenAsync(trial, sinks[i % 2], name, content);
            }
        })).ToList();
        start.Release(Writers);
        bool[] won = await Task.WhenAll(writers);
        int winners = won.Count(one => one);
        trial.Require(winners == 1, $"{winners} of {Writers} writers of one name succeeded");
        await trial.RequireContentAsync(sinks[0], name, contents[Array.IndexOf(won, true)]);
        await trial.RequireListAsync(sinks[1], "", name);
    }

    private static async Task<bool> IsTakenAsync(SinkTrial trial, IBackupSink sink, string name, byte[] content)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await trial.PutAsync(sink, name, content);
                return false;
            }
            catch (SinkException failure) when (failure.Failure == SinkFailure.AlreadyExists)
            {
                return true;
            }
            catch (SinkException failure) when (failure.Transient && attempt < 20)
            {
                await Task.Delay(100, trial.Token);
            }
        }
    }

    private static async Task FreeAgain(SinkTrial trial)
    {
        const string name = "again/object";
        var sink = await trial.OpenAsync();
        for (int i = 0; i < 3; i++)
        {
            byte[] content = SinkTrial.Bytes(i, 1000 * (3 - i));
            await trial.PutAsync(sink, name, content);
            await trial.RequireContentAsync(sink, name, content);
            await trial.RequireListAsync(sink, "", name);
            await sink.DeleteAsync(ObjectName.Of(name), trial.Token);
        }
    }
}
