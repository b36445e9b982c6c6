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
            (_scanner ??= new()).Append(run.Plain.Span);
        run.Origin.Verified(run);
        return new(run);
    }

    /// <summary>Finishes the scan of the last file.</summary>
    public void Finish()
    {
        if (_scanner is not null)
            Logs.Add(new(_file!.Source.Name, _scanner.Complete()));
        _scanner = null;
    }
}
