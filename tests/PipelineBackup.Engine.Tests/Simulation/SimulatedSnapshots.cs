using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>Snapshots of engines that live and die: what is on the disk while frozen recovers to that moment.</summary>
/// <param name="disk">The disk.</param>
/// <param name="model">What is committed.</param>
/// <param name="random">Chance.</param>
internal sealed class SimulatedSnapshots(SimulatedDisk disk, StoreModel model, Random random)
{
    /// <summary>How often what happened.</summary>
    public SortedDictionary<string, int> Counts { get; } = new(StringComparer.Ordinal);

    /// <summary>Freezes an engine, lets sessions go on, and thaws it, unless the disk dies meanwhile.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="sessions">Its sessions.</param>
    /// <param name="databases">Its databases.</param>
    public void Take(EmbeddedEngine engine, List<SimulatedSession> sessions,
        IReadOnlyList<(int Number, EngineDatabase Database)> databases)
    {
        if (random.OneIn(4) && disk.KillAtStep == 0)
            disk.KillAtStep = disk.Steps + random.Next(1, 40);
        var options = random.Pick(SnapshotOptions.None, SnapshotOptions.Copy, SnapshotOptions.Incremental)
            | (random.OneIn(2) ? SnapshotOptions.ContinueAfterThaw : 0);
        var session = engine.Options.Host!.PrepareSnapshot(options);
        try
        {
            LifeRig.Now(session.FreezeAsync());
        }
        catch (EseException e) when (e.Error is EseError.InvalidBackup or EseError.MissingFullBackup
            or EseError.MissingFileToBackup && options.HasFlag(SnapshotOptions.Incremental) && engine.Failure is null)
        {
            Count($"refused: {e.Error}");
            LifeRig.Now(session.AbortAsync());
            return;
        }

        model.Kept();
        var expected = new Dictionary<RowName, int>(model.Durable);
        int steps = disk.Steps;
        GoOn(sessions, databases);
        Assert.True(disk.Steps == steps, $"{disk.Steps - steps} writes reached the disk while it was frozen");
        Judge(engine, disk.Copy(), expected);
        Count("frozen");
        if (random.OneIn(8))
        {
            LifeRig.Now(session.AbortAsync());
            Count("given up");
            return;
        }

        LifeRig.Now(session.ThawAsync());
        Count("thawed");
        if (session.State == SnapshotState.Thawed)
            End(engine, session, sessions, databases);
    }

    private void GoOn(List<SimulatedSession> sessions, IReadOnlyList<(int Number, EngineDatabase Database)> databases)
    {
        sessions.ForEach(each => each.IsLazy = true);
        for (int step = random.Next(20); step > 0; step--)
            random.Pick([.. sessions]).Step(databases);
        sessions.ForEach(each => each.IsLazy = false);
    }

    private void End(EmbeddedEngine engine, SnapshotSession session, List<SimulatedSession> sessions,
        IReadOnlyList<(int Number, EngineDatabase Database)> databases)
    {
        for (int step = random.Next(10); step > 0; step--)
            random.Pick([.. sessions]).Step(databases);
        if (random.OneIn(2) && !session.Options.HasFlag(SnapshotOptions.Copy))
        {
            LifeRig.Now(session.TruncateLogAsync(SnapshotTruncation.AllDatabases));
            Count("truncated");
        }

        LifeRig.Now(session.EndAsync());
        Count($"ended: {session.Options & ~SnapshotOptions.ContinueAfterThaw}");
        Assert.All(engine.Databases, database => Assert.True(session.Options.HasFlag(SnapshotOptions.Copy)
            || database.Header.PreviousFull.IsSet));
    }

    // A copy that lacks what was not flushed is as good: the log was.
    private void Judge(EmbeddedEngine engine, SimulatedDisk image, Dictionary<RowName, int> expected)
    {
        if (random.OneIn(2))
            image.Crash(random.Pick(CrashKind.Kill, CrashKind.PowerLoss, CrashKind.AllLost), random);
        var recovered = LifeRig.Open(new LifeRig(image).Options with
        {
            LogDirectory = EngineSimulation.Logs, PageSize = engine.PageSize, CircularLogging = engine.Options.CircularLogging,
        });
        var found = new Dictionary<RowName, int>();
        foreach (string path in image.Files.Where(path => Path.GetExtension(path) == ".edb").Order(StringComparer.Ordinal))
        {
            if (!expected.Keys.Any(row => row.Database == path[^5] - 'a')
                && engine.Databases.All(database => database.Path != path))
                continue;
            SimulatedTables.Read(recovered, LifeRig.Now(recovered.AttachDatabaseAsync(path)), path[^5] - 'a', found);
        }

        LifeRig.Now(recovered.CloseAsync());
        var lost = expected.Where(row => !found.TryGetValue(row.Key, out int value) || value != row.Value).ToList();
        var more = found.Where(row => !expected.ContainsKey(row.Key)).ToList();
        Assert.True(lost.Count + more.Count == 0, $"of {expected.Count} rows at the freeze {lost.Count} are not as they were, "
            + $"{more.Count} were not there: {string.Join(", ", lost.Concat(more).Take(3))}");
    }

    private void Count(string what) => Counts[what] = Counts.GetValueOrDefault(what) + 1;
}
