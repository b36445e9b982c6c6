using System.Globalization;
using PipelineBackup.Engine.Tests.Backup;
using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>How far a backup of a simulation has come.</summary>
internal enum BackupStage
{
    /// <summary>Pages are copied.</summary>
    Databases,

    /// <summary>The log is being rolled.</summary>
    Roll,

    /// <summary>Logs are copied.</summary>
    Logs,

    /// <summary>It is published, and logs are truncated.</summary>
    Truncation,

    /// <summary>It is published, and being ended.</summary>
    End,

    /// <summary>It has ended well.</summary>
    Done,
}

/// <summary>
/// One backup, taken in small steps as a pipeline takes it: published when all of it was copied, and only then logs are
/// truncated and the databases get their marks.
/// </summary>
/// <param name="engine">The engine.</param>
/// <param name="request">What is asked.</param>
/// <param name="model">What is committed.</param>
/// <param name="random">Chance.</param>
internal sealed class SimulatedBackup(EmbeddedEngine engine, BackupRequest request, StoreModel model, Random random)
{
    private const int FirstPages = 3;

    private readonly int _pages = random.Pick(1, 2, 4, 8, 24);
    private readonly HashSet<string> _held = new(StringComparer.Ordinal);
    private IBackupSession? _session;
    private ISourceFileReader? _reader;

    /// <summary>What is asked.</summary>
    public BackupRequest Request => request;

    /// <summary>How far it has come.</summary>
    public BackupStage Stage { get; private set; }

    /// <summary>What it took.</summary>
    public TakenBackup Taken { get; private set; } = null!;

    /// <summary>All rows as they were when the log was rolled.</summary>
    public IReadOnlyDictionary<RowName, int> AtRoll { get; private set; } = new Dictionary<RowName, int>();

    /// <summary>Paths of the databases that get its mark.</summary>
    public IReadOnlySet<string> Held => _held;

    /// <summary>The logs that there were when it began.</summary>
    public IReadOnlyList<string> LogsBefore { get; private set; } = [];

    /// <summary>What the headers of the databases said when it began.</summary>
    public Dictionary<string, BackupMarks> MarksBefore { get; } = [];

    /// <summary>Whether it was published: from then on it must be possible to restore it.</summary>
    public bool IsPublished => Stage > BackupStage.Logs;

    /// <summary>Whether it has deleted logs.</summary>
    public bool HasTruncated { get; private set; }

    /// <summary>The database whose copy its trail follows, and its number; null when it takes none.</summary>
    public SourceFile? First => _session!.Databases.Count == 0 ? null : _session.Databases[0];

    /// <summary>Number of that database.</summary>
    public int FirstSlot => engine.Databases.First(database => database.Path == First!.OriginalPath).Number;

    /// <summary>Whether it takes the pages of databases.</summary>
    public bool TakesDatabases => request.Kind is BackupKind.Full or BackupKind.Copy;

    /// <summary>First and last log.</summary>
    public (int Low, int High) Logs => (Taken.Logs.Keys.First(), Taken.Logs.Keys.Last());

    /// <summary>All of it, one step behind the other.</summary>
    /// <returns>Nothing that matters, once after each step.</returns>
    public IEnumerable<BackupStage> Steps()
    {
        LogsBefore = NumberedLogs();
        foreach (var database in engine.Databases)
            MarksBefore[database.Path] = BackupMarks.Of(database.Header);
        _session = LifeRig.Now(engine.BeginBackupAsync(request, TestContext.Current.CancellationToken));
        Taken = new() { Stamp = _session.Stamp };
        yield return Stage;
        foreach (var file in _session.Databases)
        {
            foreach (var stage in Copy(file))
                yield return stage;
        }

        Stage = BackupStage.Roll;
        var atRoll = model.All();
        Taken.Trail.Add((engine.Log.Tip, long.MaxValue));
        var logs = LifeRig.Now(_session.EndDatabasesAsync(default));
        model.Kept();
        AtRoll = atRoll;
        if (!TakesDatabases)
            _held.UnionWith(engine.Databases.Select(database => database.Path));
        Stage = BackupStage.Logs;
        yield return Stage;
        foreach (var log in logs)
        {
            Taken.Logs.Add(log.Generation, (log, BackupRig.Read(_session, log, _pages, null)));
            yield return Stage;
        }

        LifeRig.Now(_session.ValidateAsync(default));
        Stage = BackupStage.Truncation;
        yield return Stage;
        if (request.Kind is BackupKind.Full or BackupKind.Incremental && !random.OneIn(6))
        {
            Taken.Truncated = LifeRig.Now(_session.TruncatableLogsAsync(default)).Count;
            LifeRig.Now(_session.TruncateLogsAsync(default));
            HasTruncated = true;
            yield return Stage;
        }

        Stage = BackupStage.End;
        LifeRig.Now(_session.CompleteAsync(default));
        Stage = BackupStage.Done;
        LifeRig.Now(_session.DisposeAsync());
    }

