using PipelineBackup.Format;

namespace PipelineBackup.Retention;

/// <summary>How much a run has below its data.</summary>
internal readonly record struct StoredData(int Objects, long Bytes)
{
    public StoredData And(StoredObject stored) => new(Objects + 1, Bytes + stored.Length);
}

/// <summary>One look at a set: what its listings show at a moment.</summary>
internal sealed class StoreSurvey
{
    private readonly Dictionary<BackupId, BackupException> _unreadable = [];
    private readonly SortedDictionary<BackupId, List<string>> _marks = [], _claims = [];
    private readonly SortedDictionary<BackupId, StoredData> _data = [];

    private StoreSurvey()
    {
    }

    /// <summary>The backups, by id, oldest first.</summary>
    public SortedDictionary<BackupId, BackupManifest> Backups { get; } = [];

    /// <summary>The backups whose commits cannot be read.</summary>
    public IReadOnlyDictionary<BackupId, BackupException> Unreadable => _unreadable;

    /// <summary>What runs have stored beside their commits, if that was listed.</summary>
    public IReadOnlyDictionary<BackupId, StoredData> Data => _data;

    /// <summary>The ids that have anything in the store.</summary>
    public IEnumerable<BackupId> Ids => _data.Keys.Concat(_marks.Keys).Concat(_claims.Keys).Distinct().Order();

    /// <summary>Looks.</summary>
    /// <param name="catalog">Remembers commits between looks.</param>
    /// <param name="archive">The store.</param>
    /// <param name="set">The set.</param>
    /// <param name="withData">Whether to list the data too, which is most of the objects.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="BackupException">The store is none, or failed.</exception>
    public static async Task<StoreSurvey> TakeAsync(
        BackupCatalog catalog, IBackupArchive archive, BackupSet set, bool withData, CancellationToken cancellationToken)
    {
        // Commits come last: what becomes a backup while we look is one then, and no litter.
        var survey = new StoreSurvey();
        await ListAsync(archive, set.AllClaims, (id, stored, rest) => Add(survey._claims, id, rest), cancellationToken).ConfigureAwait(false);
        await ListAsync(archive, set.AllMarks, (id, stored, rest) => Add(survey._marks, id, rest), cancellationToken).ConfigureAwait(false);
        if (withData)
        {
            await ListAsync(archive, set.AllData,
                (id, stored, rest) => survey._data[id] = survey._data.GetValueOrDefault(id).And(stored), cancellationToken).ConfigureAwait(false);
        }

        var backups = await catalog.ListAsync((id, failure) => survey._unreadable.Add(id, failure),
            vanished => throw InUse(vanished), cancellationToken).ConfigureAwait(false);
        foreach (var backup in backups)
            survey.Backups.Add(BackupId.Parse(backup.Id), backup);
        return survey;

        static void Add(SortedDictionary<BackupId, List<string>> lists, BackupId id, string rest)
        {
            if (!lists.TryGetValue(id, out var names))
                lists.Add(id, names = []);
            names.Add(rest);
        }
    }

    /// <summary>Whether a commit of this id was listed, readable or not.</summary>
    public bool HasCommit(BackupId id) => Backups.ContainsKey(id) || _unreadable.ContainsKey(id);

    /// <summary>Whether someone pinned a backup.</summary>
    public bool IsPinned(BackupId id) => MarksOf(id).Any(name => name.StartsWith(BackupMark.PinPrefix, StringComparison.Ordinal));

    /// <summary>Whether an expiry has begun to remove a backup.</summary>
    public bool IsExpiring(BackupId id) => MarksOf(id).Contains("expiring.json");

    /// <summary>Names of the claims in a chain, without their prefix.</summary>
    public IReadOnlyList<string> ClaimsOf(BackupId full) => _claims.GetValueOrDefault(full) ?? [];

    private List<string> MarksOf(BackupId id) => _marks.GetValueOrDefault(id) ?? [];

    private static BackupException InUse(BackupId id) => new($"the commit of {id} was listed and is gone: another expiry is at work")
    {
        Hint = "run it again when the other one has ended",
        ExitCode = ExitCode.InUse,
    };

    private static async Task ListAsync(
        IBackupArchive archive, string prefix, Action<BackupId, StoredObject, string> add, CancellationToken cancellationToken)
    {
        await foreach (var stored in archive.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
        {
            // Objects under other names are nobody's business here.
            string name = stored.Name.ToString()[prefix.Length..];
            if (name.Length > BackupId.Length + 1 && name[BackupId.Length] == '/' && BackupId.TryParse(name[..BackupId.Length], out var id))
                add(id, stored, name[(BackupId.Length + 1)..]);
        }
    }
}
