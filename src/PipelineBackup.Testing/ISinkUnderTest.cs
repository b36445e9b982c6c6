namespace PipelineBackup.Testing;

/// <summary>A store of its own for one law: empty when the law begins, thrown away with <c>DisposeAsync</c>.</summary>
public interface ISinkUnderTest : IAsyncDisposable
{
    /// <summary>
    /// Opens a sink on the store, as a process of its own would. A law opens several to see what one writes through the
    /// other; it disposes each.
    /// </summary>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<IBackupSink> OpenAsync(CancellationToken cancellationToken);
}
