using System.Buffers;

namespace PipelineBackup.Testing.Tests.Samples;

/// <summary>Stands for the client of a provider: objects by key, created once.</summary>
public interface IObjectService
{
    /// <summary>Creates an object; false when the key is taken.</summary>
    Task<bool> CreateAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancellationToken);

    /// <summary>Length of an object; null when there is none.</summary>
    Task<long?> FindAsync(string key, CancellationToken cancellationToken);

    /// <summary>Opens a part of an object.</summary>
    Task<Stream> OpenAsync(string key, long offset, long length, CancellationToken cancellationToken);

    /// <summary>Some objects in ordinal order of their keys.</summary>
    Task<ServicePage> ListAsync(string prefix, string after, CancellationToken cancellationToken);

    /// <summary>Deletes an object, if it is there.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken);
}

/// <summary>Part of a listing.</summary>
/// <param name="Objects">Key and length of each object.</param>
/// <param name="Next">After which key to go on; null at the end.</param>
public sealed record ServicePage(IReadOnlyList<(string Key, long Length)> Objects, string? Next);

/// <summary>The service refused.</summary>
public sealed class ServiceException(int status, string message) : Exception(message)
{
    /// <summary>Its status, as of HTTP.</summary>
    public int Status => status;

    /// <summary>How long it asks to be left alone; null where it does not ask.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
