using System.Runtime.ExceptionServices;

namespace PipelineBackup.Engine;

/// <summary>
/// A snapshot of the engines of a host: for a short time nothing of them reaches the disk, so that whatever copies their
/// files gets the state of one moment. Recovery makes databases of it that are as they were then.
/// </summary>
/// <remarks>
/// <code>
///  Prepared ──FreezeAsync──► Frozen ──ThawAsync──► Thawed ──TruncateLogAsync──► LogTruncated
///     │                        │ too long            │  (ContinueAfterThaw only)     │
///     │                        ▼                     └────────EndAsync───────────────┴──► Ended
///     │                     TimedOut                 ThawAsync without ContinueAfterThaw ──► Ended
///     └──AbortAsync────────────┴──AbortAsync, and from everywhere else ───────────────────► Aborted
/// </code>
/// <para>
/// Frozen, transactions go on in memory: reading, changing and lazy commits; a durable commit waits for the thaw, and so
/// does who changes more than the memory for pages takes. Databases are made, attached and detached, and engines closed,
/// behind the thaw.
/// </para>
/// <para>May be used by several threads: a call waits for the one before.</para>
/// </remarks>
public sealed partial class SnapshotSession : IAsyncDisposable
{
    private readonly EngineHost _host;
    private readonly SemaphoreSlim _calls = new(1, 1);
    private readonly Lock _lock = new();
    private List<EmbeddedEngine> _engines;
    private bool _isListed;
    private IReadOnlyList<SnapshotMember> _members = [];
    private SnapshotInfo? _info;
    private ITimer? _timer;

    /// <summary>A session that is prepared.</summary>
    /// <param name="host">The host.</param>
    /// <param name="id">Its number.</param>
    /// <param name="options">What kind of snapshot.</param>
    /// <param name="engines">The engines that are part of it by themselves.</param>
    internal SnapshotSession(
        EngineHost host, long id, SnapshotOptions options, List<EmbeddedEngine> engines)
    {
        (_host, Id, Options, _engines) = (host, id, options, engines);
        _isListed = options.HasFlag(SnapshotOptions.ExplicitPrepare);
    }

    /// <summary>Its number, which no other session of the host has or had.</summary>
    public long Id { get; }

    /// <summary>What kind of snapshot.</summary>
    public SnapshotOptions Options { get; }

    /// <summary>Where it stands.</summary>
    public SnapshotState State { get; private set; }

    /// <summary>Its engines, from the freeze on.</summary>
    internal IReadOnlyList<SnapshotMember> Members => _members;

    private bool Continues => Options.HasFlag(SnapshotOptions.ContinueAfterThaw);

    /// <summary>
    /// An engine is part of the snapshot. With the first one that is named, those that are part of it by themselves are
    /// not any more.
    /// </summary>
    /// <param name="engine">The engine.</param>
    /// <exception cref="EseException">
    /// −2401: it is not prepared any more; −1003: the engine is none of the host; −2403: it cannot be frozen now.
    /// </exception>
    public void PrepareInstance(EmbeddedEngine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        lock (_lock)
        {
            Require(State == SnapshotState.Prepared, "take in an engine");
            if (_host.Find(engine.EngineId) != engine)
            {
                throw new EseException(EseError.InvalidParameter,
                    $"the engine '{engine.InstanceName}' does not belong to the host of the snapshot");
            }

            engine.RequireSnapshotAllowed();
            if (!_isListed)
                (_engines, _isListed) = ([], true);
            if (_engines.Contains(engine))
                return;
            _engines.Add(engine);
        }

        TellPrepared(engine);
    }

