namespace PipelineBackup.Testing;

/// <summary>What holds of deleting an object.</summary>
internal static class DeletingLaws
{
    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("delete-one", "A delete removes its object from readers and listings, and no other.", DeleteOne),
        new("delete-missing", "Deleting what is not there succeeds.", DeleteMissing),
    ];

    private static async Task DeleteOne(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        var other = await trial.OpenAsync();
        string[] names = ["d/a", "d/a-b", "d/a.b", "d/ab", "d/b/c", "d/b/d", "d2/a"];
        foreach (string name in names)
            await trial.PutAsync(sink, name, SinkTrial.Bytes(name.Length, 500));
        foreach (string name in (string[])["d/a", "d/b/c"])
        {
            await sink.DeleteAsync(ObjectName.Of(name), trial.Token);
            names = [.. names.Where(left => left != name)];
            foreach (var reader in (IBackupSink[])[sink, other])
            {
                await trial.RequireListAsync(reader, "", names);
                await trial.ExpectAsync(
                    SinkFailure.NotFound, "opening a deleted object", () => trial.ReadAsync(reader, name));
            }
        }

        foreach (string name in names)
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
        await trial.RequireListAsync(sink, "", "d/a");
        await sink.DeleteAsync(ObjectName.Of("d/a"), trial.Token);
        await sink.DeleteAsync(ObjectName.Of("d/a"), trial.Token);
        await trial.RequireListAsync(sink, "");
    }
}
