using PipelineBackup.Format;

namespace PipelineBackup.Retention;

/// <summary>Finds backups that are about to continue a chain: those that have claimed a place in it and have no commit yet.</summary>
internal static class RunsUnderWay
{
    /// <summary>A run that may be about to continue a chain.</summary>
    /// <param name="archive">The store.</param>
    /// <param name="set">The set.</param>
    /// <param name="survey">What the store shows.</param>
    /// <param name="full">The backup that the chain starts with.</param>
    /// <param name="clock">Says which runs have died long since.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>A reason for people to keep the chain; null when there is no such run.</returns>
    public static async Task<string?> FindAsync(
        IBackupArchive archive, BackupSet set, StoreSurvey survey, BackupId full, RetentionClock clock, CancellationToken cancellationToken)
    {
        foreach (string claim in survey.ClaimsOf(full))
        {
            var name = ObjectName.Of(set.ClaimPrefix(full) + claim);
            string? owner = BackupId.TryParse(claim, out _) ? claim : await OwnerAsync(archive, name, cancellationToken).ConfigureAwait(false);
            if (owner is null)
                continue;
            if (!BackupId.TryParse(owner, out var id))
                return "a claim in its chain cannot be read";
            if (!survey.HasCommit(id) && clock.MayBeUnderWay(id))
                return $"{id}, which may still be under way, may build on it";
        }

        return null;
    }

    // Empty for a claim that cannot be read, null for one that is gone again.
    private static async Task<string?> OwnerAsync(IBackupArchive archive, ObjectName name, CancellationToken cancellationToken)
    {
        try
        {
            return await SmallObject.TryReadAsync(archive, name, 1024, cancellationToken).ConfigureAwait(false) is { } content
                ? SmallObject.Parse(content, name, ArchiveJson.Default.ChainClaim).Id : null;
        }
        catch (BackupException damaged) when (damaged is not SinkException)
        {
            return "";
        }
    }
}
