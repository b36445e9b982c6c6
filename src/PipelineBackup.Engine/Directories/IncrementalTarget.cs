namespace PipelineBackup.Engine;

/// <summary>
/// Logs that come beside those of earlier backups, the lowest first: whatever a crash leaves follows on what was there.
/// </summary>
/// <param name="directory">The directory.</param>
/// <param name="isAtomic">Whether they go with an atomic backup.</param>
/// <param name="baseName">The characters that the names of the logs begin with.</param>
internal sealed class IncrementalTarget(BackupDirectory directory, bool isAtomic, string baseName)
    : BackupTarget(directory)
{
    private const string FullFirst = "make a full backup, or name the directory of the last one";

    private readonly SortedDictionary<int, (LogFileName Name, string Path)> _there = [];

    /// <inheritdoc/>
    public override string Place => !isAtomic ? Directory.Path
        : Directory.Logs(Directory.New).Any() ? Directory.New : Directory.Old;

    /// <inheritdoc/>
    public override void Require()
    {
        if (!isAtomic)
            RequireNoAtomic();
        Directory.RequireAtRest(Place);
        foreach (var log in Directory.Logs(Place))
        {
            if (!log.Name.Base.Equals(baseName, StringComparison.OrdinalIgnoreCase))
                throw NotContinued($"'{log.Path}' is not one of the logs '{baseName}'");
            _there.TryAdd(log.Name.Number, log);
        }

        if (isAtomic && _there.Count == 0)
        {
            throw new EseException(EseError.InvalidPath, $"there is no atomic backup in '{Directory.Path}'",
                "make a full one first");
        }
    }

    /// <inheritdoc/>
    public override void RequireLogs(IReadOnlyList<SourceFile> logs)
    {
        if (_there.Count == 0 || logs.Count == 0)
            return;
        var (number, (name, path)) = _there.Last();
        if (number + 1L < logs[0].Generation || number > logs[^1].Generation)
        {
            throw NotContinued($"the logs in '{Place}' end with generation {new LogGeneration(number)}, those of the "
                + $"backup are {new LogGeneration(logs[0].Generation)} to {new LogGeneration(logs[^1].Generation)}");
        }

        // Where both have a log the two are compared when it is read.
        if (number >= logs[0].Generation)
            return;
        var next = LogFileEntry.Open(
            Directory.Disk, logs[0].OriginalPath, LogFileName.Numbered(baseName, new(logs[0].Generation)));
        if (LogChain.JudgeLink(LogFileEntry.Open(Directory.Disk, path, name), next) is { } broken)
            throw new EseException(broken.Error, $"'{path}' is not continued: {broken.Message}", FullFirst);
    }

    /// <inheritdoc/>
    public override string? Twin(SourceFile log) =>
        _there.TryGetValue(log.Generation, out var there) ? there.Path : null;

    /// <inheritdoc/>
    public override void Promote(IReadOnlyList<string> files, IReadOnlyList<string> logs)
    {
        foreach (string name in logs)
        {
            Put(name);
            Directory.Flush(Place);
        }
    }

    private static EseException NotContinued(string message) =>
        new(EseError.InvalidLogSequence, message, FullFirst);
}
