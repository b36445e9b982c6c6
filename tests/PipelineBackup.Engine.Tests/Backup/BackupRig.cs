using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Backup;

/// <summary>What a backup took, in memory.</summary>
internal sealed class TakenBackup
{
    public BackupStamp Stamp { get; init; } = null!;

    public Dictionary<SourceFile, byte[]> Databases { get; } = [];

    public SortedDictionary<int, (SourceFile File, byte[] Bytes)> Logs { get; } = [];

    public int Truncated { get; set; }

    /// <summary>Where the log ended when so many pages of the first database were copied.</summary>
    public List<(LogPosition Tip, long Pages)> Trail { get; } = [];
}

/// <summary>Takes backups of engines as a pipeline does, and restores them on a disk of its own.</summary>
internal static class BackupRig
{
    public static string Restored { get; } = Path.GetFullPath("/restored");

    /// <summary>Where the logs of a restore are.</summary>
    public static string Work { get; } = Path.Combine(Restored, "work");

    /// <summary>Takes a backup.</summary>
    /// <param name="engine">The engine; without background work.</param>
    /// <param name="request">What.</param>
    /// <param name="pages">Pages read at a time.</param>
    /// <param name="between">Called between any two calls; what it is called with is 1 from the log roll on.</param>
    /// <param name="truncates">Whether logs are truncated.</param>
    public static TakenBackup Take(
        EmbeddedEngine engine, BackupRequest request, int pages = 64, Action<int>? between = null, bool truncates = true)
    {
        var session = LifeRig.Now(engine.BeginBackupAsync(request, TestContext.Current.CancellationToken));
        var taken = new TakenBackup { Stamp = session.Stamp };
        between?.Invoke(0);
        foreach (var file in session.Databases)
        {
            taken.Databases.Add(file, Read(session, file, pages, offset =>
            {
                if (file == session.Databases[0])
                    taken.Trail.Add((engine.Log.Tip, offset / file.PageSize - PageNumber.HeaderPages));
                between?.Invoke(0);
            }));
            between?.Invoke(0);
        }

        taken.Trail.Add((engine.Log.Tip, long.MaxValue));

        var logs = LifeRig.Now(session.EndDatabasesAsync(default));
        between?.Invoke(1);
        foreach (var log in logs)
            taken.Logs.Add(log.Generation, (log, Read(session, log, pages, null)));
        between?.Invoke(1);
        if (truncates && request.Kind is BackupKind.Full or BackupKind.Incremental)
        {
            taken.Truncated = LifeRig.Now(session.TruncatableLogsAsync(default)).Count;
            LifeRig.Now(session.TruncateLogsAsync(default));
            between?.Invoke(1);
        }

        LifeRig.Now(session.ValidateAsync(default));
        LifeRig.Now(session.CompleteAsync(default));
        LifeRig.Now(session.DisposeAsync());
        return taken;
    }

    /// <summary>Reads a file of a session to its end.</summary>
    public static byte[] Read(IBackupSession session, SourceFile file, int pages, Action<long>? between)
    {
        var reader = LifeRig.Now(session.OpenAsync(file, default));
        byte[] all = new byte[file.Length], buffer = new byte[Math.Max(3, pages) * file.PageSize];
        for (int at = 0, read; (read = LifeRig.Now(reader.ReadAsync(buffer, default))) > 0; at += read)
        {
            buffer.AsSpan(0, read).CopyTo(all.AsSpan(at));
            between?.Invoke(at + read);
        }

        LifeRig.Now(reader.DisposeAsync());
        return all;
    }

    /// <summary>Puts the databases of a full backup and the logs of a chain on a disk, and recovers them.</summary>
    /// <returns>The disk, and what recovery did.</returns>
    public static (LifeRig Rig, RecoveryReport Report) Restore(params ReadOnlySpan<TakenBackup> chain) =>
        Restore("edb", chain);

    /// <summary>The same of an engine whose logs have other names.</summary>
    public static (LifeRig Rig, RecoveryReport Report) Restore(string baseName, params ReadOnlySpan<TakenBackup> chain)
    {
        var disk = new SimulatedDisk();
        disk.AddDirectory(Restored);
        string work = Work;
        disk.AddDirectory(work);
        var map = new List<DatabaseMapping>();
        foreach (var (file, bytes) in chain[0].Databases)
        {
            map.Add(new(file.OriginalPath, PathOf(file)));
            disk.Put(PathOf(file), (byte[])bytes.Clone());
        }

        var logs = new SortedDictionary<int, (SourceFile File, byte[] Bytes)>();
        foreach (var backup in chain)
        {
            foreach (var (generation, log) in backup.Logs)
            {
                if (!logs.TryAdd(generation, log))
                    Assert.True(logs[generation].Bytes.AsSpan().SequenceEqual(log.Bytes), $"generation {generation}");
            }
        }

        foreach (var (file, bytes) in logs.Values)
            disk.Put(Path.Combine(work, file.Name), (byte[])bytes.Clone());
        var report = new HardRecovery(new()
        {
            BaseName = baseName,
            LogDirectory = work,
            BackupLogDirectories = [work],
            ScratchDirectory = work,
            Map = map,
            OnlyMapped = true,
            Disk = disk,
            MemoryBytes = 8 << 20,
        }).Run(TestContext.Current.CancellationToken);
        return (new(disk), report);
    }

    /// <summary>Where a database is restored to.</summary>
    public static string PathOf(SourceFile file) => Path.Combine(Restored, file.Name);
}
