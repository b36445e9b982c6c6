using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Snapshots;

/// <summary>What a snapshot leaves: files that recover to the moment of the freeze, marks in headers, fewer logs.</summary>
public sealed class SnapshotSetTests
{
    [Fact]
    public void What_is_copied_while_frozen_recovers_to_the_moment_of_the_freeze() => Seeds.Each(20, random =>
    {
        var rig = new SnapshotRig(seed: random.Next(), with: options => options with
        {
            CircularLogging = random.OneIn(3), CheckpointDepthBytes = random.Pick(64, 256) << 10,
        });
        rig.Rows[0].Steps(random.Next(1500));
        var committed = new SortedDictionary<int, string>(rig.Rows[0].Committed);
        var session = rig.Freeze();
        var (before, steps) = (rig.Disk.Copy(), rig.Disk.Steps);
        rig.Rows[0].IsLazy = true;
        rig.Rows[0].Steps(random.Next(1500));
        rig.Engine.WorkNow();
        Assert.Equal(steps, rig.Disk.Steps);
        var later = rig.Disk.Copy();
        rig.Rows[0].IsLazy = false;
        LifeRig.Now(session.ThawAsync());
        LifeRig.Now(session.EndAsync());
        Assert.Equal(committed, SnapshotRig.Recover(before));

        // A copy of the volume may lack what was not flushed.
        if (random.OneIn(2))
            later.Crash(CrashKind.AllLost, random);
        Assert.Equal(committed, SnapshotRig.Recover(later));
        rig.Rows[0].Steps(200);
        committed = new(rig.Rows[0].Committed);
        Assert.Equal(committed, SnapshotRig.Recover(rig.Take()));
        rig.Close();
    });

    [Fact]
    public void All_engines_are_frozen_at_once()
    {
        var rig = new SnapshotRig(engines: 3);
        var session = rig.Freeze();
        var image = rig.Disk.Copy();
        var committed = rig.Rows.ConvertAll(rows => new SortedDictionary<int, string>(rows.Committed));
        rig.Rows.ForEach(rows => rows.IsLazy = true);
        rig.Rows.ForEach(rows => rows.Steps(200));
        LifeRig.Now(session.EndAsync());
        for (int i = 0; i < 3; i++)
            Assert.Equal(committed[i], SnapshotRig.Recover(image, i));
        rig.Close();
    }

    [Fact]
    public void The_log_stops_between_two_generations_as_in_the_corpus()
    {
        var rig = new SnapshotRig();
        var session = rig.Host.PrepareSnapshot();
        var info = LifeRig.Now(session.FreezeAsync()).Instances[0];
        var ours = new SimulatedDisk();
        foreach (string path in rig.Disk.Files.Where(path => Path.GetDirectoryName(path) == LifeRig.Logs))
            ours.Put(path, rig.Disk.ReadAll(path));
        LifeRig.Now(session.ThawAsync());
        rig.Close();
        var theirs = new SimulatedDisk();
        string folder = Path.Combine(GoldenSets.Engine("snapshot-4096"), "files");
        foreach (string path in Directory.EnumerateFiles(folder))
            theirs.Put(Path.Combine(LifeRig.Logs, Path.GetFileName(path)), File.ReadAllBytes(path));
        Assert.Equal(LastRecords(theirs), LastRecords(ours));
        Assert.Equal(Names(theirs), Names(ours));
        Assert.Equal(info.LastLog, LogChain.Open(ours, LifeRig.Logs, "edb").Highest.Value);
        Assert.Equal((info.LogDirectory, info.CheckpointDirectory, "edb"),
            (LifeRig.Logs, LifeRig.Logs, info.BaseName));
        Assert.Equal([LifeRig.Database], info.Databases);
    }

    [Theory]
    [InlineData(SnapshotOptions.None)]
    [InlineData(SnapshotOptions.Copy)]
    [InlineData(SnapshotOptions.Incremental)]
    [InlineData(SnapshotOptions.Incremental | SnapshotOptions.Copy)]
    public void The_headers_tell_of_the_snapshot(SnapshotOptions options)
    {
        var rig = new SnapshotRig();
        rig.Take();
        var before = rig.Database.Header.PreviousFull;
        rig.Rows[0].Steps(500);
        var session = rig.Freeze(options | SnapshotOptions.ContinueAfterThaw);
        var info = session.FreezeInfo().Instances[0];
        LifeRig.Now(session.ThawAsync());
        Assert.Equal(before, rig.Database.Header.PreviousFull);
        LifeRig.Now(session.EndAsync());
        var header = rig.Rig.Read(LifeRig.Database, database => database.Header);
        var (mark, type) = options switch
        {
            SnapshotOptions.None => (header.PreviousFull, header.PreviousFullType),
            SnapshotOptions.Copy => (header.PreviousCopy, header.PreviousCopyType),
            SnapshotOptions.Incremental => (header.PreviousIncremental, header.PreviousIncrementalType),
            _ => (header.PreviousDifferential, header.PreviousDifferentialType),
        };
        Assert.Equal(BackupInfoType.OperatingSystemSnapshot, type);
        Assert.Equal((info.FirstLog, info.LastLog, new LogPosition(new(info.LastLog + 1), 1, 0)),
            (mark.LowGeneration.Value, mark.HighGeneration.Value, mark.Mark));
        Assert.Equal(options == SnapshotOptions.None, header.PreviousFull != before);
        Assert.False(header.CurrentFull.IsSet || header.CurrentSnapshot.IsSet);
        rig.Close();

        // Recovery, too, gives them.
        Assert.Equal(mark, Mark(rig.Rig.Read(LifeRig.Database, database => database.Header), options));
    }

