namespace PipelineBackup.Sinks;

/// <summary>Listings that begin behind a name, of archives that have the power and of those that have not.</summary>
internal static class LaterListing
{
    /// <summary>Lists what comes after a name: without the power everything, and what comes before is left out.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="prefix">The start of the names.</param>
    /// <param name="after">The name; the default value for all.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    public static IAsyncEnumerable<StoredObject> Of(
        IBackupArchive archive, string prefix, ObjectName after, CancellationToken cancellationToken) =>
        after == default ? archive.ListAsync(prefix, cancellationToken)
        : archive is IResumableListings resumable ? resumable.ListAfterAsync(prefix, after, cancellationToken)
        : archive.ListAsync(prefix, cancellationToken).SkipWhile(item => item.Name.CompareTo(after) <= 0);
}
