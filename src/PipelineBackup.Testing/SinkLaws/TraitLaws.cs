namespace PipelineBackup.Testing;

/// <summary>What holds of what a sink says of itself.</summary>
internal static class TraitLaws
{
    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("traits", "The traits are such that a pipeline can keep to them.", Traits),
        new("traits-steady", "The traits stay the same, of a sink and of its store.", Steady),
        new("retention-kept", "A store that says it retains refuses to delete until the time has come, and deletes then.", Kept),
        new("retention-unpromised", "A store that does not retain stores without that promise, or refuses and stores nothing.",
            Unpromised),
    ];

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

    private static async Task Steady(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        var first = sink.Traits;
        await trial.PutAsync(sink, "traits/object", [1]);
        trial.Require(sink.Traits == first, $"after a put the traits are {sink.Traits}, before it {first}");
        var other = (await trial.OpenAsync()).Traits;
        trial.Require(other == first, $"of two sinks on one store one has the traits {first}, the other {other}");
    }

    private static async Task Kept(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        if (!sink.Traits.SupportsRetention)
            throw new SkippedLawException("the store does not retain (SupportsRetention)");
        var name = ObjectName.Of("retained/object");
        byte[] content = SinkTrial.Bytes(1, 1000);
        // Long enough for the calls below, short enough to wait for.
        var until = DateTimeOffset.UtcNow.AddSeconds(10);
        await sink.PutAsync(name, Retained(content, until), trial.Token);
        try
        {
            await sink.DeleteAsync(name, trial.Token);
            throw trial.Broken("an object was deleted that the store had promised to retain");
        }
        catch (SinkException refusal)
        {
            trial.Require(!refusal.Transient, "that an object is retained is told as transient, but no retry cures it");
        }

        await trial.RequireContentAsync(sink, name.ToString(), content);
        await trial.RequireListAsync(sink, "", name.ToString());
        if (sink is IObjectLocks locks)
        {
            var held = await locks.GetLockAsync(name, trial.Token);
            trial.Require(held.HoldsAt(until.AddSeconds(-2)), $"an object retained until {until:O} is said to be held until {held.RetainUntil:O}");
        }

        for (int attempt = 0; ; attempt++)
        {
            await Task.Delay(TimeSpan.FromSeconds(attempt == 0 ? 10 : 2), trial.Token);
            try
            {
                await sink.DeleteAsync(name, trial.Token);
                break;
            }
            catch (SinkException) when (attempt < 10)
            {
                // The store's clock may be behind.
            }
        }

        await trial.RequireListAsync(sink, "");
    }

    private static async Task Unpromised(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        if (sink.Traits.SupportsRetention)
            throw new SkippedLawException("the store retains (SupportsRetention)");
        var name = ObjectName.Of("retained/object");
        byte[] content = SinkTrial.Bytes(1, 1000);
        try
        {
            await sink.PutAsync(name, Retained(content, DateTimeOffset.UtcNow.AddHours(1)), trial.Token);
        }
        catch (SinkException refusal)
        {
            trial.Require(!refusal.Transient, "that a store cannot retain is told as transient, but no retry cures it");
            await trial.RequireListAsync(sink, "");
            return;
        }

        await trial.RequireContentAsync(sink, name.ToString(), content);
        await sink.DeleteAsync(name, trial.Token);
        await trial.RequireListAsync(sink, "");
    }

    private static ObjectBody Retained(byte[] content, DateTimeOffset until)
    {
        var plain = ObjectBody.Of(content);
        return new(plain.Content, plain.Sha256, plain.Crc32C) { RetainUntil = until };
    }
}
