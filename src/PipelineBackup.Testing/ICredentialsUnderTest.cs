namespace PipelineBackup.Testing;

/// <summary>A power that a store under test may have: it can be asked by somebody who may not.</summary>
public interface ICredentialsUnderTest : ISinkUnderTest
{
    /// <summary>The secret of the wrong credentials, for instance their key: no message may tell it.</summary>
    string WrongSecret { get; }

    /// <summary>Opens a sink on the same store with credentials that the store does not accept.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="SinkException">Where opening asks the server: the refusal.</exception>
    ValueTask<IBackupSink> OpenWithWrongCredentialsAsync(CancellationToken cancellationToken);
}
