using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace PipelineBackup.Engine;

// What the calls are made of. With the right to call held.
public sealed partial class SnapshotSession
{
    /// <summary>Tells its engines that it is prepared.</summary>
    internal void TellPrepared()
    {
        foreach (var engine in _engines)
            TellPrepared(engine);
    }

    private void TellPrepared(EmbeddedEngine engine)
    {
        bool isIncremental = Options.HasFlag(SnapshotOptions.Incremental), isCopy = Options.HasFlag(SnapshotOptions.Copy);
        int id = (isIncremental, isCopy) switch
        {
            (false, false) => EngineEvent.FullSnapshotPrepared,
            (true, false) => EngineEvent.LogSnapshotPrepared,
            (false, true) => EngineEvent.CopySnapshotPrepared,
            _ => EngineEvent.DifferentialSnapshotPrepared,
        };
        string kind = isIncremental ? "logs" : "databases and logs";
        engine.Tell(id, string.Create(CultureInfo.InvariantCulture,
            $"snapshot session {Id} is prepared: {kind}{(isCopy ? ", beside the others" : "")}"));
    }

    // Those that run now, too, unless they are named: a running engine that is left out would be copied torn.
    private List<SnapshotMember> ChooseMembers()
    {
        lock (_lock)
        {
            if (!_isListed)
                _engines = [.. _host.Instances.Where(EngineHost.IsRunning)];
            if (_engines.Count == 0)
                throw new EseException(EseError.OSSnapshotNotAllowed, "there is no engine to freeze", "name one first");
            return [.. _engines.Select(engine => new SnapshotMember(engine, Options))];
        }
    }

    private SnapshotInfo Frozen(List<SnapshotMember> members)
    {
        var time = members[0].Engine.Options.Time;
        SnapshotInfo info;

        // It waits for this call, however little time there is.
        _timer = time.CreateTimer(static session => _ = ((SnapshotSession)session!).TimeOutAsync(), this,
            LimitOf(members), Timeout.InfiniteTimeSpan);
        lock (_lock)
        {
            info = Describe(members);
            info = info with { ThawsAt = time.GetUtcNow() + info.Limit };
            (_members, _info, State) = (members, info, SnapshotState.Frozen);
        }

        return info;
    }

    private static SnapshotInfo Describe(IReadOnlyList<SnapshotMember> members) => new(
        [.. members.Select(member => member.Describe())],
        LimitOf(members), null);

    private static TimeSpan LimitOf(IReadOnlyList<SnapshotMember> members) =>
        members.Select(member => member.Engine.Options.SnapshotTimeout).DefaultIfEmpty().Min();

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "on a timer's thread")]
    private async Task TimeOutAsync()
    {
        await _calls.WaitAsync().ConfigureAwait(false);
        try
        {
            if (State != SnapshotState.Frozen)
                return;
            GiveUp(_members);
            lock (_lock)
                State = SnapshotState.TimedOut;
            Tell(EngineEvent.SnapshotTimedOut, string.Create(CultureInfo.InvariantCulture,
                $"the snapshot took longer than {_info!.Limit.TotalSeconds:0.#} seconds: writing goes on"),
                EngineEventLevel.Warning);
        }
        catch (Exception)
        {
            // Who listens failed; whoever thaws is told.
        }
        finally
        {
            _calls.Release();
        }
    }

    // All engines go on, whatever happens to one of them. What ends here ends before their lives go on.
    private async ValueTask ThawMembersAsync(bool ends)
    {
        _timer?.Dispose();
        EseException? failure = null;
        foreach (var member in _members)
            failure = await TryAsync(failure, () => member.RunAsync(member.Thaw)).ConfigureAwait(false);
        if (failure is not null)
        {
            GiveUp(_members);
            TellFailure(_members, failure, "cannot be thawed");
            Finish(SnapshotState.Aborted);
            throw failure;
        }

        lock (_lock)
            State = SnapshotState.Thawed;
        Tell(EngineEvent.SnapshotFreezeEnds, "writing goes on behind the snapshot");
        if (ends)
        {
            await EndMembersAsync().ConfigureAwait(false);
            return;
        }

        foreach (var member in _members)
            member.Leave();
    }

    private async ValueTask EndMembersAsync()
    {
        EseException? failure = null;
        foreach (var member in _members)
        {
            failure = await TryAsync(failure, member.MarkAsync).ConfigureAwait(false);
            member.Abort();
            member.Leave();
        }

        if (failure is null)
            Tell(EngineEvent.SnapshotComplete, "the snapshot is complete");
        else
            Tell(EngineEvent.SnapshotAborted, $"the snapshot has no mark: {failure.Message}", EngineEventLevel.Warning);
        Finish(failure is null ? SnapshotState.Ended : SnapshotState.Aborted);
        if (failure is not null)
            throw failure;
    }

    private async ValueTask TruncateAsync(
        EmbeddedEngine? only, SnapshotTruncation truncation, CancellationToken cancellationToken)
    {
        if (truncation is not (SnapshotTruncation.None or SnapshotTruncation.AllDatabases))
        {
            throw new EseException(EseError.InvalidGrbit, string.Create(CultureInfo.InvariantCulture,
                $"there is no kind {(int)truncation} of truncation"));
        }

        await _calls.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Require(State is SnapshotState.Thawed or SnapshotState.LogTruncated
                && !Options.HasFlag(SnapshotOptions.Copy), "truncate logs");
            var members = _members.Where(member => only is null || member.Engine == only).ToList();
            if (members.Count == 0)
            {
                throw new EseException(
                    EseError.InvalidParameter, $"the engine '{only!.InstanceName}' is not part of the snapshot");
            }

            foreach (var member in members)
            {
                await member.TruncateAsync(truncation == SnapshotTruncation.AllDatabases, cancellationToken)
                    .ConfigureAwait(false);
                lock (_lock)
                    State = SnapshotState.LogTruncated;
            }
        }
        finally
        {
            _calls.Release();
        }
    }

    // Everything that can be given back is, whatever fails.
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "it is given back")]
    private Exception? GiveUp(IReadOnlyList<SnapshotMember> members)
    {
        _timer?.Dispose();
        Exception? failure = null;
        foreach (var member in members)
        {
            try
            {
                member.Thaw();
                member.Abort();
            }
            catch (Exception e)
            {
                failure ??= e;
                member.Forget();
            }

            member.Leave();
        }

        return failure;
    }

    private void Finish(SnapshotState state)
    {
        lock (_lock)
            State = state;
        _host.Forget(this);
    }

    private static async ValueTask<EseException?> TryAsync(EseException? before, Func<ValueTask> step)
    {
        try
        {
            await step().ConfigureAwait(false);
            return before;
        }
        catch (EseException e)
        {
            return before ?? e;
        }
    }

    private void Tell(int id, string message, EngineEventLevel level = EngineEventLevel.Information)
    {
        var engines = _members.Count > 0 ? _members.Select(member => member.Engine) : _engines;
        foreach (var engine in engines)
            engine.Tell(id, message, level);
    }

    private static void TellFailure(IReadOnlyList<SnapshotMember> members, Exception failure, string what)
    {
        foreach (var member in members)
        {
            member.Engine.Tell(EngineEvent.SnapshotFreezeFailed, $"the engine {what}: {failure.Message}",
                EngineEventLevel.Error);
        }
    }

    private void Require(bool isInOrder, string step)
    {
        if (!isInOrder)
            throw SnapshotRefusal.OutOfOrder(State, step);
    }
}
