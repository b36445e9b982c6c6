using PipelineBackup.Format;

namespace PipelineBackup.Retention;

/// <summary>
/// Says of everything that a survey shows whether it stays, and why. Whatever the rules say, there stay: the newest backup
/// that restores, the newest without damage (of each database), the one that the next incremental backup continues, pinned
/// ones, those that are locked, whatever a backup that cannot be read may build on, and all that a backup that stays builds on.
/// </summary>
internal sealed class RetentionJudge
{
    private readonly StoreSurvey _survey;
    private readonly RetentionPolicy _policy;
    private readonly RetentionClock _clock;
    private readonly Dictionary<BackupId, List<string>> _kept = [];

    // Of each backup that restores the one that its chain starts with; and those of them without damage.
    private readonly Dictionary<BackupId, BackupManifest> _restorable = [];
    private readonly HashSet<BackupId> _clean = [];

    private RetentionJudge(StoreSurvey survey, RetentionPolicy policy, RetentionClock clock)
    {
        (_survey, _policy, _clock) = (survey, policy, clock);
        foreach (var (id, backup) in survey.Backups)
            FollowChain(id, backup);
    }

    /// <summary>Judges.</summary>
    /// <param name="survey">What the store shows.</param>
    /// <param name="policy">The rules.</param>
    /// <param name="clock">The time.</param>
    /// <param name="also">Backups and leftovers that stay for reasons that no listing shows: locks, runs under way.</param>
    public static ExpiryPlan Judge(
        StoreSurvey survey, RetentionPolicy policy, RetentionClock clock, IReadOnlyDictionary<BackupId, string> also)
    {
        var judge = new RetentionJudge(survey, policy, clock);
        judge.KeepByRules();
        judge.KeepTheLast();
        judge.KeepWhatIsMarked(also);
        judge.KeepWhatMayBeBuiltOn();
        judge.KeepParents();
        return new()
        {
            Backups = [.. survey.Backups.Select(backup => judge.VerdictOf(backup.Key, backup.Value))],
            Leftovers = [.. survey.Ids.Where(id => !survey.HasCommit(id)).Select(id => judge.VerdictOf(id, also))],
            Unreadable = [.. survey.Unreadable.OrderBy(commit => commit.Key).Select(commit => new UnreadableBackup(commit.Key, commit.Value.Message))],
        };
    }

    private void KeepByRules()
    {
        foreach (var id in _survey.Backups.Keys.Where(_clock.IsAhead))
            Keep(id, "its time lies ahead of this clock");
        var inTime = _survey.Backups.Keys.Where(id => !_clock.IsAhead(id)).ToList();
        if (inTime.Count == 0)
            return;
        // The days end at the newest backup when there was none since: no rule removes the last ones just because time passes.
        var end = _clock.EarlierThanNow(inTime[^1].Time);
        var sound = inTime.Where(_clean.Contains).ToList();
        foreach (var (id, reason) in RetentionRules.Apply(_policy, sound, end).Concat(RetentionRules.Apply(_policy, inTime, end)))
            Keep(id, reason);
    }

