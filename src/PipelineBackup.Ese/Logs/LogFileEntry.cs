namespace PipelineBackup.Ese;

/// <summary>One log file of a chain: its name, its header, and what a scan found if there was one.</summary>
public sealed class LogFileEntry
{
    private IDisk? _disk;

    /// <summary>A file that is not on a disk here, for instance one that streams through a backup.</summary>
    /// <param name="fileName">Its name, without folder.</param>
    /// <param name="header">Its first 4096 bytes, or what there is of them.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <exception cref="ArgumentException">The name is not one of a log stream.</exception>
    public LogFileEntry(string fileName, ReadOnlySpan<byte> header, long length)
        : this(fileName, Parse(fileName), null, length)
    {
        if (LogHeader.TryRead(header, out var read, out var fault))
            Header = read;
        else
            HeaderFault = fault;
    }

    /// <summary>A file that was scanned while it streamed by.</summary>
    /// <param name="fileName">Its name, without folder.</param>
    /// <param name="scan">What the scan found.</param>
    /// <exception cref="ArgumentException">The name is not one of a log stream.</exception>
    public LogFileEntry(string fileName, LogScanResult scan)
        : this(fileName, Parse(fileName), null, scan.Length) =>
        (Header, HeaderFault, Scan) = (scan.Header, scan.HeaderFault, scan);

    private LogFileEntry(string fileName, LogFileName name, string? path, long length) =>
        (FileName, Name, Path, Length) = (fileName, name, path, length);

    /// <summary>The name as it is written.</summary>
    public string FileName { get; }

    /// <summary>What the name says.</summary>
    public LogFileName Name { get; }

    /// <summary>Where the file is; null when it is not on a disk here.</summary>
    public string? Path { get; }

    /// <summary>Length in bytes.</summary>
    public long Length { get; }

    /// <summary>The header; null when it cannot be read.</summary>
    public LogHeader? Header { get; private init; }

    /// <summary>Why the header cannot be read.</summary>
    public EseException? HeaderFault { get; private init; }

    /// <summary>What a scan found; null as long as nobody scanned.</summary>
    public LogScanResult? Scan { get; set; }

    /// <summary>Whether this is the log that was written to last, under its name.</summary>
    public bool IsCurrent => Name.Kind == LogFileKind.Current;

    /// <summary>
    /// The generation: by its name, or of the current log by its header; none when that cannot be read.
    /// </summary>
    public LogGeneration Generation =>
        Name.Kind == LogFileKind.Numbered ? Name.Generation : Header?.Generation ?? default;

    /// <summary>
    /// What is wrong with the file by its name, length and header alone: the header cannot be read, −541 its length is
    /// not the one its header names, −513 name and header disagree.
    /// </summary>
    public LogFinding? Fault
    {
        get
        {
            if (HeaderFault is { } fault)
                return new(fault.Error, Generation, FileName, fault.Message, fault.Hint);
            if (Header is not { } header)
                return null;
            if (Length != header.FileLength)
            {
                return new(EseError.LogFileSizeMismatch, Generation, FileName,
                    $"the file has {Length} bytes, its header says {header.FileLength}",
                    "the copy of the file is not complete; copy it again");
            }

            return Generation == header.Generation ? null : new(EseError.LogGenerationMismatch, Generation, FileName,
                $"the header says generation {header.Generation}",
                "the file was renamed; give it back the name of its generation");
        }
    }

    /// <summary>What a scan found wrong with the file, for a purpose; null when nothing or not scanned.</summary>
    /// <param name="purpose">Why it is read.</param>
    internal LogFinding? JudgeScan(LogScanPurpose purpose) =>
        Scan is { } scan && scan.ErrorFor(purpose, IsCurrent) is not 0 and var error
            ? new(error, Generation, FileName, scan.Message, "take the file from another copy or backup")
            : null;

    /// <summary>Reads the name and header of a file on a disk.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="path">The file.</param>
    /// <param name="name">What its name says.</param>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be opened.</exception>
    internal static LogFileEntry Open(IDisk disk, string path, LogFileName name)
    {
        using var file = disk.Open(path, DiskAccess.Read);
        LogFileReader.TryReadHeader(file, out var header, out var fault, out long length);
        return new(System.IO.Path.GetFileName(path), name, path, length)
        {
            _disk = disk,
            Header = header,
            HeaderFault = fault,
        };
    }

    /// <summary>
    /// The same file counted as a closed log of its generation, though its name is that of the log written to last: one
    /// that was copied before it was closed, with later logs beside it.
    /// </summary>
    internal LogFileEntry AsClosed() => new(FileName, LogFileName.Numbered(Name.Base, Generation), Path, Length)
    {
        Header = Header,
        HeaderFault = HeaderFault,
        Scan = Scan,
        _disk = _disk,
    };

    /// <summary>Scans the file unless that was done; null when it is not on a disk here.</summary>
    /// <param name="collectSegments">Whether the result must list the segments.</param>
    internal LogScanResult? EnsureScan(bool collectSegments = false)
    {
        if (Path is null || (Scan is { } done && !(collectSegments && done.Segments.Count < done.ValidSegments)))
            return Scan;
        using var file = OpenFile();
        return Scan = LogFileReader.Scan(file, collectSegments);
    }

    /// <summary>Reads its records; those before the damage where it is damaged.</summary>
    /// <exception cref="EseException">The header cannot be read.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidOperationException">The file is not on a disk here.</exception>
    internal LogRecordReader OpenRecords()
    {
        var scan = EnsureScan() ?? throw NotHere();
        return LogRecordReader.Over(OpenFile(), scan);
    }

    private IDiskFile OpenFile() => (_disk ?? throw NotHere()).Open(Path!, DiskAccess.Read);

    private InvalidOperationException NotHere() => new($"{FileName} is not on a disk here");

    private static LogFileName Parse(string fileName) => LogFileName.TryParse(fileName, out var name)
        ? name
        : throw new ArgumentException($"'{fileName}' is not the name of a log file", nameof(fileName));
}
