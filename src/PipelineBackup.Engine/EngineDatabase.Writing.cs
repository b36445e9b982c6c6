namespace PipelineBackup.Engine;

// What goes to the file: pages and header.
public sealed partial class EngineDatabase
{
    private readonly Lock _headerWriting = new();
    private long _headers, _headersWritten;

    // As the header on the disk has it.
    private LogGeneration _maxRequired;

    /// <summary>
    /// Writes changed pages. Sessions go on meanwhile: the latch is taken for moments. With the latch held too, and then
    /// nobody goes on.
    /// </summary>
    /// <param name="before">Only those that lack changes from before a position; not set for all.</param>
    internal void WriteBehind(LogPosition before)
    {
        CachedPage[] pages;
        lock (Engine.Latch)
            pages = Cache.ListDirty(before);
        if (pages.Length == 0)
            return;
        var batch = new PageBatch(PageSize);
        for (int done = 0; done < pages.Length; done += batch.Capacity)
        {
            var some = pages.AsMemory(done, Math.Min(batch.Capacity, pages.Length - done));
            lock (Engine.Latch)
            {
                // A page with changes of open transactions is written only when the log could undo them.
                if (Cache.HoldsAny(some.Span))
                    Engine.LogOldData(this);
                Cache.Take(some.Span, batch);
            }

            if (batch.Pages.Count == 0)
                continue;
            PrepareWrite();
            lock (Engine.Latch)
                Cache.MakeLong(batch);
            batch.Write(_file);
            lock (Engine.Latch)
                Cache.Written(batch);
        }
    }

    /// <summary>
    /// Recovery begins with a generation from now on: the file has all changes from before, and the header says so.
    /// </summary>
    /// <param name="generation">The generation.</param>
    internal void NeedLogsFrom(LogGeneration generation)
    {
        _file.Flush();
        lock (Engine.Latch)
        {
            if (generation < Header.Attach.Generation)
                generation = Header.Attach.Generation;
            if (!IsMade || generation <= Header.MinRequired)
                return;
            HeaderWriter.MinRequired = HeaderWriter.MinConsistent = generation;
            NeedLogsTo(_log.DurableHeader);
        }

        WriteHeader();
    }

    /// <summary>Writes the header, both copies.</summary>
    internal void WriteHeader()
    {
        byte[] image;
        long number;
        LogGeneration maxRequired;
        lock (Engine.Latch)
        {
            if (_pages.Redo.TracksResize)
            {
                // What the database grew by while it was frozen the file has not yet.
                Cache.Reserve(Cache.LastPage);
                HeaderWriter.LastResize = _pages.Redo.LastResize;
            }

            HeaderWriter.DbTime = Editor.LastTime;
            HeaderWriter.LastObject = Editor.LastObject;
            image = HeaderWriter.Seal().ToArray();
            (number, maxRequired) = (++_headers, HeaderWriter.MaxRequired);
        }

        lock (_headerWriting)
        {
            // What a later one says holds for this one too.
            if (number < _headersWritten)
                return;
            ShadowedPage.Write(_file, image);
            (_headersWritten, _maxRequired) = (number, maxRequired);
        }
    }

    // The log first, then the header that says which logs the pages need, then the pages. All of the log: a page is
    // held no longer once its transaction has ended or its old data are logged, and both records stand behind the
    // changes of the page.
    private void PrepareWrite()
    {
        if (!_options.Omits.HasFlag(OmittedRule.WriteAhead))
            _log.Flush();
        if (_options.Omits.HasFlag(OmittedRule.RequiredLogs))
            return;
        lock (Engine.Latch)
        {
            if (!IsMade || _log.DurableHeader.Generation <= _maxRequired)
                return;
            NeedLogsTo(_log.DurableHeader);
        }

        WriteHeader();
    }

    private void NeedLogsTo(LogHeader log)
    {
        if (log.Generation > HeaderWriter.MaxRequired)
            (HeaderWriter.MaxRequired, HeaderWriter.MaxRequiredTime) = (log.Generation, log.Created);
        if (log.Generation > HeaderWriter.MaxCommitted)
            (HeaderWriter.MaxCommitted, HeaderWriter.MaxCommittedTime) = (log.Generation, log.Created);
    }
}
