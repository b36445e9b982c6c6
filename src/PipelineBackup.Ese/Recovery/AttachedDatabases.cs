namespace PipelineBackup.Ese;

/// <summary>The slots of the logs while they are replayed: which databases are attached, left out, or to come.</summary>
/// <remarks>
/// <code>
///              list, attaching record                     detaching record, end of an engine's run
///   (free) ───────────────────────────► attached ─────────────────────────────────────────► (free), file clean
///     │  └────────────────────────────► deferred, skipped ─────────────────────────────────► (free)
///     └── creating record: the file is made, and attached
/// </code>
/// </remarks>
internal sealed class AttachedDatabases : IDisposable
{
    private readonly RecoverySetup _setup;
    private readonly DatabaseMap _map;
    private readonly DatabaseSurroundings _surroundings;
    private readonly SortedDictionary<byte, RecoveringFile> _attached = [];
    private readonly SortedDictionary<byte, DatabasePlace> _leftOut = [];
    private readonly Dictionary<string, RecoveredDatabase> _outcomes = [];
    private (long Read, long Written, long Redone) _closedPages;
    private LogGeneration _generation;
    private LogTime _created;

    /// <summary>No database yet.</summary>
    /// <param name="setup">What recovery is for.</param>
    /// <param name="surroundings">What databases take from the run.</param>
    /// <exception cref="EseException">−1201, −1003: the map contradicts itself.</exception>
    public AttachedDatabases(RecoverySetup setup, DatabaseSurroundings surroundings) =>
        (_setup, _surroundings, _map) = (setup, surroundings, new(setup.Options));

    /// <summary>The databases that are replayed into.</summary>
    public IReadOnlyCollection<RecoveringFile> Attached => _attached.Values;

    /// <summary>Pages read and written for all databases, and changes of pages that redo made.</summary>
    public (long Read, long Written, long Redone) Pages =>
        (_closedPages.Read + _attached.Values.Sum(database => database.Cache.PagesRead),
            _closedPages.Written + _attached.Values.Sum(database => database.Cache.PagesWritten),
            _closedPages.Redone + _attached.Values.Sum(database => database.Redo.Redone));

    /// <summary>What became of the databases so far, in the order in which the logs named them first.</summary>
    public IReadOnlyList<RecoveredDatabase> Outcomes => [.. _outcomes.Values];

    /// <summary>Tells undo's log to be made durable before pages are written.</summary>
    public Action? BeforePages
    {
        set
        {
            foreach (var database in _attached.Values)
                database.BeforePages = value;
        }
    }

    /// <summary>The database that a slot is replayed into; null when it is left out, or no database.</summary>
    /// <param name="slot">The number in a record.</param>
    public RecoveringFile? Find(byte slot) => _attached.GetValueOrDefault(slot);

    /// <summary>Makes room in memory; between two changes.</summary>
    public void Trim()
    {
        foreach (var database in _attached.Values)
            database.Cache.Trim();
    }

    /// <summary>A generation is replayed, or written, from now on.</summary>
    /// <param name="generation">Its number.</param>
    /// <param name="created">When it was made.</param>
    /// <exception cref="EseException">Pages that redo left out should have been explained by now.</exception>
    public void Begin(LogGeneration generation, LogTime created)
    {
        (_generation, _created) = (generation, created);
        foreach (var database in _attached.Values)
            database.Begin(_generation, _created);
    }

