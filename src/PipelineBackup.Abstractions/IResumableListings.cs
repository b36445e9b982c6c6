namespace PipelineBackup;

/// <summary>
/// A power that an archive may have beside <see cref="IBackupArchive"/>: it begins a listing behind a name, at the price of
/// what is left. Whoever repeats what fails asks it to go on where a listing broke off, so that a long one comes to its end
/// whatever share of its requests fails; without it each attempt begins with the first page.
/// </summary>
public interface IResumableListings
{
    /// <summary>Lists the objects whose names start with a prefix and come after a name, in ordinal order.</summary>
    /// <param name="prefix">The start of the names, by characters; empty for all.</param>
    /// <param name="after">
    /// The name; it need not be there nor start with the prefix. The default value comes before all names.
    /// </param>
    /// <param name="cancellationToken">Ends the listing.</param>
    IAsyncEnumerable<StoredObject> ListAfterAsync(string prefix, ObjectName after, CancellationToken cancellationToken);
}
