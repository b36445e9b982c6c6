namespace PipelineBackup;

/// <summary>Makes sinks from addresses such as <c>file:///var/backups</c>; the command line finds a plugin by it.</summary>
public interface IBackupSinkFactory
{
    /// <summary>The scheme of the addresses it takes, in lower case, without the colon.</summary>
    string Scheme { get; }

    /// <summary>Makes the sink of an address.</summary>
    /// <param name="address">The address; its scheme is <see cref="Scheme"/>.</param>
    /// <param name="create">Whether the store may be created if it is not there; otherwise that is <see cref="SinkFailure.NotFound"/>.</param>
    /// <exception cref="ArgumentException">The address is malformed.</exception>
    /// <exception cref="SinkException">There is no such store.</exception>
    IBackupSink Create(Uri address, bool create);
}