    /// <summary>Attaches a database, or leaves it out, as the file at its path demands.</summary>
    /// <param name="place">What the logs say.</param>
    /// <param name="redo">Position of the record, or where redo starts.</param>
    /// <param name="createVersion">Of a creating record: the version of the creating.</param>
    /// <exception cref="EseException">The file contradicts the logs, or is damaged: as <see cref="AttachJudge"/>.</exception>
    public void Attach(DatabasePlace place, LogPosition redo, int createVersion = 0)
    {
        if (_attached.ContainsKey(place.Slot))
        {
            throw new EseException(EseError.LogCorrupted,
                $"at {redo} a database is attached to slot {place.Slot}, which has one already");
        }

        // The header of the log that undo writes must have room for all that are attached.
        int listed = ListedBytes(place) + _attached.Values.Sum(other => ListedBytes(other.Place));
        if (place.Slot == 0 || listed >= AttachedDatabase.ListSize)
        {
            throw new EseException(EseError.LogCorrupted,
                $"at {redo} a database is attached as no engine does: slot {place.Slot}, path of "
                    + $"{place.LoggedPath.Length} characters, beside {_attached.Count} others");
        }

        _leftOut.Remove(place.Slot);
        if (_map.Find(place.LoggedPath, place.Logged.Database) is not { } path)
        {
            LeaveOut(place with { IsSkipped = true });
            return;
        }

        place = place with { Path = path };
        var head = DatabaseHead.Read(_setup.Options.Disk, path);
        if (path.Length > 0 && _attached.Values.Any(other => IsSameFile(other.Path, path)))
            head = new(FoundFile.Taken);
        var scene = new AttachScene(
            _setup.Stream, redo, _surroundings.PageSize, _setup.IsHard, _setup.Options.AllowBackupImages);
        place = place with { Verdict = AttachJudge.Judge(place.Logged, scene, head.Found, head.Pair) };
        switch (place.Verdict.Decision)
        {
            case AttachDecision.Now or AttachDecision.NowAnew:
                Take(DatabaseOpening.Open(place, head.Pair!.Header!, _setup, _surroundings, _generation, _created));
                break;
            case AttachDecision.Recreate:
                Take(DatabaseOpening.Create(place, createVersion, _setup, _surroundings, _generation));
                break;
            case AttachDecision.Defer:
                if (place.Verdict.IsAhead && head.Pair!.Copies != HeaderCopies.Identical)
                    DatabaseOpening.MatchCopies(place.Path, head.Pair.Header!, _surroundings);
                LeaveOut(place);
                break;
            default:
                throw Refusal(place);
        }
    }

    /// <summary>A database is detached by a record: its file becomes clean.</summary>
    /// <param name="slot">Its slot.</param>
    /// <param name="position">Position of the record.</param>
    public void Detach(byte slot, LogPosition position)
    {
        _leftOut.Remove(slot);
        if (_attached.TryGetValue(slot, out var database))
            Close(database, position);
    }

    /// <summary>An engine's run ended: all databases are closed, those that were left out are free to be judged
    /// anew.</summary>
    /// <param name="position">Position of the mark of its shutdown.</param>
    public void CloseAll(LogPosition position)
    {
        foreach (var database in _attached.Values.ToList())
            Close(database, position);
        _leftOut.Clear();
    }

    /// <summary>Leaves the databases dirty, for another recovery.</summary>
    public void Suspend()
    {
        foreach (var database in _attached.Values)
        {
            database.Suspend();
            Tell(database.Place, RecoveryOutcome.Replayed);
        }
    }

    /// <summary>
    /// The logs ended: whether the databases that were left out may be missing, and those that are there got what they
    /// need.
    /// </summary>
    /// <param name="last">The last generation that was replayed.</param>
    /// <exception cref="EseException">−1216, −1032: one is missing; −543, −582: logs are.</exception>
    public void JudgeEnd(LogGeneration last)
    {
        var needs = _attached.Values.Select(database => RequiredLogs.Of(database.Header)).ToList();
        var rules = new SoftRecoveryOptions(IgnoreLostLogs: _setup.Options.IgnoreLostLogs || _setup.AcceptsLoss);
        if (SoftRecoveryJudge.JudgeEnd(last, needs, rules) is { } finding)
            throw finding.ToException();
        foreach (var database in _attached.Values)
        {
            // One that the logs attach themselves was not known when the stop was judged.
            if (_setup.Stop.IsSet && !_setup.IsHard && _setup.Stop.Generation <= database.FutureUntil)
            {
                throw new EseException(EseError.RequiredLogFilesMissing,
                    $"'{database.Path}' needs the logs up to generation {database.FutureUntil}, whole, to become consistent",
                    "stop later, or not at all");
            }

            database.EndRedo(last, _setup.Options.SkipUndo);
        }

        foreach (var place in _leftOut.Values)
        {
            if (!place.IsSkipped && !place.Verdict.IsAhead && !_setup.Options.IgnoreMissingDatabases && !_setup.IsHard)
                throw Missing(place);
        }
    }

