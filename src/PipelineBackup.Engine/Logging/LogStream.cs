namespace PipelineBackup.Engine;

/// <summary>
/// The log of an engine: takes records, gives them positions, and makes them durable for as many at once as wait.
/// </summary>
/// <remarks>
/// <code>
/// Append (engine's latch) ──► segments in memory ──► Flush (no latch): the file, one fsync for all ──► Durable
///                                    │ generation full
///                                    └──► rest of it and the next header, in line for the same flush
/// </code>
/// <see cref="Append"/> touches no file: what a generation that is full leaves to do waits for the next flush. Each
/// flush fills its last segment, so no segment is ever written twice. Locks are taken in this order: latch, files,
/// records. The first failure of the disk is the last thing that happens: what was not durable then never will be.
/// A snapshot holds it up: records are taken, and whoever wants to flush waits.
/// </remarks>
internal sealed partial class LogStream : IChangeLog, IDisposable
{
    // What waits in memory before somebody has to write it.
    private const int MostPending = 1 << 20;

    // An engine at work ends before the last generations, which recovery and closing may use.
    private const int LastGeneration = 0x7FFFF800;

    private readonly EngineOptions _options;
    private readonly LogStreamSettings _settings;
    private readonly ILogFiles _files;
    private readonly object _writing = new();
    private readonly Lock _records = new();
    private readonly CommitQueue _committers;
    private readonly Queue<LogPart> _parts = [];
    private LogPacker _packer;
    private LogHeader _header;
    private LogPosition _last;
    private long _partBytes;
    private volatile EseException? _failure;

    /// <summary>A log that goes on.</summary>
    /// <param name="options">Of the engine.</param>
    /// <param name="settings">What new logs are like.</param>
    /// <param name="files">The files, with a current log.</param>
    /// <param name="packer">Stands where that one ends.</param>
    public LogStream(EngineOptions options, LogStreamSettings settings, ILogFiles files, LogPacker packer)
    {
        (_options, _settings, _files, _packer, _header) = (options, settings, files, packer, files.Header);
        Durable = packer.Position;
        _committers = new(this);
    }

    /// <summary>Tells the attached databases for the header of a new generation.</summary>
    public Func<IReadOnlyList<AttachedDatabase>> Attached { get; set; } = static () => [];

    /// <summary>The checkpoint, for the header of a new generation.</summary>
    public LogPosition Checkpoint { get; set; }

    /// <summary>Whether the engine is ending: it may use the generations kept for that.</summary>
    public bool IsEnding { get; set; }

    /// <summary>Identity of the stream.</summary>
    public Signature Signature => _settings.Signature;

    /// <summary>What new logs are like.</summary>
    public LogStreamSettings Settings => _settings;

    /// <summary>Everything before it survives a crash.</summary>
    public LogPosition Durable { get; private set; }

    /// <summary>The last record that survives a crash; not set while there is none.</summary>
    public LogPosition DurableRecord { get; private set; }

    /// <summary>Header of the log that the durable end is in.</summary>
    public LogHeader DurableHeader => _files.Header;

    /// <summary>Header of the generation that records go into.</summary>
    public LogHeader Header => _header;

    /// <summary>Position that the next record gets, unless it does not fit.</summary>
    public LogPosition Tip
    {
        get
        {
            lock (_records)
                return _packer.Position;
        }
    }

    /// <summary>Bytes of a log.</summary>
    public long FileBytes => _header.FileLength;

    /// <summary>Whether a reserve log had to be taken: there is room to end, and for nothing else.</summary>
    public bool IsOnReserve => _files.IsOnReserve;

    /// <summary>Whether more waits in memory than should.</summary>
    public bool IsBehind => PendingBytes > MostPending;

    /// <summary>How often the disk was asked to make a log durable.</summary>
    public long Flushes { get; private set; }

    /// <summary>Why nothing can be written any more; null as long as all is well.</summary>
    public EseException? Failure => _failure;

    /// <summary>Whether it was the log itself that could not be written.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Puts records at the end; they are not on the disk yet when it returns. Under the engine's latch.</summary>
    /// <param name="records">One record behind the other; those of a macro come in one call.</param>
    /// <returns>The position of the first.</returns>
    /// <exception cref="EseException">
    /// −517: they are longer than a log; −519: the stream has no number left; −510: the log failed before.
    /// </exception>
    public LogPosition Append(ReadOnlySpan<byte> records)
    {
        RequireSound();
        lock (_records)
        {
            if (!_packer.Fits(records))
            {
                if (!new LogPacker(_header.Generation, _header.SectorCount, _options.Time).Fits(records))
                {
                    throw new EseException(EseError.LogBufferTooSmall,
                        $"records of {records.Length} bytes do not fit into a log of {_header.FileLength}");
                }

                EndGeneration();
            }

            return _last = _packer.Append(records);
        }
    }