    [Fact]
    public void The_marks_survive_a_crash_behind_the_end()
    {
        var rig = new SnapshotRig();
        rig.Take();
        var mark = rig.Database.Header.PreviousFull;
        rig.Disk.Crash(CrashKind.AllLost, new(1));
        SnapshotRig.Recover(rig.Disk);
        Assert.Equal(mark, rig.Rig.Read(LifeRig.Database, database => database.Header).PreviousFull);
    }

    [Fact]
    public void Logs_alone_follow_a_full_snapshot_and_take_it_further()
    {
        var rig = new SnapshotRig();
        var full = rig.Take(truncates: true);
        var logs = new List<SimulatedDisk>();
        var committed = new SortedDictionary<int, string>();
        for (int i = 0; i < 3; i++)
        {
            rig.Rows[0].Steps(600);
            committed = new(rig.Rows[0].Committed);
            logs.Add(rig.Take(SnapshotOptions.Incremental, truncates: true));
        }

        // Their logs beside those of the full one: names do not clash.
        foreach (var image in logs)
        {
            foreach (string path in image.Files.Where(IsNumbered))
            {
                if (full.FileExists(path))
                    Assert.Equal(full.ReadAll(path), image.ReadAll(path));
                else
                    full.Put(path, image.ReadAll(path));
            }
        }

        Assert.Equal(committed, SnapshotRig.Recover(full));
        rig.Close();
    }

    [Theory]
    [InlineData(-526)]
    [InlineData(-560)]
    [InlineData(-569)]
    public void Logs_alone_are_refused_where_they_would_lead_nowhere(int code)
    {
        var rig = new SnapshotRig(with: options => options with { CircularLogging = code == -526 });
        if (code == -560)
            BackupAsStream(rig);
        else
            rig.Take();
        rig.Rows[0].Steps(code == -569 ? 3000 : 100);
        if (code == -569)
            DeleteLogs(rig);
        var session = rig.Host.PrepareSnapshot(SnapshotOptions.Incremental);
        Assert.Equal((EseError)code, SnapshotRig.ErrorOf(() => session.FreezeAsync()));
        Assert.Equal((SnapshotState.Prepared, false), (session.State, rig.Engine.IsFrozen));
        LifeRig.Now(session.AbortAsync());
        rig.Rows[0].Close();
        LifeRig.Now(rig.Engine.CloseAsync());
    }

    [Theory]
    [InlineData(SnapshotOptions.None)]
    [InlineData(SnapshotOptions.Incremental)]
    public void Logs_are_truncated_once_and_only_when_all_databases_were_copied(SnapshotOptions options)
    {
        var rig = new SnapshotRig();
        rig.Take();
        rig.Rows[0].Steps(3000);
        rig.Engine.WriteBackAll();
        var session = rig.Freeze(options | SnapshotOptions.ContinueAfterThaw);
        LifeRig.Now(session.ThawAsync());
        var logs = Logs(rig);
        LifeRig.Now(session.TruncateLogAsync(SnapshotTruncation.None));
        Assert.Equal(logs, Logs(rig));
        Assert.Equal(EseError.InvalidGrbit, SnapshotRig.ErrorOf(
            () => session.TruncateLogAsync((SnapshotTruncation)2)));
        LifeRig.Now(session.TruncateLogAsync(SnapshotTruncation.AllDatabases));
        Assert.Contains(rig.Events, each => each.Id == EngineEvent.LogsDeleted);
        var left = Logs(rig);
        Assert.True(left.Count < logs.Count && logs.TakeLast(left.Count).SequenceEqual(left));
        int last = session.FreezeInfo().Instances[0].LastLog;
        Assert.Equal(Math.Min(last, rig.Engine.CheckpointGeneration.Value), left[0]);
        rig.Rows[0].Steps(1000);
        rig.Engine.WriteBackAll();
        left = Logs(rig);
        LifeRig.Now(session.TruncateLogAsync(SnapshotTruncation.AllDatabases));
        Assert.Equal(left, Logs(rig));
        LifeRig.Now(session.EndAsync());
        rig.Close();
    }