    /// <summary>
    /// Freezes the engines: when it returns what was committed is on the disk, and nothing reaches it any more.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting for databases that are made, attached or detached.</param>
    /// <returns>What is frozen, and for how long.</returns>
    /// <exception cref="EseException">
    /// −2401: it is not prepared; −2403: there is no engine, or one cannot be frozen now: it is not open, it logs nothing,
    /// a backup of it goes on; −526: logs alone, with circular logging; −560: logs alone, without a full snapshot before;
    /// −569: logs are missing; −510, −1090: an engine failed. Nothing is frozen then, and it is prepared as before.
    /// </exception>
    public async ValueTask<SnapshotInfo> FreezeAsync(CancellationToken cancellationToken = default)
    {
        await _calls.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Require(State == SnapshotState.Prepared, "freeze");
            var members = ChooseMembers();
            try
            {
                foreach (var member in members)
                    await member.EnterAsync(cancellationToken).ConfigureAwait(false);
                foreach (var member in members)
                    await member.RunAsync(member.Freeze).ConfigureAwait(false);
                return Frozen(members);
            }
            catch (Exception failure)
            {
                GiveUp(members);
                TellFailure(members, failure, "cannot be frozen");
                throw;
            }
        }
        finally
        {
            _calls.Release();
        }
    }

    /// <summary>What is part of it, and, while it is frozen, until when.</summary>
    /// <exception cref="EseException">−2401: it is over.</exception>
    public SnapshotInfo FreezeInfo()
    {
        lock (_lock)
        {
            Require(State is not (SnapshotState.Ended or SnapshotState.Aborted), "tell what is frozen");
            if (_info is { } info)
                return State == SnapshotState.Frozen ? info : info with { ThawsAt = null };
            var members = _engines.Where(EngineHost.IsRunning).Select(engine => new SnapshotMember(engine, Options));
            return Describe([.. members]);
        }
    }

    /// <summary>
    /// Ends the freeze: writing goes on. Without <see cref="SnapshotOptions.ContinueAfterThaw"/> the session ends with it.
    /// </summary>
    /// <exception cref="EseException">
    /// −2401: it is not frozen; −2402: it was for too long, and writing went on before: what was copied is of no use;
    /// −510, −1090: an engine failed: the session is over, without a mark; −1329, −801: as <see cref="EndAsync"/>.
    /// </exception>
    public async ValueTask ThawAsync()
    {
        await _calls.WaitAsync().ConfigureAwait(false);
        try
        {
            if (State == SnapshotState.TimedOut)
            {
                if (!Continues)
                    Finish(SnapshotState.Aborted);
                throw SnapshotRefusal.TimedOut(_info!.Limit);
            }

            Require(State == SnapshotState.Frozen, "thaw");
            await ThawMembersAsync(ends: !Continues).ConfigureAwait(false);
        }
        finally
        {
            _calls.Release();
        }
    }

    /// <summary>Deletes the logs that are not needed any more, of all engines.</summary>
    /// <param name="truncation">What is known of the databases.</param>
    /// <param name="cancellationToken">Ends the waiting for databases that are made, attached or detached.</param>
    /// <exception cref="EseException">
    /// −2401: it is not thawed, or it is a copy; −543: logs are missing; −801: an engine was closed; and the error of its
    /// state.
    /// </exception>
    public ValueTask TruncateLogAsync(
        SnapshotTruncation truncation, CancellationToken cancellationToken = default) =>
        TruncateAsync(null, truncation, cancellationToken);

    /// <summary>Deletes the logs of one engine that are not needed any more.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="truncation">What is known of its databases.</param>
    /// <param name="cancellationToken">Ends the waiting for databases that are made, attached or detached.</param>
    /// <exception cref="EseException">As <see cref="TruncateLogAsync"/>. −1003: it is no engine of the snapshot.</exception>
    public ValueTask TruncateLogInstanceAsync(
        EmbeddedEngine engine, SnapshotTruncation truncation, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(engine);
        return TruncateAsync(engine, truncation, cancellationToken);
    }

    /// <summary>
    /// Ends the session: the headers of the databases tell of the snapshot from now on. One that is frozen is thawed
    /// before; of one that was never frozen nothing is told.
    /// </summary>
    /// <exception cref="EseException">
    /// −2401: it is over, or was frozen for too long; −801: an engine was closed; and the error of the state of an engine.
    /// The others have their marks then, and the session is over all the same.
    /// </exception>
    public async ValueTask EndAsync()
    {
        await _calls.WaitAsync().ConfigureAwait(false);
        try
        {
            Require(State is SnapshotState.Prepared or SnapshotState.Frozen or SnapshotState.Thawed
                or SnapshotState.LogTruncated, "end");
            if (State == SnapshotState.Frozen)
                await ThawMembersAsync(ends: true).ConfigureAwait(false);
            else
                await EndMembersAsync().ConfigureAwait(false);
        }
        finally
        {
            _calls.Release();
        }
    }

    /// <summary>
    /// Gives the session up, wherever it stands: what is frozen is thawed, and no header tells of the snapshot.
    /// </summary>
    /// <exception cref="EseException">−2401: it is over; −510: an engine failed.</exception>
    public async ValueTask AbortAsync()
    {
        await _calls.WaitAsync().ConfigureAwait(false);
        try
        {
            Require(State is not (SnapshotState.Ended or SnapshotState.Aborted), "abort");
            var failure = GiveUp(_members);
            Tell(EngineEvent.SnapshotAborted, "the snapshot was given up", EngineEventLevel.Warning);
            Finish(SnapshotState.Aborted);
            if (failure is not null)
                ExceptionDispatchInfo.Throw(failure);
        }
        finally
        {
            _calls.Release();
        }
    }

    /// <summary>Gives the session up unless it is over. A failure is not told.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (State is not (SnapshotState.Ended or SnapshotState.Aborted))
                await AbortAsync().ConfigureAwait(false);
        }
        catch (EseException)
        {
            // Whoever uses the engine is told.
        }
    }
}
