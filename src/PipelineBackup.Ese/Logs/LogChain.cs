namespace PipelineBackup.Ese;

/// <summary>
/// The log files of one stream, in the order of their generations, and what is wrong with them. Opening reads headers
/// only; files are scanned when asked for.
/// </summary>
/// <remarks>
/// Two logs are neighbours when the later one's generation is one higher, it names the creation time of the earlier
/// one, both carry one signature and, in newer formats, it names the XOR of the earlier one's segment checksums.
/// Temporary and reserve logs are never part of the chain: a temporary log often is a sound log of an old generation.
/// </remarks>
public sealed class LogChain
{
    private readonly Dictionary<LogGeneration, LogFileEntry> _numbered = [];
    private readonly List<LogFileEntry> _generations = [];
    private readonly List<LogFileEntry> _duplicates = [];

    /// <summary>A chain of given files; those of other base names are left out.</summary>
    /// <param name="baseName">The three characters that the names begin with.</param>
    /// <param name="files">The files, in any order.</param>
    public LogChain(string baseName, IEnumerable<LogFileEntry> files)
    {
        BaseName = baseName;
        var mine = files.Where(file => file.Name.Base.Equals(baseName, StringComparison.OrdinalIgnoreCase)).ToList();
        Temporary = mine.Find(file => file.Name.Kind == LogFileKind.Temporary);
        foreach (var file in mine.Where(file => file.Name.Kind == LogFileKind.Numbered))
            AddNumbered(file);
        foreach (var file in mine.Where(file => file.IsCurrent))
        {
            // Two of them: one with each extension.
            if (Current is not null)
                _duplicates.Add(file);
            Current ??= file;
        }

        _generations.AddRange(_numbered.Values);
        if (Current is { Generation.IsSet: true } current)
        {
            if (_numbered.ContainsKey(current.Generation))
                _duplicates.Add(current);
            else
                _generations.Add(current);
        }

        _generations.Sort((a, b) => a.Generation.CompareTo(b.Generation));
        Signature = FindSignature();
    }

    /// <summary>The three characters that the names begin with.</summary>
    public string BaseName { get; }

    /// <summary>
    /// The logs, numbered and current, by ascending generation, each generation once; damaged ones included.
    /// </summary>
    public IReadOnlyList<LogFileEntry> Generations => _generations;

    /// <summary>The log that was written to last, <c>edb.log</c>; null when it is missing.</summary>
    public LogFileEntry? Current { get; }

    /// <summary>The next log in preparation, <c>edbtmp.log</c>; null when there is none.</summary>
    public LogFileEntry? Temporary { get; }

    /// <summary>
    /// The signature that most of the logs carry, in doubt the current one; not set when no header can be read.
    /// </summary>
    public Signature Signature { get; }

    /// <summary>The lowest generation; none when the chain is empty.</summary>
    public LogGeneration Lowest => _generations.Count == 0 ? default : _generations[0].Generation;

    /// <summary>The highest generation; none when the chain is empty.</summary>
    public LogGeneration Highest => _generations.Count == 0 ? default : _generations[^1].Generation;

    /// <summary>
    /// The lowest generation from which each log continues the one before it, up to the highest, by headers and by
    /// what was scanned; what lies below is left over. None when the chain is empty.
    /// </summary>
    public LogGeneration UnbrokenFrom
    {
        get
        {
            int i = _generations.Count - 1;
            while (i > 0 && JudgeLink(_generations[i - 1], _generations[i]) is null && !IsMissingBetween(i - 1))
                i--;
            return i < 0 ? default : _generations[i].Generation;
        }
    }

    /// <summary>What is wrong with the files, by ascending generation; scans count as far as they were made.</summary>
    public IReadOnlyList<LogFinding> Findings => FindFaults().ToList();

    /// <summary>Opens the logs of one stream in a folder: reads their headers.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="baseName">The three characters that the names begin with, whatever their letter case.</param>
    /// <exception cref="IOException">The folder or a file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or a file may not be opened.</exception>
    public static LogChain Open(string directory, string baseName) => Open(LocalDisk.Instance, directory, baseName);

    /// <summary>Opens the logs of one stream in a folder of a disk: reads their headers.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="directory">The folder.</param>
    /// <param name="baseName">The three characters that the names begin with, whatever their letter case.</param>
    /// <exception cref="IOException">The folder or a file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or a file may not be opened.</exception>
    public static LogChain Open(IDisk disk, string directory, string baseName) => new(baseName, Names(disk, directory)
        .Where(file => file.Name.Kind is LogFileKind.Numbered or LogFileKind.Current or LogFileKind.Temporary
            && file.Name.Base.Equals(baseName, StringComparison.OrdinalIgnoreCase))
        .Select(file => LogFileEntry.Open(disk, file.Path, file.Name)));