    [Fact]
    public void Logs_that_somebody_else_deleted_are_told()
    {
        var rig = new SnapshotRig();
        rig.Rows[0].Steps(3000);
        rig.Engine.WriteBackAll();
        var session = rig.Freeze();
        LifeRig.Now(session.ThawAsync());
        rig.Disk.Delete(rig.Disk.Files.Where(IsNumbered).First());
        LifeRig.Now(session.TruncateLogAsync(SnapshotTruncation.AllDatabases));
        Assert.Contains(rig.Events, each => each.Id == EngineEvent.LogsWereGone);
        Assert.Contains(rig.Events, each => each.Id == EngineEvent.LogsDeleted);
        LifeRig.Now(session.EndAsync());
        rig.Close();
    }

    [Fact]
    public void A_copy_truncates_nothing_and_the_logs_of_one_engine_go_alone()
    {
        var rig = new SnapshotRig(engines: 2);
        rig.Rows.ForEach(rows => rows.Steps(2000));
        rig.Engines.ForEach(engine => engine.WriteBackAll());
        var copy = rig.Freeze(SnapshotOptions.Copy | SnapshotOptions.ContinueAfterThaw);
        LifeRig.Now(copy.ThawAsync());
        Assert.Equal(EseError.OSSnapshotInvalidSequence, SnapshotRig.ErrorOf(
            () => copy.TruncateLogAsync(SnapshotTruncation.AllDatabases)));
        LifeRig.Now(copy.EndAsync());
        Assert.False(rig.Database.Header.PreviousFull.IsSet);
        var full = rig.Host.PrepareSnapshot(SnapshotOptions.ContinueAfterThaw);
        full.PrepareInstance(rig.Engines[1]);
        LifeRig.Now(full.FreezeAsync());
        LifeRig.Now(full.ThawAsync());
        int[] before = [Logs(rig).Count, Logs(rig, 1).Count];
        Assert.Equal(EseError.InvalidParameter, SnapshotRig.ErrorOf(
            () => full.TruncateLogInstanceAsync(rig.Engine, SnapshotTruncation.AllDatabases)));
        LifeRig.Now(full.TruncateLogInstanceAsync(rig.Engines[1], SnapshotTruncation.AllDatabases));
        Assert.Equal((before[0], true), (Logs(rig).Count, Logs(rig, 1).Count < before[1]));
        LifeRig.Now(full.EndAsync());
        rig.Close();
    }

    private static BackupInfo Mark(DatabaseHeader header, SnapshotOptions options) => options switch
    {
        SnapshotOptions.None => header.PreviousFull,
        SnapshotOptions.Copy => header.PreviousCopy,
        SnapshotOptions.Incremental => header.PreviousIncremental,
        _ => header.PreviousDifferential,
    };

    private static void BackupAsStream(SnapshotRig rig)
    {
        Engine.Tests.Backup.BackupRig.Take(rig.Engine, new());
        Assert.Equal(BackupInfoType.Streaming, rig.Database.Header.PreviousFullType);
    }

    private static void DeleteLogs(SnapshotRig rig)
    {
        int high = rig.Database.Header.PreviousFull.HighGeneration.Value;
        rig.Engine.WriteBackAll();
        foreach (string path in rig.Disk.Files.Where(IsNumbered).Where(path => NumberOf(path) <= high + 1))
            rig.Disk.Delete(path);
    }

    private static bool IsNumbered(string path) =>
        LogFileName.TryParse(Path.GetFileName(path), out var name) && name.Kind == LogFileKind.Numbered;

    private static int NumberOf(string path) =>
        LogFileName.TryParse(Path.GetFileName(path), out var name) ? name.Number : 0;

    private static List<int> Logs(SnapshotRig rig, int engine = 0) => [.. rig.Disk.Files
        .Where(path => Path.GetDirectoryName(path) == SnapshotRig.LogsOf(engine)).Where(IsNumbered).Select(NumberOf)];

    private static IEnumerable<string> Names(SimulatedDisk disk) => disk.Files.Select(Path.GetFileName)
        .Where(name => name!.EndsWith(".log", StringComparison.Ordinal) && !IsNumbered(name)
            && !name.Contains("res", StringComparison.Ordinal)).Append("numbered").Order(StringComparer.Ordinal)!;

    // The steps of backups in the last log, as far as every engine has them alike.
    private static List<string> LastRecords(SimulatedDisk disk)
    {
        string last = disk.Files.Where(IsNumbered).Where(path => path.EndsWith(".log", StringComparison.Ordinal)).Max(StringComparer.Ordinal)!;
        var steps = new List<string>();
        using var reader = LogRecordReader.Over(disk.ReadAll(last));
        bool isLast = false;
        while (reader.TryRead(out var record))
        {
            // What fills a segment counts for nothing.
            if (record.Type == LogRecordType.Nop2)
                continue;
            isLast = record.Type == LogRecordType.Backup2;
            if (!isLast)
                continue;
            var step = record.AsBackup().Step;
            steps.Add($"{step.Phase} {step.Type} {step.Scope} {step.Database}");
        }

        Assert.True(isLast, "the last record is none of a backup");
        return steps;
    }
}