    /// <summary>It is given up.</summary>
    public void Abort()
    {
        if (_reader is not null)
            LifeRig.Now(_reader.DisposeAsync());
        if (_session is not null)
            LifeRig.Now(_session.DisposeAsync());
    }

    /// <summary>The engine was closed: nothing more can be asked of it.</summary>
    public void RequireStopped()
    {
        var refused = Assert.Throws<SourceException>(() =>
        {
            if (_reader is not null)
                LifeRig.Now(_reader.ReadAsync(new byte[FirstPages * engine.PageSize.Bytes], default));
            else if (Stage == BackupStage.Databases)
                LifeRig.Now(_session!.EndDatabasesAsync(default));
            else
                LifeRig.Now(_session!.CompleteAsync(default));
        });
        Assert.Equal(-801, refused.Error!.Value.Number);
    }

    /// <summary>The numbered logs that there are.</summary>
    public IReadOnlyList<string> NumberedLogs() =>
    [
        .. engine.Options.Disk.ListFiles(engine.Options.LogDirectory).Where(
            path => LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name)
                && name.Kind == LogFileKind.Numbered),
    ];

    /// <summary>What a backup that continues this one must say of it.</summary>
    /// <param name="full">The full one that the chain begins with.</param>
    public BackupParent ToParent(SimulatedBackup full)
    {
        var (file, bytes) = Taken.Logs[Logs.High];
        var scanner = new LogScanner();
        scanner.Append(bytes);
        var scan = scanner.Complete();
        Assert.True(scan.IsGood, $"{file.Name}: {scan.Message}");
        return new()
        {
            LogSignature = Taken.Stamp.LogSignature,
            LastGeneration = Logs.High,
            LastCreated = scan.Header!.Created.Value.ToString("x16", CultureInfo.InvariantCulture),
            LastChecksum = scan.AccumulatedChecksum.ToString("x16", CultureInfo.InvariantCulture),
            DatabaseSignatures = [.. full.Taken.Databases.Keys.Select(database => full.Taken.Stamp.Databases
                .First(stamp => stamp.Name == database.Name).Signature)],
        };
    }

    private IEnumerable<BackupStage> Copy(SourceFile file)
    {
        _reader = LifeRig.Now(_session!.OpenAsync(file, default));
        yield return Stage;
        byte[] all = new byte[file.Length], buffer = new byte[Math.Max(FirstPages, _pages) * file.PageSize];

        // One in many is not read to its end: then the backup does not hold it.
        long stopsAt = random.OneIn(12) ? random.NextInt64(file.Length) : long.MaxValue;
        int at = 0;
        while (at < stopsAt)
        {
            var part = buffer.AsMemory(0, (at == 0 ? Math.Max(FirstPages, _pages) : _pages) * file.PageSize);
            int read = LifeRig.Now(_reader.ReadAsync(part, default));
            if (read == 0)
                break;
            buffer.AsSpan(0, read).CopyTo(all.AsSpan(at));
            at += read;
            if (file == First)
                Taken.Trail.Add((engine.Log.Tip, at / file.PageSize - PageNumber.HeaderPages));
            yield return Stage;
        }

        LifeRig.Now(_reader.DisposeAsync());
        _reader = null;
        if (at == file.Length)
        {
            Taken.Databases.Add(file, all);
            _held.Add(file.OriginalPath);
        }

        yield return Stage;
    }
}
