namespace PipelineBackup.Testing;

/// <summary>What can be asked of a sink.</summary>
public enum SinkCall
{
    /// <summary><see cref="IBackupSink.PutAsync"/>.</summary>
    Put,

    /// <summary><see cref="IBackupArchive.OpenReadAsync"/>, and the stream that it gives.</summary>
    Read,

    /// <summary><see cref="IBackupArchive.ListAsync"/>.</summary>
    List,

    /// <summary><see cref="IBackupSink.DeleteAsync"/>.</summary>
    Delete,
}
