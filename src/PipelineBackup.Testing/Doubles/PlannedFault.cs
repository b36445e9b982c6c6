using System.Globalization;

namespace PipelineBackup.Testing;

/// <summary>What a planned fault does.</summary>
public enum FaultAction
{
    /// <summary>The call fails and has no effect.</summary>
    FailBefore,

    /// <summary>The call takes effect and fails all the same: the answer was lost on the way.</summary>
    FailAfter,

    /// <summary>The call waits before it begins.</summary>
    Wait,

    /// <summary>The call never ends, unless it is cancelled.</summary>
    Hang,

    /// <summary>The stream of a read, or a listing, fails after some bytes or names.</summary>
    Break,

    /// <summary>The stream of a read, or a listing, ends after some bytes or names as if that were all.</summary>
    EndEarly,

    /// <summary>One bit of what is read is another one than what is stored.</summary>
    FlipBit,
}

/// <summary>One line of a script of faults: what happens to the n-th call of a kind.</summary>
public sealed record PlannedFault
{
    private PlannedFault(SinkCall call, int nth, FaultAction action)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(nth, 1);
        (Call, Nth, Action) = (call, nth, action);
    }

    /// <summary>The kind of call.</summary>
    public SinkCall Call { get; }

    /// <summary>Which of these calls, counted from 1.</summary>
    public int Nth { get; }

    /// <summary>What it does.</summary>
    public FaultAction Action { get; }

    /// <summary>The failure, where it fails.</summary>
    public SinkFailure Failure { get; init; }

    /// <summary>Whether the failure counts as transient.</summary>
    public bool Transient { get; init; } = true;

    /// <summary>How long it waits, where it waits.</summary>
    public TimeSpan Delay { get; private init; }

    /// <summary>Bytes or names before it strikes; for a flipped bit, the byte.</summary>
    public long At { get; private init; }

    /// <summary>The call fails without effect.</summary>
    /// <param name="call">The kind of call.</param>
    /// <param name="nth">Which of these calls, from 1.</param>
    public static PlannedFault Before(SinkCall call, int nth) => new(call, nth, FaultAction.FailBefore);

    /// <summary>The call fails though it took effect.</summary>
    /// <param name="call">The kind of call.</param>
    /// <param name="nth">Which of these calls, from 1.</param>
    public static PlannedFault After(SinkCall call, int nth) => new(call, nth, FaultAction.FailAfter);

    /// <summary>The call waits first.</summary>
    /// <param name="call">The kind of call.</param>
    /// <param name="nth">Which of these calls, from 1.</param>
    /// <param name="delay">How long.</param>
    public static PlannedFault Wait(SinkCall call, int nth, TimeSpan delay) =>
        new(call, nth, FaultAction.Wait) { Delay = delay };

    /// <summary>The call never ends.</summary>
    /// <param name="call">The kind of call.</param>
    /// <param name="nth">Which of these calls, from 1.</param>
    public static PlannedFault Hang(SinkCall call, int nth) => new(call, nth, FaultAction.Hang);

    /// <summary>The n-th read or listing fails in its middle.</summary>
    /// <param name="call"><see cref="SinkCall.Read"/> or <see cref="SinkCall.List"/>.</param>
    /// <param name="nth">Which of these calls, from 1.</param>
    /// <param name="at">After how many bytes or names.</param>
    public static PlannedFault Break(SinkCall call, int nth, long at) => OfPart(call, nth, FaultAction.Break, at);

    /// <summary>The n-th read or listing ends too early.</summary>
    /// <param name="call"><see cref="SinkCall.Read"/> or <see cref="SinkCall.List"/>.</param>
    /// <param name="nth">Which of these calls, from 1.</param>
    /// <param name="at">After how many bytes or names.</param>
    public static PlannedFault EndEarly(SinkCall call, int nth, long at) => OfPart(call, nth, FaultAction.EndEarly, at);

    /// <summary>The n-th read gives one wrong bit.</summary>
    /// <param name="nth">Which of the reads, from 1.</param>
    /// <param name="at">In which byte of the range; it must be read for the fault to count as happened.</param>
    public static PlannedFault FlipBit(int nth, long at) => OfPart(SinkCall.Read, nth, FaultAction.FlipBit, at);

    /// <summary>For instance <c>Put 3: FailAfter</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Call} {Nth}: {Action}{(At > 0 ? $" at {At}" : "")}");

    private static PlannedFault OfPart(SinkCall call, int nth, FaultAction action, long at)
    {
        if (call is not (SinkCall.Read or SinkCall.List))
            throw new ArgumentException("only reads and listings have a middle", nameof(call));
        ArgumentOutOfRangeException.ThrowIfNegative(at);
        return new(call, nth, action) { At = at };
    }
}
