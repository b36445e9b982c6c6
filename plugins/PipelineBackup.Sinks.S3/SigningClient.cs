using System.Reflection;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;
using Amazon.S3.Model;

namespace PipelineBackup.Sinks.S3;

/// <summary>The provider's client, but for three things.</summary>
/// <remarks>
/// <para>
/// It signs a put with the hash that its <see cref="BodyStream"/> knows, where the provider's own would read the content
/// from beginning to end to compute it, half a second of a core for each gigabyte. The hash is part of the signature, and
/// the store must refuse content that has another: that is the transfer's checksum with every store there is, with TLS and
/// without.
/// </para>
/// <para>
/// It takes no object's ETag for an MD5. The provider's own does when a whole object is read, computes another of what
/// comes in, at ten times the cost of the transfer, and breaks down where the ETag is no hexadecimal number at all. Whoever
/// reads proves a pack by its SHA-256.
/// </para>
/// <para>
/// What the provider trips over in an answer, a length that is no number for instance, comes out as a failure of the
/// provider.
/// </para>
/// </remarks>
/// <param name="credentials">The credentials.</param>
/// <param name="config">How to reach the store.</param>
internal sealed class SigningClient(AWSCredentials credentials, AmazonS3Config config)
    : AmazonS3Client(credentials, config)
{
    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.AddHandlerAfter<Marshaller>(new KnownHash());
        pipeline.AddHandlerBefore<Unmarshaller>(new OpaqueTag());
        pipeline.AddHandler(new OwnFailures());
    }

    // Between the room that reads an answer and the one that looks for a hash in it.
    private sealed class OpaqueTag : PipelineHandler
    {
        public override async Task<T> InvokeAsync<T>(IExecutionContext executionContext)
        {
            var answer = await base.InvokeAsync<T>(executionContext).ConfigureAwait(false);
            if (executionContext.ResponseContext.Response is GetObjectResponse read)
                read.ETag = null;
            return answer;
        }
    }

    // Around everything, so that what is thrown beside the provider's rooms passes by.
    private sealed class OwnFailures : PipelineHandler
    {
        public override async Task<T> InvokeAsync<T>(IExecutionContext executionContext)
        {
            try
            {
                return await base.InvokeAsync<T>(executionContext).ConfigureAwait(false);
            }
            catch (Exception odd) when (odd is not (ObjectDisposedException or OutOfMemoryException) && !S3Failure.Is(odd))
            {
                throw new AmazonClientException(odd.Message, odd);
            }
        }
    }

    // Behind the room that makes a request of what the caller asked for, and before the one that signs it.
    private sealed class KnownHash : PipelineHandler
    {
        public override Task<T> InvokeAsync<T>(IExecutionContext executionContext)
        {
            var context = executionContext.RequestContext;
            if (context.OriginalRequest is PutObjectRequest { InputStream: BodyStream { Sha256: { } hash } })
                context.Request = HashedRequest.Of(context.Request, hash);
            return base.InvokeAsync<T>(executionContext);
        }
    }
}

/// <summary>A request that answers for its content's hash, and is in everything else the one beneath.</summary>
internal class HashedRequest : DispatchProxy
{
    private IRequest _request = null!;
    private string _hash = "";

    /// <summary>Puts a known hash in front of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="hash">The hash, lower-case hexadecimal.</param>
    public static IRequest Of(IRequest request, string hash)
    {
        var proxy = Create<IRequest, HashedRequest>();
        ((HashedRequest)(object)proxy)._request = request;
        ((HashedRequest)(object)proxy)._hash = hash;
        return proxy;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod!.Name == nameof(IRequest.ComputeContentStreamHash)
            ? _hash
            : targetMethod.Invoke(_request, BindingFlags.DoNotWrapExceptions, null, args, null);
}
