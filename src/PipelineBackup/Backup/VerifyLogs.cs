using PipelineBackup.Ese;
using PipelineBackup.Flow;

namespace PipelineBackup.Backup;

/// <summary>
/// The room that verifies logs while they stream by, segment for segment. One worker: a log is judged from its first byte to
/// its last. Whether the logs follow each other is judged when all are there.
/// </summary>
internal sealed class VerifyLogs
{
    private LogScanner? _scanner;
    private FileInFlight? _file;

    /// <summary>The finished scans, in the order of the files.</summary>
    public List<ScannedLog> Logs { get; } = [];

    /// <summary>Verifies a run.</summary>
    public ValueTask<PageRun?> VerifyAsync(PageRun run)
    {
        if (run.Origin != _file)
            Finish();
        _file = run.Origin;
        if (run.Origin.Source.Kind == SourceFileKind.Log)
            (_scanner ??= new(collectSegments: true)).Append(run.Plain.Span);
        run.Origin.Verified(run);
        return new(run);
    }

    /// <summary>Finishes the scan of the last file.</summary>
    public void Finish()
    {
        if (_scanner is not null)
        {
            // The first log may continue that of another backup, the last one be continued: only theirs are kept.
            if (Logs.Count > 1)
                Logs[^1] = Logs[^1] with { Scan = Logs[^1].Scan with { Segments = [] } };
            Logs.Add(new(_file!.Source.Name, _scanner.Complete()));
        }

        _scanner = null;
    }
}
