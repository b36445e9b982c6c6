namespace PipelineBackup;

/// <summary>An object in a store, as a listing shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Length">Its length in bytes.</param>
public readonly record struct StoredObject(ObjectName Name, long Length);
