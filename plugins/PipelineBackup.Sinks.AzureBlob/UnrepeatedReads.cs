using Azure.Core;
using Azure.Core.Pipeline;

namespace PipelineBackup.Sinks.AzureBlob;

/// <summary>
/// Keeps the client library from opening a broken download anew by itself, which no option of it can: what breaks is told
/// as this sink's failure, which the library does not know and hands on.
/// </summary>
internal sealed class UnrepeatedReads : HttpPipelineSynchronousPolicy
{
    /// <inheritdoc/>
    public override void OnReceivedResponse(HttpMessage message)
    {
        if (!message.BufferResponse && message.HasResponse && message.Response.ContentStream is { CanSeek: false } stream)
            message.Response.ContentStream = new Told(stream);
    }

    private sealed class Told(Stream inner) : Shared.SequentialStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await inner.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception failure) when (AzureBlobFailure.IsNetwork(failure))
            {
                throw AzureBlobFailure.OfNetwork(failure, "the answer broke off");
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
