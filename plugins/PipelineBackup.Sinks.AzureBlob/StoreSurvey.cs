using Azure;
using Azure.Storage.Blobs;

namespace PipelineBackup.Sinks.AzureBlob;

/// <summary>What a container is able to do, asked once when it is opened.</summary>
/// <param name="Retains">Whether it keeps single objects until a date.</param>
/// <param name="Hierarchical">Whether names are directories, which lists them in another order.</param>
internal readonly record struct StoreSurvey(bool Retains, bool Hierarchical)
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromSeconds(60);

    /// <summary>Looks at a container.</summary>
    /// <param name="service">Its account.</param>
    /// <param name="container">The container.</param>
    /// <param name="create">Whether to create it where it is not there.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="SinkException">It is not there, or the store does not answer as it should.</exception>
    public static StoreSurvey Take(BlobServiceClient service, BlobContainerClient container, bool create, TimeProvider time)
    {
        string what = $"cannot open container '{container.Name}'";
        using var limit = new CancellationTokenSource(s_timeLimit);
        try
        {
            bool retains = Retention(container, create, what, limit.Token);
            return new(retains, IsHierarchical(service, limit.Token));
        }
        catch (Exception failure) when (AzureBlobFailure.Is(failure))
        {
            throw AzureBlobFailure.Of(failure, what, time);
        }
    }

    private static bool Retention(BlobContainerClient container, bool create, string what, CancellationToken token)
    {
        try
        {
            return container.GetProperties(cancellationToken: token).Value.HasImmutableStorageWithVersioning;
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            if (!create)
                throw AzureBlobFailure.NotFound($"{what}: it is not there");
            container.CreateIfNotExists(cancellationToken: token);
            return false;
        }
        catch (RequestFailedException refused) when (refused.Status == 403)
        {
            // A SAS of a container may do all with its blobs, and not look at the container. A listing tells whether it
            // is there; that it keeps objects until a date cannot be known, and is not promised.
            foreach (var page in container.GetBlobs(cancellationToken: token).AsPages(pageSizeHint: 1))
            {
                page.GetRawResponse();
                break;
            }

            return false;
        }
    }

    private static bool IsHierarchical(BlobServiceClient service, CancellationToken token)
    {
        try
        {
            return service.GetAccountInfo(token).Value.IsHierarchicalNamespaceEnabled;
        }
        catch (RequestFailedException refused) when (refused.Status is 400 or 401 or 403 or 404 or 501)
        {
            // Not everybody may know. Should it be one, its first name out of order fails the listing.
            return false;
        }
    }
}
