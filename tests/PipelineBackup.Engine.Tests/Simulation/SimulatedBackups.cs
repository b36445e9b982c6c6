using PipelineBackup.Engine.Tests.Backup;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>Backups of engines that live and die: one at a time, in steps between those of the sessions.</summary>
/// <remarks>
/// <code>
///  begin ── pages … ── log roll ── logs … ── published ── truncation ── end: headers have its mark, and no other
///    │         │           │         │           │             │
///    └─────────┴───────────┴─────────┘           └─────────────┴─ given up, killed: it can be restored,
///     given up, killed, engine closed: no trace                   marks perhaps, nothing continues it without them
/// </code>
/// </remarks>
/// <param name="disk">The disk.</param>
/// <param name="model">What is committed.</param>
/// <param name="pageSize">Page size of the databases.</param>
/// <param name="random">Chance.</param>
internal sealed class SimulatedBackups(SimulatedDisk disk, StoreModel model, PageSize pageSize, Random random)
{
    private const int MostSteps = 4;

    private readonly Dictionary<string, BackupMarks> _marks = [];
    private readonly List<SimulatedBackup> _chain = [];
    private EmbeddedEngine? _engine;
    private SimulatedBackup? _backup;
    private IEnumerator<BackupStage>? _steps;
    private readonly List<SimulatedBackup> _cutShort = [];
    private bool _isChainCertain, _wasCircular;
    private int _abortIn;

    /// <summary>What came of the backups.</summary>
    public BackupTally Tally { get; } = new();

    /// <summary>Whether a backup goes on.</summary>
    public bool IsUnderWay => _backup is not null;

    /// <summary>Whether what changes on both sides of a copy's position is counted: that takes time.</summary>
    public bool CountsStraddling { get; init; }

    /// <summary>Whether a step of the disk has failed.</summary>
    public required Func<bool> HasFailed { get; init; }

    /// <summary>An engine is going to be opened, which may delete logs by itself.</summary>
    public void Opening(bool isCircular) => _wasCircular |= isCircular;

    /// <summary>An engine was opened: its databases have the marks of their backups, and no others.</summary>
    public void Opened(EmbeddedEngine engine)
    {
        _engine = engine;
        RequireMarks();
    }

    /// <summary>Perhaps a backup begins, or goes on for a few steps.</summary>
    public void Step()
    {
        if (_backup is null)
        {
            if (_engine!.Databases.Count == 0 || !random.OneIn(20))
                return;
            RequireMarks();
            Begin();
        }
        else if (random.OneIn(2))
        {
            return;
        }

        try
        {
            for (int i = random.Next(1, MostSteps + 1); i > 0 && _backup is not null; i--)
                OneStep(_backup);
        }
        catch (SourceException) when (_engine!.Failure is null && HasFailed())
        {
            // The engine goes on; whoever backs up gives up.
            GiveUp();
        }
    }

    /// <summary>The engine was closed: a backup that went on is over.</summary>
    public void Closed()
    {
        if (_backup is not { } backup)
            return;
        backup.RequireStopped();
        backup.Abort();
        Ended(backup);
    }

    /// <summary>The engine is dead.</summary>
    public void Died()
    {
        if (_backup is not { } backup)
            return;
        Tally.Count($"killed: {backup.Stage}");
        Ended(backup);
    }

    private void Begin()
    {
        _backup = new(_engine!, ChooseRequest(), model, random);
        _steps = _backup.Steps().GetEnumerator();
        _abortIn = random.OneIn(5) ? random.Next(1, 80) : 0;
    }

    private BackupRequest ChooseRequest()
    {
        var kind = _chain.Count == 0
            ? random.Pick(BackupKind.Full, BackupKind.Full, BackupKind.Copy)
            : random.Pick(BackupKind.Full, BackupKind.Copy, BackupKind.Differential, BackupKind.Incremental,
                BackupKind.Incremental, BackupKind.Incremental);
        if (kind is BackupKind.Incremental or BackupKind.Differential)
            return new() { Kind = kind, Parent = _chain[^1].ToParent(_chain[0]) };
        bool takesAll = !random.OneIn(5);
        string[] names = [.. _engine!.Databases.Select(database => Path.GetFileName(database.Path))];
        return new()
        {
            Kind = kind,
            Databases = takesAll ? [] : [random.Pick(names)],
        };
    }