    private void KeepTheLast()
    {
        var restorable = _survey.Backups.Where(backup => _restorable.ContainsKey(backup.Key)).Select(backup => backup.Value).ToList();
        var clean = _survey.Backups.Where(backup => _clean.Contains(backup.Key)).Select(backup => backup.Value).ToList();
        KeepLatest(restorable, "the newest that restores");
        KeepLatest(clean, "the newest without damage");
        KeepLatest([.. clean.Where(backup => backup.Kind is BackupKind.Full or BackupKind.Incremental)], "the next incremental backup continues it");
        if (clean.Count == 0)
            return;
        // A backup may have only some of the databases: then others have the last of the rest.
        var stream = clean.Where(backup => backup.LogSignature == clean[^1].LogSignature).ToList();
        foreach (string name in stream.SelectMany(DatabasesOf).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal))
        {
            var latest = BackupCatalog.Latest([.. stream.Where(backup => DatabasesOf(backup).Contains(name, StringComparer.OrdinalIgnoreCase))])!;
            Keep(BackupId.Parse(latest.Id), $"the newest of {name} without damage");
        }
    }

    private void KeepLatest(IReadOnlyList<BackupManifest> among, string reason)
    {
        if (BackupCatalog.Latest(among) is not { } latest)
            return;
        Keep(BackupId.Parse(latest.Id), reason);
        // The newest one says which log stream is the current one: without it the latest might be another.
        if (latest != among[^1])
            Keep(BackupId.Parse(among[^1].Id), "the newest by its time");
    }

    private void KeepWhatIsMarked(IReadOnlyDictionary<BackupId, string> also)
    {
        foreach (var id in _survey.Backups.Keys)
        {
            if (_survey.IsPinned(id))
                Keep(id, "pinned");
            if (also.TryGetValue(id, out string? reason))
                Keep(id, reason);
        }
    }

    private void KeepWhatMayBeBuiltOn()
    {
        foreach (var id in _survey.Backups.Keys)
        {
            if (UnreadableChildOf(id) is { } child)
                Keep(id, $"{child}, which cannot be read, may build on it");
        }
    }

    // The children come before what they build on, so that one pass does for all.
    private void KeepParents()
    {
        foreach (var (id, backup) in _survey.Backups.Reverse().Where(backup => _kept.ContainsKey(backup.Key)))
        {
            if (!BackupId.TryParse(backup.Parent, out var parent))
                continue;
            if (_survey.Backups.ContainsKey(parent))
                KeepFor(parent, id);
            else
                KeepAroundHole(id, backup.Full);
        }
    }

    // What is missing may come back from another store; what it built on in its turn nobody knows, but that it is of the chain.
    private void KeepAroundHole(BackupId id, string full)
    {
        foreach (var (member, backup) in _survey.Backups)
        {
            if (backup.Full == full && backup.Kind is BackupKind.Full or BackupKind.Incremental)
                KeepFor(member, id);
        }
    }

    private void KeepFor(BackupId parent, BackupId child)
    {
        if (parent.CompareTo(child) < 0)
            Keep(parent, $"{child} builds on it", onlyReason: true);
    }

    private ExpiryVerdict VerdictOf(BackupId id, BackupManifest backup)
    {
        var data = _survey.Data.GetValueOrDefault(id);
        return new(backup, _kept.GetValueOrDefault(id) ?? [], data.Objects + 1, data.Bytes);
    }

    private LeftoverVerdict VerdictOf(BackupId id, IReadOnlyDictionary<BackupId, string> also)
    {
        var reasons = new List<string>();
        if (_kept.Keys.Order().Select(child => _survey.Backups[child]).FirstOrDefault(backup => backup.Parent == $"{id}" || backup.Full == $"{id}") is { } child)
            reasons.Add($"{child.Id} builds on it, and its commit is missing");
        if (UnreadableChildOf(id) is { } unreadable)
            reasons.Add($"{unreadable}, which cannot be read, may build on it");
        if (_survey.IsPinned(id))
            reasons.Add("pinned");
        if (also.TryGetValue(id, out string? reason))
            reasons.Add(reason);
        // What an expiry has begun to remove was a backup, and is none any more.
        if (!_survey.IsExpiring(id) && _clock.MayBeUnderWay(id))
            reasons.Add("may still be under way");
        var data = _survey.Data.GetValueOrDefault(id);
        return new(id, reasons, data.Objects, data.Bytes);
    }

    private BackupId? UnreadableChildOf(BackupId id) => id.Kind is not (BackupKind.Full or BackupKind.Incremental) ? null
        : _survey.Unreadable.Keys.Order().Where(other => other.Kind is BackupKind.Incremental or BackupKind.Differential && other.CompareTo(id) > 0)
            .Select(other => (BackupId?)other).FirstOrDefault();

    // Parents come before their children, so that one pass does for all.
    private void FollowChain(BackupId id, BackupManifest backup)
    {
        if (backup.Parent is null)
        {
            if (backup.Kind is not (BackupKind.Full or BackupKind.Copy))
                return;
            _restorable.Add(id, backup);
            if (!backup.IsDamaged)
                _clean.Add(id);
        }
        else if (BackupId.TryParse(backup.Parent, out var parent) && parent.CompareTo(id) < 0 && _restorable.TryGetValue(parent, out var full))
        {
            _restorable.Add(id, full);
            if (!backup.IsDamaged && _clean.Contains(parent))
                _clean.Add(id);
        }
    }

    // The databases stand in the commit that the chain starts with.
    private IEnumerable<string> DatabasesOf(BackupManifest backup) => _restorable[BackupId.Parse(backup.Id)].Databases.Select(database => database.Name);

    private void Keep(BackupId id, string reason, bool onlyReason = false)
    {
        if (!_survey.Backups.ContainsKey(id))
            return;
        if (!_kept.TryGetValue(id, out var reasons))
            _kept.Add(id, reasons = []);
        if (reasons.Count == 0 || (!onlyReason && !reasons.Contains(reason)))
            reasons.Add(reason);
    }
}
