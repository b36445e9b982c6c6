using System.Runtime.CompilerServices;
using PipelineBackup.Shared;

namespace PipelineBackup.Testing;

/// <summary>
/// A sink that fails as written down beforehand. At the end a test asks <see cref="VerifyAllHappened"/>: a fault that
/// never struck has tested nothing.
/// </summary>
public sealed class FaultySink : IBackupSink
{
    private readonly IBackupSink _inner;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<SinkCall, int> _calls = [];
    private readonly List<PlannedFault> _waiting;
    private readonly string _origin;

    /// <summary>A sink with a script.</summary>
    /// <param name="inner">The sink that answers where no fault is planned.</param>
    /// <param name="script">The faults, in any order; several of one call strike together.</param>
    /// <param name="time">The clock of faults that wait; null for the system's.</param>
    public FaultySink(IBackupSink inner, IEnumerable<PlannedFault> script, TimeProvider? time = null)
        : this(inner, [.. script], time, "")
    {
    }

    private FaultySink(IBackupSink inner, List<PlannedFault> script, TimeProvider? time, string origin)
    {
        ArgumentNullException.ThrowIfNull(inner);
        (_inner, _waiting, _time, _origin) = (inner, script, time ?? TimeProvider.System, origin);
        Script = [.. script];
    }

    /// <summary>All faults that were planned.</summary>
    public IReadOnlyList<PlannedFault> Script { get; }

    /// <summary>The planned faults that did not happen so far.</summary>
    public IReadOnlyList<PlannedFault> NotHappened
    {
        get
        {
            lock (_lock)
                return [.. _waiting];
        }
    }

    /// <inheritdoc/>
    public SinkTraits Traits => _inner.Traits;

    /// <summary>
    /// A sink whose script comes from a seed: transient failures before, after and in the middle of calls.
    /// </summary>
    /// <param name="inner">The sink that answers where no fault is planned.</param>
    /// <param name="seed">The seed; failures of the script print it.</param>
    /// <param name="faults">How many faults.</param>
    /// <param name="among">
    /// Among the first how many calls of each kind they are spread; at least <paramref name="faults"/>.
    /// </param>
    public static FaultySink Seeded(IBackupSink inner, int seed, int faults, int among)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(among, faults);
        // Not for secrets: the same seed must give the same script.
#pragma warning disable CA5394
        var random = new Random(seed);
        var script = new Dictionary<(SinkCall, int), PlannedFault>();
        while (script.Count < faults)
        {
            var call = (SinkCall)random.Next(4);
            int nth = random.Next(among) + 1;
            script.TryAdd((call, nth), random.Next(3) switch
            {
                0 => PlannedFault.Before(call, nth),
                1 when call is SinkCall.Read or SinkCall.List => PlannedFault.Break(call, nth, random.Next(1000)),
                _ => PlannedFault.After(call, nth),
            });
        }
#pragma warning restore CA5394
        return new(inner, [.. script.Values], null, $" (seed {seed})");
    }

    /// <summary>Fails unless every planned fault has happened.</summary>
    /// <exception cref="ConformanceException">The faults that did not.</exception>
    public void VerifyAllHappened()
    {
        if (NotHappened is { Count: > 0 } left)
            throw new ConformanceException("", $"planned faults never happened{_origin}: {string.Join(", ", left)}");
    }

    /// <inheritdoc/>
    public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        var faults = Next(SinkCall.Put);
        await BeginAsync(faults, name, cancellationToken);
        await _inner.PutAsync(name, body, cancellationToken);
        End(faults, name);
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        var faults = Next(SinkCall.Read);
        await BeginAsync(faults, name, cancellationToken);
        var stream = await _inner.OpenReadAsync(name, range, cancellationToken);
        if (faults.Count == 0)
            return stream;
        try
        {
            End(faults, name);
            return new FaultyStream(this, stream, faults, name);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var faults = Next(SinkCall.List);
        await BeginAsync(faults, prefix, cancellationToken);
        long count = 0;
        await foreach (var item in _inner.ListAsync(prefix, cancellationToken))
        {
            if (EndsAt(faults, count++, prefix))
                yield break;
            yield return item;
        }

        if (!EndsAt(faults, count, prefix))
            End(faults, prefix);
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
    {
        var faults = Next(SinkCall.Delete);
        await BeginAsync(faults, name, cancellationToken);
        await _inner.DeleteAsync(name, cancellationToken);
        End(faults, name);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    private List<PlannedFault> Next(SinkCall call)
    {
        lock (_lock)
        {
            int nth = _calls[call] = _calls.GetValueOrDefault(call) + 1;
            return _waiting.FindAll(fault => fault.Call == call && fault.Nth == nth);
        }
    }

    private void Happened(PlannedFault fault)
    {
        lock (_lock)
            _waiting.Remove(fault);
    }

    private async ValueTask BeginAsync(List<PlannedFault> faults, object what, CancellationToken cancellationToken)
    {
        foreach (var fault in faults)
        {
            switch (fault.Action)
            {
                case FaultAction.Wait:
                    Happened(fault);
                    await Task.Delay(fault.Delay, _time, cancellationToken);
                    break;
                case FaultAction.Hang:
                    Happened(fault);
                    await NeverAsync(cancellationToken);
                    break;
                case FaultAction.FailBefore:
                    throw Strike(fault, what);
            }
        }
    }

    // Not an endless delay: that goes on in the thread pool once it is cancelled, and a test with a clock of its own
    // could not tell when everything stands still.
    private static async Task NeverAsync(CancellationToken cancellationToken)
    {
        var never = new TaskCompletionSource();
        await using (cancellationToken.UnsafeRegister(_ => never.TrySetCanceled(cancellationToken), null))
            await never.Task;
    }

    private void End(List<PlannedFault> faults, object what)
    {
        if (faults.Find(fault => fault.Action == FaultAction.FailAfter) is { } fault)
            throw Strike(fault, what);
    }

    // Whether a listing shall end here, or fail.
    private bool EndsAt(List<PlannedFault> faults, long count, object what)
    {
        foreach (var fault in faults)
        {
            if (fault.At != count)
                continue;
            if (fault.Action == FaultAction.Break)
                throw Strike(fault, what);
            if (fault.Action == FaultAction.EndEarly)
            {
                Happened(fault);
                return true;
            }
        }

        return false;
    }

    private SinkException Strike(PlannedFault fault, object what)
    {
        Happened(fault);
        return new($"planned fault{_origin} {fault} on '{what}'") 
        {
            Failure = fault.Failure,
            Transient = fault.Transient,
        };
    }

    private sealed class FaultyStream(FaultySink sink, Stream inner, List<PlannedFault> faults, ObjectName name)
        : SequentialStream
    {
        private long _offset;

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            foreach (var fault in faults)
            {
                if (fault.Action is not (FaultAction.Break or FaultAction.EndEarly))
                    continue;
                if (_offset == fault.At && fault.Action == FaultAction.Break)
                    throw sink.Strike(fault, name);
                if (_offset == fault.At && buffer.Length > 0)
                {
                    sink.Happened(fault);
                    return 0;
                }

                if (_offset < fault.At)
                    buffer = buffer[..(int)Math.Min(buffer.Length, fault.At - _offset)];
            }

            int read = await inner.ReadAsync(buffer, cancellationToken);
            foreach (var fault in faults)
            {
                if (fault.Action != FaultAction.FlipBit || fault.At < _offset || fault.At >= _offset + read)
                    continue;
                buffer.Span[(int)(fault.At - _offset)] ^= 0x10;
                sink.Happened(fault);
            }

            _offset += read;
            return read;
        }

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync();
            await base.DisposeAsync();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