    private void OneStep(SimulatedBackup backup)
    {
        var before = backup.Stage;
        if (--_abortIn == 0 || (before == BackupStage.Truncation && random.OneIn(25)))
        {
            GiveUp();
            return;
        }

        // Where files are made, renamed and deleted an engine shall often die.
        if (random.OneIn(before == BackupStage.Databases ? 200 : 8) && disk.KillAtStep == 0)
            disk.KillAtStep = disk.Steps + random.Next(1, 25);
        bool hasMore;
        try
        {
            hasMore = _steps!.MoveNext();
        }
        catch (SourceException e) when (_engine!.Failure is null && !HasFailed() && MayRefuse(backup, e))
        {
            // Then a full one is made.
            Tally.Count($"refused: {e.Error!.Value.Number}");
            _chain.Clear();
            GiveUp(isRefused: true);
            return;
        }

        if (before < BackupStage.Truncation && backup.IsPublished)
            Judge(backup);
        if (hasMore)
            return;
        Tally.Count($"done: {backup.Request.Kind}");
        Ended(backup);
    }

    // What it must not: refuse what nothing speaks against.
    private bool MayRefuse(SimulatedBackup backup, SourceException refusal) =>
        !backup.TakesDatabases && refusal.Error is { Number: -526 or -560 or -569 }
        && (_wasCircular || !_isChainCertain || !_engine!.Databases.All(IsInChain));

    // In all of its backups: one that was detached meanwhile has not all of their marks.
    private bool IsInChain(EngineDatabase database) => _chain.TrueForAll(backup => backup.Held.Contains(database.Path));

    private void Judge(SimulatedBackup backup)
    {
        Tally.Count($"published: {backup.Request.Kind}");
        BackupJudge.RequireStateAtRoll(
            backup.TakesDatabases ? [backup] : [.. _chain, backup], pageSize, random.OneIn(3));
        if (CountsStraddling && backup.First is not null)
            Straddling.Count(backup.Taken, backup.FirstSlot, Tally.Straddled);
    }

    private void GiveUp(bool isRefused = false)
    {
        var backup = _backup!;
        if (!isRefused)
            Tally.Count($"given up: {backup.Stage}");
        backup.Abort();
        if (!_engine!.Options.CircularLogging && !backup.IsPublished)
        {
            var gone = backup.LogsBefore.Except(backup.NumberedLogs()).ToList();
            Assert.True(gone.Count == 0, $"a backup that was given up deleted {string.Join(", ", gone)}");
        }

        Assert.False(_engine.KeptFrom.IsSet, "a backup that was given up still keeps logs");
        Ended(backup);
        RequireMarks();
    }

    // Remembers what headers may say from now on, and what the next backup continues.
    private void Ended(SimulatedBackup backup)
    {
        (_backup, _steps) = (null, null);
        if (backup.Stage == BackupStage.End)
            _cutShort.Add(backup);
        if (backup.Stage == BackupStage.Done)
        {
            foreach (var database in _engine!.Databases.Where(database => backup.Held.Contains(database.Path)))
                RequireMark(backup, database);
        }

        if (!backup.IsPublished || backup.Request.Kind is BackupKind.Copy or BackupKind.Differential)
            return;
        if (backup.Request.Kind == BackupKind.Full)
        {
            _chain.Clear();
            _wasCircular = _engine!.Options.CircularLogging;
        }

        _chain.Add(backup);
        _isChainCertain = (backup.TakesDatabases || _isChainCertain)
            && backup.Stage == BackupStage.Done && backup.HasTruncated;
    }

    private void RequireMark(SimulatedBackup backup, EngineDatabase database)
    {
        var (marks, (low, high)) = (BackupMarks.Of(database.Header), backup.Logs);
        var before = backup.MarksBefore[database.Path];
        Assert.True(marks.Follow(before, backup.Request.Kind, backup.HasTruncated, low, high),
            $"'{database}' has the marks {marks} after {backup.Request.Kind} {low} to {high}");
        _marks[database.Path] = marks;
    }

    private void RequireMarks()
    {
        foreach (var database in _engine!.Databases)
        {
            var marks = BackupMarks.Of(database.Header);
            var expected = _marks.GetValueOrDefault(database.Path);
            var cut = _cutShort.FindLast(backup => backup.Held.Contains(database.Path));
            if (marks != expected && cut is not null)
                RequireMark(cut, database);
            else
                Assert.True(marks == expected, $"'{database}' has the marks {marks}, expected are {expected}");
        }
    }
}
