namespace PipelineBackup.Testing;

/// <summary>What holds of deleting an object.</summary>
internal static class DeletingLaws
{
    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("delete-one", "A delete removes its object from readers and listings.", DeleteOne),
        new("delete-no-other", "A delete removes no other object, however its name begins.", DeleteNoOther),
        new("delete-missing", "Deleting what is not there succeeds.", DeleteMissing),
        new("delete-twice", "Deleting what is deleted already succeeds.", DeleteTwice),
        new("delete-race", "Of sixteen that delete one object all succeed.", DeleteRace),
    ];

    private static async Task DeleteOne(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        string[] names = ["d/a", "d/b/c", "e"];
        foreach (string name in names)
            await trial.PutAsync(sink, name, SinkTrial.Bytes(name.Length, 500));
        foreach (string name in names)
        {
            await sink.DeleteAsync(ObjectName.Of(name), trial.Token);
            names = names[1..];
            await trial.RequireListAsync(sink, "", names);
            await trial.ExpectAsync(
                SinkFailure.NotFound, "opening a deleted object", () => trial.ReadAsync(sink, name));
        }
    }

    private static async Task DeleteNoOther(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        string[] names = ["d/a", "d/a-b", "d/a.b", "d/a0/x", "d/ab", "d/b/c", "d/b/d", "d2/a"];
        foreach (string name in names)
            await trial.PutAsync(sink, name, SinkTrial.Bytes(name.Length, 500));
        await sink.DeleteAsync(ObjectName.Of("d/a"), trial.Token);
        await sink.DeleteAsync(ObjectName.Of("d/b/c"), trial.Token);
        await sink.DeleteAsync(ObjectName.Of("d"), trial.Token);
        foreach (string name in names.Except(["d/a", "d/b/c"]))
            await trial.RequireContentAsync(sink, name, SinkTrial.Bytes(name.Length, 500));
    }

    private static async Task DeleteMissing(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        await sink.DeleteAsync(ObjectName.Of("nothing"), trial.Token);
        await sink.DeleteAsync(ObjectName.Of("nothing/at/all"), trial.Token);
        await trial.PutAsync(sink, "d/a", [1]);
        await sink.DeleteAsync(ObjectName.Of("d"), trial.Token);
        await sink.DeleteAsync(ObjectName.Of("d/a/b"), trial.Token);
        await sink.DeleteAsync(ObjectName.Of("d/b"), trial.Token);
    }

    private static async Task DeleteTwice(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        await trial.PutAsync(sink, "d/a", [1]);
        for (int i = 0; i < 3; i++)
            await sink.DeleteAsync(ObjectName.Of("d/a"), trial.Token);
        await (await trial.OpenAsync()).DeleteAsync(ObjectName.Of("d/a"), trial.Token);
    }

    private static async Task DeleteRace(SinkTrial trial)
    {
        IBackupSink[] sinks = [await trial.OpenAsync(), await trial.OpenAsync()];
        var name = ObjectName.Of("d/race");
        for (int round = 0; round < 3; round++)
        {
            await trial.PutAsync(sinks[0], name.ToString(), SinkTrial.Bytes(round, 1000));
            await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(
                () => sinks[i % 2].DeleteAsync(name, trial.Token).AsTask())));
            await trial.RequireListAsync(sinks[1], "");
        }
    }
}
