namespace PipelineBackup.Benchmarks.Stores;

/// <summary>A store that the ways are compared on, at the address that the environment names.</summary>
internal abstract partial class ComparedStore(PackSet packs, int concurrency) : IAsyncDisposable
{
    private const int BufferBytes = 1 << 20;

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>What the store is called in the table.</summary>
    public abstract string Name { get; }

    /// <summary>What is transferred.</summary>
    protected PackSet Packs { get; } = packs;

    /// <summary>How many requests the provider's library has under way.</summary>
    protected int Concurrency { get; } = concurrency;

    /// <summary>The stores whose provider's library this build has, and whose server the environment names.</summary>
    /// <param name="packs">What is transferred.</param>
    /// <param name="concurrency">How many requests the provider's library has under way.</param>
    /// <param name="reach">How a server is reached, for one that is not reached directly.</param>
    public static IReadOnlyList<ComparedStore> Open(PackSet packs, int concurrency, Func<Uri, Uri> reach)
    {
        var found = new List<ComparedStore>();
        OpenS3(packs, concurrency, reach, found);
        OpenAzure(packs, concurrency, reach, found);
        return found;
    }

    /// <summary>The plugin's sink, below a prefix.</summary>
    public abstract IBackupSink OpenSink(string prefix);

    /// <summary>The ways of the provider's library, each tuned as far as it lets itself be.</summary>
    public abstract IEnumerable<TransferWay> ProviderWays();

    /// <summary>Deletes all whose name begins so.</summary>
    public abstract Task ClearAsync(string prefix);

    /// <summary>Requests that say all they have to say in their address, so that nothing but HTTP is needed.</summary>
    public TransferWay Http() => new("HTTP alone", WayOf.Limit,
        prefix => EachAsync(async i =>
        {
            using var request = PutRequest($"{prefix}/{i}");
            request.Content = new ReadOnlyMemoryContent(Packs.Bytes[i]);
            using var answer = await _http.SendAsync(request);
            answer.EnsureSuccessStatusCode();
        }),
        prefix => EachAsync(async i =>
        {
            using var answer = await _http.GetAsync(GetAddress($"{prefix}/{i}"), HttpCompletionOption.ResponseHeadersRead);
            answer.EnsureSuccessStatusCode();
            await DrainAsync(await answer.Content.ReadAsStreamAsync(), Packs.Bytes[i].Length);
        }));

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Reads a stream to its end.</summary>
    /// <exception cref="InvalidOperationException">It has another length.</exception>
    public static async Task DrainAsync(Stream stream, long length)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
        long read = 0;
        await using (stream)
        {
            for (int count; (count = await stream.ReadAsync(buffer)) > 0;)
                read += count;
        }

        if (read != length)
            throw new InvalidOperationException($"{read} bytes came back of {length}");
    }

    /// <summary>Does something for each pack, some at a time.</summary>
    public static Task EachAsync(PackSet packs, int concurrency, Func<int, Task> act) => Parallel.ForAsync(0, packs.Bytes.Count,
        new ParallelOptions { MaxDegreeOfParallelism = concurrency }, async (i, _) => await act(i));

    /// <summary>A request that puts an object once its content is set.</summary>
    protected abstract HttpRequestMessage PutRequest(string name);

    /// <summary>An address that gives an object to whoever asks.</summary>
    protected abstract Uri GetAddress(string name);

    /// <summary>Does something for each pack, as many at a time as the provider's library has.</summary>
    protected Task EachAsync(Func<int, Task> act) => EachAsync(Packs, Concurrency, act);

    static partial void OpenS3(PackSet packs, int concurrency, Func<Uri, Uri> reach, List<ComparedStore> found);

    static partial void OpenAzure(PackSet packs, int concurrency, Func<Uri, Uri> reach, List<ComparedStore> found);
}
