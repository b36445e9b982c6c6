namespace PipelineBackup.Engine;

// Holding it up for a snapshot.
internal sealed partial class LogStream
{
    private bool _isHeld;

    /// <summary>Bytes that wait in memory.</summary>
    public long PendingBytes
    {
        get
        {
            lock (_records)
                return _partBytes + _packer.Done.Length;
        }
    }

    /// <summary>
    /// Makes all records durable, ends their generation, and then writes nothing until <see cref="Release"/>. Under the
    /// engine's latch, with a record in the generation.
    /// </summary>
    /// <remarks>
    /// It stops between the two renames that begin a generation, as the engine of Windows does: all logs are closed
    /// then, and there is no current one. So the logs of a later snapshot lie beside those of this one without a clash.
    /// </remarks>
    /// <exception cref="EseException">−519: the stream has no number left; −510: the log failed.</exception>
    public void Hold()
    {
        _committers.Hold();
        try
        {
            lock (_writing)
            {
                Flush();
                var (part, last) = TakeEnd();
                GuardWriting(() =>
                {
                    _files.Write(part.Segments, part.First);
                    _files.BeginRoll(part.NextHeader);
                });
                Flushes++;
                (DurableRecord, Durable) = (last, Tip);
                _isHeld = true;
            }

            _committers.ServeDurable();
        }
        catch
        {
            _committers.Release();
            throw;
        }
    }

    /// <summary>Writing goes on.</summary>
    /// <exception cref="EseException">−510: the next log cannot be begun.</exception>
    public void Release()
    {
        lock (_writing)
        {
            try
            {
                if (_failure is null)
                    GuardWriting(_files.EndRoll);
            }
            finally
            {
                _isHeld = false;
                Monitor.PulseAll(_writing);
                _committers.Release();
            }
        }
    }

    // What ends the generation; nothing else waits.
    private (LogPart Part, LogPosition Last) TakeEnd()
    {
        lock (_records)
        {
            var last = _last;
            EndGeneration();
            var part = _parts.Dequeue();
            _partBytes -= part.Segments.Length;
            return (part, last);
        }
    }
}
