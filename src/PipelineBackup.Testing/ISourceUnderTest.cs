namespace PipelineBackup.Testing;

/// <summary>
/// A source of its own for one law, with at least one database; thrown away with <c>DisposeAsync</c>.
/// </summary>
public interface ISourceUnderTest : IAsyncDisposable
{
    /// <summary>The source. It may be asked for several sessions, one after the other.</summary>
    IBackupSource Source { get; }

    /// <summary>Whether nothing changes the source while a law reads it, so that two readings must be equal.</summary>
    bool IsAtRest { get; }
}
