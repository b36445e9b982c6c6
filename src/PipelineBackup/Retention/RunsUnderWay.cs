using PipelineBackup.Format;

namespace PipelineBackup.Retention;

/// <summary>
/// Finds backups that are about to continue a chain: those that have claimed a place in it and have no commit yet.
/// </summary>
internal sealed class RunsUnderWay(IBackupArchive archive, BackupSet set, StoreSurvey survey, RetentionClock clock)
{
    private readonly Dictionary<BackupId, string?> _chains = [];
    private readonly Dictionary<BackupId, ObjectName> _claims = [];

    /// <summary>The claim of a backup whose chain was asked for; null when it has none.</summary>
    public ObjectName? ClaimOf(BackupManifest backup)
    {
        var id = BackupId.Parse(backup.Id);
        return backup.Kind == BackupKind.Differential && BackupId.TryParse(backup.Full, out var full) ? set.DifferentialClaim(full, id)
            : _claims.TryGetValue(id, out var claim) ? claim : null;
    }

    /// <summary>Looks whether a run may be about to continue a chain.</summary>
    /// <param name="full">The backup that the chain starts with.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>A reason for people to keep the chain; null when there is no such run.</returns>
    public async Task<string?> FindAsync(BackupId full, CancellationToken cancellationToken)
    {
        if (_chains.TryGetValue(full, out string? known))
            return known;
        string? reason = null;
        foreach (string claim in survey.ClaimsOf(full))
        {
            var name = ObjectName.Of(set.ClaimPrefix(full) + claim);
            string? owner = BackupId.TryParse(claim, out _) ? claim : await OwnerAsync(name, cancellationToken).ConfigureAwait(false);
            if (owner is not null)
                reason ??= Judge(owner, name);
        }

        return _chains[full] = reason;
    }

    // A run that is marked for removal is refused its commit, whatever its clock says.
    private string? Judge(string owner, ObjectName claim)
    {
        if (!BackupId.TryParse(owner, out var id))
            return "a claim in its chain cannot be read";
        _claims[id] = claim;
        return survey.HasCommit(id) || survey.IsExpiring(id) || !clock.MayBeUnderWay(id) ? null : $"{id}, which may still be under way, may build on it";
    }

    // Empty for a claim that cannot be read, null for one that is gone again.
    private async Task<string?> OwnerAsync(ObjectName name, CancellationToken cancellationToken)
    {
        try
        {
            return await SmallObject.TryReadAsync(archive, name, ChainClaim.MaxBytes, cancellationToken).ConfigureAwait(false) is { } content
                ? SmallObject.Parse(content, name, ArchiveJson.Default.ChainClaim).Id : null;
        }
        catch (BackupException damaged) when (damaged is not SinkException)
        {
            return "";
        }
    }
}
