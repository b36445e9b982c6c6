using PipelineBackup.Ese;
using PipelineBackup.Format;

namespace PipelineBackup;

/// <summary>
/// The logs of a chain of backups as one stream. A generation that several backups hold, because it was still growing or
/// because ranges overlap, counts once, in its newest form; all forms must be of one log.
/// </summary>
internal sealed class LogMerge
{
    private readonly SortedDictionary<int, (FileLine File, LogScanResult Scan, LogPrefix? Final, string Origin)> _newest = [];
    private readonly List<string> _conflicts = [];

    /// <summary>What contradicts itself.</summary>
    public IReadOnlyList<string> Conflicts => _conflicts;

    /// <summary>The newest form of each generation, by generation.</summary>
    public IEnumerable<ScannedLog> Newest => _newest.Select(log => new ScannedLog(NameOf(log.Key, log.Value.File), log.Value.Scan));

    /// <summary>Adds a log; the backups are added oldest first.</summary>
    /// <param name="file">The file in its backup.</param>
    /// <param name="scan">What its scan found.</param>
    /// <param name="origin">Where it lies, for messages.</param>
    public void Add(FileLine file, LogScanResult scan, string origin)
    {
        if (_newest.TryGetValue(file.Generation, out var earlier) 
            && !(Extends(earlier.Scan, scan) && LogPrefixes.Has(earlier.Final, scan)))
            _conflicts.Add($"generation {file.Generation} of {origin} is not the one of {earlier.Origin}, nor its continuation");
        // The segments have told what they can.
        _newest[file.Generation] = (file, scan with { Segments = [] }, LogPrefixes.FinalOf(scan), origin);
    }

    /// <summary>The name of a generation in the merged stream: only the newest may be the current log.</summary>
    public string NameOf(int generation, FileLine file)
    {
        // One whose generation cannot be read keeps its name: it is damaged, and was recorded so.
        if (!LogFileName.TryParse(file.Name, out var name) || name.Kind != LogFileKind.Current || generation is 0 || generation == _newest.Keys.Last())
            return file.Name;
        return (LogFileName.Numbered(name.Base, new(generation), ShortNames) with { HasNewExtension = name.HasNewExtension }).ToString();
    }

    private bool ShortNames => _newest.Values.Any(log => LogFileName.TryParse(log.File.Name, out var name) && name.Digits == 5);

    // By what scans tell. The bytes are compared where both files lie on a disk: in a restore.
    private static bool Extends(LogScanResult earlier, LogScanResult later) =>
        earlier.Header is null || later.Header is null
        || (earlier.Header.Created == later.Header.Created && earlier.Header.Signature == later.Header.Signature && later.End >= earlier.End);
}