    /// <summary>Whether a log is the one that the databases need under its number.</summary>
    /// <param name="file">The log.</param>
    /// <exception cref="EseException">−543: it was made at another time.</exception>
    public void JudgeTime(LogFileEntry file)
    {
        if (_setup.Options.IgnoreLostLogs)
            return;
        var needs = _attached.Values.Select(database => RequiredLogs.Of(database.Header)).ToList();
        if (SoftRecoveryJudge.JudgeTime(file, needs) is { } finding)
            throw finding.ToException();
    }

    /// <summary>The list of attached databases for the header of a new log.</summary>
    public IReadOnlyList<AttachedDatabase> ToList() =>
    [
        .. _attached.Values.Select(database => AttachedDatabase.Create(
            database.Slot, database.Place.IsSparse, database.LastTime, database.LastObject, database.Place.MaxPages,
            database.Header.Attach, database.Header.Consistent, database.Header.Signature, database.Place.LoggedPath)),
    ];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var database in _attached.Values)
            database.Dispose();
    }

    private void Take(RecoveringFile database)
    {
        _attached.Add(database.Slot, database);
        database.Saw(database.Place.LastTime, database.Place.LastObject);
        ShareMemory();
        database.Begin(_generation, _created);
    }

    private void ShareMemory()
    {
        foreach (var database in _attached.Values)
            database.Cache.SetMemory(_surroundings.MemoryBytes / _attached.Count);
    }

    private void Close(RecoveringFile database, LogPosition position)
    {
        // One whose creation broke off is made anew by whoever replays its creating again, and by nobody else.
        bool isFinished = database.Header.State != DatabaseState.JustCreated;
        if (isFinished)
            database.Close(position, _setup.IsHard);
        Tell(database.Place, isFinished ? RecoveryOutcome.Recovered : RecoveryOutcome.Missing,
            isFinished ? "" : "its creation was never finished");
        _closedPages = (
            _closedPages.Read + database.Cache.PagesRead, _closedPages.Written + database.Cache.PagesWritten,
            _closedPages.Redone + database.Redo.Redone);
        _attached.Remove(database.Slot);
        database.Dispose();
        ShareMemory();
    }

    private void LeaveOut(DatabasePlace place)
    {
        _leftOut[place.Slot] = place;
        Tell(place, place.IsSkipped ? RecoveryOutcome.Skipped
            : place.Verdict.IsAhead ? RecoveryOutcome.AlreadyClean : RecoveryOutcome.Missing,
            place.IsSkipped ? "the map does not name it" : place.Verdict.Reason);
    }

    // A database may go through several attachings; the last one counts.
    private void Tell(DatabasePlace place, RecoveryOutcome outcome, string reason = "") =>
        _outcomes[place.LoggedPath] = new(place.LoggedPath, place.Path, outcome, reason);

    private static int ListedBytes(DatabasePlace place) => 64 + 2 * (place.LoggedPath.Length + 1);

    private static bool IsSameFile(string a, string b) => string.Equals(
        System.IO.Path.GetFullPath(a), System.IO.Path.GetFullPath(b),
        OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    private static EseException Refusal(DatabasePlace place) => new(place.Verdict.Error,
        $"'{place.Path}' ('{place.LoggedPath}' in the logs): {place.Verdict.Reason}",
        AttachHints.For(place.Verdict.Error));

    /// <summary>The error of a database that is still missing at the end of the logs.</summary>
    /// <param name="place">What the logs say of it, and the judgement.</param>
    internal static EseException Missing(DatabasePlace place) => new(
        place.Verdict.IsDenied ? EseError.AccessDenied : EseError.AttachedDatabaseMismatch,
        $"the logs need '{place.LoggedPath}'"
            + (place.Path.Length > 0 ? $", which should be '{place.Path}': " : ": ") + place.Verdict.Reason,
        "say where the database is, or have missing databases ignored");
}