    /// <summary>
    /// Ends the generation: the next record is the first of a new one. Nothing when it is empty. Under the engine's
    /// latch.
    /// </summary>
    /// <exception cref="EseException">−519: the stream has no number left; −510: the log failed before.</exception>
    public void Roll()
    {
        RequireSound();
        lock (_records)
        {
            if (_packer.IsOpen || _packer.OpenIndex > 1)
                EndGeneration();
        }
    }

    /// <summary>Makes a record durable, and all before it. Together with whoever else waits.</summary>
    /// <param name="position">Its position.</param>
    /// <param name="cancellationToken">Ends the waiting; the record may become durable all the same.</param>
    /// <exception cref="EseException">−510: the log failed.</exception>
    public ValueTask FlushAsync(LogPosition position, CancellationToken cancellationToken) =>
        position < Durable || _options.Omits.HasFlag(OmittedRule.DurableCommit) ? default
            : _committers.WaitAsync(position, cancellationToken);

    /// <summary>Makes all records durable, waiting for the disk; nothing when they are.</summary>
    /// <exception cref="EseException">−510: the log failed.</exception>
    public void Flush()
    {
        RequireSound();
        lock (_writing)
        {
            while (_isHeld)
                Monitor.Wait(_writing);
            RequireSound();
            GuardWriting(Write);
        }
    }

    /// <inheritdoc/>
    public void Enter() => _records.Enter();

    /// <inheritdoc/>
    public void Exit() => _records.Exit();

    /// <summary>Nothing is written from now on.</summary>
    /// <param name="failure">Why.</param>
    public void Fail(Exception failure)
    {
        _failure ??= failure as EseException ?? new EseException(DiskFailure.Of(failure, EseError.LogWriteFail),
            $"the engine cannot go on: {failure.Message}", "open the engine again: what was committed is safe");
    }

    /// <summary>Makes the reserve logs that are missing.</summary>
    /// <exception cref="EseException">−529: there is no room for them.</exception>
    public void FillReserves()
    {
        lock (_writing)
            _files.FillReserves();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _committers.Dispose();
        lock (_writing)
            _files.Dispose();
    }

    private void GuardWriting(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or EseException)
        {
            IsBroken |= _failure is null;
            Fail(e);
            throw _failure!;
        }
        catch (Exception e)
        {
            // Whatever it is: what was to be written waits no more, and whoever flushes next must not take it for done.
            Fail(e);
            throw;
        }
    }

    private void Write()
    {
        LogPart[] parts;
        byte[] rest;
        int first;
        LogPosition end, last;
        lock (_records)
        {
            // A change that could not be made may be the last one.
            RequireSound();

            // When it may not be filled to its last byte the rest of it stays zero.
            if (!_packer.Fill())
                _packer.Close();
            parts = [.. _parts];
            (rest, first) = (_packer.Done.ToArray(), _packer.DoneIndex);
            _packer.Take();
            _parts.Clear();
            _partBytes = 0;
            (end, last) = (_packer.Position, _last);
        }

        if (parts.Length == 0 && rest.Length == 0)
            return;
        foreach (var part in parts)
        {
            _files.Write(part.Segments, part.First);
            _files.Roll(part.NextHeader);
        }

        _files.Write(rest, first);
        _files.Flush();
        Flushes++;
        (DurableRecord, Durable) = (last, end);
    }

    private void EndGeneration()
    {
        if (_header.Generation.Value >= LastGeneration && !IsEnding)
        {
            throw new EseException(EseError.LogSequenceEnd, $"no log can follow generation {_header.Generation}",
                "detach the databases and attach them to a new log stream");
        }

        byte[] header = LogHeaderWriter.Continue(_header, _settings, _options.Now, Checkpoint, Attached());
        _packer.Close();
        var part = new LogPart(_packer.Done.ToArray(), _packer.DoneIndex, header);
        _parts.Enqueue(part);
        _partBytes += part.Segments.Length;
        _header = LogHeader.Read(header);
        _packer = new(_header.Generation, _header.SectorCount, _options.Time);
    }

    private void RequireSound()
    {
        if (_failure is { } failure)
            throw new EseException(EseError.InstanceUnavailable, $"the engine stopped: {failure.Message}", failure.Hint);
    }
}
