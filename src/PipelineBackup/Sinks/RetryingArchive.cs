using System.Runtime.CompilerServices;

namespace PipelineBackup.Sinks;

/// <summary>
/// The read side of a store whose transient failures are cured by repetition: opens are repeated, a stream that fails
/// midway is opened anew where it failed, a listing that fails goes on behind its last name.
/// </summary>
/// <remarks>
/// <para>
/// A listing goes on at the price of what is left where the archive has <see cref="IResumableListings"/>. One that has
/// not is listed from its beginning, and what was given is left out: all pages up to there must come in one attempt.
/// Every name that is given has its attempts anew, so that only a listing that makes no progress is given up.
/// </para>
/// <para>
/// A stream of a range with a length that ends too early counts as failed. Of one without a length nobody here knows
/// where it should end.
/// </para>
/// </remarks>
public sealed class RetryingArchive : IBackupArchive, IResumableListings
{
    private readonly IBackupArchive _inner;
    private readonly RetryOptions _options;
    private readonly RetryLoop _loop;

    /// <summary>Wraps an archive, and disposes it with itself.</summary>
    /// <param name="inner">The archive.</param>
    /// <param name="options">How often and how patiently; null for the defaults.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="meter">Counts the retries; null for nobody.</param>
    public RetryingArchive(
        IBackupArchive inner, RetryOptions? options = null, TimeProvider? time = null, SinkMeter? meter = null)
        : this(inner, options ??= new(), new RetryLoop(options, time ?? TimeProvider.System, meter))
    {
    }

    internal RetryingArchive(IBackupArchive inner, RetryOptions options, RetryLoop loop)
    {
        ArgumentNullException.ThrowIfNull(inner);
        (_inner, _options, _loop) = (inner, options, loop);
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        var stream = await _loop.RunAsync(
            $"open '{name}'", _options.StepTimeLimit, token => _inner.OpenReadAsync(name, range, token),
            cancellationToken);
        return new RetryingStream(_loop, _options.StepTimeLimit, _inner, name, range, stream);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        ListAfterAsync(prefix, default, cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAfterAsync(
        string prefix, ObjectName after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var last = after;
        Listing? listing = null;
        try
        {
            while (await _loop.RunAsync(
                $"list '{prefix}'", _options.StepTimeLimit, NextAsync, cancellationToken) is { } item)
            {
                last = item.Name;
                yield return item;
            }
        }
        finally
        {
            if (listing is not null)
                await listing.DisposeAsync();
        }

        async ValueTask<StoredObject?> NextAsync(CancellationToken token)
        {
            listing ??= new(_inner, prefix, last);
            try
            {
                return await listing.NextAsync(token);
            }
            catch
            {
                var failed = listing;
                listing = null;
                await failed.DisposeAsync();
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    /// <summary>A listing under way. Its token is fixed at the beginning, so each step lends it its own.</summary>
    private sealed class Listing : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly IAsyncEnumerator<StoredObject> _items;

        public Listing(IBackupArchive archive, string prefix, ObjectName after) =>
            _items = LaterListing.Of(archive, prefix, after, _stop.Token).GetAsyncEnumerator(_stop.Token);

        public async ValueTask<StoredObject?> NextAsync(CancellationToken token)
        {
            token.ThrowIfCancellationRequested();
            await using (token.UnsafeRegister(static stop => ((CancellationTokenSource)stop!).Cancel(), _stop))
                return await _items.MoveNextAsync() ? _items.Current : null;
        }

        public async ValueTask DisposeAsync()
        {
            await _items.DisposeAsync();
            _stop.Dispose();
        }
    }
}
