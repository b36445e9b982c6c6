namespace PipelineBackup;

/// <summary>
/// A program that runs several engines ("instances", with Exchange: storage groups), each of which is backed up by
/// itself.
/// </summary>
/// <remarks>
/// The laws: ids stay the same as long as their instance runs, and no other instance gets one of them meanwhile; a
/// source takes one backup at a time, sources of different instances take theirs beside each other.
/// </remarks>
public interface IBackupInstances
{
    /// <summary>Lists the instances that run, at most 16 (<see cref="InstanceInfo.Most"/>).</summary>
    /// <param name="cancellationToken">Ends it.</param>
    IAsyncEnumerable<InstanceInfo> ListAsync(CancellationToken cancellationToken);

    /// <summary>An instance as a source of backups.</summary>
    /// <param name="id">Its id, as the list has it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="SourceException">−1115: no instance with this id runs.</exception>
    ValueTask<IBackupSource> OpenAsync(int id, CancellationToken cancellationToken);
}
