using System.Globalization;

namespace PipelineBackup.Engine;

/// <summary>
/// Copies the files of a backup into a directory and verifies them on the way: every page by its checksum, every log
/// segment for segment and by the one before it. What is copied is durable.
/// </summary>
/// <param name="backup">The backup.</param>
/// <param name="directory">Where to copy to.</param>
/// <param name="meter">Is told how far it is.</param>
internal sealed class VerifiedCopy(EngineBackup backup, BackupDirectory directory, BackupMeter meter)
{
    private const int Pages = 256, WaitMilliseconds = 100;

    private LogFileEntry? _before;

    /// <summary>Copies a database.</summary>
    /// <param name="file">The database as the backup offers it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SourceException">−1018: a page is damaged; and all that reading throws.</exception>
    public async ValueTask DatabaseAsync(SourceFile file, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[Pages * file.PageSize];
        var reader = await backup.OpenAsync(file, cancellationToken).ConfigureAwait(false);
        await using var closing = reader.ConfigureAwait(false);
        using var copy = directory.Disk.Open(Path.Combine(directory.Work, file.Name), DiskAccess.CreateNew);
        long at = 0;
        for (int read; (read = await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0; at += read)
        {
            for (int page = 0; page < read; page += file.PageSize)
            {
                var bytes = buffer.AsMemory(page, file.PageSize);
                if (!IsSound(file, at + page, bytes.Span))
                {
                    await RereadAsync(file, (IRereadPages)reader, at + page, bytes, cancellationToken)
                        .ConfigureAwait(false);
                }
            }

            copy.Write(buffer.AsSpan(0, read), at);
            meter.Advance(read);
        }

        copy.Flush();
    }

    /// <summary>Makes an empty file.</summary>
    /// <param name="name">Its name.</param>
    public void Mark(string name)
    {
        using var mark = directory.Disk.Open(Path.Combine(directory.Work, name), DiskAccess.CreateNew);
        mark.Flush();
    }

    /// <summary>Copies a log, or makes sure that a copy which is there already is the same.</summary>
    /// <param name="log">The log as the backup offers it.</param>
    /// <param name="twin">The copy that is there; null when there is none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SourceException">−612: it is damaged; and all that reading throws.</exception>
    /// <exception cref="EseException">−515, −530: it does not follow the one before, or is not its copy.</exception>
    public async ValueTask LogAsync(SourceFile log, string? twin, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[Pages * log.PageSize], same = twin is null ? [] : new byte[buffer.Length];
        var scanner = new LogScanner();
        var reader = await backup.OpenAsync(log, cancellationToken).ConfigureAwait(false);
        await using var closing = reader.ConfigureAwait(false);
        using var copy = twin is null
            ? directory.Disk.Open(Path.Combine(directory.Work, log.Name), DiskAccess.CreateNew)
            : directory.Disk.Open(twin, DiskAccess.Read);
        long at = 0;
        for (int read; (read = await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0; at += read)
        {
            scanner.Append(buffer.AsSpan(0, read));
            if (twin is null)
                copy.Write(buffer.AsSpan(0, read), at);
            else if (copy.Read(same.AsSpan(0, read), at) != read
                || !same.AsSpan(0, read).SequenceEqual(buffer.AsSpan(0, read)))
                throw NotTheSame(twin);
            meter.Advance(read);
        }

        Judge(log, scanner.Complete());
        if (twin is null)
            copy.Flush();
        else if (copy.Length != at)
            throw NotTheSame(twin);
    }

    // What is at either end of a copy was made for it.
    private static bool IsSound(SourceFile file, long offset, ReadOnlySpan<byte> page) =>
        offset < PageNumber.HeaderPages * (long)file.PageSize || offset == file.Length - file.PageSize
        || PageInspector.Inspect(page, Number(file, offset), depth: InspectionDepth.Checksum).IsAcceptable;

    // It may have been caught in the middle of a write.
    private async ValueTask RereadAsync(
        SourceFile file, IRereadPages reader, long offset, Memory<byte> page, CancellationToken cancellationToken)
    {
        var number = Number(file, offset);
        for (int round = 1; round <= reader.MaxRereads; round++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(WaitMilliseconds * round), backup.Engine.Options.Time,
                cancellationToken).ConfigureAwait(false);
            await reader.RereadAsync(offset, page, cancellationToken).ConfigureAwait(false);
            if (!IsSound(file, offset, page.Span))
                continue;
            backup.Engine.Tell(EngineEvent.ReadRepeated, string.Create(CultureInfo.InvariantCulture,
                $"page {number} of '{file.OriginalPath}' was whole when it was read again, {round} times"),
                EngineEventLevel.Warning);
            return;
        }

        var verdict = PageInspector.InspectAndRepair(page.Span, number);
        if (verdict.IsAcceptable)
            return;
        string what = $"page {number} of '{file.OriginalPath}' is damaged: {verdict}";
        backup.Engine.Tell(EngineEvent.ReadFailed, what, EngineEventLevel.Error);
        throw BackupRefusal.Of(new(
            EseError.ReadVerifyFailure, what, "restore the database from an earlier backup, or repair it"));
    }

    private void Judge(SourceFile log, LogScanResult scan)
    {
        if (scan.ErrorFor(LogScanPurpose.Backup, isCurrentLog: false) != EseError.Success)
        {
            string what = $"'{log.OriginalPath}' is damaged: {scan.Message}";
            backup.Engine.Tell(EngineEvent.ReadFailed, what, EngineEventLevel.Error);
            throw BackupRefusal.Of(new(EseError.LogReadVerifyFailure, what,
                "make a full backup when the checkpoint has moved on: it leaves out what recovery does not need"));
        }

        var entry = new LogFileEntry(log.Name, scan);
        if (_before is not null && LogChain.JudgeLink(_before, entry) is { } broken)
            throw new EseException(broken.Error, $"'{log.OriginalPath}': {broken.Message}", broken.Hint);
        _before = entry;
    }

    private static PageNumber Number(SourceFile file, long offset) => PageNumber.FromFileIndex(offset / file.PageSize);

    private static EseException NotTheSame(string twin) => new(EseError.InvalidLogSequence,
        $"'{twin}' is not what the log of that generation is now: it is damaged, or of another time",
        "make a full backup to another directory");
}