    /// <summary>
    /// Opens the logs of one stream that are closed, up to a generation, and nothing else: others may write the rest.
    /// </summary>
    /// <param name="disk">The disk.</param>
    /// <param name="directory">The folder.</param>
    /// <param name="baseName">The three characters that the names begin with, whatever their letter case.</param>
    /// <param name="last">The last one.</param>
    internal static LogChain OpenClosed(IDisk disk, string directory, string baseName, LogGeneration last) =>
        new(baseName, Names(disk, directory)
            .Where(file => file.Name.Kind == LogFileKind.Numbered && file.Name.Generation <= last
                && file.Name.Base.Equals(baseName, StringComparison.OrdinalIgnoreCase))
            .Select(file => LogFileEntry.Open(disk, file.Path, file.Name)));

    /// <summary>
    /// Base names of the log streams in a folder, in ordinal order: those with a numbered log, a checkpoint, or a
    /// current log with the header of one. (Any three-letter <c>.log</c> file could be a current log.)
    /// </summary>
    /// <param name="directory">The folder.</param>
    /// <exception cref="IOException">The folder or a file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or a file may not be opened.</exception>
    public static IReadOnlyList<string> FindBaseNames(string directory) => Names(LocalDisk.Instance, directory)
        .Where(file => file.Name.Kind switch
        {
            LogFileKind.Numbered or LogFileKind.Checkpoint => true,
            LogFileKind.Current =>
                LogFileEntry.Open(LocalDisk.Instance, file.Path, file.Name).HeaderFault?.Error != EseError.LogFileCorrupt,
            _ => false,
        })
        .Select(file => file.Name.Base)
        .Distinct(StringComparer.OrdinalIgnoreCase)
        .Order(StringComparer.Ordinal)
        .ToList();

    /// <summary>The log of a generation: the numbered one, else the current one; null when it is missing.</summary>
    /// <param name="generation">The generation.</param>
    public LogFileEntry? Find(LogGeneration generation) => FindNumbered(generation)
        ?? (Current is { } current && current.Generation == generation && generation.IsSet ? current : null);

    /// <summary>Scans the files of a range that are on a disk here and were not scanned.</summary>
    /// <param name="from">The lowest generation to scan.</param>
    /// <exception cref="IOException">A file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be opened.</exception>
    public void ScanAll(LogGeneration from = default)
    {
        foreach (var file in _generations.Where(file => file.Generation >= from))
            file.EnsureScan();
    }

    /// <summary>
    /// Which error soft recovery of this directory would meet; null when it would go through, as far as logs decide.
    /// </summary>
    /// <param name="databases">What the databases need.</param>
    /// <param name="options">Where recovery starts and what it may ignore.</param>
    /// <remarks>Scans count as far as they were made: call <see cref="ScanAll"/> first to have damage inside files
    /// judged.</remarks>
    public LogFinding? JudgeSoftRecovery(
        IReadOnlyList<RequiredLogs> databases, SoftRecoveryOptions options = default) =>
        new SoftRecoveryJudge(this, databases, options).Judge();

    /// <summary>
    /// Which error a restore of this backup set would meet; null when it would go through, as far as logs decide.
    /// </summary>
    /// <param name="databases">What the databases need, the trailer pages of their copies included.</param>
    /// <param name="low">Lowest generation of the set; none for the lowest there is.</param>
    /// <param name="high">Highest generation of the set; none for the highest there is.</param>
    /// <param name="rollForward">Later logs to roll forward with; null for none.</param>
    /// <remarks>Scans count as far as they were made: call <see cref="ScanAll"/> first to have damage inside files
    /// judged.</remarks>
    public LogFinding? JudgeRestore(
        IReadOnlyList<RequiredLogs> databases, LogGeneration low = default, LogGeneration high = default,
        LogChain? rollForward = null) =>
        new RestoreJudge(this, rollForward, databases).Judge(
            low.IsSet ? low : Lowest.IsSet ? Lowest : new(1), high.IsSet ? high : Highest);

    /// <summary>The numbered log of a generation; null when it is missing.</summary>
    /// <param name="generation">The generation.</param>
    internal LogFileEntry? FindNumbered(LogGeneration generation) => _numbered.GetValueOrDefault(generation);

    /// <summary>The name that a missing log would have.</summary>
    /// <param name="generation">Its generation.</param>
    internal string NameOf(LogGeneration generation)
    {
        bool isShort = _numbered.Values.FirstOrDefault() is { Name.Digits: 5 };
        return LogFileName.Numbered(BaseName, generation, isShort).ToString();
    }

