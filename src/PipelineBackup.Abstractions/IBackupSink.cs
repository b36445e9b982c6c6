namespace PipelineBackup;

/// <summary>A store that backups are written to.</summary>
/// <remarks>
/// The laws, beside those of <see cref="IBackupArchive"/>: an object is visible whole or not at all, at every moment and
/// after a crash; it is durable when <see cref="PutAsync"/> returns; a name is created once, and of two writers of the
/// same name exactly one succeeds, the other failing with <see cref="SinkFailure.AlreadyExists"/>; the body's memory is
/// not touched after the call returned or threw; deleting what is not there succeeds. A sink neither retries, throttles
/// nor measures: the SDK's decorators do that once for all. Later powers are separate optional interfaces; these members
/// never grow.
/// </remarks>
public interface IBackupSink : IBackupArchive
{
    /// <summary>What this store can do and likes.</summary>
    SinkTraits Traits { get; }

    /// <summary>Stores an object under a name that nothing has yet.</summary>
    /// <param name="name">The name.</param>
    /// <param name="body">The content.</param>
    /// <param name="cancellationToken">Ends the call; the object is then there whole or not at all.</param>
    ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken);

    /// <summary>Deletes an object; succeeds when there is none.</summary>
    /// <param name="name">The object.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken);
}
