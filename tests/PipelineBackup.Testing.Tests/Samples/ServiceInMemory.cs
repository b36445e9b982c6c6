using System.Buffers;

namespace PipelineBackup.Testing.Tests.Samples;

/// <summary>The service, in memory, to hold the sample sink to the laws.</summary>
internal sealed class ServiceInMemory : IObjectService
{
    private const int PageLength = 100;

    private readonly SortedDictionary<string, byte[]> _objects = new(StringComparer.Ordinal);

    /// <summary>What it answers to everything, when set.</summary>
    public int? Refusal { get; set; }

    /// <summary>How long it asks to be left alone with it.</summary>
    public TimeSpan? RetryAfter { get; set; }

    public async Task<bool> CreateAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        await AnswerAsync(cancellationToken);
        byte[] copy = content.ToArray();
        lock (_objects)
            return _objects.TryAdd(key, copy);
    }

    public async Task<long?> FindAsync(string key, CancellationToken cancellationToken)
    {
        await AnswerAsync(cancellationToken);
        lock (_objects)
            return _objects.TryGetValue(key, out byte[]? content) ? content.Length : null;
    }

    public async Task<Stream> OpenAsync(string key, long offset, long length, CancellationToken cancellationToken)
    {
        await AnswerAsync(cancellationToken);
        lock (_objects)
            return new MemoryStream(_objects[key], (int)offset, (int)length, writable: false);
    }

    public async Task<ServicePage> ListAsync(string prefix, string after, CancellationToken cancellationToken)
    {
        await AnswerAsync(cancellationToken);
        lock (_objects)
        {
            var rest = _objects.Where(item => item.Key.StartsWith(prefix, StringComparison.Ordinal)
                && string.CompareOrdinal(item.Key, after) > 0);
            (string, long)[] page = [.. rest.Take(PageLength).Select(item => (item.Key, (long)item.Value.Length))];
            return new(page, page.Length < PageLength ? null : page[^1].Item1);
        }
    }

    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        await AnswerAsync(cancellationToken);
        lock (_objects)
            _objects.Remove(key);
    }

    private async Task AnswerAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        if (Refusal is { } status)
            throw new ServiceException(status, $"refused with {status}") { RetryAfter = RetryAfter };
    }
}
