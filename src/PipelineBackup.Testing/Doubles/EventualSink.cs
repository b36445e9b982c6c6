using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace PipelineBackup.Testing;

/// <summary>
/// A sink on a store that tells of what was done only after a while, as some stores with many copies do: a new object is
/// missing and a deleted one still there in listings, and a new one cannot be read at first. That a name is taken is known
/// at once. Such a store breaks laws; this one shows what comes of it.
/// </summary>
public sealed class EventualSink : IBackupSink
{
    private readonly IBackupSink _inner;
    private readonly TimeSpan _listingLag;
    private readonly TimeSpan _readingLag;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<ObjectName, Change> _changes;

    /// <summary>A sink that lags.</summary>
    /// <param name="inner">The sink that answers in the end.</param>
    /// <param name="listingLag">How long a listing does not know of a put or delete.</param>
    /// <param name="readingLag">How long an object that was put cannot be read.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public EventualSink(IBackupSink inner, TimeSpan listingLag, TimeSpan readingLag, TimeProvider? time = null)
        : this(inner, listingLag, readingLag, time ?? TimeProvider.System, [])
    {
    }

    private EventualSink(
        IBackupSink inner, TimeSpan listingLag, TimeSpan readingLag, TimeProvider time,
        ConcurrentDictionary<ObjectName, Change> changes)
    {
        ArgumentNullException.ThrowIfNull(inner);
        (_inner, _listingLag, _readingLag, _time, _changes) = (inner, listingLag, readingLag, time, changes);
    }

    /// <inheritdoc/>
    public SinkTraits Traits => _inner.Traits;

    /// <summary>Another sink on the same store, which knows as little.</summary>
    /// <param name="inner">Another sink on the store beneath.</param>
    public EventualSink Reopen(IBackupSink inner) => new(inner, _listingLag, _readingLag, _time, _changes);

    /// <inheritdoc/>
    public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        await _inner.PutAsync(name, body, cancellationToken);
        _changes[name] = new(_time.GetTimestamp(), null);
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        var stream = await _inner.OpenReadAsync(name, range, cancellationToken);
        if (!IsWithin(name, _readingLag, out var change) || change.Deleted is not null)
            return stream;
        await stream.DisposeAsync();
        throw new SinkException($"there is no object '{name}' yet")
        {
            Failure = SinkFailure.NotFound,
            Error = JetError.FileNotFound,
            ExitCode = ExitCode.NotFound,
        };
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var known = new List<StoredObject>();
        await foreach (var item in _inner.ListAsync(prefix, cancellationToken))
        {
            if (!IsWithin(item.Name, _listingLag, out _))
                known.Add(item);
        }

        foreach (var (name, change) in _changes)
        {
            if (change.Deleted is { } stale && IsWithin(name, _listingLag, out _)
                && name.ToString().StartsWith(prefix, StringComparison.Ordinal))
                known.Add(stale);
        }

        known.Sort((a, b) => a.Name.CompareTo(b.Name));
        foreach (var item in known)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return item;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
    {
        // Of what no listing has shown yet, none shows that it is gone.
        bool wasKnown = !IsWithin(name, _listingLag, out _);
        StoredObject? before = null;
        await foreach (var item in _inner.ListAsync(name.ToString(), cancellationToken))
        {
            if (item.Name == name && wasKnown)
                before = item;
        }

        await _inner.DeleteAsync(name, cancellationToken);
        if (before is not null)
            _changes[name] = new(_time.GetTimestamp(), before);
        else if (!wasKnown)
            _changes.TryRemove(name, out _);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    private bool IsWithin(ObjectName name, TimeSpan lag, out Change change) =>
        _changes.TryGetValue(name, out change!) && _time.GetElapsedTime(change.At) < lag;

    /// <summary>The last that was done to an object.</summary>
    /// <param name="At">When.</param>
    /// <param name="Deleted">What it was, if it was deleted; null if it was put.</param>
    private sealed record Change(long At, StoredObject? Deleted);
}