    /// <summary>
    /// Whether a log continues another one: null, or −530, −515, −590. Damaged headers are no concern of this.
    /// </summary>
    /// <param name="earlier">The earlier one.</param>
    /// <param name="later">The later one.</param>
    internal static LogFinding? JudgeLink(LogFileEntry earlier, LogFileEntry later)
    {
        if (earlier.Header is not { } before || later.Header is not { } header)
            return null;
        if (header.Signature != before.Signature)
        {
            return new(EseError.BadLogSignature, later.Generation, later.FileName,
                "the log belongs to another log stream than the one before it",
                "remove it, or take the right one from a backup");
        }

        if (header.Generation.Value != before.Generation.Value + 1L || header.PreviousCreated != before.Created)
        {
            return new(EseError.InvalidLogSequence, later.Generation, later.FileName,
                $"generation {header.Generation} does not continue {earlier.FileName}, generation {before.Generation}",
                "logs of different times are mixed, or one is missing between them");
        }

        if (!header.Version.HasAccumulatedChecksum || header.PreviousChecksum == 0 || before.Version.IsLegacy
            || earlier.Scan is not { IsGood: true } scan || scan.AccumulatedChecksum == header.PreviousChecksum)
            return null;
        return new(EseError.LogSequenceChecksumMismatch, later.Generation, later.FileName,
            $"it was made after a log with the segment checksums 0x{header.PreviousChecksum:x16}, "
                + $"{earlier.FileName} has 0x{scan.AccumulatedChecksum:x16}",
            "the end of the earlier log was lost; take it from another copy or backup");
    }

    private static IEnumerable<(string Path, LogFileName Name)> Names(IDisk disk, string directory)
    {
        foreach (string path in disk.ListFiles(directory))
        {
            if (LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name))
                yield return (path, name);
        }
    }

    // A generation twice, with five and with eight digits: the one whose header agrees counts.
    private void AddNumbered(LogFileEntry file)
    {
        if (_numbered.TryGetValue(file.Generation, out var other))
        {
            bool better = other.Fault is not null && file.Fault is null;
            _duplicates.Add(better ? other : file);
            file = better ? file : other;
        }

        _numbered[file.Generation] = file;
    }

    private Signature FindSignature() => _generations
        .Where(file => file.Header is not null)
        .GroupBy(file => file.Header!.Signature)
        .OrderByDescending(group => group.Count()).ThenByDescending(group => group.Any(file => file.IsCurrent))
        .Select(group => group.Key)
        .FirstOrDefault();

    private bool IsMissingBetween(int index) =>
        _generations[index].Generation.Value + 1L < _generations[index + 1].Generation.Value;

    private IEnumerable<LogFinding> FindFaults()
    {
        for (int i = 0; i < _generations.Count; i++)
        {
            var file = _generations[i];
            if (i > 0 && IsMissingBetween(i - 1))
                yield return Gap(_generations[i - 1].Generation.Next, file.Generation);
            if (file.Fault is { } fault)
                yield return fault;
            else if (file.Header!.Signature != Signature)
                yield return Foreign(file);
            else if (i > 0 && !IsMissingBetween(i - 1)
                && JudgeLink(_generations[i - 1], file) is { Error: not EseError.BadLogSignature } broken)
                yield return broken;
            if (file.Fault is null && file.JudgeScan(LogScanPurpose.SoftRecovery) is { } damage)
                yield return damage;
        }

        foreach (var file in _duplicates)
        {
            yield return file.Header is { } header && header.Signature != Signature
                ? Foreign(file)
                : new(EseError.InvalidLogSequence, file.Generation, file.FileName,
                    $"generation {file.Generation} is there twice", "keep the one that its neighbours continue");
        }

        if (Current is { HeaderFault: not null } current)
            yield return current.Fault!;
        else if (Current is null && Temporary is null && _generations.Count > 0)
            yield return MissingCurrent();
    }

    /// <summary>The finding that the current log is missing.</summary>
    internal LogFinding MissingCurrent() => new(
        EseError.MissingLogFile, default, LogFileName.Current(BaseName).ToString(),
        "the current log is missing although numbered logs are there",
        "a set of closed logs has none: recover it as a backup set");

    /// <summary>The finding that a log carries another signature than the stream.</summary>
    internal static LogFinding Foreign(LogFileEntry file) => new(
        EseError.BadLogSignature, file.Generation, file.FileName,
        "the log belongs to another log stream than the others", "remove it, or take the right one from a backup");

    private LogFinding Gap(LogGeneration from, LogGeneration until)
    {
        var last = new LogGeneration(until.Value - 1);
        return new(EseError.MissingLogFile, from, NameOf(from),
            from == last ? $"generation {from} is missing" : $"generations {from} to {last} are missing",
            "take them from a backup; databases that need them cannot be recovered without");
    }
}
