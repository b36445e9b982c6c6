namespace PipelineBackup.Ese;

/// <summary>Redo, then undo: what soft and hard recovery have in common.</summary>
/// <remarks>
/// <para>What reaches the disk, and in which order:</para>
/// <code>
/// redo   header (needs the log being replayed) ──► pages ──► … once for each log of which pages are written
/// undo   later logs get other names, the highest first
///        log (undo, ShutdownMark, RecoveryQuit2) ──► header (needs that log) ──► pages
/// end    for each database: pages, length, header (clean) ──► flush map deleted
///        checkpoint (position of RecoveryQuit2)
/// </code>
/// The checkpoint stays where it was until all is done. So whoever starts again after a crash replays the same logs,
/// passes over the pages that have their changes, and replays what undo wrote: even its RecoveryQuit2, which makes the
/// databases clean in redo.
/// </remarks>
internal sealed class RecoveryRun(RecoverySetup setup)
{
    private readonly RecoveryOptions _options = setup.Options;
    private readonly List<string> _remarks = [];
    private LogGeneration _written;
    private LogTime _endTime;
    private long _undone;
    private int _rolledBack;

    /// <summary>Replays and undoes.</summary>
    /// <param name="cancellationToken">Ends it between two records.</param>
    /// <exception cref="EseException">It failed; the engine's error.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be opened.</exception>
    public RecoveryReport Execute(CancellationToken cancellationToken)
    {
        var progress = new RedoProgress(_options.Progress, setup.Start.Generation, setup.Logs.Last);
        progress.Begin();
        bool isDone = false;
        try
        {
            var report = Run(progress, cancellationToken);
            isDone = true;
            return report;
        }
        finally
        {
            progress.End(isDone);
        }
    }

    private RecoveryReport Run(RedoProgress progress, CancellationToken cancellationToken)
    {
        using var scratch = new ScratchFiles(_options, setup.UndoLogDirectory);
        using var versionMemory = scratch.CreateMemory(_options.MemoryBytes / 4);
        var versions = new VersionStore(versionMemory);
        var transactions = new RedoTransactions();
        var surroundings = new DatabaseSurroundings(_options.Disk, _options.Time, FindPageSize(),
            _options.MemoryBytes / 4 * 3, scratch.Create, versions,
            setup.Stop.IsSet ? setup.Stop.Generation : setup.Logs.Last);
        using var databases = new AttachedDatabases(setup, surroundings);
        var pass = new RedoPass(setup, databases, transactions, versions);
        pass.Run(progress, cancellationToken);
        _endTime = EndTime(pass);
        databases.JudgeEnd(pass.Last!.Generation);
        bool isClosed = pass.Closed.IsSet && databases.Attached.Count == 0;
        if (_options.SkipUndo && !isClosed)
        {
            databases.Suspend();
            return Report(pass, databases, EseError.RecoveredWithoutUndo);
        }

        progress.Undo();
        var quit = isClosed && setup.Later.Count == 0
            ? pass.Closed
            : Undo(pass, databases, transactions, versions, cancellationToken);
        WriteCheckpoint(pass.Last.Header!, quit);
        return Report(pass, databases, EseError.Success);
    }

    private LogPosition Undo(
        RedoPass pass, AttachedDatabases databases, RedoTransactions transactions, VersionStore versions,
        CancellationToken cancellationToken)
    {
        var last = LaterLogs.SetAside(_options.Disk, pass.Last!, setup, _remarks);
        Seal(last);
        var folder = LogStreamFolder.Open(
            _options.Disk, setup.UndoLogDirectory, _options.BaseName, pass.Last!.Name);
        using var writer = new LogFileWriter(folder, last.Header!, last.EnsureScan()!.AccumulatedChecksum, setup.Start,
            databases.ToList, _options.Time);
        var begin = writer.Position;
        _written = begin.Generation;
        // All logs are replayed, so nothing may be unexplained. When the log of undo is made is known once it is there.
        databases.Begin(begin.Generation, default);
        var log = new UndoLog(writer, databases);
        databases.BeforePages = log.Flush;
        var records = new LogRecordWriter();
        var mark = EndedMark(pass, transactions);
        if (!mark.IsSet)
        {
            records.Add(LogRecordType.RecoveryUndo2, new UndoBegin(Now));
            writer.Append(records.Written);
        }

        var undo = new UndoPass(versions, databases.Find, log);
        _rolledBack = transactions.Sessions.Count(session => session.Level > 0);
        undo.Run(transactions, pass.Macros, () =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            databases.Trim();
        });
        _undone = undo.Undone;
        records.Clear();
        if (!mark.IsSet)
        {
            records.Bare(LogRecordType.ShutdownMark);
            mark = writer.Append(records.Written);
            records.Clear();
        }

        records.Add(LogRecordType.RecoveryQuit2,
            new TimedRunEnd(new(begin, setup.Start, setup.IsHard ? (byte)1 : (byte)0), Now));
        var quit = writer.Append(records.Written);
        log.Flush();
        databases.CloseAll(mark);
        return quit;
    }

    // Whoever was closing the databases when all ended may have closed some of them already: clean at that mark, and
    // attached again as such. A second mark would make the others, and those of a backup, clean elsewhere.
    private LogPosition EndedMark(RedoPass pass, RedoTransactions transactions) =>
        setup.IsHard || transactions.Sessions.Any(session => session.Level > 0) ? default : pass.Marked;

    // Only the log that was written to last can end in a torn write, and it is where undo goes on.
    private void Seal(LogFileEntry last)
    {
        if (last.Path is { } path && last.EnsureScan() is { IsGood: true } scan)
            LogSeal.Apply(_options.Disk, path, scan);
    }

    private void WriteCheckpoint(LogHeader header, LogPosition quit)
    {
        var disk = _options.Disk;
        var folder = LogStreamFolder.Open(disk, setup.UndoLogDirectory, _options.BaseName);
        var writer = new CheckpointWriter(setup.Stream, header.Parameters) { Before = setup.Checkpoint };
        CheckpointWriter.Write(disk, folder.CheckpointPath(setup.UndoCheckpointDirectory), writer.Clean(quit));
    }

    private PageSize FindPageSize()
    {
        using var log = setup.Logs.Open(setup.Start.Generation) ?? throw new EseException(
            EseError.MissingPreviousLogFile,
            $"generation {setup.Start.Generation}, which replay begins with, is missing");
        return log.Reader.Header.PageSize;
    }

    private RecoveryReport Report(RedoPass pass, AttachedDatabases databases, EseError result)
    {
        var (read, written, redone) = databases.Pages;
        return new()
        {
            Result = result,
            Databases = databases.Outcomes,
            Start = setup.Start,
            End = pass.End,
            EndTime = _endTime,
            Written = _written,
            Records = pass.Records,
            LogBytes = pass.LogBytes,
            PagesRedone = redone,
            PagesRead = read,
            PagesWritten = written,
            RolledBack = _rolledBack,
            Undone = _undone,
            Remarks = _remarks,
        };
    }

    // A segment that holds the end of a record only has no time of its own.
    private static LogTime EndTime(RedoPass pass) =>
        pass.Last!.EnsureScan(collectSegments: true)!.Segments
            .LastOrDefault(segment => segment.Started.IsSet && segment.Position < pass.End).Started;

    private LogTime Now => LogTime.From(_options.Time.GetUtcNow());
}
