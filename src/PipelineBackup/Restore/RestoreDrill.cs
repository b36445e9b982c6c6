using Microsoft.Extensions.Logging;
using PipelineBackup.Ese;
using PipelineBackup.Format;

namespace PipelineBackup;

/// <summary>
/// Proves that a backup can be restored by restoring it: into a directory of its own, with recovery, then a check of every
/// tree, index and long value; then all of it is deleted.
/// </summary>
/// <param name="archive">The store.</param>
/// <param name="options">Where, and how.</param>
public sealed class RestoreDrill(IBackupArchive archive, DrillOptions options)
{
    private const int MostFindings = 100;

    /// <summary>Runs a drill.</summary>
    /// <param name="which">Id of a backup, or <c>latest</c>.</param>
    /// <param name="cancellationToken">Ends it; nothing is left behind.</param>
    /// <exception cref="BackupException">The backup cannot be restored; error, hint and exit code say why.</exception>
    public async Task<DrillReport> RunAsync(string which, CancellationToken cancellationToken = default)
    {
        long started = options.Time.GetTimestamp();
        string directory = Path.Combine(Path.GetFullPath(options.Scratch), $"pipelinebackup-drill-{Guid.NewGuid():N}");
        try
        {
            var restore = await new RestorePipeline(archive, new()
            {
                Target = directory,
                Set = options.Set,
                Recovery = options.Recovery,
                MemoryBudget = options.MemoryBudget,
                Workers = options.Workers,
                Progress = options.Progress,
                Logger = options.Logger,
                Time = options.Time,
            }).RunAsync(which, cancellationToken).ConfigureAwait(false);
            long checking = options.Time.GetTimestamp();
            var databases = await Task.Run(() => Check(restore, cancellationToken), cancellationToken).ConfigureAwait(false);
            return new()
            {
                Restore = restore,
                Databases = databases,
                Finished = options.Time.GetUtcNow(),
                CheckDuration = options.Time.GetElapsedTime(checking),
                Duration = options.Time.GetElapsedTime(started),
            };
        }
        finally
        {
            Remove(directory);
        }
    }

    /// <summary>Writes a receipt of a drill into the store: a new object that nothing else depends on.</summary>
    /// <param name="sink">The store.</param>
    /// <param name="set">The set.</param>
    /// <param name="report">The drill.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Name of the object.</returns>
    /// <exception cref="SinkException">The store failed.</exception>
    public static async Task<ObjectName> WriteReceiptAsync(
        IBackupSink sink, BackupSet set, DrillReport report, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sink);
        ArgumentNullException.ThrowIfNull(report);
        var name = set.Mark(BackupId.Parse(report.Restore.Manifest.Id), "drill", report.Finished);
        await sink.PutAsync(name, ObjectBody.Of(DrillReceipt.Of(report).ToJson()), cancellationToken).ConfigureAwait(false);
        return name;
    }

    private static List<DrilledDatabase> Check(RestoreReport restore, CancellationToken cancellationToken)
    {
        var drilled = new List<DrilledDatabase>();
        foreach (string path in restore.Files.Where(IsDatabase))
        {
            using var file = DatabaseFile.Open(path, InspectionDepth.Full);
            var report = new DatabaseCheck(file, file.Header).Run(cancellationToken);
            drilled.Add(new(Path.GetFileName(path), report.Pages, report.Rows, report.IndexEntries, report.LongValues,
                [.. report.Findings.Take(MostFindings).Select(finding => finding.ToString())]));
        }

        return drilled;
    }

    private static bool IsDatabase(string path)
    {
        using var file = File.OpenHandle(path);
        byte[] start = new byte[HeaderPair.StartBytes];
        return HeaderPair.LooksLikeDatabase(start.AsSpan(0, Sources.FileFacts.ReadFully(file, start, 0)));
    }

    private void Remove(string directory)
    {
        try
        {
            if (Directory.Exists(directory))
                Directory.Delete(directory, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            options.Logger.LogWarning(
                "the scratch directory {Directory} of a drill cannot be removed: {Reason}", directory, failure.Message);
        }
    }
}
