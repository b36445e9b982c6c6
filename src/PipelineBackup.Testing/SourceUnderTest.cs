namespace PipelineBackup.Testing;

/// <summary>Ways to give the laws a source.</summary>
public static class SourceUnderTest
{
    /// <summary>A source that is there already.</summary>
    /// <param name="source">The source.</param>
    /// <param name="isAtRest">Whether nothing changes it while a law reads it.</param>
    /// <param name="discard">Throws it away; null where there is nothing to do.</param>
    public static ISourceUnderTest Of(IBackupSource source, bool isAtRest, Func<ValueTask>? discard = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new Given(source, isAtRest, discard);
    }

    private sealed class Given(IBackupSource source, bool isAtRest, Func<ValueTask>? discard) : ISourceUnderTest
    {
        public IBackupSource Source => source;

        public bool IsAtRest => isAtRest;

        public ValueTask DisposeAsync() => discard?.Invoke() ?? ValueTask.CompletedTask;
    }
}
