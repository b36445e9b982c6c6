using PipelineBackup.Ese;
using PipelineBackup.Format;
using PipelineBackup.Shared;

namespace PipelineBackup.Restore;

/// <summary>
/// Copies the logs that were written after a backup to those of the backup, so that one directory holds the stream. They
/// are only read where they are.
/// </summary>
internal static class LaterLogs
{
    /// <summary>Brings them.</summary>
    /// <param name="from">Where they are.</param>
    /// <param name="to">The logs of the backup, under their names.</param>
    /// <param name="baseName">Base name of both.</param>
    /// <param name="stop">The last generation that is wanted; 0 for all.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="EseException">−515 a generation is there twice, and not one the continuation of the other.</exception>
    public static void Bring(string from, string to, string baseName, int stop, CancellationToken cancellationToken)
    {
        var have = LogChain.Open(to, baseName);
        var later = LogChain.Open(from, baseName);
        var merge = new LogMerge();
        foreach (var log in have.Generations)
            merge.Add(Line(log), LogFileReader.Scan(log.Path!, collectSegments: true), to);
        foreach (var log in later.Generations
            .Where(log => log.Generation >= have.Highest && (stop == 0 || log.Generation.Value <= stop)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var scan = LogFileReader.Scan(log.Path!, collectSegments: true);
            merge.Add(Line(log), scan, from);
            if (merge.Conflicts is [var conflict, ..])
            {
                throw new EseException(EseError.InvalidLogSequence, conflict,
                    "the stream was started again after the backup: restore without these logs");
            }

            // The backup may hold the first part of a log that was still written to.
            if (have.Find(log.Generation) is { } part)
                File.Delete(part.Path!);
            else if (have.Current is { Generation.IsSet: true } open && File.Exists(open.Path))
                File.Move(open.Path, Path.Combine(to, LogFileName.Numbered(open.Name.Base, open.Generation).ToString()));
            Copy(log.Path!, Path.Combine(to, log.FileName));
        }

        DurableFile.FlushDirectory(to);
    }

    private static FileLine Line(LogFileEntry log) =>
        new(0, SourceFileKind.Log, log.FileName, "", log.Path!, log.Length, LogHeader.Size, log.Generation.Value);

    private static void Copy(string from, string to)
    {
        using var source = File.OpenRead(from);
        using var target = new FileStream(to, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        source.CopyTo(target);
        target.Flush(flushToDisk: true);
    }
}
