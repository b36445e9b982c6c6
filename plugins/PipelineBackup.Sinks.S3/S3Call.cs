namespace PipelineBackup.Sinks.S3;

/// <summary>Runs a request: failures come out as the sink's, and a cancelled one as cancelled, however it ended.</summary>
internal static class S3Call
{
    /// <summary>Runs a request.</summary>
    /// <param name="what">What is being done, for instance <c>cannot store 'a/b'</c>.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">The token that the request was given.</param>
    public static async Task<T> RunAsync<T>(string what, Func<Task<T>> request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await request().ConfigureAwait(false);
        }
        catch (Exception failure) when (S3Failure.Is(failure))
        {
            // A cancelled request may end as a connection that was torn down.
            if (cancellationToken.IsCancellationRequested)
                throw new OperationCanceledException("the call was cancelled", failure, cancellationToken);
            throw S3Failure.Of(failure, what);
        }
    }
}
