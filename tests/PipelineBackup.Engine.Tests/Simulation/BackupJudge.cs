using PipelineBackup.Engine.Tests.Backup;
using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>Restores what was published, and judges what comes of it.</summary>
internal static class BackupJudge
{
    /// <summary>
    /// A chain of backups, restored, is the state at the log roll of the last one: what was committed before, and
    /// nothing else.
    /// </summary>
    /// <param name="chain">The full backup first, or one that stands alone.</param>
    /// <param name="pageSize">Page size of the databases.</param>
    /// <param name="goesOn">Whether the engine that reads the databases goes on with the logs of the restore.</param>
    public static void RequireStateAtRoll(IReadOnlyList<SimulatedBackup> chain, PageSize pageSize, bool goesOn)
    {
        var databases = chain[0].Taken.Databases.Keys;
        if (databases.Count == 0)
            return;
        string what = string.Join(", ", chain.Select(
            backup => $"{backup.Request.Kind} {backup.Logs.Low} to {backup.Logs.High}"));
        LifeRig rig;
        try
        {
            (rig, _) = BackupRig.Restore([.. chain.Select(backup => backup.Taken)]);
        }
        catch (EseException e)
        {
            throw new InvalidOperationException($"{what} cannot be restored: {e.Error}: {e.Message}", e);
        }

        foreach (var database in databases)
            FileJudge.RequireSound(rig.Disk, BackupRig.PathOf(database));
        var found = Read(rig, [.. databases], pageSize, goesOn);
        RequireSame(chain[^1].AtRoll, found, [.. databases.Select(NumberOf)], what);
    }

    private static Dictionary<RowName, int> Read(
        LifeRig rig, IReadOnlyList<SourceFile> databases, PageSize pageSize, bool goesOn)
    {
        var options = rig.Options with { PageSize = pageSize };
        var engine = LifeRig.Open(goesOn ? options with { LogDirectory = BackupRig.Work } : options);
        var found = new Dictionary<RowName, int>();
        foreach (var database in databases)
        {
            var attached = LifeRig.Now(engine.AttachDatabaseAsync(BackupRig.PathOf(database)));
            SimulatedTables.Read(engine, attached, NumberOf(database), found);
        }

        LifeRig.Now(engine.CloseAsync());
        return found;
    }

    private static int NumberOf(SourceFile database) => database.OriginalPath[^5] - 'a';

    private static void RequireSame(
        IReadOnlyDictionary<RowName, int> atRoll, Dictionary<RowName, int> found, HashSet<int> databases, string what)
    {
        var expected = atRoll.Where(row => databases.Contains(row.Key.Database)).ToList();
        var lost = expected.Where(row => !found.ContainsKey(row.Key)).ToList();
        var other = expected.Where(row => found.TryGetValue(row.Key, out int value) && value != row.Value).ToList();
        var more = found.Where(row => !atRoll.ContainsKey(row.Key)).ToList();
        Assert.True(lost.Count + other.Count + more.Count == 0, $"restored from {what}: of {expected.Count} rows at "
            + $"the log roll {lost.Count} are not there, {other.Count} differ, {more.Count} were not there then: "
            + string.Join(", ", lost.Concat(other).Concat(more).Take(3)));
    }
}
