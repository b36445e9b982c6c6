namespace PipelineBackup;

/// <summary>An object in a store, as a listing shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Length">Its length in bytes.</param>
public readonly record struct StoredObject(ObjectName Name, long Length)
{
    /// <summary>When it was written by the store's own clock; null where the store does not tell.</summary>
    public DateTimeOffset? Written { get; init; }
}
