using Microsoft.Extensions.Logging;
using PipelineBackup.Ese;
using PipelineBackup.Flow;
using PipelineBackup.Format;

namespace PipelineBackup.Backup;

/// <summary>
/// The room that reads: one file after the other, in runs of 1 MiB. It rents the only buffers of a run's life. A file stays
/// open until all of its runs are verified, and only then the next one is opened.
/// </summary>
internal sealed class ReadPages(IBackupSession session, BackupIndex index, SlabPool slabs, ProgressMeter progress,
    ILogger logger, CancellationToken stopping, TaskScheduler? threads = null)
{
    /// <summary>The databases, in the order they were read.</summary>
    public List<DatabaseInFlight> Databases { get; } = [];

    /// <summary>Reads all databases of the session.</summary>
    public async Task ReadDatabasesAsync(Func<PageRun, ValueTask> emit)
    {
        foreach (var file in session.Databases)
        {
            DemandRestorable(file);
            var reader = await session.OpenAsync(file, stopping).ConfigureAwait(false);
            DatabaseInFlight? database = null;
            try
            {
                var first = await ReadAsync(reader, file).ConfigureAwait(false);
                database = Recognize(file, reader, first);
                Databases.Add(database);
                index.Files.Add(LineOf(file, index.Files.Count, database.HasTrailer));
                await PassOnAsync(database, first, () => database.IsDropped, emit).ConfigureAwait(false);
            }
            finally
            {
                if (database is null)
                    await reader.DisposeAsync().ConfigureAwait(false);
                else
                    await database.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Reads files that are not databases.</summary>
    public async Task ReadFilesAsync(IReadOnlyList<SourceFile> files, Func<PageRun, ValueTask> emit)
    {
        foreach (var file in files)
        {
            DemandRestorable(file);
            var opened = new FileInFlight(index.Files.Count, file, await session.OpenAsync(file, stopping).ConfigureAwait(false));
            await using (opened.ConfigureAwait(false))
            {
                index.Files.Add(LineOf(file, index.Files.Count, trailer: false));
                await PassOnAsync(opened, await ReadAsync(opened.Reader, file).ConfigureAwait(false), () => false, emit).ConfigureAwait(false);
            }
        }
    }

    private static void DemandRestorable(SourceFile file)
    {
        if (!IndexCoverage.IsFileName(file.Name, file.Kind))
        {
            throw new SourceException($"'{file.Name}' is no name that a {file.Kind} can have on every system: it could not be restored")
            {
                Hint = "rename the file",
                ExitCode = ExitCode.Refused,
            };
        }
    }

    private static FileLine LineOf(SourceFile file, int number, bool trailer) => new(
        number, file.Kind, file.Name, file.Role, file.OriginalPath, file.Length, file.PageSize, file.Generation, trailer);

    private DatabaseInFlight Recognize(SourceFile file, ISourceFileReader reader, RunBuffer first)
    {
        try
        {
            var headers = HeaderPair.Read(first.Plain.GetSpan()[..Math.Min(first.Length, HeaderPair.StartBytes)]);
            var header = headers.Require(file.Name);
            var map = session is IFlushMaps maps ? maps.FlushMapOf(file, header) : null;
            return new DatabaseInFlight(index.Files.Count, file, reader, headers, map);
        }
        catch (EseException failure)
        {
            first.Dispose();
            throw new BackupException(failure.Message, failure)
            {
                Error = EseErrors.ToJet(failure.Error),
                Hint = failure.Hint,
                ExitCode = ExitCode.Refused,
            };
        }
    }

    private async Task PassOnAsync(FileInFlight file, RunBuffer part, Func<bool> isDropped, Func<PageRun, ValueTask> emit)
    {
        progress.Enter(file.Source.Name);
        logger.FileBegins(file.Source.OriginalPath, file.Source.Length);
        long offset = 0;
        while (part.Length > 0)
        {
            if (offset % file.PageSize != 0 || part.Length > file.Source.Length - offset)
            {
                part.Dispose();
                throw Changed(file.Source, offset);
            }

            file.Started();
            long first = offset / file.PageSize;
            offset += part.Length;
            await emit(new PageRun(part) { Origin = file, FirstPage = first }).ConfigureAwait(false);
            if (isDropped())
            {
                logger.FileCutShort(file.Source.OriginalPath, offset);
                progress.Skip(file.Source.Length - offset);
                break;
            }

            part = await ReadAsync(file.Reader, file.Source).ConfigureAwait(false);
        }

        if (part.Length == 0)
            part.Dispose();
        if (!isDropped() && offset != file.Source.Length)
            throw Changed(file.Source, offset);

        // A conduit that stops disposes the runs that are left, which ends this wait too.
        await file.WhenVerifiedAsync().WaitAsync(stopping).ConfigureAwait(false);
        if (offset == file.Source.Length)
            logger.FileComplete(file.Source.OriginalPath);
    }

    // A reader fills its buffer unless the file ends: what comes after a part of a page, or after the last one, was not
    // there when the backup began.
    private static SourceException Changed(SourceFile file, long offset) => new(
        offset < file.Length
            ? $"'{file.Name}' gave {offset} bytes instead of {file.Length}: it changed while it was read"
            : $"'{file.Name}' goes on behind its {file.Length} bytes: it changed while it was read")
    {
        Hint = "back up a snapshot, or stop the program that has the file open",
        ExitCode = ExitCode.InUse,
    };

    private async ValueTask<RunBuffer> ReadAsync(ISourceFileReader reader, SourceFile file)
    {
        var buffer = await RentAsync().ConfigureAwait(false);
        try
        {
            buffer.Length = threads is null ? await reader.ReadAsync(buffer.Plain.Memory, stopping).ConfigureAwait(false)
                : await Task.Factory.StartNew(() => reader.ReadAsync(buffer.Plain.Memory, stopping).AsTask(),
                    CancellationToken.None, TaskCreationOptions.None, threads).Unwrap().ConfigureAwait(false);
            progress.Read(buffer.Length);
            return buffer;
        }
        catch (Exception failure)
        {
            buffer.Dispose();
            if (failure is IOException or UnauthorizedAccessException)
                throw FileInFlight.Unreadable(file, failure);
            throw;
        }
    }

    private async ValueTask<RunBuffer> RentAsync()
    {
        var plain = await slabs.RentAsync(stopping).ConfigureAwait(false);
        try
        {
            return new(plain, await slabs.RentAsync(stopping).ConfigureAwait(false));
        }
        catch
        {
            plain.Return();
            throw;
        }
    }
}

/// <summary>A session that knows which write of each page was the last. An SDK-internal power of file sets.</summary>
internal interface IFlushMaps
{
    /// <summary>The flush map of a database, when there is one that belongs to it.</summary>
    FlushMap? FlushMapOf(SourceFile database, DatabaseHeader header);
}
