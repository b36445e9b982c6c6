using System.Buffers;

namespace PipelineBackup.Sinks;

/// <summary>
/// A store whose transient failures are cured by repetition, with growing pauses and a time limit an attempt.
/// </summary>
/// <remarks>
/// A put that failed may have taken effect all the same. If the name turns out to be taken when it is repeated, the
/// object there is compared with what was to be put: equal means that the put has succeeded. So an object that is put
/// to claim a name must have content that no other writer would put. Decorators stand in this order, the outermost
/// first: <see cref="ThrottledSink"/>, so that waiting for one's turn counts against no time limit; then this one; then
/// <see cref="MeteredSink"/>, which counts each attempt.
/// </remarks>
public sealed class RetryingSink : IBackupSink, IObjectLocks, IResumableListings
{
    // The footer of a pack and the checksums of its parts lie well within.
    private const int TailLength = 64 << 10;

    private readonly IBackupSink _inner;
    private readonly RetryOptions _options;
    private readonly RetryLoop _loop;
    private readonly RetryingArchive _reads;
    private readonly SinkMeter? _meter;

    /// <summary>Wraps a sink, and disposes it with itself.</summary>
    /// <param name="inner">The sink.</param>
    /// <param name="options">How often and how patiently; null for the defaults.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="meter">Counts the retries, and what turns out to be stored; null for nobody.</param>
    public RetryingSink(
        IBackupSink inner, RetryOptions? options = null, TimeProvider? time = null, SinkMeter? meter = null)
    {
        ArgumentNullException.ThrowIfNull(inner);
        _inner = inner;
        _meter = meter;
        _options = options ?? new();
        _loop = new(_options, time ?? TimeProvider.System, meter);
        _reads = new(inner, _options, _loop);
    }

    /// <inheritdoc/>
    public SinkTraits Traits => _inner.Traits;

    /// <inheritdoc/>
    public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(body);
        int attempts = 0;
        await _loop.RunAsync($"put '{name}'", _options.PutTimeLimit, AttemptAsync, cancellationToken);

        async ValueTask<bool> AttemptAsync(CancellationToken token)
        {
            try
            {
                attempts++;
                await _inner.PutAsync(name, body, token);
                return true;
            }
            catch (SinkException taken) when (taken.Failure == SinkFailure.AlreadyExists && attempts > 1)
            {
                if (!await IsThereAsync(name, body, token))
                    throw;
                _meter?.CountUp(body.Length);
                return true;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) =>
        _reads.OpenReadAsync(name, range, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        _reads.ListAsync(prefix, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAfterAsync(
        string prefix, ObjectName after, CancellationToken cancellationToken) =>
        _reads.ListAfterAsync(prefix, after, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) =>
        await _loop.RunAsync($"delete '{name}'", _options.StepTimeLimit, async token =>
        {
            await _inner.DeleteAsync(name, token);
            return true;
        }, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<ObjectLock> GetLockAsync(ObjectName name, CancellationToken cancellationToken) =>
        _inner is IObjectLocks locks
            ? await _loop.RunAsync($"look at the lock of '{name}'", _options.StepTimeLimit,
                token => locks.GetLockAsync(name, token), cancellationToken)
            : default;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    // Whether an object is what was to be put. One request tells length and content: the range from the compared part's
    // start to the end has exactly that part's length, or the object has another length.
    private async ValueTask<bool> IsThereAsync(ObjectName name, ObjectBody body, CancellationToken token)
    {
        var expected = body.Length <= _options.CompareWholeUpTo ? body.Content
            : body.Content.Slice(body.Length - Math.Min(TailLength, body.Length));
        try
        {
            await using var stream = await _inner.OpenReadAsync(name, new(body.Length - expected.Length), token);
            byte[] buffer = new byte[TailLength];
            for (int read; (read = await stream.ReadAsync(buffer, token)) > 0; expected = expected.Slice(read))
            {
                if (read > expected.Length || !Starts(expected, buffer.AsSpan(0, read)))
                    return false;
            }

            return expected.IsEmpty;
        }
        catch (SinkException shorter) when (shorter.Failure == SinkFailure.NotFound)
        {
            return false;
        }
    }

    private static bool Starts(ReadOnlySequence<byte> sequence, ReadOnlySpan<byte> start)
    {
        var reader = new SequenceReader<byte>(sequence);
        return reader.IsNext(start);
    }
}
